/**
 * Appending what a person decided. All that is looked at is looked at in the transaction that records, under
 * the locks of the books concerned, so that no two people decide about the same state.
 */
import type { Decision } from "../../core/decision.ts";
import type { Fact } from "../../core/fact.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { type BatchSource, recordBatch } from "../record/batch.ts";
import { LotbookError } from "../../errors.ts";

/** A fact to record, with the text that tells of it and who told; or a decision. */
export type Appended =
  | { readonly source: string; readonly raw: string; readonly fact: Fact }
  | { readonly decision: Decision };

/** The source that a batch of amendments is from. */
const amendmentSource = "amendment";

export interface AppendOptions {
  readonly author: string;
  /** What is done, as the batch says it later. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Look and say, and record nothing. */
  readonly dryRun: boolean;
}

/** What is to be appended, and what to say of it. */
export interface Amendment<Result> {
  /** In this order: a decision may be about another one of them, by its place from 0. */
  readonly appended: readonly Appended[];
  readonly result: Result;
}

export interface Recorded<Result> {
  readonly result: Result;
  /** Null when nothing was recorded. */
  readonly batch: string | null;
}

/** Locks books for the rest of the transaction, by id: the one order of locks everywhere. */
export async function lockBookRows(connection: Connection, ids: Iterable<string>): Promise<void> {
  await connection.execute(
    `SELECT FROM books WHERE book_id = ANY ($1::uuid[]) ORDER BY book_id FOR NO KEY UPDATE`,
    [[...new Set(ids)]],
  );
}

/** Records what `work` finds is to be appended, all or nothing; `work` locks the books that it reads. */
export async function append<Result>(
  database: Database,
  ports: Ports,
  { author, inputs, dryRun }: AppendOptions,
  work: (connection: Connection) => Promise<Amendment<Result>>,
): Promise<Recorded<Result>> {
  return database.connect(async (connection) => {
    if (dryRun) {
      const { result } = await connection.transaction(() => work(connection));
      return { result, batch: null };
    }
    let amendment: Amendment<Result> | undefined;
    const sources: BatchSource[] = [];
    const { batchId } = await recordBatch(connection, ports, {
      sources,
      prepare: async () => {
        amendment = await work(connection);
        const tellings = amendment.appended.map((each, row) => ({ row, ...each }));
        sources.push({ source: amendmentSource, idSpace: "decided", tellings: [tellings] });
      },
      author,
      inputs: () => JSON.stringify([inputs]),
      onJudged: () => {},
      onRejected: ([first]) => {
        if (first !== undefined) throw new LotbookError("REFUSED", first.problem);
      },
    });
    return { result: amendment!.result, batch: batchId };
  });
}
