/** Changes to a book's conclusions under one step: rows superseded, rows inserted, days, state. */
import { bookDigest, dayDigest } from "../../seal/digest.ts";
import { nanosPerDay } from "../../core/time.ts";
import { CopyText } from "../../store/copy-text.ts";
import type { Connection } from "../../store/database.ts";
import type { BookRange } from "./facts.ts";
import type { Version } from "./policy.ts";
import { takeRevision } from "./revision.ts";
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

/** A stretch of a book's closes, and the slices of it that are to stay. */
export interface ClosedRange {
  readonly after: bigint;
  /** Undefined: to the end. */
  readonly until: bigint | undefined;
  readonly kept: readonly SliceKey[];
}

/** Supersedes all of a stretch but some: far cheaper than row by row where most of it goes. */
export async function supersedeRange(
  connection: Connection,
  { version, book, step }: BookStep,
  { after, until, kept }: ClosedRange,
): Promise<void> {
  await connection.execute(
    `UPDATE allocations SET superseded = $3
     WHERE version = $1 AND book_id = $2 AND closed_at > $4
       AND closed_at <= coalesce($5, 9223372036854775807) AND superseded IS NULL
       AND (close_entry, slice) NOT IN (SELECT * FROM unnest($6::bigint[], $7::integer[]))`,
    [
      version.version,
      book.bookId,
      step,
      after,
      until ?? null,
      kept.map((key) => key.close),
      kept.map((key) => key.slice),
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

/** SQL: the hash of a day's rows in order of time. */
const dayHash = (table: string, time: string): string =>
  `(SELECT encode(sha256(string_agg(row_hash, ''::bytea ORDER BY ${time}, row_hash)), 'hex')
    FROM ${table} WHERE version = $1 AND book_id = $2 AND superseded IS NULL
      AND ${time} >= d * ${nanosPerDay} AND ${time} < (d + 1) * ${nanosPerDay})`;

/** Takes the digests of some days again from the rows that stand now. */
export async function refreshDays(
  connection: Connection,
  { version, book, step }: BookStep,
  days: readonly number[],
): Promise<void> {
  if (days.length === 0) return;
  const rows = await connection.query<{
    day: number;
    allocations: string | null;
    open_lots: string | null;
  }>(
    `SELECT d AS day, ${dayHash("allocations", "closed_at")} AS allocations,
       ${dayHash("open_lots", "opened_at")} AS open_lots FROM unnest($3::integer[]) AS d`,
    [version.version, book.bookId, days],
  );
  await replaceDays(
    connection,
    { version, book, step },
    rows.map(({ day, allocations, open_lots }) => ({
      day,
      digest:
        allocations === null && open_lots === null
          ? undefined
          : dayDigest(allocations ?? undefined, open_lots ?? undefined),
    })),
  );
}

/**
 * SQL that lets rows in only after the ones they replace have gone: a statement's parts run in no order of
 * their own, and the index of what stands now knows no two.
 */
const afterGone = "FROM (SELECT count(*) FROM gone) g";
const afterBoth = `${afterGone}, (SELECT count(*) FROM own) o`;

/**
 * Supersedes the digests of some days; a day without a new one has no rows any more. What this step itself
 * has written for a day was never seen by anyone, and goes.
 */
export async function replaceDays(
  connection: Connection,
  { version, book, step }: BookStep,
  days: readonly { readonly day: number; readonly digest: string | undefined }[],
): Promise<void> {
  if (days.length === 0) return;
  const left = days.filter((day) => day.digest !== undefined);
  await connection.execute(
    `WITH own AS (DELETE FROM day_digests
         WHERE version = $1 AND book_id = $2 AND day = ANY ($4::integer[]) AND superseded IS NULL
           AND step = $3 RETURNING 1),
       gone AS (UPDATE day_digests SET superseded = $3
         WHERE version = $1 AND book_id = $2 AND day = ANY ($4::integer[]) AND superseded IS NULL
           AND step <> $3 RETURNING 1)
     INSERT INTO day_digests (version, book_id, step, day, digest)
     SELECT $1, $2, $3, d, decode(h, 'hex') ${afterBoth}, unnest($5::integer[], $6::text[]) AS t (d, h)`,
    [
      version.version,
      book.bookId,
      step,
      days.map((day) => day.day),
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
    `WITH gone AS (UPDATE book_states SET superseded = $3
         WHERE version = $1 AND book_id = $2 AND superseded IS NULL RETURNING 1)
     INSERT INTO book_states (version, book_id, step, computed_entry, last_place, digest)
     SELECT $1, $2, $3, $4, $5, decode($6, 'hex') ${afterGone}`,
    [version.version, book.bookId, step, book.watermark, lastPlace ?? null, digest],
  );
  return takeRevision(connection, {
    kind: "step",
    step,
    version: version.version,
    bookId: book.bookId,
    digest,
    inputs: [{ bookId: book.bookId, computedEntry: book.watermark }],
  });
}
