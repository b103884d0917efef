/**
 * `export`: everything out, in files that need no lotbook to be read. `facts.ndjson` holds all facts, what
 * told of them, batches and seals, and the published conclusions; `fills.csv` the fills in force. Importing
 * facts.ndjson into an empty ledger gives the same digests.
 */
import { createWriteStream } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { csvLine, exportColumns, fillToCells } from "../adapters/lotbook-csv/row.ts";
import { factToLine } from "../adapters/lotbook-ndjson/lines.ts";
import { explainPath, isSystemError, LotbookError } from "../errors.ts";
import { copyLines } from "../store/copy-lines.ts";
import type { Connection, Database } from "../store/database.ts";
import { makeDirectory } from "../store/directory.ts";
import { publishedVersion } from "./compute/policy.ts";
import type { Ports } from "./ports.ts";
import { readBookRows, readFacts } from "./read-facts.ts";

export interface ExportResult {
  readonly directory: string;
  readonly files: readonly { readonly file: string; readonly rows: number }[];
}

/** A file that appears under its name only when it is whole and on disk. */
export class WholeFile {
  rows = 0;
  readonly #path: string;
  readonly #stream: Writable;

  constructor(path: string) {
    this.#path = path;
    this.#stream = createWriteStream(`${path}.unfinished`, { flush: true });
    // Heard at the next write or at the end; unheard, it would end the process.
    this.#stream.on("error", () => {});
  }

