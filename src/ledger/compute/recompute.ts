/**
 * A book with a late fact, computed again from its beginning in one step, a page a transaction. Only rows
 * that come out different are superseded and written: a row that hashes the same is the same row.
 */
import { startWalk } from "../../core/matching/walk.ts";
import type { Movement } from "../../core/movement.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { BookDays } from "./days.ts";
import { type BookRange, type FactPage, readBook } from "./facts.ts";
import type { Version } from "./policy.ts";
import { type AllocationRow, allocationRow, type OpenLotRow, openLotRow } from "./rows.ts";
import { type RunCounts, wideUnits } from "./run.ts";
import {
  type BookStep,
  finishStep,
  insertAllocations,
  insertLots,
  replaceDays,
  startStep,
  type SliceKey,
  supersedeAllocations,
  supersedeLots,
} from "./supersede.ts";

interface StoredSlice extends SliceKey {
  readonly hash: string;
  readonly pnl: string | null;
}

/** The slices that stand now of closes in a stretch of time. */
async function storedSlices(
  connection: Connection,
  target: BookStep,
  page: FactPage,
): Promise<Map<string, StoredSlice>> {
  const rows = await connection.query<{
    close_entry: bigint;
    slice: number;
    hash: string;
    pnl: string | null;
  }>(
    `SELECT close_entry, slice, encode(row_hash, 'hex') AS hash, pnl FROM allocations
     WHERE version = $1 AND book_id = $2 AND superseded IS NULL AND closed_at > $3
       AND closed_at <= coalesce($4, 9223372036854775807)`,
    [target.version.version, target.book.bookId, page.after, page.until ?? null],
  );
  return new Map(
    rows.map(({ close_entry, slice, hash, pnl }) => [
      `${close_entry} ${slice}`,
      { close: parseInt(`${close_entry}`, 10), slice, hash, pnl },
    ]),
  );
}

async function writeSlices(
  connection: Connection,
  target: BookStep,
  page: FactPage,
  rows: readonly AllocationRow[],
  counts: RunCounts,
): Promise<void> {
  const stored = await storedSlices(connection, target, page);
  const fresh = rows.filter((row) => {
    const key = `${row.close.entry} ${row.slice}`;
    if (stored.get(key)?.hash !== row.hash) return true;
    stored.delete(key);
    return false;
  });
  const gone = [...stored.values()];
  await supersedeAllocations(connection, target, gone);
  await insertAllocations(connection, target, fresh);
  for (const { pnl } of gone) if (pnl !== null) counts.addPnl(target.book.quote, -wideUnits(pnl));
  for (const { pnlUnits } of fresh) counts.addPnl(target.book.quote, pnlUnits);
  counts.superseded += gone.length;
  counts.allocations += fresh.length;
}

async function writeLots(
  connection: Connection,
  target: BookStep,
  rows: readonly OpenLotRow[],
  counts: RunCounts,
): Promise<void> {
  const stored = await connection.query<{ open_entry: bigint; hash: string }>(
    `SELECT open_entry, encode(row_hash, 'hex') AS hash FROM open_lots
     WHERE version = $1 AND book_id = $2 AND superseded IS NULL`,
    [target.version.version, target.book.bookId],
  );
  const before = new Map(stored.map((row) => [parseInt(`${row.open_entry}`, 10), row.hash]));
  const fresh = rows.filter((row) => before.get(row.open.entry) !== row.hash);
  for (const row of rows)
    if (before.get(row.open.entry) === row.hash) before.delete(row.open.entry);
  await supersedeLots(connection, target, [...before.keys()]);
  await insertLots(connection, target, fresh);
  counts.superseded += before.size;
}

async function writeDays(connection: Connection, target: BookStep, days: BookDays): Promise<void> {
  const stored = await connection.query<{ day: number; digest: string }>(
    `SELECT day, encode(digest, 'hex') AS digest FROM day_digests
     WHERE version = $1 AND book_id = $2 AND superseded IS NULL`,
    [target.version.version, target.book.bookId],
  );
  const before = new Map(stored.map((row) => [row.day, row.digest]));
  const changed: { day: number; digest: string | undefined }[] = [];
  for (const { day, digest } of days.digests()) {
    if (before.get(day) !== digest) changed.push({ day, digest });
    before.delete(day);
  }
  for (const day of before.keys()) changed.push({ day, digest: undefined });
  await replaceDays(connection, target, changed);
}

export async function recomputeBook(
  database: Database,
  ports: Ports,
  version: Version,
  run: bigint,
  book: BookRange,
  counts: RunCounts,
): Promise<bigint> {
  const step = await database.connect((connection) =>
    startStep(connection, run, version.version, book.bookId),
  );
  const target = { version, book, step };
  const days = new BookDays();
  let rows: AllocationRow[] = [];
  const walk = startWalk(version, {
    allocation: (close, ...slice) => {
      const row = allocationRow(close, ...slice);
      days.allocations.add(close.at, row.hash);
      rows.push(row);
    },
  });
  let last: Movement | undefined;
  for await (const page of readBook(database, version.scope, book)) {
    walk.take(page.movements);
    for (const { opens } of page.movements) counts[opens ? "opens" : "closes"] += 1;
    last = page.movements.at(-1) ?? last;
    const written = rows;
    rows = [];
    await database.connect((connection) =>
      connection.transaction(() => writeSlices(connection, target, page, written, counts)),
    );
    ports.failpoint("supersede.page");
  }
  const lots = walk.openLots().map(openLotRow);
  const byTime = lots.toSorted((a, b) =>
    a.open.at < b.open.at ? -1 : a.open.at > b.open.at ? 1 : 0,
  );
  for (const lot of byTime) days.openLots.add(lot.open.at, lot.hash);
  counts.books += 1;
  return database.connect((connection) =>
    connection.transaction(async () => {
      await writeLots(connection, target, lots, counts);
      await writeDays(connection, target, days);
      return finishStep(connection, target, last?.entry);
    }),
  );
}
