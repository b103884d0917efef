/**
 * A book with a late fact: computed again from the affected place, a page at a time, until nothing later
 * can differ. Only rows that come out different are superseded and written: a row that hashes the same is
 * the same row.
 */
import { Divergence } from "../../core/matching/divergence.ts";
import type { LotState } from "../../core/matching/lot.ts";
import { startWalk, type Walk } from "../../core/matching/walk.ts";
import { toUnits } from "../../core/decimal.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import type { Changes } from "./changes.ts";
import { dayOf } from "./days.ts";
import type { BookRange, StoredMovement } from "./facts.ts";
import { lotsBefore } from "./lots-before.ts";
import type { Version } from "./policy.ts";
import { type AllocationRow, allocationRow, type OpenLotRow, openLotRow } from "./rows.ts";
import { type RunCounts, wideUnits } from "./run.ts";
import { type FactPage, readBook, readLast } from "./stretch.ts";
import {
  type BookStep,
  finishStep,
  insertAllocations,
  insertLots,
  refreshDays,
  type SliceKey,
  startStep,
  supersedeAllocations,
  supersedeLots,
} from "./supersede.ts";

/** Facts of the first page: most late facts have an effect of a few dozen. */
const firstPage = 256;

interface StoredSlice extends SliceKey {
  readonly open: number | undefined;
  readonly quantity: string;
  readonly closedAt: bigint;
  readonly hash: string;
  readonly pnl: string | null;
}

/** The slices that stand now of closes in a stretch of time, by close and slice. */
async function storedSlices(
  database: Database,
  version: Version,
  book: BookRange,
  page: FactPage,
): Promise<StoredSlice[]> {
  const rows = await database.connect((connection) =>
    connection.query<{
      close_entry: bigint;
      slice: number;
      open_entry: bigint | null;
      quantity: string;
      closed_at: bigint;
      hash: string;
      pnl: string | null;
    }>(
      `SELECT close_entry, slice, open_entry, quantity, closed_at, encode(row_hash, 'hex') AS hash, pnl
       FROM allocations
       WHERE version = $1 AND book_id = $2 AND superseded IS NULL AND closed_at > $3
         AND closed_at <= coalesce($4, 9223372036854775807)`,
      [version.version, book.bookId, page.after, page.until ?? null],
    ),
  );
  return rows.map((row) => ({
    close: Number(row.close_entry),
    slice: row.slice,
    open: row.open_entry === null ? undefined : Number(row.open_entry),
    quantity: row.quantity,
    closedAt: row.closed_at,
    hash: row.hash,
    pnl: row.pnl,
  }));
}

/** Where a replay begins, and what it is for. */
export interface ReplayPlan {
  /** The first instant that can come out different; -1: from the beginning. */
  readonly from: bigint;
  /** Undefined where they are too many to be told apart: the replay then goes to the end. */
  readonly changes: Changes | undefined;
}

export interface ReplayTarget {
  readonly version: Version;
  readonly run: bigint;
  readonly book: BookRange;
  readonly counts: RunCounts;
}

class Replay {
  readonly #database: Database;
  readonly #ports: Ports;
  readonly #target: ReplayTarget;
  readonly #changes: Changes | undefined;
  readonly #divergence = new Divergence();
  readonly #days = new Set<number>();
  /** The pools that what changed belongs to; undefined: all. */
  readonly #pools: ReadonlySet<string> | undefined;
  /** All that changed has been passed once a page reaches this instant. */
  readonly #lastChange: bigint;
  /** Voided closes: their slices stand in no page of movements any more, and go. */
  readonly #removedCloses: ReadonlySet<number>;
  #rows: AllocationRow[] = [];
  #fresh: AllocationRow[] = [];
  #gone: StoredSlice[] = [];
  #step: bigint | undefined;

