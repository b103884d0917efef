/** From bytes to text, strictly: what is not UTF-8 is refused with its place, and never replaced. */
import { isUtf8 } from "node:buffer";
import { shownText } from "../core/problem.ts";
import { LotbookError } from "../errors.ts";

/** The longest row or element that is read: what is longer is no trade. */
export const longestElement = 1 << 20;
const newline = 10;

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

const unpack = "unpack it and import what is in it";
const saveSheet = "save the sheet as CSV in UTF-8 and import that";

/** What holds text only when something else has unpacked or saved it, by its first bytes. */
const signatures: readonly (readonly [bytes: string, is: string, advice: string])[] = [
  ["\x1f\x8b", "is compressed (gzip)", unpack],
  ["BZh", "is compressed (bzip2)", unpack],
  ["\xfd7zX", "is compressed (xz)", unpack],
  ["\x28\xb5\x2f\xfd", "is compressed (zstd)", unpack],
  ["7z\xbc\xaf", "is a 7-Zip archive", unpack],
  ["PK\x03\x04", "is a zip archive or a spreadsheet", `${unpack}, or ${saveSheet}`],
  ["PK\x05\x06", "is an empty zip archive", "get the file again"],
  ["\xd0\xcf\x11\xe0", "is a spreadsheet", saveSheet],
  ["%PDF", "is a PDF", "get the same as CSV or JSON"],
];

/** How many bytes `textHead` must see at least, where the file has them. */
const headBytes = 4;

/**
 * Refuses what is plainly no UTF-8 text, by its first bytes, and gives the head back without its byte order
 * mark.
 */
export function textHead(file: string, head: Uint8Array): Uint8Array {
  const [a, b, c] = head;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || hasWideCharacters(head))
    throw badInput(file, 1, "is in UTF-16, not in UTF-8", "save it as UTF-8 and import that");
  const start = Buffer.from(head.subarray(0, headBytes)).toString("latin1");
  const packed = signatures.find(([bytes]) => start.startsWith(bytes));
  if (packed !== undefined) throw badInput(file, undefined, packed[1], packed[2]);
  return a === 0xef && b === 0xbb && c === 0xbf ? head.subarray(3) : head;
}

/** ASCII text in UTF-16 has a zero in every second byte. */
function hasWideCharacters(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  return (head[0] === 0 && head[2] === 0) || (head[1] === 0 && head[3] === 0);
}

/** The bytes of a text file, its first piece long enough to be judged, without its byte order mark. */
export async function* textBytes(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const chunk of bytes) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < headBytes) continue;
    yield textHead(file, head);
    head = undefined;
  }
  if (head !== undefined) yield textHead(file, head);
}

/**
 * The text of a file in blocks of whole lines: each block but the last ends in a line feed. Blocks are cut
 * at line feeds as bytes, where no character of UTF-8 can be cut, so that each is judged on its own. What
 * stands before a line that is refused is given before the error; `next` is asked for that line's row then.
 */
export async function* lineBlocks(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  next: () => number,
  longest: number = longestElement,
): AsyncGenerator<string> {
  let carried: Uint8Array[] = [];
  let carriedLength = 0;
  for await (const chunk of textBytes(file, bytes)) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) {
      yield* goodLines(file, Buffer.concat([...carried, chunk.subarray(0, end)]), next, longest);
      carried = [];
      carriedLength = 0;
    }
    if (end < chunk.length) carried.push(chunk.subarray(end));
    carriedLength += chunk.length - end;
    if (carriedLength > longest) throw tooLong(file, next());
  }
  if (carriedLength > 0) yield* goodLines(file, Buffer.concat(carried), next, longest);
}

export function tooLong(file: string, row: number): LotbookError {
  return badInput(
    file,
    row,
    "is longer than a row can be",
    "no trade is; check the quotes and the line ends (LF or CRLF) of the file",
  );
}

function* goodLines(
  file: string,
  block: Buffer,
  next: () => number,
  longest: number,
): Generator<string> {
  const isGood = isUtf8(block);
  for (let from = 0; from < block.length;) {
    const end = block.indexOf(newline, from) + 1 || block.length;
    const isLong = end - from > longest;
    if (isLong || (!isGood && !isUtf8(block.subarray(from, end)))) {
      if (from > 0) yield block.toString("utf8", 0, from);
      throw isLong ? tooLong(file, next()) : notUtf8(file, next(), block.subarray(from, end));
    }
    from = end;
  }
  yield block.toString("utf8");
}

/** `text` is the row, when it is known where it begins. */
export function notUtf8(file: string, row: number, text: Buffer | undefined): LotbookError {
  let where = "";
  if (text !== undefined) {
    const good = validLength(text);
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

/** How many bytes at the beginning are whole characters of UTF-8. */
export function validLength(text: Buffer): number {
  if (isUtf8(text)) return text.length;
  let good = firstRefused(text);
  while (good > 0 && !isUtf8(text.subarray(0, good))) good -= 1;
  return good;
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

/** Whether more bytes could make it UTF-8, if it is none yet. */
export function isPrefixOfUtf8(text: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(text, { stream: true });
    return true;
  } catch {
    return false;
  }
}
