/** Sizes: lines of a function, lines of a file, columns of a line. */
import { type Source, type Violation, lineOf } from "./source.ts";

export const functionLines = 70;
export const fileLines = 500;
export const lineColumns = 110;

const isTypeScript = ({ path }: Source): boolean => path.endsWith(".ts");

export function longFiles(sources: readonly Source[]): Violation[] {
  return sources.filter(isTypeScript).flatMap(({ path, text }) => {
    const count = text.replace(/\n$/, "").split("\n").length;
    const message = `${count} lines; at most ${fileLines}`;
    return count > fileLines ? [{ path, line: 1, rule: "long file", message }] : [];
  });
}

export function longLines(sources: readonly Source[]): Violation[] {
  return sources.filter(isTypeScript).flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const columns = Array.from(line).length;
      const message = `${columns} columns; at most ${lineColumns}`;
      return columns > lineColumns ? [{ path, line: index + 1, rule: "long line", message }] : [];
    }),
  );
}

export function longFunctions(sources: readonly Source[]): Violation[] {
  return sources.filter(isTypeScript).flatMap((source) =>
    functionsOf(source).flatMap(({ name, start, end }) => {
      const first = lineOf(source.text, start);
      const count = lineOf(source.text, end) - first + 1;
      const message = `${name} has ${count} lines; at most ${functionLines}`;
      return count > functionLines
        ? [{ path: source.path, line: first, rule: "long function", message }]
        : [];
    }),
  );
}

interface FunctionRange {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const notFunctions = new Set([
  "if",
  "for",
  "while",
  "switch",
  "catch",
  "with",
  "return",
  "await",
  "async",
]);
/** A name (or `function`), perhaps type parameters, and the parenthesis that opens the parameters. */
const signature = /([\w$#]+)\s*(?:<[^<>()]*(?:<[^<>]*>[^<>()]*)*>)?\s*\(/g;

/** Functions with a body in braces: declarations, methods, and arrows. */
export function functionsOf(source: Source): FunctionRange[] {
  const { code } = source;
  const found: FunctionRange[] = [];
  for (const match of code.matchAll(/=>\s*\{/g)) {
    const open = match.index + match[0].length - 1;
    const line = code.slice(code.lastIndexOf("\n", match.index) + 1, match.index);
    // `describe` is a heading over tests, not a function.
    if (/\bdescribe\w*/.test(line)) continue;
    found.push({ name: "an arrow function", start: match.index, end: closing(code, open) });
  }
  for (const match of code.matchAll(signature)) {
    const name = match[1]!;
    if (notFunctions.has(name)) continue;
    const body = bodyAfter(code, closing(code, match.index + match[0].length - 1) + 1);
    if (body === undefined) continue;
    found.push({ name, start: match.index, end: closing(code, body) });
  }
  return found;
}

/** Where the body opens after a parameter list, perhaps behind a return type; undefined after a mere call. */
function bodyAfter(code: string, from: number): number | undefined {
  let index = skipSpace(code, from);
  if (code[index] === "{") return index;
  if (code[index] !== ":") return undefined;
  let before = ":";
  for (index = skipSpace(code, index + 1); index < code.length; index = skipSpace(code, index)) {
    const character = code[index]!;
    if (code.startsWith("=>", index)) {
      before = ">";
      index += 2;
      continue;
    }
    if (character === ";" || character === "=" || character === ")") return undefined;
    if (character === "{" && !":|&<,(".includes(before)) return index;
    before = character;
    if ("{([<".includes(character)) {
      index = closing(code, index);
      before = code[index] ?? "";
    }
    index += 1;
  }
  return undefined;
}

function skipSpace(code: string, from: number): number {
  let index = from;
  while (index < code.length && /\s/.test(code[index]!)) index += 1;
  return index;
}

const pairs: Record<string, string> = { "{": "}", "(": ")", "[": "]", "<": ">" };

/** The index of the bracket that closes the one at `open`. */
function closing(code: string, open: number): number {
  const [opener, closer] = [code[open]!, pairs[code[open]!]!];
  let depth = 0;
  for (let index = open; index < code.length; index += 1) {
    if (code[index] === opener) depth += 1;
    if (code[index] === closer && code[index - 1] !== "=") depth -= 1;
    if (depth === 0) return index;
  }
  return code.length - 1;
}
