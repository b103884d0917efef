/**
 * Where old rows come from: a PostgreSQL database, read in one read-only transaction, or a dump of its table
 * as CSV. Both give the same text, and both can be read twice.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { basename } from "node:path";
import { badInput } from "../adapters/encoding.ts";
import { csvRecords, type CsvRecord } from "../adapters/csv/records.ts";
import { shownText } from "../core/problem.ts";
import { LotbookError } from "../errors.ts";
import type { Connection } from "../store/database.ts";
import { openPostgres } from "../store/engine/postgres.ts";
import { ServerError } from "../store/engine/server-error.ts";
import { isServerLocation } from "../store/open.ts";
import {
  type LegacyCells,
  type LegacyColumn,
  legacyColumns,
  type LegacyRow,
  requiredColumns,
} from "./row.ts";

export interface LegacySource {
  /** For messages: a file as it was named, or a database's URL without its password. */
  readonly name: string;
  /** What stands in the ledger of where a batch came from. */
  readonly input: Readonly<Record<string, string | number>>;
  /** Columns that it lacks and that count as null; known when it has been read once. */
  readonly lacking: readonly LegacyColumn[];
  /** Its rows in chunks. It says the same each time, or throws. */
  rows(): AsyncIterable<readonly LegacyRow[]>;
}

/** The first PostgreSQL that prints the shortest text of a double. */
const oldestServer = 120_000;
export const legacyTable = "trade_records";

/** Refuses a file that is not there to be read: before a ledger is made for it. */
export async function checkLegacySource(location: string): Promise<void> {
  if (isServerLocation(location)) return;
  const advice = "name a postgres:// URL, or a CSV with a header of the table trade_records";
  try {
    await access(location, constants.R_OK);
  } catch (cause) {
    const message = `${location} cannot be read: ${(cause as Error).message}`;
    throw new LotbookError("BAD_USAGE", message, { advice, cause });
  }
  if ((await stat(location)).isDirectory())
    throw new LotbookError("BAD_USAGE", `${location} is a directory`, { advice });
}

/** Opens where the old rows are for the time of `work`. */
export async function withLegacySource<T>(
  location: string,
  work: (source: LegacySource) => Promise<T>,
): Promise<T> {
  await checkLegacySource(location);
  return isServerLocation(location) ? withServer(location, work) : work(new DumpSource(location));
}

async function withServer<T>(
  location: string,
  work: (source: LegacySource) => Promise<T>,
): Promise<T> {
  const database = await openPostgres(location, { connections: 1, oldest: oldestServer });
  try {
    return await database.connect((connection) =>
      connection.transaction(async () => {
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        await connection.execute("SET LOCAL extra_float_digits = 1");
        // The table is where the old system's own sessions find it.
        await connection.execute("SET LOCAL search_path TO DEFAULT");
        return work(new ServerSource(database.location, connection));
      }),
    );
  } finally {
    await database.close();
  }
}

/** What a table or a header lacks; refuses what no fact can be made without. */
function columnsOf(name: string, columns: readonly string[]): readonly LegacyColumn[] {
  const missing = requiredColumns.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    const [are, them] = missing.length === 1 ? ["column", "it"] : ["columns", "them"];
    throw badInput(
      name,
      undefined,
      `${legacyTable} lacks the ${are} ${missing.join(", ")}`,
      `an order can't be read without ${them}; required are ${requiredColumns.join(", ")}`,
    );
  }
  return legacyColumns.filter((column) => !columns.includes(column));
}

/** Takes the records of a CSV apart by its header. */
class Table {
  readonly lacking: readonly LegacyColumn[];
  readonly #width: number;
  readonly #at: readonly (readonly [LegacyColumn, number])[];

  constructor(name: string, { cells, fault, row }: CsvRecord) {
    if (cells === undefined)
      throw badInput(name, row, `the header ${fault}`, "correct the header row");
    const twice = cells.find(
      (column, at) => legacyColumns.includes(column as LegacyColumn) && cells.indexOf(column) < at,
    );
    if (twice !== undefined)
      throw badInput(name, row, `column "${twice}" is there twice`, "keep one of the two");
    this.lacking = columnsOf(name, cells);
    this.#width = cells.length;
    this.#at = legacyColumns
      .filter((column) => !this.lacking.includes(column))
      .map((column) => [column, cells.indexOf(column)]);
  }

