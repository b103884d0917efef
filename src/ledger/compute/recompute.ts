/**
 * `verify --recompute`: a version computed again in memory, from the facts alone, and its digests compared
 * with those stored.
 */
import { LotbookError } from "../../errors.ts";
import { versionDigest } from "../../seal/digest.ts";
import type { Database } from "../../store/database.ts";
import { BookBuild, VersionRows } from "./book-build.ts";
import type { BookRange } from "./facts.ts";
import { publishedVersion, standingVersion, type Version } from "./policy.ts";
import { RunCounts } from "./run.ts";
import { readAll } from "./stretch.ts";

/** A book whose digest does not come out again. */
export interface BookDifference {
  readonly portfolio: string;
  readonly symbol: string;
  readonly stored: string | null;
  readonly recomputed: string | null;
}

export interface Recomputation {
  readonly version: number;
  /** As it came out now. */
  readonly digest: string;
  readonly books: number;
  readonly differences: readonly BookDifference[];
}

interface StoredBook extends BookRange {
  readonly stored: string | null;
}

async function storedBooks(database: Database, version: number): Promise<StoredBook[]> {
  return database.connect((connection) =>
    connection.query<StoredBook>(
      `SELECT s.book_id AS "bookId", b.portfolio, b.symbol, b.quote_asset AS quote,
         s.computed_entry AS watermark, encode(s.digest, 'hex') AS stored
       FROM book_states s JOIN books b USING (book_id) JOIN steps t USING (step)
       WHERE s.version = $1 AND t.revision IS NOT NULL
         AND (s.superseded IS NULL OR s.superseded IN (SELECT step FROM steps WHERE revision IS NULL))
       ORDER BY s.book_id`,
      [version],
    ),
  );
}

async function versionOf(database: Database, version: number | undefined): Promise<Version> {
  const found = await database.connect((connection) =>
    version === undefined ? publishedVersion(connection) : standingVersion(connection, version),
  );
  if (found !== undefined) return found;
  throw new LotbookError("NOT_FOUND", "nothing is published yet", {
    advice: "Run: lotbook compute",
  });
}

/** Computes a version (the published one when none is named) again without writing anything. */
export async function recompute(
  database: Database,
  version?: number,
  progress?: (done: number, total: number) => void,
): Promise<Recomputation> {
  const found = await versionOf(database, version);
  const books = await storedBooks(database, found.version);
  const stored = new Map(books.map((book) => [book.bookId, book]));
  const rows = new VersionRows();
  const digests: { bookId: string; digest: string }[] = [];
  const differences: BookDifference[] = [];
  let build: BookBuild | undefined;
  let done = 0;
  for await (const { book, movements, ends } of readAll(database, found.scope, books)) {
    build ??= new BookBuild(found, 0n, book, rows, new RunCounts());
    build.take(movements);
    // The rows are made only for their hashes.
    rows.take();
    if (!ends) continue;
    const { bookId, digest } = build.finish();
    build = undefined;
    if (digest !== undefined) digests.push({ bookId, digest });
    const before = stored.get(bookId)!.stored;
    const { portfolio, symbol } = book;
    if (before !== (digest ?? null))
      differences.push({ portfolio, symbol, stored: before, recomputed: digest ?? null });
    done += 1;
    progress?.(done, books.length);
  }
  const digest = versionDigest(found, digests);
  return { version: found.version, digest, books: books.length, differences };
}
