/**
 * Formats that are a CSV table with a header: one place for headers, widths, cut ends and the stream of
 * tellings.
 */
import type { Fact, Place, Problem, Telling } from "../../core/fact.ts";
import { isProblem, makeProblem, shownValue } from "../../core/problem.ts";
import { inChunks } from "../chunks.ts";
import { badInput } from "../encoding.ts";
import type { Format } from "../format.ts";
import type { CsvRecord } from "./records.ts";
import { csvRecords, splitQuoted } from "./records.ts";

/** What makes one CSV format different from another. */
export interface TableLayout extends Pick<Format, "name" | "summary" | "idSpace" | "rounding"> {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Given where each column stands (undefined: not in this file), makes what resolves a row. */
  readonly reader: (columnOf: (name: string) => number | undefined) => RowReader;
  readonly detect: (columns: ReadonlySet<string>) => boolean;
}

/** What a row says: its fact, and what a telling may say beside it. */
export type RowTelling = Pick<Telling, "unnamed" | "feeValue"> & { readonly fact: Fact };

export type RowReader = (cells: readonly string[], place: Place) => Fact | RowTelling | Problem;

export function tableFormat(layout: TableLayout): Format {
  return {
    name: layout.name,
    summary: layout.summary,
    ...(layout.idSpace === undefined ? {} : { idSpace: layout.idSpace }),
    ...(layout.rounding === undefined ? {} : { rounding: layout.rounding }),
    detect: (head) => layout.detect(new Set(headerCells(head))),
    read: (file, bytes) => inChunks(readTable(layout, file, bytes)),
  };
}

/** The cells of the first line that is not empty. */
export function headerCells(head: string): readonly string[] {
  const line = /^[\r\n]*([^\r\n]*)/.exec(head)?.[1] ?? "";
  const cells = line.includes('"') ? splitQuoted(line) : line.split(",");
  return typeof cells === "string" ? [] : cells;
}

async function* readTable(
  layout: TableLayout,
  file: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Iterable<Telling>> {
  const reader = new TableReader(layout, file);
  for await (const records of csvRecords(file, bytes)) yield reader.tellings(records);
  reader.end();
}

class TableReader {
  readonly #layout: TableLayout;
  readonly #file: string;
  #table: Table | undefined;

  constructor(layout: TableLayout, file: string) {
    this.#layout = layout;
    this.#file = file;
  }

  *tellings(records: Iterable<CsvRecord>): Generator<Telling> {
    for (const record of records) {
      if (this.#table === undefined) this.#table = new Table(this.#layout, this.#file, record);
      else yield this.#table.tell(record);
    }
  }

  end(): void {
    if (this.#table !== undefined) return;
    throw badInput(
      this.#file,
      1,
      "has no header row",
      `the first row names the columns: ${this.#layout.required.join(",")}`,
    );
  }
}

/** A byte order mark, which belongs at the beginning of a file: there it is dropped. */
const mark = "\uFEFF";

class Table {
  readonly #file: string;
  readonly #header: string;
  readonly #width: number;
  readonly #read: RowReader;

  constructor(layout: TableLayout, file: string, record: CsvRecord) {
    this.#file = file;
    this.#header = record.raw;
    const columns = checkHeader(layout, file, record);
    this.#width = columns.length;
    this.#read = layout.reader((name) => {
      const at = columns.indexOf(name);
      return at < 0 ? undefined : at;
    });
  }

  tell(record: CsvRecord): Telling {
    const { row, raw } = record;
    const place = { file: this.#file, row };
    const outcome =
      record.cells?.length === this.#width && raw !== this.#header && !raw.startsWith(mark)
        ? this.#read(record.cells, place)
        : this.#misshapen(record, place);
    if ("fact" in outcome) return { row, raw, problem: undefined, ...outcome };
    return isProblem(outcome)
      ? { row, raw, fact: undefined, problem: outcome }
      : { row, raw, fact: outcome, problem: undefined };
  }

  #misshapen(record: CsvRecord, place: Place): Problem {
    const { cells, raw } = record;
    if (raw === this.#header)
      return makeProblem(
        place,
        undefined,
        raw,
        "is the header again: files were joined; remove this row, or import the files one by one",
      );
    if (raw.startsWith(mark))
      return makeProblem(
        place,
        undefined,
        raw,
        "begins with a byte order mark, as where files were joined; " +
          "remove it, or quote the cell it is part of",
      );
    if (cells === undefined)
      return makeProblem(place, undefined, raw, record.fault ?? "cannot be read");
    const widths = `has ${columnCount(cells.length)} where the header has ${this.#width}`;
    if (cells.length < this.#width && !record.ended)
      throw badInput(
        this.#file,
        record.row,
        `"${shownValue(raw)}" ${widths}, and no line end`,
        "the last row is cut off; get the whole file again",
      );
    return makeProblem(
      place,
      undefined,
      raw,
      `${widths}; ${cells.length > this.#width ? "quote fields that contain commas" : "complete the row"}`,
    );
  }
}

function columnCount(count: number): string {
  return count === 1 ? "1 column" : `${count} columns`;
}

/** The columns of the file; refuses what is missing, unknown or named twice. */
function checkHeader(layout: TableLayout, file: string, record: CsvRecord): readonly string[] {
  const { raw, row, cells: columns } = record;
  const known = [...layout.required, ...layout.optional];
  const knowledge = `${layout.name} knows ${known.join(", ")}`;
  if (columns === undefined)
    throw badInput(file, row, `the header ${record.fault}`, "correct the header row");
  if (raw.includes("\r"))
    throw badInput(
      file,
      row,
      "has line ends of a lone CR",
      "save it with LF or CRLF as line ends and import that",
    );
  for (const [at, column] of columns.entries()) {
    const shown = `column "${shownValue(column)}"`;
    if (!known.includes(column)) {
      const close = known.find((name) => name === column.trim().toLowerCase());
      const advice = close === undefined ? "remove or rename the column" : `write ${close}`;
      throw badInput(file, row, `${shown} is not known`, `${advice}; ${knowledge}`);
    }
    if (columns.indexOf(column) < at)
      throw badInput(file, row, `${shown} is there twice`, "keep one of the two");
  }
  const missing = layout.required.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw badInput(
      file,
      row,
      missing.length === 1
        ? `the column ${missing[0]} is missing`
        : `the columns ${missing.join(", ")} are missing`,
      `add ${missing.length === 1 ? "it" : "them"}; ${layout.name} requires ${layout.required.join(", ")}`,
    );
  return columns;
}
