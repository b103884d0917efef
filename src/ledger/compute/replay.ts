/**
 * A book with a late fact: computed again from the affected place, a page at a time, until nothing later
 * can differ. Only rows that come out different are superseded and written: a row that hashes the same is
 * the same row.
 */
import { Divergence } from "../../core/matching/divergence.ts";
import type { LotState } from "../../core/matching/lot.ts";
import { startWalk, type Walk } from "../../core/matching/walk.ts";
import { readBinaryRows } from "../../store/copy-binary.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import type { Changes } from "./changes.ts";
import { dayOf } from "./days.ts";
import { type BookRange, literal, pageSize, type StoredMovement } from "./facts.ts";
import { lotsBefore } from "./lots-before.ts";
import type { Version } from "./policy.ts";
import { type AllocationRow, allocationRow, type OpenLotRow, openLotRow } from "./rows.ts";
import { holdRun, type RunCounts, startStep, wideUnits } from "./run.ts";
import {
  type FactPage,
  pageTimes,
  readAhead,
  readLast,
  readPage,
  type Stretch,
  type TimeRange,
} from "./stretch.ts";
import {
  type BookStep,
  finishStep,
  insertAllocations,
  insertLots,
  refreshDays,
  type SliceKey,
  supersedeAllocations,
  supersedeRange,
  supersedeLots,
} from "./supersede.ts";

/** Facts of the first page: most late facts have an effect of a few hundred at most. */
const firstPage = 512;
/** From this page on, the fifth, pages are full, and the end is likely far: the next is read ahead. */
const firstFullPage = 1 + Math.log2(pageSize / firstPage);

interface StoredSlice extends SliceKey {
  readonly open: number | undefined;
  readonly quantity: bigint;
  readonly closedAt: bigint;
  readonly hash: string;
  /** A decimal of up to 36 places; null where it is not known. */
  readonly pnl: string | null;
}

/** The slices that stand now of closes in a stretch of time. */
async function storedSlices(
  database: Database,
  version: Version,
  book: BookRange,
  { after, until }: TimeRange,
): Promise<StoredSlice[]> {
  const slices: StoredSlice[] = [];
  const end = until === undefined ? "" : `AND closed_at <= ${until}`;
  const statement = `COPY (
    SELECT close_entry, slice, open_entry, quantity, closed_at, row_hash, pnl::text
    FROM allocations WHERE version = ${version.version} AND book_id = ${literal(book.bookId)}
      AND superseded IS NULL AND closed_at > ${after} ${end}) TO STDOUT (FORMAT binary)`;
  await database.connect((connection) =>
    readBinaryRows(connection.copyOut(statement), 7, (row) => {
      slices.push({
        close: row.safeInteger(0),
        slice: row.int4(1),
        open: row.isNull(2) ? undefined : row.safeInteger(2),
        quantity: row.units(3),
        closedAt: row.bigint(4),
        hash: row.hex(5),
        pnl: row.isNull(6) ? null : row.text(6),
      });
    }),
  );
  return slices;
}

/** Where a replay begins, and what it is for. */
export interface ReplayPlan {
  /** The first instant that can come out different; -1: from the beginning. */
  readonly from: bigint;
  /** Undefined where they are too many to be told apart: the replay then goes to the end. */
  readonly changes: Changes | undefined;
  /** The book's greatest fact in ledger order with what is new; undefined where it has to be looked for. */
  readonly last: StoredMovement | undefined;
}

export interface ReplayTarget {
  readonly version: Version;
  readonly run: bigint;
  readonly book: BookRange;
  readonly counts: RunCounts;
}

interface ReplayPage extends FactPage {
  /** The slices that stand now of its closes. */
  readonly stored: readonly StoredSlice[];
}

/** What has been found since the last writing. */
class Findings {
  readonly fresh: AllocationRow[] = [];
  readonly gone: StoredSlice[] = [];
  readonly kept: SliceKey[] = [];
  readonly after: bigint;
  until: bigint | undefined;

  constructor(after: bigint) {
    this.after = after;
    this.until = after;
  }

  get rows(): number {
    return this.fresh.length + this.gone.length;
  }
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
  #found = new Findings(-1n);
  #step: bigint | undefined;
  #writing: Promise<void> = Promise.resolve();

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

