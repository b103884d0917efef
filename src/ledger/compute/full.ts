/**
 * A full build: a new version from nothing, invisible while it grows. Its partitions are loaded without indexes, a page a transaction,
 * then indexed and attached; one last transaction gives it its revision and, if wanted, flips the published pointer.
 */
import { fromUnits } from "../../core/decimal.ts";
import { wideScale } from "../../core/matching/amounts.ts";
import { startWalk } from "../../core/matching/walk.ts";
import type { Movement } from "../../core/movement.ts";
import { bookDigest, versionDigest } from "../../seal/digest.ts";
import type { Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { BookDays } from "./days.ts";
import { type BookRange, pageSize, readBook, readBooks, type StoredMovement } from "./facts.ts";
import type { Version } from "./policy.ts";
import { completeStep, takeRevision } from "./revision.ts";
import {
  allocationColumns,
  allocationLine,
  allocationRow,
  openLotColumns,
  openLotLine,
  openLotRow,
} from "./rows.ts";
import { type BookFilter, endRun, type RunCounts } from "./run.ts";

/** A page of rows on its way to the database. */
interface Page {
  readonly allocations: string[];
  readonly openLots: string[];
  readonly others: { readonly table: string; readonly columns: string; readonly lines: string[] }[];
  /** Facts taken. */
  readonly facts: number;
}

export interface BuiltBook {
  readonly bookId: string;
  readonly computedEntry: bigint;
  readonly digest: string | undefined;
}

/** One book's way through the walk, page by page, to lines of COPY text. */
class BookBuild {
  readonly #version: Version;
  readonly #step: bigint;
  readonly #book: BookRange;
  readonly #counts: RunCounts;
  readonly #days = new BookDays();
  readonly #walk;
  #last: Movement | undefined;
  #lines: string[] = [];

  constructor(version: Version, step: bigint, book: BookRange, counts: RunCounts) {
    this.#version = version;
    this.#step = step;
    this.#book = book;
    this.#counts = counts;
    this.#walk = startWalk(version, {
      allocation: (close, open, slice, quantity, openShare, closeShare) => {
        const row = allocationRow(close, open, slice, quantity, openShare, closeShare);
        this.#days.allocations.add(close.at, row.hash);
        this.#counts.addPnl(book.quote, row.pnlUnits);
        this.#lines.push(allocationLine(version.version, book.bookId, step, row));
      },
    });
  }

  take(movements: readonly StoredMovement[]): string[] {
    this.#lines = [];
    this.#walk.take(movements);
    for (const movement of movements) {
      if (movement.opens) this.#counts.opens += 1;
      else this.#counts.closes += 1;
    }
    this.#last = movements.at(-1) ?? this.#last;
    this.#counts.allocations += this.#lines.length;
    return this.#lines;
  }

  /** The book's last lines: lots left, days, state. */
  finish(): { page: Page; built: BuiltBook } {
    const { bookId, portfolio, symbol, watermark } = this.#book;
    const { version } = this.#version;
    const rows = this.#walk.openLots().map(openLotRow);
    const byTime = rows.toSorted((a, b) =>
      a.open.at < b.open.at ? -1 : a.open.at > b.open.at ? 1 : 0,
    );
    for (const row of byTime) this.#days.openLots.add(row.open.at, row.hash);
    const days = this.#days.digests();
    const digest = bookDigest(portfolio, symbol, days);
    this.#counts.books += 1;
    const page = {
      allocations: [],
      openLots: rows.map((row) => openLotLine(version, bookId, this.#step, row)),
      others: [
        {
          table: "day_digests",
          columns: "version, book_id, day, digest, step",
          lines: days.map(
            (day) => `${version}\t${bookId}\t${day.day}\t\\\\x${day.digest}\t${this.#step}\n`,
          ),
        },
        {
          table: "book_states",
          columns: "version, book_id, computed_entry, last_place, digest, step",
          lines: [
            `${version}\t${bookId}\t${watermark}\t${this.#last?.entry ?? "\\N"}\t` +
              `${digest === undefined ? "\\N" : `\\\\x${digest}`}\t${this.#step}\n`,
          ],
        },
      ],
      facts: 0,
    };
    return { page, built: { bookId, computedEntry: watermark, digest } };
  }
}

/** Books in order of their ids, with how far they are recorded now. */
export async function listBooks(database: Database, filter: BookFilter): Promise<BookRange[]> {
  return database.connect(async (connection) => {
    const rows = await connection.query<{
      book_id: string;
      portfolio: string;
      symbol: string;
      quote_asset: string;
      last_entry: bigint;
    }>(
      `SELECT book_id, portfolio, symbol, quote_asset, last_entry FROM books
       WHERE last_entry > 0 AND ($1::text IS NULL OR portfolio = $1) AND ($2::text IS NULL OR symbol = $2) ORDER BY book_id`,
      [filter.portfolio ?? null, filter.symbol ?? null],
    );
    return rows.map((row) => ({
      bookId: row.book_id,
      portfolio: row.portfolio,
      symbol: row.symbol,
      quote: row.quote_asset,
      watermark: row.last_entry,
    }));
  });
}

/** Neighbouring small books are read by one query; a large one is read alone, page by page. */
function* groups(books: readonly BookRange[]): Generator<readonly BookRange[]> {
  let group: BookRange[] = [];
  let facts = 0n;
  for (const book of books) {
    if (group.length > 0 && (facts + book.watermark > BigInt(pageSize) || group.length >= 1000)) {
      yield group;
      group = [];
      facts = 0n;
    }
    group.push(book);
    facts += book.watermark;
  }
  if (group.length > 0) yield group;
}

async function* pages(
  database: Database,
  version: Version,
  step: bigint,
  books: readonly BookRange[],
  counts: RunCounts,
  built: BuiltBook[],
): AsyncGenerator<Page> {
  const finish = (build: BookBuild): Page => {
    const end = build.finish();
    built.push(end.built);
    return end.page;
  };
  for (const group of groups(books)) {
    const [only] = group;
    if (group.length === 1 && only !== undefined && only.watermark > BigInt(pageSize)) {
      const build = new BookBuild(version, step, only, counts);
      for await (const { movements } of readBook(database, version.scope, only)) {
        yield {
          allocations: build.take(movements),
          openLots: [],
          others: [],
          facts: movements.length,
        };
      }
      yield finish(build);
      continue;
    }
    const byBook = await readBooks(database, version.scope, group);
    const page: Page = { allocations: [], openLots: [], others: [], facts: 0 };
    let facts = 0;
    for (const book of group) {
      const build = new BookBuild(version, step, book, counts);
      const movements = byBook.get(book.bookId) ?? [];
      for (const line of build.take(movements)) page.allocations.push(line);
      const end = finish(build);
      for (const line of end.openLots) page.openLots.push(line);
      for (const other of end.others) page.others.push(other);
      facts += movements.length;
    }
    yield { ...page, facts };
  }
}

async function writePage(database: Database, version: number, page: Page): Promise<void> {
  const tables = [
    { table: "allocations", columns: allocationColumns, lines: page.allocations },
    { table: "open_lots", columns: openLotColumns, lines: page.openLots },
    ...page.others,
  ];
  const texts = new Map<string, { columns: string; lines: string[] }>();
  for (const { table, columns, lines } of tables) {
    const text = texts.get(table) ?? { columns, lines: [] };
    for (const line of lines) text.lines.push(line);
    texts.set(table, text);
  }
  await database.connect(async (connection) =>
    connection.transaction(async () => {
      for (const [table, { columns, lines }] of texts) {
        if (lines.length === 0) continue;
        await connection.copyIn(`COPY ${table}_${version} (${columns}) FROM STDIN`, chunks(lines));
      }
    }),
  );
}

/** Lines in buffers of some thousand lines. */
function* chunks(lines: readonly string[]): Generator<Uint8Array> {
  for (let from = 0; from < lines.length; from += 2048)
    yield Buffer.from(lines.slice(from, from + 2048).join(""));
}

export interface Build {
  readonly version: Version;
  readonly run: bigint;
  readonly filter: BookFilter;
  readonly publish: boolean;
  readonly counts: RunCounts;
  readonly progress: ((done: number, total: number) => void) | undefined;
}

export interface BuildResult {
  readonly digest: string;
  readonly revision: bigint;
  readonly totalPnl: Record<string, string>;
}

/** Builds a version whose row exists. On an error its leftovers stay for the next run's `removeLeftovers`. */
export async function buildVersion(
  database: Database,
  ports: Ports,
  build: Build,
): Promise<BuildResult> {
  const { version, run, counts } = build;
  const step = await database.connect((connection) =>
    connection.transaction(async () => {
      await connection.query("SELECT create_version_partitions($1)::text", [version.version]);
      const [row] = await connection.query<{ step: bigint }>(
        "INSERT INTO steps (run, version) VALUES ($1, $2) RETURNING step",
        [run, version.version],
      );
      return row!.step;
    }),
  );
  ports.failpoint("compute.started");
  const books = await listBooks(database, build.filter);
  const total = books.reduce((sum, book) => sum + parseInt(`${book.watermark}`, 10), 0);
  const built: BuiltBook[] = [];
  let done = 0;
  // While one page is being written the next is read and walked, where there is a second connection.
  let writing: Promise<void> = Promise.resolve();
  for await (const page of pages(database, version, step, books, counts, built)) {
    await writing;
    ports.failpoint("compute.page");
    writing = writePage(database, version.version, page);
    writing.catch(() => {});
    done += page.facts;
    build.progress?.(done, total);
  }
  await writing;
  await database.connect((connection) =>
    connection.query("SELECT attach_version_partitions($1)::text", [version.version]),
  );
  ports.failpoint("compute.attached");
  return finishBuild(database, ports, build, step, built);
}

async function finishBuild(
  database: Database,
  ports: Ports,
  build: Build,
  step: bigint,
  built: readonly BuiltBook[],
): Promise<BuildResult> {
  const { version, run, counts } = build;
  const withDigest = built.flatMap(({ bookId, digest }) =>
    digest === undefined ? [] : [{ bookId, digest }],
  );
  const digest = versionDigest(version, withDigest);
  const totalPnl = Object.fromEntries(
    [...counts.pnl].map(([quote, units]) => [quote, fromUnits(units, wideScale)]),
  );
  return database.connect((connection) =>
    connection.transaction(async () => {
      const text = { version: version.version, bookId: null, digest };
      let revision = await completeStep(connection, step, { ...text, kind: "step", inputs: built });
      ports.failpoint("compute.sealed");
      if (build.publish) {
        revision = await takeRevision(connection, { ...text, kind: "publish", inputs: [] });
        ports.failpoint("publish.flipped");
      }
      await endRun(connection, run, counts, { digest, revision, totalPnl });
      return { digest, revision, totalPnl };
    }),
  );
}