  constructor(
    database: Database,
    ports: Ports,
    target: ReplayTarget,
    changes: Changes | undefined,
  ) {
    this.#database = database;
    this.#ports = ports;
    this.#target = target;
    this.#changes = changes;
    const all =
      changes === undefined ? [] : [...changes.added, ...changes.removed, ...changes.repriced];
    this.#pools = changes === undefined ? undefined : new Set(all.map((movement) => movement.pool));
    this.#lastChange = all.reduce((last, { at }) => (at > last ? at : last), -1n);
    this.#removedCloses = new Set(
      (changes?.removed ?? []).filter(({ opens }) => !opens).map(({ entry }) => entry),
    );
    for (const { opens, entry, quantity } of changes?.added ?? [])
      if (opens) this.#divergence.lotAdded(entry, quantity);
    for (const { opens, entry, quantity } of changes?.removed ?? [])
      if (opens) this.#divergence.lotRemoved(entry, quantity);
    for (const { opens, entry, quantity } of changes?.repriced ?? [])
      if (opens) this.#divergence.lotRepriced(entry, quantity);
  }

  async run(from: bigint): Promise<bigint> {
    const { version, book, counts } = this.#target;
    const after = from > 0n ? from - 1n : -1n;
    const lots = await lotsBefore(this.#database, version, book, from, this.#pools);
    const walk = this.#startWalk(lots);
    const stretch = this.#changes === undefined ? { after } : { after, firstPage };
    for await (const page of readBook(this.#database, version.scope, book, stretch)) {
      const movements = page.movements.filter(({ pool }) => this.#pools?.has(pool) ?? true);
      walk.take(movements);
      for (const { opens } of movements) counts[opens ? "opens" : "closes"] += 1;
      await this.#compare(page, movements);
      if (this.#isOver(page)) return this.#finish(undefined);
      if (this.#fresh.length + this.#gone.length >= this.#ports.rowsPerTransaction)
        await this.#flush();
    }
    return this.#finish(walk);
  }

  #startWalk(lots: readonly LotState[]): Walk {
    const { version } = this.#target;
    return startWalk(
      version,
      {
        allocation: (close, open, slice, quantity, openShare, closeShare) => {
          this.#rows.push(allocationRow(close, open, slice, quantity, openShare, closeShare));
          if (open !== undefined && this.#changes !== undefined)
            this.#divergence.takenNow(open.entry, quantity);
        },
      },
      lots,
    );
  }

  /** Sets a page's rows against those that stand. */
  async #compare(page: FactPage, movements: readonly StoredMovement[]): Promise<void> {
    const { version, book } = this.#target;
    const closes = new Set(movements.filter(({ opens }) => !opens).map(({ entry }) => entry));
    const before = new Map<string, StoredSlice>();
    for (const slice of await storedSlices(this.#database, version, book, page)) {
      const isOurs =
        this.#pools === undefined ||
        closes.has(slice.close) ||
        this.#removedCloses.has(slice.close);
      if (!isOurs) continue;
      before.set(`${slice.close} ${slice.slice}`, slice);
      if (slice.open !== undefined && this.#changes !== undefined)
        this.#divergence.takenBefore(slice.open, toUnits(slice.quantity));
    }
    for (const row of this.#rows) {
      const key = `${row.close.entry} ${row.slice}`;
      if (before.get(key)?.hash === row.hash) before.delete(key);
      else this.#fresh.push(row);
    }
    this.#rows = [];
    for (const slice of before.values()) this.#gone.push(slice);
  }

  #isOver({ until }: FactPage): boolean {
    if (this.#changes === undefined || until === undefined) return false;
    return until >= this.#lastChange && this.#divergence.none;
  }

  /** Writes what has been gathered, in a transaction of its own or in the one that is under way. */
  async #write(connection: Connection): Promise<BookStep> {
    const { version, book, run, counts } = this.#target;
    this.#step ??= await startStep(connection, run, version.version, book.bookId);
    const step = { version, book, step: this.#step };
    await supersedeAllocations(connection, step, this.#gone);
    await insertAllocations(connection, step, this.#fresh);
    for (const { pnl, closedAt } of this.#gone) {
      if (pnl !== null) counts.addPnl(book.quote, -wideUnits(pnl));
      this.#days.add(dayOf(closedAt));
    }
    for (const { pnlUnits, close } of this.#fresh) {
      counts.addPnl(book.quote, pnlUnits);
      this.#days.add(dayOf(close.at));
    }
    counts.superseded += this.#gone.length;
    counts.allocations += this.#fresh.length;
    this.#gone = [];
    this.#fresh = [];
    return step;
  }

  async #flush(): Promise<void> {
    await this.#database.connect((connection) =>
      connection.transaction(async () => {
        await this.#write(connection);
      }),
    );
    this.#ports.failpoint("supersede.page");
  }

  /** The step's last transaction. `walk` is given where the replay went to the book's end. */
  async #finish(walk: Walk | undefined): Promise<bigint> {
    const { version, book, counts } = this.#target;
    const last = await readLast(this.#database, version.scope, book);
    const lots = (walk?.openLots() ?? []).map(openLotRow);
    const revision = await this.#database.connect((connection) =>
      connection.transaction(async () => {
        const step = await this.#write(connection);
        if (walk !== undefined) await this.#writeLots(connection, step, lots);
        const days = [...this.#days].toSorted((a, b) => a - b);
        await refreshDays(connection, step, days);
        return finishStep(connection, step, last?.entry);
      }),
    );
    counts.books += 1;
    return revision;
  }

  async #writeLots(
    connection: Connection,
    step: BookStep,
    lots: readonly OpenLotRow[],
  ): Promise<void> {
    const only = this.#changes === undefined ? undefined : this.#divergence.lots;
    const stored = await connection.query<{ open_entry: bigint; hash: string; opened_at: bigint }>(
      `SELECT open_entry, encode(row_hash, 'hex') AS hash, opened_at FROM open_lots
       WHERE version = $1 AND book_id = $2 AND superseded IS NULL
         AND ($3::bigint[] IS NULL OR open_entry = ANY ($3))`,
      [step.version.version, step.book.bookId, only === undefined ? null : [...only]],
    );
    const before = new Map(stored.map((row) => [Number(row.open_entry), row]));
    const fresh: OpenLotRow[] = [];
    for (const lot of lots) {
      const { entry } = lot.open;
      if (only !== undefined && !only.has(entry)) continue;
      if (before.get(entry)?.hash === lot.hash) before.delete(entry);
      else fresh.push(lot);
    }
    await supersedeLots(connection, step, [...before.keys()]);
    await insertLots(connection, step, fresh);
    for (const { opened_at } of before.values()) this.#days.add(dayOf(opened_at));
    for (const { open } of fresh) this.#days.add(dayOf(open.at));
    this.#target.counts.superseded += before.size;
  }
}

/** Computes a book again from a place on, in one step; gives the step's revision. */
export async function replayBook(
  database: Database,
  ports: Ports,
  target: ReplayTarget,
  { from, changes }: ReplayPlan,
): Promise<bigint> {
  return new Replay(database, ports, target, changes).run(from);
}