  async run({ from, last }: ReplayPlan): Promise<bigint> {
    const after = from > 0n ? from - 1n : -1n;
    this.#found = new Findings(after);
    const pages =
      this.#changes === undefined
        ? readAhead(this.#pages({ after }))
        : readAhead(this.#pages({ after, firstPage }), firstFullPage);
    try {
      const walk = this.#startWalk(await this.#lotsBefore(from));
      const isWhole = await this.#follow(walk, pages);
      await this.#writing;
      return await this.#finish(isWhole ? walk : undefined, last);
    } finally {
      // Whatever went wrong: nothing of this step is written once the replay has ended.
      await this.#writing.catch(() => {});
    }
  }

  /** Walks the pages until nothing later can differ; whether that was only at the book's end. */
  async #follow(walk: Walk, pages: AsyncIterable<ReplayPage>): Promise<boolean> {
    const { counts } = this.#target;
    for await (const page of pages) {
      const movements = page.movements.filter(({ pool }) => this.#pools?.has(pool) ?? true);
      walk.take(movements);
      for (const { opens } of movements) counts[opens ? "opens" : "closes"] += 1;
      this.#compare(page, movements);
      if (this.#isOver(page)) return false;
      if (this.#found.rows >= this.#ports.rowsPerTransaction) await this.#flush();
    }
    return true;
  }

  #lotsBefore(from: bigint): Promise<LotState[]> {
    const { version, book } = this.#target;
    return lotsBefore(this.#database, version, book, from, this.#pools);
  }

  /** Pages of facts and the slices that stand for them, both asked for at once. */
  async *#pages(stretch: Stretch): AsyncGenerator<ReplayPage> {
    const { version, book } = this.#target;
    for await (const times of pageTimes(this.#database, book, stretch)) {
      const [movements, stored] = await Promise.all([
        readPage(this.#database, version.scope, book, times),
        storedSlices(this.#database, version, book, times),
      ]);
      yield { ...times, movements, stored };
    }
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
  #compare({ stored, until }: ReplayPage, movements: readonly StoredMovement[]): void {
    const found = this.#found;
    const closes = new Set(movements.filter(({ opens }) => !opens).map(({ entry }) => entry));
    const before = new Map<string, StoredSlice>();
    for (const slice of stored) {
      const isOurs =
        this.#pools === undefined ||
        closes.has(slice.close) ||
        this.#removedCloses.has(slice.close);
      if (!isOurs) {
        found.kept.push(slice);
        continue;
      }
      before.set(`${slice.close} ${slice.slice}`, slice);
      if (slice.open !== undefined && this.#changes !== undefined)
        this.#divergence.takenBefore(slice.open, slice.quantity);
    }
    for (const row of this.#rows) {
      const key = `${row.close.entry} ${row.slice}`;
      const same = before.get(key);
      if (same?.hash === row.hash) {
        before.delete(key);
        found.kept.push(same);
      } else found.fresh.push(row);
    }
    this.#rows = [];
    for (const slice of before.values()) found.gone.push(slice);
    found.until = until;
  }

  #isOver({ until }: TimeRange): boolean {
    if (this.#changes === undefined || until === undefined) return false;
    return until >= this.#lastChange && this.#divergence.none;
  }

  /** Counts what has been found, and begins anew. */
  #take(): Findings {
    const { book, counts } = this.#target;
    const found = this.#found;
    for (const { pnl, closedAt } of found.gone) {
      if (pnl !== null) counts.addPnl(book.quote, -wideUnits(pnl));
      this.#days.add(dayOf(closedAt));
    }
    for (const { pnlUnits, close } of found.fresh) {
      counts.addPnl(book.quote, pnlUnits);
      this.#days.add(dayOf(close.at));
    }
    counts.superseded += found.gone.length;
    counts.allocations += found.fresh.length;
    this.#found = new Findings(found.until ?? found.after);
    return found;
  }

  async #write(connection: Connection, found: Findings): Promise<BookStep> {
    const { version, book, run } = this.#target;
    if (this.#step === undefined)
      this.#step = await startStep(connection, run, version.version, book.bookId);
    else await holdRun(connection, run);
    const step = { version, book, step: this.#step };
    if (found.gone.length > found.kept.length) await supersedeRange(connection, step, found);
    else await supersedeAllocations(connection, step, found.gone);
    await insertAllocations(connection, step, found.fresh);
    return step;
  }

  /** The days that changed and lie wholly behind an instant, in order; they are not asked for again. */
  #takeDaysBefore(instant: bigint | undefined): number[] {
    const end = instant === undefined ? Infinity : dayOf(instant);
    const days = [...this.#days].filter((day) => day < end).toSorted((a, b) => a - b);
    for (const day of days) this.#days.delete(day);
    return days;
  }

  /** Writes what has been found; meanwhile, where there is a second connection, the walk goes on. */
  async #flush(): Promise<void> {
    await this.#writing;
    const found = this.#take();
    const days = this.#takeDaysBefore(found.until ?? found.after);
    this.#writing = this.#database.connect(async (connection) => {
      await connection.transaction(async () => {
        const step = await this.#write(connection, found);
        await refreshDays(connection, step, days);
      });
      this.#ports.failpoint("supersede.page");
    });
    this.#writing.catch(() => {});
  }

  /** The step's last transaction. `walk` is given where the replay went to the book's end. */
  async #finish(walk: Walk | undefined, known: StoredMovement | undefined): Promise<bigint> {
    const { version, book, counts } = this.#target;
    const last = known ?? (await readLast(this.#database, version.scope, book));
    const lots = (walk?.openLots() ?? []).map(openLotRow);
    const found = this.#take();
    const revision = await this.#database.connect((connection) =>
      connection.transaction(async () => {
        const step = await this.#write(connection, found);
        if (walk !== undefined) await this.#writeLots(connection, step, lots);
        await refreshDays(connection, step, this.#takeDaysBefore(undefined));
        const finished = await finishStep(connection, step, last?.entry);
        this.#ports.failpoint("supersede.finished");
        return finished;
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
  plan: ReplayPlan,
): Promise<bigint> {
  return new Replay(database, ports, target, plan.changes).run(plan);
}