  async write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    this.rows += lines.length;
    if (this.#stream.errored !== null) throw this.#stream.errored;
    if (!this.#stream.write(lines.join(""))) await once(this.#stream, "drain");
  }

  async end(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }

  async name(): Promise<void> {
    await rename(`${this.#path}.unfinished`, this.#path);
  }

  async abandon(): Promise<void> {
    this.#stream.destroy();
    // Why it is abandoned is what matters, and is told.
    await rm(`${this.#path}.unfinished`, { force: true }).catch(() => {});
  }
}

const fileNames: ReadonlySet<string> = new Set(["facts.ndjson", "fills.csv"]);
/** How `facts.ndjson` begins. */
const exportBegin = '{"type":"export"';

const line = (object: object): string => `${JSON.stringify(object)}\n`;

/** SQL of amounts as members of a JSON object, in normal form. */
const text = (...columns: string[]): string =>
  columns.map((column) => `'${column}', trim_scale(${column})::text`).join(", ");

/** SQL of what is exported beside facts: one JSON object a row. */
function otherLines(version: number | undefined): string[] {
  const sealed = [
    `SELECT json_build_object('type', 'batch', 'batch_id', batch_id, 'recorded_at', recorded_at,
      'source', source,
       'author', author, 'inputs', inputs) FROM batches ORDER BY recorded_at, batch_id`,
    `SELECT json_build_object('type', 'observation', 'book_id', book_id, 'number', number, 'entry',
      entry, 'outcome', outcome,
       'source', source, 'raw', translate(encode(raw, 'base64'), E'\\n', ''), 'telling', encode(telling,
        'hex'), 'told', told)
       FROM observations ORDER BY book_id, number`,
    `SELECT json_build_object('type', 'seal', 'book_id', book_id, 'number', number, 'batch_id', batch_id,
       'first_entry', first_entry, 'fact_count', fact_count, 'fact_root', encode(fact_root, 'hex'),
       'first_observation', first_observation, 'observation_count', observation_count,
       'observation_root', encode(observation_root, 'hex'), 'hash', encode(hash, 'hex'))
        FROM seals ORDER BY book_id, number`,
    `SELECT json_build_object('type', 'revision', 'revision', revision, 'stamp', stamp, 'kind', kind,
      'version', version,
       'book_id', book_id, 'digest', encode(digest, 'hex'), 'inputs', encode(inputs, 'hex'), 'hash',
        encode(hash, 'hex'))
       FROM revisions ORDER BY revision`,
    `SELECT json_build_object('type', 'version', 'version', version, 'method', method, 'scope', scope,
      'fee_policy', fee_policy,
       'engine_version', engine_version, 'created_at', created_at) FROM versions ORDER BY version`,
  ];
  if (version === undefined) return sealed;
  // What a run at work or a dead one has superseded, under a step that nobody sees, still stands.
  const current = `version = ${version} AND step IN (SELECT step FROM steps WHERE revision IS NOT NULL)
    AND (superseded IS NULL OR superseded IN (SELECT step FROM steps WHERE revision IS NULL))`;
  return [
    ...sealed,
    `SELECT json_build_object('type', 'allocation', 'book_id', book_id, 'close_entry', close_entry,
      'slice', slice,
       'open_entry', open_entry, ${text(
         "quantity",
         "open_fee",
         "close_fee",
         "cost_basis",
         "proceeds",
         "pnl",
       )},
       'missing', missing, 'row_hash', encode(row_hash, 'hex')) FROM allocations WHERE ${current}
       ORDER BY book_id, closed_at, close_entry, slice`,
    `SELECT json_build_object('type', 'open lot', 'book_id', book_id, 'open_entry', open_entry,
       ${text("quantity", "open_fee", "cost_basis")}, 'missing', missing, 'row_hash', encode(row_hash,
        'hex'))
       FROM open_lots WHERE ${current} ORDER BY book_id, opened_at, open_entry`,
  ];
}

async function writeFacts(
  connection: Connection,
  everything: WholeFile,
  fills: WholeFile,
): Promise<void> {
  for (const book of await readBookRows(connection)) {
    const { bookId: book_id, portfolio, symbol } = book;
    await everything.write([line({ type: "book", book_id, portfolio, symbol })]);
    for await (const page of readFacts(connection, book)) {
      await everything.write(page.map(({ fact }) => line(factToLine(fact))));
      await fills.write(
        page.flatMap(({ fact, voided }) =>
          fact.kind === "fill" && !voided ? [`${csvLine(fillToCells(fact))}\n`] : [],
        ),
      );
    }
  }
}

async function writeOthers(connection: Connection, file: WholeFile): Promise<void> {
  const version = await publishedVersion(connection);
  for (const sql of otherLines(version?.version)) {
    // COPY's text format doubles backslashes; JSON has them for quotes and control characters only.
    for await (const lines of copyLines(connection.copyOut(`COPY (${sql}) TO STDOUT`)))
      await file.write(lines.map((each) => `${each.replaceAll("\\\\", "\\")}\n`));
  }
}

/** Files of those names are replaced only where they are an earlier export. */
async function refuseOthers(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => fileNames.has(name));
  if (names.length === 0) return;
  if (names.includes("facts.ndjson")) {
    const found = await beginningOf(join(directory, "facts.ndjson"), exportBegin.length);
    if (found === exportBegin) return;
  }
  throw new LotbookError("BAD_USAGE", `${join(directory, names[0]!)} is not of an export`, {
    advice: "Name another directory: only an earlier export is replaced.",
  });
}

async function beginningOf(path: string, length: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Writes the ledger as it stands at one moment. */
export async function exportLedger(
  database: Database,
  ports: Ports,
  directory: string,
): Promise<ExportResult> {
  try {
    return await writeFiles(database, ports, directory);
  } catch (error) {
    const path = isSystemError(error) ? error.path : undefined;
    throw explainPath(path ?? directory, error);
  }
}

async function writeFiles(
  database: Database,
  ports: Ports,
  directory: string,
): Promise<ExportResult> {
  makeDirectory(directory);
  await refuseOthers(directory);
  const everything = new WholeFile(join(directory, "facts.ndjson"));
  const fills = new WholeFile(join(directory, "fills.csv"));
  try {
    await fills.write([`${csvLine(exportColumns)}\n`]);
    fills.rows = 0;
    await everything.write([line({ type: "export", format: "lotbook-ndjson", format_version: 1 })]);
    await database.connect((connection) =>
      connection.transaction(async () => {
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        await writeFacts(connection, everything, fills);
        await writeOthers(connection, everything);
      }),
    );
    await everything.end();
    await fills.end();
    ports.failpoint("export.written");
    await everything.name();
    ports.failpoint("export.named");
    await fills.name();
  } catch (error) {
    await everything.abandon();
    await fills.abandon();
    throw error;
  }
  return {
    directory,
    files: [
      { file: "facts.ndjson", rows: everything.rows },
      { file: "fills.csv", rows: fills.rows },
    ],
  };
}
