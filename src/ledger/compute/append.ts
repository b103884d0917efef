/**
 * Facts that all sort after what a version has taken in a book: the walk goes on from the lots that are
 * left. Only as many lots are read as the new closes can reach, so a fill at the end of a long book costs
 * what it costs in a short one.
 */
import { startWalk } from "../../core/matching/walk.ts";
import type { LotState } from "../../core/matching/lot.ts";
import type { Movement } from "../../core/movement.ts";
import { toUnits } from "../../core/decimal.ts";
import type { Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { dayOf } from "./days.ts";
import { type BookRange, readEntries, type StoredMovement } from "./facts.ts";
import type { Version } from "./policy.ts";
import { type AllocationRow, allocationRow, openLotRow } from "./rows.ts";
import type { ReplayTarget } from "./replay.ts";
import { startStep } from "./run.ts";
import {
  finishStep,
  insertAllocations,
  insertLots,
  refreshDays,
  supersedeLots,
} from "./supersede.ts";

/** What the closes take, by pool. */
function wanted(movements: readonly Movement[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { opens, pool, quantity } of movements) {
    if (!opens) sums.set(pool, (sums.get(pool) ?? 0n) + quantity);
  }
  return sums;
}

/** The lots that the closes can reach: of each pool the first ones, enough for all it loses. */
async function reachableLots(
  database: Database,
  version: Version,
  book: BookRange,
  needs: ReadonlyMap<string, bigint>,
): Promise<LotState[]> {
  if (needs.size === 0) return [];
  for (let count = 64; ; count *= 8) {
    const rows = await database.connect((connection) =>
      connection.query<{ open_entry: bigint; quantity: string }>(
        `SELECT open_entry, quantity FROM open_lots WHERE version = $1 AND book_id = $2
         AND superseded IS NULL
         ORDER BY opened_at FETCH FIRST ${count} ROWS WITH TIES`,
        [version.version, book.bookId],
      ),
    );
    const left = new Map(rows.map((row) => [row.open_entry.toString(), toUnits(row.quantity)]));
    const movements = await readEntries(
      database,
      version.scope,
      book,
      rows.map((row) => row.open_entry),
    );
    const lots = movements.map((movement) => ({
      movement,
      consumed: movement.quantity - left.get(movement.entry.toString())!,
    }));
    const sums = new Map<string, bigint>();
    for (const { movement, consumed } of lots) {
      sums.set(movement.pool, (sums.get(movement.pool) ?? 0n) + movement.quantity - consumed);
    }
    const enough = [...needs].every(([pool, need]) => (sums.get(pool) ?? 0n) >= need);
    if (enough || rows.length < count) return lots;
  }
}

/** Takes the new facts of a book in one step of one transaction. */
export async function appendToBook(
  database: Database,
  ports: Ports,
  { version, run, book, counts }: ReplayTarget,
  movements: readonly StoredMovement[],
  last: StoredMovement | undefined,
): Promise<bigint> {
  const lots = await reachableLots(database, version, book, wanted(movements));
  const rows: AllocationRow[] = [];
  const sink = {
    allocation: (...slice: Parameters<typeof allocationRow>) => rows.push(allocationRow(...slice)),
  };
  const walk = startWalk(version, sink, lots);
  walk.take(movements);
  const left = new Map(walk.openLots().map((lot) => [lot.movement.entry, lot]));
  const touched = lots.filter((lot) => left.get(lot.movement.entry)?.consumed !== lot.consumed);
  for (const lot of lots) {
    if (left.get(lot.movement.entry)?.consumed === lot.consumed) left.delete(lot.movement.entry);
  }
  const changed = [...left.values()];
  const days = new Set([
    ...rows.map((row) => dayOf(row.close.at)),
    ...[...changed, ...touched].map((lot) => dayOf(lot.movement.at)),
  ]);
  const revision = await database.connect((connection) =>
    connection.transaction(async () => {
      const step = await startStep(connection, run, version.version, book.bookId);
      const target = { version, book, step };
      await supersedeLots(
        connection,
        target,
        touched.map((lot) => lot.movement.entry),
      );
      await insertAllocations(connection, target, rows);
      await insertLots(connection, target, changed.map(openLotRow));
      await refreshDays(
        connection,
        target,
        [...days].toSorted((a, b) => a - b),
      );
      const finished = await finishStep(connection, target, (movements.at(-1) ?? last)?.entry);
      ports.failpoint("append.finished");
      return finished;
    }),
  );
  for (const { opens } of movements) counts[opens ? "opens" : "closes"] += 1;
  for (const row of rows) counts.addPnl(book.quote, row.pnlUnits);
  counts.books += 1;
  counts.allocations += rows.length;
  counts.superseded += touched.length;
  return revision;
}
