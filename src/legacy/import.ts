/**
 * `legacy import`: filled orders of an old database become facts, and its conclusions a snapshot, in one
 * transaction of the ledger. The old database is read twice and never written to.
 */
import type { Problem } from "../core/fact.ts";
import { makeProblem } from "../core/problem.ts";
import { BadRowsError } from "../ledger/import.ts";
import type { Ports } from "../ledger/ports.ts";
import { recordBatch, type RejectedRow, type SourcedTelling } from "../ledger/record/batch.ts";
import {
  type BatchOutcome,
  type ConflictExample,
  noRows,
  type WaitingExample,
} from "../ledger/record/outcome.ts";
import { legacySource, legacySpace } from "../ledger/record/source-name.ts";
import type { Connection, Database } from "../store/database.ts";
import { type LegacyChoice, type LegacyOrder, LegacyReader, type Wallet } from "./fact.ts";
import { type LegacySource, withLegacySource } from "./read.ts";
import type { LegacyColumn } from "./row.ts";
import {
  keepSnapshot,
  type SnapshotCount,
  snapshotTable,
  stageOrders,
  takeRepeated,
} from "./snapshot.ts";

export interface LegacyImportOptions extends LegacyChoice, Partial<Wallet> {
  /** Record the good rows and leave the bad ones out. */
  readonly skipBadRows?: boolean;
  readonly author?: string;
  /** Told of each bad row as it is met. */
  readonly onProblem?: (problem: Problem) => void;
  /** Rows read and recorded so far. */
  readonly progress?: (phase: "reading" | "recording", done: number) => void;
}

export interface LegacyImportResult {
  readonly source: string;
  /** Rows that were chosen: filled orders, those passed over, and bad ones. */
  readonly rows: number;
  readonly recorded: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly waiting: number;
  readonly rejected: number;
  /** Orders that were passed over, by status. */
  readonly passedOver: Readonly<Record<string, number>>;
  /** Orders whose row was kept for the first time, and again because it says something else. */
  readonly snapshot: SnapshotCount;
  /** Filled orders that state no fee. */
  readonly withoutFee: number;
  /** Columns that the old table lacks. */
  readonly lacking: readonly LegacyColumn[];
  readonly newConflicts: number;
  readonly newWaiting: number;
  readonly batch: string | null;
  readonly conflictExamples: readonly ConflictExample[];
  readonly waitingExamples: readonly WaitingExample[];
}

const problemsKept = 100;
/** Imports of old systems into one ledger go one after another. Any number, ours alone. */
const advisoryLock = 7_238_190_455_126_002n;

class LegacyImport {
  readonly passedOver: Record<string, number> = {};
  snapshot: SnapshotCount = { taken: 0, changed: 0 };
  rows = 0;
  bad = 0;
  withoutFee = 0;
  readonly #problems: Problem[] = [];
  readonly #repeated = new Set<number>();
  readonly #reader: LegacyReader;
  readonly #source: LegacySource;
  readonly #options: LegacyImportOptions;

  constructor(source: LegacySource, options: LegacyImportOptions) {
    this.#source = source;
    this.#options = options;
    const { portfolio = "default", venue = "coinbase", account = "main" } = options;
    this.#reader = new LegacyReader(source.name, { portfolio, venue, account }, options);
  }

  /** The first reading: tells of bad rows, and keeps the snapshot. */
  async prepare(connection: Connection): Promise<void> {
    await connection.execute("SELECT pg_advisory_xact_lock($1)", [advisoryLock]);
    await connection.script(snapshotTable);
    await stageOrders(connection, this.#judged());
    for (const { row, first, orderId } of await takeRepeated(connection)) {
      this.#repeated.add(row);
      const place = { file: this.#source.name, row };
      const message = `is there twice, first in row ${first}; keep one of the two`;
      this.problem(makeProblem(place, "order_id", orderId, message));
    }
    this.stopAtProblems();
    this.snapshot = await keepSnapshot(connection);
  }

  async *#judged(): AsyncGenerator<LegacyOrder> {
    for await (const rows of this.#source.rows()) {
      for (const row of rows) {
        const reading = this.#reader.read(row);
        if ("left" in reading) continue;
        this.rows += 1;
        if ("order" in reading) {
          if (reading.order.cells.total_fees_usd === undefined) this.withoutFee += 1;
          yield reading.order;
        } else if ("problem" in reading) this.problem(reading.problem);
        else this.passedOver[reading.passed] = (this.passedOver[reading.passed] ?? 0) + 1;
      }
      this.#options.progress?.("reading", this.rows);
    }
  }

  /** The second reading: what is recorded. Its bad rows were told of in the first. */
  async *tellings(): AsyncGenerator<SourcedTelling[]> {
    for await (const rows of this.#source.rows()) {
      const tellings: SourcedTelling[] = [];
      for (const row of rows) {
        const reading = this.#reader.read(row);
        if (!("order" in reading) || this.#repeated.has(reading.order.row)) continue;
        const { fact, raw } = reading.order;
        tellings.push({ row: row.row, raw, fact });
      }
      yield tellings;
    }
  }

  rejected(rows: readonly RejectedRow[]): void {
    for (const { row, problem } of rows)
      this.problem(makeProblem({ file: this.#source.name, row }, undefined, undefined, problem));
  }

  problem(problem: Problem): void {
    this.bad += 1;
    if (this.#problems.length < problemsKept) this.#problems.push(problem);
    this.#options.onProblem?.(problem);
  }

  /** Ends an import that may not leave rows out. */
  stopAtProblems(): void {
    if (this.bad === 0 || this.#options.skipBadRows === true) return;
    throw new BadRowsError(this.#problems, this.bad);
  }

  result(outcome: BatchOutcome): LegacyImportResult {
    const { recorded, duplicates, conflicts, waiting } = outcome.files[0] ?? noRows;
    return {
      source: this.#source.name,
      rows: this.rows,
      recorded,
      duplicates,
      conflicts,
      waiting,
      rejected: this.bad,
      passedOver: this.passedOver,
      snapshot: this.snapshot,
      withoutFee: this.withoutFee,
      lacking: this.#source.lacking,
      newConflicts: outcome.newConflicts,
      newWaiting: outcome.newWaiting,
      batch: outcome.batchId,
      conflictExamples: outcome.conflicts,
      waitingExamples: outcome.waiting,
    };
  }
}

/**
 * Imports the filled orders of an old database, by its URL or a dump of its table. Throws BadRowsError where
 * a row is bad; nothing is recorded then.
 */
export async function importLegacy(
  database: Database,
  ports: Ports,
  location: string,
  options: LegacyImportOptions = {},
): Promise<LegacyImportResult> {
  return withLegacySource(location, async (source) => {
    const job = new LegacyImport(source, options);
    const outcome = await database.connect((connection) =>
      recordBatch(connection, ports, {
        sources: [{ source: legacySource, idSpace: legacySpace, tellings: job.tellings() }],
        prepare: () => job.prepare(connection),
        author: options.author ?? "legacy import",
        inputs: () => JSON.stringify([source.input]),
        onRejected: (rows) => job.rejected(rows),
        onJudged: () => job.stopAtProblems(),
        progress: (phase, done) => {
          if (phase === "recording") options.progress?.(phase, done);
        },
      }),
    );
    return job.result(outcome);
  });
}