  row({ row, raw, cells, fault }: CsvRecord): LegacyRow {
    const wrong = fault ?? this.#misshapen(raw, cells!);
    if (wrong !== undefined) return { row, cells: undefined, fault: wrong };
    const named: Partial<Record<LegacyColumn, string>> = {};
    for (const [column, at] of this.#at) if (cells![at] !== "") named[column] = cells![at]!;
    return { row, cells: named as LegacyCells, fault: undefined };
  }

  #misshapen(raw: string, cells: readonly string[]): string | undefined {
    if (cells.length !== this.#width)
      return `has ${cells.length} columns where the header has ${this.#width}; get the whole dump again`;
    if (raw.includes("\0")) return "has a character U+0000, which cannot be stored; remove it";
    return undefined;
  }
}

/** Rows of a CSV; `told` is told its header. */
async function* tableRows(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  told: (table: Table) => void,
): AsyncGenerator<readonly LegacyRow[]> {
  let table: Table | undefined;
  for await (const records of csvRecords(name, bytes)) {
    const rows: LegacyRow[] = [];
    for (const record of records) {
      if (table !== undefined) rows.push(table.row(record));
      else told((table = new Table(name, record)));
    }
    yield rows;
  }
  if (table === undefined)
    throw badInput(name, undefined, "is empty", "dump it with \\copy … CSV HEADER");
}

class DumpSource implements LegacySource {
  readonly name: string;
  lacking: readonly LegacyColumn[] = [];
  #bytes = 0;
  #digest = "";

  constructor(file: string) {
    this.name = file;
  }

  get input(): Record<string, string | number> {
    return { file: basename(this.name), bytes: this.#bytes, sha256: this.#digest };
  }

  async *rows(): AsyncGenerator<readonly LegacyRow[]> {
    const before = this.#digest;
    yield* tableRows(this.name, this.#read(), ({ lacking }) => (this.lacking = lacking));
    if (before === "" || before === this.#digest) return;
    throw badInput(
      this.name,
      undefined,
      "was written to while it was read",
      "wait until the dump is complete, and import it again",
    );
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    this.#bytes = 0;
    for await (const chunk of createReadStream(this.name, { highWaterMark: 1 << 18 })) {
      const bytes = chunk as Uint8Array;
      hash.update(bytes);
      this.#bytes += bytes.length;
      yield bytes;
    }
    this.#digest = hash.digest("hex");
  }
}

class ServerSource implements LegacySource {
  readonly name: string;
  lacking: readonly LegacyColumn[] = [];
  readonly #connection: Connection;

  constructor(name: string, connection: Connection) {
    this.name = name;
    this.#connection = connection;
  }

  get input(): Record<string, string> {
    return { database: this.name, table: legacyTable };
  }

  async *rows(): AsyncGenerator<readonly LegacyRow[]> {
    try {
      this.lacking = columnsOf(this.name, await this.#columns());
      const columns = legacyColumns.filter((column) => !this.lacking.includes(column));
      const select = `SELECT ${columns.join(", ")} FROM ${legacyTable} ORDER BY order_time, order_id`;
      const bytes = this.#connection.copyOut(`COPY (${select}) TO STDOUT (FORMAT csv, HEADER)`);
      yield* tableRows(this.name, bytes, () => {});
    } catch (error) {
      throw explained(this.name, error);
    }
  }

  async #columns(): Promise<string[]> {
    const rows = await this.#connection.query<{ name: string }>(
      `SELECT attname::text AS name FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [legacyTable],
    );
    if (rows.length > 0) return rows.map(({ name }) => name);
    throw new LotbookError("BAD_INPUT", `${this.name} has no table ${legacyTable}`, {
      advice:
        "Name the old system's database. Where the table is in another schema, say so in the URL: " +
        "?options=-csearch_path%3Dits_schema",
    });
  }
}

/** What the old server refuses, as something to act on. */
function explained(name: string, error: unknown): unknown {
  if (!(error instanceof ServerError)) return error;
  const denied = error.code === "42501";
  return new LotbookError("ENVIRONMENT", `${name} can't be read: ${shownText(error.message)}`, {
    advice: denied
      ? `Let this user read it: GRANT SELECT ON ${legacyTable} TO …; nothing else is needed.`
      : "Nothing was recorded. See to the old database, then run it again.",
    cause: error,
  });
}
