/**
 * Brings a version up to date, book by book: by appending where all new facts sort last, else by a replay
 * from the affected place.
 */
import { compareLedgerOrder } from "../../core/order.ts";
import type { Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { appendToBook } from "./append.ts";
import { readChanges } from "./changes.ts";
import { type BookRange, readEntries, type StoredMovement } from "./facts.ts";
import type { Version } from "./policy.ts";
import { replayBook, type ReplayTarget } from "./replay.ts";
import type { BookFilter, RunCounts } from "./run.ts";

interface StaleBook {
  readonly book: BookRange;
  readonly computedEntry: bigint;
  readonly lastPlace: bigint | null;
}

/** The books with facts that the version has not taken, in order of their ids. */
async function staleBooks(
  database: Database,
  version: Version,
  filter: BookFilter,
): Promise<StaleBook[]> {
  const rows = await database.connect((connection) =>
    connection.query<{
      book_id: string;
      portfolio: string;
      symbol: string;
      quote_asset: string;
      last_entry: bigint;
      computed_entry: bigint;
      last_place: bigint | null;
    }>(
      `SELECT b.book_id, b.portfolio, b.symbol, b.quote_asset, b.last_entry,
         coalesce(s.computed_entry, 0::bigint) AS computed_entry, s.last_place
       FROM books b LEFT JOIN book_states s ON s.version = $1 AND s.book_id = b.book_id
        AND s.superseded IS NULL
       WHERE b.last_entry > coalesce(s.computed_entry, 0)
         AND ($2::text IS NULL OR b.portfolio = $2) AND ($3::text IS NULL OR b.symbol = $3)
       ORDER BY b.book_id`,
      [version.version, filter.portfolio ?? null, filter.symbol ?? null],
    ),
  );
  return rows.map((row) => ({
    book: {
      bookId: row.book_id,
      portfolio: row.portfolio,
      symbol: row.symbol,
      quote: row.quote_asset,
      watermark: row.last_entry,
    },
    computedEntry: row.computed_entry,
    lastPlace: row.last_place,
  }));
}

/** The earliest instant that facts too many to be told apart can change. */
async function earliestOfMany(
  database: Database,
  { book, computedEntry }: StaleBook,
): Promise<bigint> {
  const isNew = "book_id = $1 AND entry > $2 AND entry <= $3";
  const [row] = await database.connect((connection) =>
    connection.query<{ at: bigint | null }>(
      `WITH touched AS (
         SELECT target_entry FROM voids WHERE ${isNew}
         UNION ALL SELECT target_entry FROM fee_values WHERE ${isNew}
         UNION ALL SELECT f.target_entry FROM voids v
           JOIN fee_values f ON f.book_id = v.book_id AND f.entry = v.target_entry
           WHERE v.book_id = $1 AND v.entry > $2 AND v.entry <= $3)
       SELECT least(
         (SELECT min(executed_at) FROM fills WHERE ${isNew}),
         (SELECT min(opened_at) FROM opening_lots WHERE ${isNew}),
         (SELECT min(executed_at) FROM fills JOIN touched ON target_entry = entry WHERE book_id = $1),
         (SELECT min(opened_at) FROM opening_lots JOIN touched ON target_entry = entry
          WHERE book_id = $1)) AS at`,
      [book.bookId, computedEntry, book.watermark],
    ),
  );
  return row!.at ?? -1n;
}

const earliestOf = (movements: readonly StoredMovement[]): bigint =>
  movements.reduce((first, { at }) => (at < first ? at : first), movements[0]?.at ?? -1n);

async function bringUpToDate(
  database: Database,
  ports: Ports,
  target: ReplayTarget,
  { computedEntry, lastPlace }: StaleBook,
): Promise<bigint> {
  const { version, book } = target;
  const before = { ...book, watermark: computedEntry };
  const [changes, [last]] = await Promise.all([
    readChanges(database, version.scope, book, computedEntry),
    readEntries(database, version.scope, before, lastPlace === null ? [] : [lastPlace]),
  ]);
  if (changes === undefined) {
    // The pools of an account scope are not known before their facts are read: from the beginning, then.
    const stale = { book, computedEntry, lastPlace };
    const from = version.scope === "account" ? -1n : await earliestOfMany(database, stale);
    return replayBook(database, ports, target, { from, changes, last: undefined });
  }
  const { added, removed, repriced } = changes;
  const sortsLast = last === undefined || added.every((each) => compareLedgerOrder(each, last) > 0);
  if (removed.length === 0 && repriced.length === 0 && sortsLast)
    return appendToBook(database, ports, target, added, last);
  const from = earliestOf([...added, ...removed, ...repriced]);
  const greatest = removed.some(({ entry }) => entry === last?.entry)
    ? undefined
    : [...added, ...(last === undefined ? [] : [last])].toSorted(compareLedgerOrder).at(-1);
  return replayBook(database, ports, target, { from, changes, last: greatest });
}

/** Brings the books that match up to date; gives the last revision, null when there was nothing to do. */
export async function extendVersion(
  database: Database,
  ports: Ports,
  version: Version,
  run: bigint,
  filter: BookFilter,
  counts: RunCounts,
  progress: ((done: number, total: number) => void) | undefined,
): Promise<bigint | null> {
  const books = await staleBooks(database, version, filter);
  let revision: bigint | null = null;
  for (const [index, stale] of books.entries()) {
    const target = { version, run, book: stale.book, counts };
    revision = await bringUpToDate(database, ports, target, stale);
    ports.failpoint("compute.book");
    progress?.(index + 1, books.length);
  }
  return revision;
}
