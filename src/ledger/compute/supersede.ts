/** Changes to a book's conclusions under one step: rows superseded, rows inserted, days, state. */
import { bookDigest, dayDigest } from "../../seal/digest.ts";
import { nanosPerDay } from "../../core/time.ts";
import { CopyText } from "../../store/copy-text.ts";
import type { Connection } from "../../store/database.ts";
import type { BookRange } from "./facts.ts";
import type { Version } from "./policy.ts";
import { completeStep } from "./revision.ts";
import {
  type AllocationRow,
  allocationColumns,
  writeAllocation,
  openLotColumns,
  writeOpenLot,
  type OpenLotRow,
  type RowHead,
} from "./rows.ts";

/** The book a step changes. */
export interface BookStep {
  readonly version: Version;
  readonly book: BookRange;
  readonly step: bigint;
}

export async function startStep(
  connection: Connection,
  run: bigint,
  version: number,
  bookId: string,
): Promise<bigint> {
  const [row] = await connection.query<{ step: bigint }>(
    "INSERT INTO steps (run, version, book_id) VALUES ($1, $2, $3) RETURNING step",
    [run, version, bookId],
  );
  return row!.step;
}

/** A stored allocation's key. */
export interface SliceKey {
  readonly close: number;
  readonly slice: number;
}

export async function supersedeAllocations(
  connection: Connection,
  { version, book, step }: BookStep,
  keys: readonly SliceKey[],
): Promise<void> {
  if (keys.length === 0) return;
  await connection.execute(
    `UPDATE allocations a SET superseded = $3 FROM unnest($4::bigint[], $5::integer[]) AS k (close, slice)
     WHERE a.version = $1 AND a.book_id = $2 AND a.close_entry = k.close AND a.slice = k.slice
       AND a.superseded IS NULL`,
    [
      version.version,
      book.bookId,
      step,
      keys.map((key) => key.close),
      keys.map((key) => key.slice),
    ],
  );
}

export async function insertAllocations(
  connection: Connection,
  { version, book, step }: BookStep,
  rows: readonly AllocationRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const copy = new CopyText();
  const head: RowHead = [`${version.version}`, book.bookId, `${step}`];
  for (const row of rows) writeAllocation(copy, head, row);
  await connection.copyIn(`COPY allocations (${allocationColumns}) FROM STDIN`, [copy.take()]);
}

export async function supersedeLots(
  connection: Connection,
  { version, book, step }: BookStep,
  entries: readonly number[],
): Promise<void> {
  if (entries.length === 0) return;
  await connection.execute(
    `UPDATE open_lots SET superseded = $3
     WHERE version = $1 AND book_id = $2 AND open_entry = ANY ($4::bigint[]) AND superseded IS NULL`,
    [version.version, book.bookId, step, entries],
  );
}

export async function insertLots(
  connection: Connection,
  { version, book, step }: BookStep,
  rows: readonly OpenLotRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const copy = new CopyText();
  const head: RowHead = [`${version.version}`, book.bookId, `${step}`];
  for (const row of rows) writeOpenLot(copy, head, row);
  await connection.copyIn(`COPY open_lots (${openLotColumns}) FROM STDIN`, [copy.take()]);
}

/** Takes the digests of some days again from the rows that stand now. */
export async function refreshDays(
  connection: Connection,
  { version, book, step }: BookStep,
  days: readonly number[],
): Promise<void> {
  if (days.length === 0) return;
  const hashes = async (table: string, time: string): Promise<Map<number, string>> => {
    const rows = await connection.query<{ day: number; hash: string }>(
      `SELECT d AS day, (SELECT encode(sha256(string_agg(row_hash, ''::bytea ORDER BY ${time},
       row_hash)), 'hex') FROM ${table}
         WHERE version = $1 AND book_id = $2 AND superseded IS NULL
           AND ${time} >= d * ${nanosPerDay} AND ${time} < (d + 1) * ${nanosPerDay}) AS hash
       FROM unnest($3::integer[]) AS d`,
      [version.version, book.bookId, days],
    );
    return new Map(rows.filter((row) => row.hash !== null).map((row) => [row.day, row.hash]));
  };
  const allocations = await hashes("allocations", "closed_at");
  const openLots = await hashes("open_lots", "opened_at");
  await replaceDays(
    connection,
    { version, book, step },
    days.map((day) => {
      const parts = [allocations.get(day), openLots.get(day)] as const;
      const empty = parts[0] === undefined && parts[1] === undefined;
      return { day, digest: empty ? undefined : dayDigest(...parts) };
    }),
  );
}

/** Supersedes the digests of some days; a day without a new one has no rows any more. */
export async function replaceDays(
  connection: Connection,
  { version, book, step }: BookStep,
  days: readonly { readonly day: number; readonly digest: string | undefined }[],
): Promise<void> {
  if (days.length === 0) return;
  await connection.execute(
    `UPDATE day_digests SET superseded = $3
     WHERE version = $1 AND book_id = $2 AND day = ANY ($4::integer[]) AND superseded IS NULL`,
    [version.version, book.bookId, step, days.map((day) => day.day)],
  );
  const left = days.filter((day) => day.digest !== undefined);
  await connection.execute(
    `INSERT INTO day_digests (version, book_id, day, digest, step)
     SELECT $1, $2, d, decode(h, 'hex'), $3 FROM unnest($4::integer[], $5::text[]) AS t (d, h)`,
    [
      version.version,
      book.bookId,
      step,
      left.map((day) => day.day),
      left.map((day) => day.digest!),
    ],
  );
}

/** The step's last act: the book's digest and state, and the revision that makes the step visible. */
export async function finishStep(
  connection: Connection,
  { version, book, step }: BookStep,
  lastPlace: number | undefined,
): Promise<bigint> {
  const days = await connection.query<{ day: number; digest: string }>(
    `SELECT day, encode(digest, 'hex') AS digest FROM day_digests
     WHERE version = $1 AND book_id = $2 AND superseded IS NULL ORDER BY day`,
    [version.version, book.bookId],
  );
  const digest = bookDigest(book.portfolio, book.symbol, days) ?? null;
  await connection.execute(
    "UPDATE book_states SET superseded = $3 WHERE version = $1 AND book_id = $2 AND superseded IS NULL",
    [version.version, book.bookId, step],
  );
  await connection.execute(
    `INSERT INTO book_states (version, book_id, computed_entry, last_place, digest, step)
     VALUES ($1, $2, $3, $4, decode($5, 'hex'), $6)`,
    [version.version, book.bookId, book.watermark, lastPlace ?? null, digest, step],
  );
  return completeStep(connection, step, {
    kind: "step",
    version: version.version,
    bookId: book.bookId,
    digest,
    inputs: [{ bookId: book.bookId, computedEntry: book.watermark }],
  });
}
