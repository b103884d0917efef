/** From bytes to text, strictly: what is not UTF-8 is refused with its place, and never replaced. */
import { isUtf8 } from "node:buffer";
import { shownText, shownValue } from "../core/problem.ts";
import { LotbookError } from "../errors.ts";

/** The longest row or element that is read: what is longer is no trade. */
export const longestElement = 1 << 20;
const newline = 10;

/** What JSON.parse says is wrong: it quotes the text, with all that may be in it. */
export function jsonFault(error: unknown): string {
  return `is no JSON: ${shownValue(error instanceof Error ? error.message : "", 200)}`;
}

/** A file of which a part is refused; `row` counts from 1, the header included. */
export function badInput(
  file: string,
  row: number | undefined,
  message: string,
  advice: string,
): LotbookError {
  const place = row === undefined ? shownText(file) : `${shownText(file)} row ${row}`;
  return new LotbookError("BAD_INPUT", `${place}: ${shownText(message)}`, { advice });
}

/**
 * Refuses what is plainly no UTF-8 text, by its first bytes, and gives the head back without its byte order
 * mark.
 */
export function textHead(file: string, head: Uint8Array): Uint8Array {
  const [a, b, c, d] = head;
  const utf8 = "save it as UTF-8 and import that";
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || hasWideCharacters(head))
    throw badInput(file, 1, "is in UTF-16, not in UTF-8", utf8);
  if (a === 0x1f && b === 0x8b)
    throw badInput(file, undefined, "is compressed (gzip)", "unpack it and import what is in it");
  if (a === 0x50 && b === 0x4b && c === 3 && d === 4)
    throw badInput(
      file,
      undefined,
      "is a zip archive or a spreadsheet",
      "unpack it, or save the sheet as CSV in UTF-8",
    );
  return a === 0xef && b === 0xbb && c === 0xbf ? head.subarray(3) : head;
}

/** ASCII text in UTF-16 has a zero in every second byte. */
function hasWideCharacters(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  return (head[0] === 0 && head[2] === 0) || (head[1] === 0 && head[3] === 0);
}

/**
 * The text of a file in blocks of whole lines: each block but the last ends in a line feed. Blocks are cut
 * at line feeds as bytes, where no character of UTF-8 can be cut, so that each is judged on its own.
 */
export async function* lineBlocks(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  longest: number = longestElement,
): AsyncGenerator<string> {
  let carried: Uint8Array[] = [];
  let carriedLength = 0;
  let rowsBefore = 0;
  let started = false;
  for await (const piece of bytes) {
    let chunk = piece;
    if (!started) {
      // The mark and the signatures need the first four bytes together.
      chunk = carriedLength === 0 ? piece : Buffer.concat([...carried, piece]);
      carried = [];
      carriedLength = 0;
      if (chunk.length < 4) {
        carried.push(chunk);
        carriedLength = chunk.length;
        continue;
      }
      chunk = textHead(file, chunk);
      started = true;
    }
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) {
      const block = Buffer.concat([...carried, chunk.subarray(0, end)]);
      yield decoded(file, block, rowsBefore);
      rowsBefore += countLines(block);
      carried = [];
      carriedLength = 0;
    }
    if (end < chunk.length) carried.push(chunk.subarray(end));
    carriedLength += chunk.length - end;
    if (carriedLength > longest) throw tooLong(file, rowsBefore + 1);
  }
  let rest = Buffer.concat(carried);
  if (!started) rest = Buffer.from(textHead(file, rest));
  if (rest.length > 0) yield decoded(file, rest, rowsBefore);
}

export function tooLong(file: string, row: number): LotbookError {
  return badInput(
    file,
    row,
    "is longer than a row can be",
    "no trade is; check the quotes and the line ends (LF or CRLF) of the file",
  );
}

function countLines(block: Uint8Array): number {
  let lines = 0;
  for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

function decoded(file: string, block: Buffer, rowsBefore: number): string {
  if (isUtf8(block)) return block.toString("utf8");
  let row = rowsBefore + 1;
  let from = 0;
  for (;;) {
    const end = block.indexOf(newline, from) + 1;
    const line = block.subarray(from, end === 0 ? block.length : end);
    if (!isUtf8(line)) throw notUtf8(file, row, line);
    from = end;
    row += 1;
  }
}

/** `text` is the row, when it is known where it begins. */
export function notUtf8(file: string, row: number, text: Buffer | undefined): LotbookError {
  let where = "";
  if (text !== undefined) {
    let good = firstRefused(text);
    while (good > 0 && !isUtf8(text.subarray(0, good))) good -= 1;
    const byte = (text[good] ?? 0).toString(16).padStart(2, "0").toUpperCase();
    where = `: byte 0x${byte} at position ${good + 1} of the row`;
  }
  return badInput(
    file,
    row,
    `is not UTF-8${where}`,
    "save it as UTF-8 and import that; it may be in Windows-1252 or Latin-1 now",
  );
}

/**
 * The index of the first byte that can follow in no UTF-8 text. Looks by halves: a good prefix has good
 * prefixes.
 */
function firstRefused(text: Buffer): number {
  let accepted = 0;
  let refused = text.length + 1;
  while (refused - accepted > 1) {
    const middle = (accepted + refused) >> 1;
    if (isPrefixOfUtf8(text.subarray(0, middle))) accepted = middle;
    else refused = middle;
  }
  return accepted;
}

function isPrefixOfUtf8(text: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(text, { stream: true });
    return true;
  } catch {
    return false;
  }
}
