/**
 * The lots that were left before an instant, from what a version has stored: where a replay goes on from.
 */
import { toUnits } from "../../core/decimal.ts";
import type { LotState } from "../../core/matching/lot.ts";
import type { Database } from "../../store/database.ts";
import { type BookRange, readEntries, type StoredMovement } from "./facts.ts";
import type { Version } from "./policy.ts";
import { readBook } from "./stretch.ts";
import { compareLedgerOrder } from "../../core/order.ts";

/** The wallet of a pool's name; undefined where the pool is the whole book. */
function walletOf(pool: string): { venue: string; account: string } | undefined {
  const zero = pool.indexOf("\0");
  return zero < 0 ? undefined : { venue: pool.slice(0, zero), account: pool.slice(zero + 1) };
}

/** The greatest opening fact that a pool's closes before `from` have taken from, and how much of it. */
async function lastTaken(
  database: Database,
  version: Version,
  book: BookRange,
  from: bigint,
  pool: string,
): Promise<{ lot: StoredMovement; consumed: bigint } | undefined> {
  const wallet = walletOf(pool);
  const ofPool =
    wallet === undefined
      ? "AND $4::text IS NULL AND $5::text IS NULL"
      : `AND EXISTS (SELECT FROM fills f WHERE f.book_id = a.book_id AND f.entry = a.close_entry
           AND f.venue = $4 AND f.account = $5)`;
  const tied = await database.connect((connection) =>
    connection.query<{ open_entry: bigint }>(
      `SELECT a.open_entry FROM allocations a
       WHERE a.version = $1 AND a.book_id = $2 AND a.superseded IS NULL AND a.closed_at < $3
         AND a.open_entry IS NOT NULL ${ofPool}
       ORDER BY a.closed_at DESC FETCH FIRST 1 ROWS WITH TIES`,
      [version.version, book.bookId, from, wallet?.venue ?? null, wallet?.account ?? null],
    ),
  );
  const entries = [...new Set(tied.map((row) => row.open_entry))];
  const lot = (await readEntries(database, version.scope, book, entries)).at(-1);
  if (lot === undefined) return undefined;
  const [sum] = await database.connect((connection) =>
    connection.query<{ consumed: string }>(
      `SELECT coalesce(sum(quantity), 0) AS consumed FROM allocations
       WHERE version = $1 AND book_id = $2 AND superseded IS NULL AND open_entry = $3
         AND closed_at >= $4 AND closed_at < $5`,
      [version.version, book.bookId, lot.entry, lot.at, from],
    ),
  );
  return { lot, consumed: toUnits(sum!.consumed) };
}

/**
 * What was left before an instant, in ledger order, of the pools that are asked for (undefined: of all, and
 * then only before the beginning, where nothing is).
 */
export async function lotsBefore(
  database: Database,
  version: Version,
  book: BookRange,
  from: bigint,
  pools: ReadonlySet<string> | undefined,
): Promise<LotState[]> {
  if (from <= 0n) return [];
  const asked = pools ?? new Set([""]);
  const heads = new Map<string, { lot: StoredMovement; consumed: bigint } | undefined>();
  for (const pool of asked) heads.set(pool, await lastTaken(database, version, book, from, pool));
  const known = [...heads.values()];
  const earliest = known.includes(undefined)
    ? -1n
    : known.reduce((first, head) => (head!.lot.at < first ? head!.lot.at : first), from) - 1n;
  const lots: LotState[] = [];
  const stretch = { after: earliest, until: from - 1n, opensOnly: true };
  for await (const { movements } of readBook(database, version.scope, book, stretch)) {
    for (const movement of movements) {
      if (!asked.has(movement.pool)) continue;
      const head = heads.get(movement.pool);
      const place = head === undefined ? 1 : compareLedgerOrder(movement, head.lot);
      if (place > 0) lots.push({ movement, consumed: 0n });
      else if (place === 0 && head!.consumed < movement.quantity)
        lots.push({ movement, consumed: head!.consumed });
    }
  }
  return lots;
}
