/**
 * Brings a version up to date, book by book: by appending where all new facts sort last, else by computing
 * the book again.
 */
import { compareLedgerOrder } from "../../core/order.ts";
import type { Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { appendToBook, type BookState } from "./append.ts";
import { type BookRange, readEntries } from "./facts.ts";
import type { Version } from "./policy.ts";
import { recomputeBook } from "./recompute.ts";
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

/**
 * What arrived beyond the computed entry: the earliest time, and whether it touches a fact that was taken
 * before.
 */
async function arrivals(
  database: Database,
  { book, computedEntry }: StaleBook,
): Promise<{ earliest: bigint | null; touchesTaken: boolean }> {
  return database.connect(async (connection) => {
    const isNew = "book_id = $1 AND entry > $2 AND entry <= $3";
    const [row] = await connection.query<{ earliest: bigint | null; touches: boolean }>(
      `SELECT least((SELECT min(executed_at) FROM fills WHERE ${isNew}),
           (SELECT min(opened_at) FROM opening_lots WHERE ${isNew})) AS earliest,
         EXISTS (SELECT FROM voids WHERE ${isNew} AND target_entry <= $2)
           OR EXISTS (SELECT FROM fee_values WHERE ${isNew} AND target_entry <= $2) AS touches`,
      [book.bookId, computedEntry, book.watermark],
    );
    return { earliest: row!.earliest, touchesTaken: row!.touches };
  });
}

/** Whether all that is new sorts after all that was taken; then the state to go on from. */
async function appendable(
  database: Database,
  version: Version,
  stale: StaleBook,
): Promise<BookState | undefined> {
  const { book, computedEntry, lastPlace } = stale;
  const { earliest, touchesTaken } = await arrivals(database, stale);
  if (touchesTaken) return undefined;
  if (lastPlace === null) return { computedEntry, last: undefined };
  // The last fact is read below the old watermark: a new void of it would have been seen above.
  const [last] = await readEntries(database, version.scope, book, [lastPlace]);
  if (last === undefined) return undefined;
  if (earliest === null || earliest > last.at) return { computedEntry, last };
  if (earliest < last.at) return undefined;
  const atLast = await database.connect((connection) =>
    connection.query<{ entry: bigint }>(
      `SELECT entry FROM fills WHERE book_id = $1 AND executed_at = $2 AND entry > $3 AND entry <= $4
       UNION ALL SELECT entry FROM opening_lots WHERE book_id = $1 AND opened_at = $2 AND entry > $3
        AND entry <= $4`,
      [book.bookId, last.at, computedEntry, book.watermark],
    ),
  );
  const entries = atLast.map((row) => row.entry);
  const tied = await readEntries(database, version.scope, book, entries);
  return tied.every((movement) => compareLedgerOrder(movement, last) > 0)
    ? { computedEntry, last }
    : undefined;
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
    const state = await appendable(database, version, stale);
    revision =
      state === undefined
        ? await recomputeBook(database, ports, version, run, stale.book, counts)
        : await appendToBook(database, version, run, stale.book, state, counts);
    progress?.(index + 1, books.length);
  }
  return revision;
}
