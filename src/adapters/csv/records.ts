/**
 * Records of a CSV file (RFC 4180) with the exact text of each. A record without a quote is split at its
 * commas, which is nearly every record of nearly every file; one with quotes goes by character. csv-parse,
 * at 17 microseconds a row with its raw text, is the oracle of the tests instead of the reader.
 */
import { badInput, lineBlocks, longestElement, tooLong } from "../encoding.ts";

export interface CsvRecord {
  /** From 1, the header and empty lines included; a record with line ends in its quotes counts once. */
  readonly row: number;
  /** Exactly as in the file, without the line end. */
  readonly raw: string;
  /** Undefined where the quotes break the rules: `fault` says how. */
  readonly cells: readonly string[] | undefined;
  readonly fault: string | undefined;
  /** Whether a line end closed it; only the last record of a file can lack it. */
  readonly ended: boolean;
}

/**
 * The records of a file, a block's worth at a time, to be taken before the next block is asked for; empty
 * lines are left out.
 */
export async function* csvRecords(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Iterable<CsvRecord>> {
  const cutter = new RecordCutter(file);
  for await (const block of lineBlocks(file, bytes, () => cutter.row + 1)) yield cutter.push(block);
  cutter.end();
}

class RecordCutter {
  /** The row of the last record. */
  row = 0;
  readonly #file: string;
  /** The begin of a record whose quotes are open at the end of a block. */
  #open = "";

  constructor(file: string) {
    this.#file = file;
  }

  *push(block: string): Generator<CsvRecord> {
    const text = this.#open + block;
    let from = 0;
    let quote = text.indexOf('"');
    this.#open = "";
    while (from < text.length) {
      let end = text.indexOf("\n", from);
      if (quote >= 0 && quote < from) quote = text.indexOf('"', from);
      if (quote >= 0 && (end < 0 || quote < end)) {
        end = endOfQuoted(text, from, end);
        const isOpen = end === -2;
        // Of lines the length was seen to; a record in quotes may have many.
        if ((isOpen || end < 0 ? text.length : end) - from > longestElement)
          throw tooLong(this.#file, this.row + 1);
        if (isOpen) {
          this.#open = text.slice(from);
          return;
        }
      }
      const ended = end >= 0;
      if (!ended) end = text.length;
      this.row += 1;
      const raw = text.slice(from, ended && text.charCodeAt(end - 1) === 13 ? end - 1 : end);
      if (raw !== "") yield this.#record(raw, ended, quote >= from && quote < end);
      from = end + 1;
    }
  }

  end(): void {
    if (this.#open === "") return;
    throw badInput(
      this.#file,
      this.row + 1,
      "opens a quote that is never closed",
      "the file is cut off, or a quote in a field is not doubled; get the file again",
    );
  }

  #record(raw: string, ended: boolean, quoted: boolean): CsvRecord {
    const { row } = this;
    if (!quoted) return { row, raw, cells: raw.split(","), fault: undefined, ended };
    const cells = splitQuoted(raw);
    return typeof cells === "string"
      ? { row, raw, cells: undefined, fault: cells, ended }
      : { row, raw, cells, fault: undefined, ended };
  }
}

/** The line feed that ends a record with quotes, -1 where the text ends it, -2 where its quotes stay open. */
function endOfQuoted(text: string, from: number, firstEnd: number): number {
  let end = firstEnd;
  let quotes = 0;
  let quote = text.indexOf('"', from);
  for (;;) {
    const limit = end < 0 ? text.length : end;
    while (quote >= 0 && quote < limit) {
      quotes += 1;
      quote = text.indexOf('"', quote + 1);
    }
    if (quotes % 2 === 0) return end;
    if (end < 0) return -2;
    end = text.indexOf("\n", end + 1);
  }
}

/** The cells of a record with quotes, or what is wrong with them. */
export function splitQuoted(raw: string): string[] | string {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (raw.charCodeAt(at) === 34) {
      let cell = "";
      for (;;) {
        const close = raw.indexOf('"', at + 1);
        if (close < 0) return "has a quote that is not closed; double the quotes inside a field";
        cell += raw.slice(at + 1, close);
        at = close + 1;
        if (raw.charCodeAt(at) !== 34) break;
        cell += '"';
      }
      if (at < raw.length && raw.charCodeAt(at) !== 44)
        return "has text behind a closing quote; double the quotes inside a field";
      cells.push(cell);
    } else {
      const comma = raw.indexOf(",", at);
      const end = comma < 0 ? raw.length : comma;
      const cell = raw.slice(at, end);
      if (cell.includes('"'))
        return "has a quote inside an unquoted field; quote the field and double the quotes inside it";
      cells.push(cell);
      at = end;
    }
    if (at >= raw.length) return cells;
    at += 1;
  }
}
