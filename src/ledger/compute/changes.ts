/**
 * What new facts change about what a version has taken of a book: from where on, in which pools, and which
 * lots.
 */
import type { Scope } from "../../core/movement.ts";
import type { Database } from "../../store/database.ts";
import { type BookRange, readEntries, readEntryRange, type StoredMovement } from "./facts.ts";

/** Facts that are told apart one by one; of more, the book is computed again from its beginning. */
const changesMax = 20_000n;

export interface Changes {
  /** Facts that take part now and did not before. */
  readonly added: readonly StoredMovement[];
  /** Facts that took part before, and were voided. */
  readonly removed: readonly StoredMovement[];
  /** Facts that took part before with another fee, as they are now. */
  readonly repriced: readonly StoredMovement[];
}

/** Entries that were taken before and that a new void or fee value is about. */
async function touchedEntries(
  database: Database,
  book: BookRange,
  computedEntry: bigint,
): Promise<{ removed: bigint[]; repriced: bigint[] }> {
  const rows = await database.connect((connection) =>
    connection.query<{ entry: bigint; removed: boolean }>(
      `SELECT target_entry AS entry, true AS removed FROM voids
       WHERE book_id = $1 AND entry > $2 AND entry <= $3 AND target_entry <= $2
        AND target_kind <> 'fee value'
       UNION ALL
       SELECT target_entry, false FROM fee_values
       WHERE book_id = $1 AND entry > $2 AND entry <= $3 AND target_entry <= $2
       UNION ALL
       SELECT f.target_entry, false FROM voids v
       JOIN fee_values f ON f.book_id = v.book_id AND f.entry = v.target_entry
       WHERE v.book_id = $1 AND v.entry > $2 AND v.entry <= $3 AND v.target_entry <= $2
         AND v.target_kind = 'fee value' AND f.target_entry <= $2`,
      [book.bookId, computedEntry, book.watermark],
    ),
  );
  const of = (removed: boolean): bigint[] =>
    rows.filter((row) => row.removed === removed).map((row) => row.entry);
  return { removed: of(true), repriced: of(false) };
}

/** What changes; undefined where there is too much of it to be told apart. */
export async function readChanges(
  database: Database,
  scope: Scope,
  book: BookRange,
  computedEntry: bigint,
): Promise<Changes | undefined> {
  if (book.watermark - computedEntry > changesMax) return undefined;
  const [touched, added] = await Promise.all([
    touchedEntries(database, book, computedEntry),
    readEntryRange(database, scope, book, computedEntry),
  ]);
  const before = { ...book, watermark: computedEntry };
  return {
    added,
    removed: await readEntries(database, scope, before, touched.removed),
    repriced: await readEntries(database, scope, book, touched.repriced),
  };
}
