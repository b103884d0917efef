/**
 * Source files, and a scanner that tells code from strings and comments. It knows no grammar and needs no
 * compiler.
 */

export interface Source {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with strings, regular expressions and comments turned to spaces: same length, same lines. */
  readonly code: string;
  /** Likewise, only what is inside strings. */
  readonly strings: string;
  /** Likewise, only comments. */
  readonly comments: string;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

type Part = "code" | "string" | "comment";

/** What a slash begins a regular expression after; after anything else it divides. */
const beforeExpression =
  /(?:^|[(,=:[!&|?{};<>+\-*%~^]|\b(?:return|typeof|case|in|of|void|yield|await))\s*$/;

export function readSource(path: string, text: string): Source {
  const parts = path.endsWith(".sql") ? scanSql(text) : scan(text);
  const only = (wanted: Part): string => {
    let kept = "";
    let index = 0;
    for (const [part, end] of parts) {
      const piece = text.slice(index, end);
      kept += part === wanted ? piece : piece.replace(/[^\n]/g, " ");
      index = end;
    }
    return kept;
  };
  return { path, text, code: only("code"), strings: only("string"), comments: only("comment") };
}

/** SQL is all strings but for its comments: the rules about SQL look at the strings of a source. */
function scanSql(text: string): (readonly [Part, number])[] {
  const parts: (readonly [Part, number])[] = [];
  for (const match of text.matchAll(/--[^\n]*/g)) {
    parts.push(["string", match.index], ["comment", match.index + match[0].length]);
  }
  parts.push(["string", text.length]);
  return parts;
}

/** The parts of the text, each with its end. */
function scan(text: string): (readonly [Part, number])[] {
  const parts: (readonly [Part, number])[] = [];
  /** Of each template literal that is open, how many braces are open in its `${`. */
  const templates: number[] = [];
  let index = 0;
  while (index < text.length) {
    const start = index;
    const [part, end] = nextPart(text, start, templates, parts);
    if (end === start + 1 && part === "code") trackBraces(text[start]!, templates);
    index = end;
    parts.push([part, end]);
  }
  return parts;
}

function trackBraces(character: string, templates: number[]): void {
  const last = templates.length - 1;
  if (last < 0) return;
  if (character === "{") templates[last]! += 1;
  if (character === "}") templates[last]! -= 1;
}

function nextPart(
  text: string,
  start: number,
  templates: number[],
  before: readonly (readonly [Part, number])[],
): readonly [Part, number] {
  const character = text[start]!;
  const pair = text.slice(start, start + 2);
  if (pair === "//") return ["comment", endOf(text, start, "\n", 0)];
  if (pair === "/*") return ["comment", endOf(text, start + 2, "*/", 2)];
  if (start === 0 && pair === "#!") return ["comment", endOf(text, start, "\n", 0)];
  if (character === '"' || character === "'")
    return ["string", endOfString(text, start, character)];
  if (character === "`") return ["string", endOfTemplate(text, start + 1, templates)];
  if (character === "}" && templates.at(-1) === 0) {
    templates.pop();
    return ["string", endOfTemplate(text, start + 1, templates)];
  }
  if (character === "/" && beforeExpression.test(codeBefore(text, start, before)))
    return ["string", endOfExpression(text, start)];
  return ["code", start + 1];
}

/** The last characters of code before a place, comments and strings left out. */
function codeBefore(
  text: string,
  start: number,
  parts: readonly (readonly [Part, number])[],
): string {
  let code = "";
  let end = start;
  for (let index = parts.length - 1; index >= 0 && code.length < 24; index -= 1) {
    const from = index > 0 ? parts[index - 1]![1] : 0;
    const part = parts[index]![0];
    if (part === "code") code = text.slice(from, end) + code;
    // A string before a slash is divided, unlikely as that is.
    if (part === "string") return `"${code}`;
    end = from;
  }
  return code;
}

function endOf(text: string, from: number, mark: string, length: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + length;
}

function endOfString(text: string, start: number, quote: string): number {
  let index = start + 1;
  while (index < text.length && text[index] !== quote && text[index] !== "\n")
    index += text[index] === "\\" ? 2 : 1;
  return Math.min(index + 1, text.length);
}

/** The end of a piece of a template literal: its closing mark or the `${` that opens code. */
function endOfTemplate(text: string, from: number, templates: number[]): number {
  let index = from;
  while (index < text.length) {
    if (text[index] === "`") return index + 1;
    if (text.startsWith("${", index)) {
      templates.push(0);
      return index + 2;
    }
    index += text[index] === "\\" ? 2 : 1;
  }
  return text.length;
}

function endOfExpression(text: string, start: number): number {
  let inClass = false;
  let index = start + 1;
  while (index < text.length && text[index] !== "\n") {
    const character = text[index];
    if (character === "\\") index += 1;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "/" && !inClass) return index + 1;
    index += 1;
  }
  return index;
}

export function lineOf(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < index; at = text.indexOf("\n", at + 1))
    line += 1;
  return line;
}

export function isTest(path: string): boolean {
  return /\.(?:test|fuzz|bench)\.ts$/.test(path) || path.startsWith("test/");
}
