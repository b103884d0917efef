/** A tree of lines, printed as it comes: memory does not grow with its branches. */
import stringWidth from "string-width";
import type { Output } from "../output.ts";

export interface Branch {
  /** One or several lines, each broken where the terminal ends. Made harmless already. */
  readonly text: string;
  readonly branches?: Iterable<Branch> | AsyncIterable<Branch>;
}

/** What a line keeps at least, however deep it stands. */
const narrowest = 24;

/** Cuts a word that is longer than a line. */
function* cut(word: string, room: number): Generator<string> {
  if (stringWidth(word) <= room) {
    yield word;
    return;
  }
  let piece = "";
  for (const { segment } of new Intl.Segmenter().segment(word)) {
    if (stringWidth(piece + segment) > room) {
      yield piece;
      piece = "";
    }
    piece += segment;
  }
  yield piece;
}

/** Breaks a text at its spaces; further lines stand two columns in. */
function broken(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const whole of text.split("\n")) {
    let line: string | undefined;
    for (const word of whole.split(" "))
      for (const piece of cut(word, room - 2)) {
        const longer: string = line === undefined ? piece : `${line} ${piece}`;
        if (line === undefined || stringWidth(longer) <= room) line = longer;
        else {
          lines.push(line);
          line = `  ${piece}`;
        }
      }
    lines.push(line ?? "");
  }
  return lines;
}

async function* asyncOf(branches: Branch["branches"] = []): AsyncGenerator<Branch> {
  yield* branches;
}

async function printBranch(
  branch: Branch,
  lead: { readonly first: string; readonly rest: string },
  output: Output,
): Promise<void> {
  const { width } = output.terminal;
  const below = asyncOf(branch.branches);
  let next = await below.next();
  // The trunk goes on beside further lines of a branch that has branches itself.
  const beside = lead.rest + (next.done === true ? "" : "│ ");
  const room = width === undefined ? undefined : Math.max(narrowest, width - beside.length);
  const lines = room === undefined ? branch.text.split("\n") : broken(branch.text, room);
  for (const [index, line] of lines.entries())
    await output.write(`${index === 0 ? lead.first : beside}${line}\n`);
  while (next.done !== true) {
    const { value } = next;
    next = await below.next();
    const [first, rest] = next.done === true ? ["└─ ", "   "] : ["├─ ", "│  "];
    await printBranch(value, { first: lead.rest + first, rest: lead.rest + rest }, output);
  }
}

/** Prints a branch and all that hangs on it. */
export async function printTree(root: Branch, output: Output): Promise<void> {
  await printBranch(root, { first: "", rest: "" }, output);
}
