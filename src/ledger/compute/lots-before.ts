/**
 * The lots that were left before an instant, from what a version has stored: where a replay goes on from.
 */
import { toUnits } from "../../core/decimal.ts";
import type { LotState } from "../../core/matching/lot.ts";
import type { Database } from "../../store/database.ts";
import type { BookRange, StoredMovement } from "./facts.ts";
import type { Version } from "./policy.ts";
import { readBook } from "./stretch.ts";

/** The wallet of a pool's name; undefined where the pool is the whole book. */
function walletOf(pool: string): { venue: string; account: string } | undefined {
  const zero = pool.indexOf("\0");
  return zero < 0 ? undefined : { venue: pool.slice(0, zero), account: pool.slice(zero + 1) };
}

/** What a pool's last close before an instant took from. */
interface LastTaken {
  /** When the earliest of its lots was opened. */
  readonly at: bigint;
  /** By entry number of the lot: what had been taken of it by then. */
  readonly consumed: ReadonlyMap<number, bigint>;
}

/** Undefined where no close of the pool before `from` took anything. */
async function lastTaken(
  database: Database,
  version: Version,
  book: BookRange,
  from: bigint,
  pool: string,
): Promise<LastTaken | undefined> {
  const wallet = walletOf(pool);
  const ofPool =
    wallet === undefined
      ? "AND $4::text IS NULL AND $5::text IS NULL"
      : `AND EXISTS (SELECT FROM fills f WHERE f.book_id = a.book_id AND f.entry = a.close_entry
           AND f.venue = $4 AND f.account = $5)`;
  const rows = await database.connect((connection) =>
    connection.query<{ open_entry: bigint; opened_at: bigint; consumed: string }>(
      `WITH tied AS (SELECT a.open_entry, a.opened_at FROM allocations a
         WHERE a.version = $1 AND a.book_id = $2 AND a.superseded IS NULL AND a.closed_at < $3
           AND a.open_entry IS NOT NULL ${ofPool}
         ORDER BY a.closed_at DESC FETCH FIRST 1 ROWS WITH TIES)
       SELECT open_entry, opened_at, (SELECT sum(c.quantity) FROM allocations c
         WHERE c.version = $1 AND c.book_id = $2 AND c.superseded IS NULL
           AND c.open_entry = l.open_entry AND c.closed_at >= l.opened_at AND c.closed_at < $3) AS consumed
       FROM (SELECT DISTINCT open_entry, opened_at FROM tied) l`,
      [version.version, book.bookId, from, wallet?.venue ?? null, wallet?.account ?? null],
    ),
  );
  if (rows.length === 0) return undefined;
  return {
    at: rows.reduce((first, { opened_at: at }) => (at < first ? at : first), from),
    consumed: new Map(rows.map((row) => [Number(row.open_entry), toUnits(row.consumed)])),
  };
}

/** What is left of a pool's opening facts, added in ledger order, behind the last that was taken from. */
class PoolLots {
  readonly #last: LastTaken | undefined;
  #lots: LotState[] = [];

  constructor(last: LastTaken | undefined) {
    this.#last = last;
  }

  add(movement: StoredMovement): void {
    const consumed = this.#last?.consumed.get(movement.entry);
    // First in, first out: what sorts before it is used up.
    if (consumed !== undefined) this.#lots = [];
    if (consumed === movement.quantity) return;
    this.#lots.push({ movement, consumed: consumed ?? 0n });
  }

  get lots(): readonly LotState[] {
    return this.#lots;
  }
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
  const kept = new Map<string, PoolLots>();
  let earliest = from;
  for (const pool of pools ?? [""]) {
    const last = await lastTaken(database, version, book, from, pool);
    kept.set(pool, new PoolLots(last));
    const begin = last?.at ?? 0n;
    if (begin < earliest) earliest = begin;
  }
  const stretch = { after: earliest - 1n, until: from - 1n, opensOnly: true };
  for await (const { movements } of readBook(database, version.scope, book, stretch))
    for (const movement of movements) kept.get(movement.pool)?.add(movement);
  return [...kept.values()].flatMap(({ lots }) => lots);
}
