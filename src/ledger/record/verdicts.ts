/** What was judged outside SQL, written into `exceptions`. */
import type { Connection } from "../../store/database.ts";

export interface RowVerdict {
  readonly ordinal: bigint;
  readonly outcome: "duplicate" | "rounded copy" | "conflict" | "waiting";
  /** The fill it tells of: an entry of the ledger, or a row of this batch; neither while it waits. */
  readonly entry?: bigint | null;
  readonly first?: bigint | null;
  /** Told of that fill under another id, or waiting under one. */
  readonly alias?: boolean;
  /** Told before in the same words: counted, and no new observation. */
  readonly heard?: boolean;
}

const write = `
  INSERT INTO exceptions (ordinal, outcome, entry, leaf, first, alias, heard)
  SELECT v.ordinal, v.outcome, v.entry,
    (SELECT f.leaf FROM fills f WHERE f.book_id = s.book_id AND f.entry = v.entry), v.first, v.alias, v.heard
  FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[], $6::boolean[])
    AS v (ordinal, outcome, entry, first, alias, heard) JOIN staged s USING (ordinal)
  ON CONFLICT (ordinal) DO UPDATE SET outcome = excluded.outcome, entry = excluded.entry,
    leaf = excluded.leaf, first = excluded.first, alias = excluded.alias, heard = excluded.heard,
    problem = NULL`;

export async function writeVerdicts(
  connection: Connection,
  verdicts: readonly RowVerdict[],
): Promise<void> {
  if (verdicts.length === 0) return;
  await connection.execute(write, [
    verdicts.map((verdict) => verdict.ordinal),
    verdicts.map((verdict) => verdict.outcome),
    verdicts.map((verdict) => verdict.entry ?? null),
    verdicts.map((verdict) => verdict.first ?? null),
    verdicts.map((verdict) => verdict.alias ?? false),
    verdicts.map((verdict) => verdict.heard ?? false),
  ]);
}
