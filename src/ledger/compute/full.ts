/**
 * A full build: a new version from nothing, invisible while it grows. Its partitions are loaded without
 * indexes, some megabytes a transaction, then indexed and attached; one last transaction gives it its
 * revision and, if wanted, flips the published pointer.
 */
import { versionDigest } from "../../seal/digest.ts";
import type { Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { BookBuild, type BuiltBook, VersionRows } from "./book-build.ts";
import type { BookRange } from "./facts.ts";
import type { Version } from "./policy.ts";
import { readAhead, readAll } from "./stretch.ts";
import { takeRevision } from "./revision.ts";
import { type BookFilter, endRun, holdRun, type RunCounts, startStep, totalsOf } from "./run.ts";

/** Bytes of rows that are gathered before they are sent. */
const writeSize = 2 << 20;

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
       WHERE last_entry > 0 AND ($1::text IS NULL OR portfolio = $1)
        AND ($2::text IS NULL OR symbol = $2) ORDER BY book_id`,
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

/** A build while it runs. */
class Building {
  readonly built: BuiltBook[] = [];
  readonly #database: Database;
  readonly #ports: Ports;
  readonly #build: Build;
  readonly #step: bigint;
  readonly #rows = new VersionRows();
  #writing: Promise<void> = Promise.resolve();
  #done = 0;

  constructor(database: Database, ports: Ports, build: Build, step: bigint) {
    this.#database = database;
    this.#ports = ports;
    this.#build = build;
    this.#step = step;
  }

  async run(books: readonly BookRange[]): Promise<void> {
    const { version, counts } = this.#build;
    const total = books.reduce((sum, book) => sum + Number(book.watermark), 0);
    let build: BookBuild | undefined;
    for await (const page of readAhead(readAll(this.#database, version.scope, books))) {
      build ??= new BookBuild(version, this.#step, page.book, this.#rows, counts);
      build.take(page.movements);
      if (page.ends) {
        this.built.push(build.finish());
        build = undefined;
      }
      await this.#advance(page.movements.length, total);
    }
    await this.#write();
    await this.#writing;
  }

  async #advance(facts: number, total: number): Promise<void> {
    this.#done += facts;
    this.#build.progress?.(this.#done, total);
    if (this.#rows.length >= writeSize) await this.#write();
  }

  /**
   * Sends the rows gathered so far; meanwhile, where there is a second connection, more are read and
   * walked.
   */
  async #write(): Promise<void> {
    await this.#writing;
    this.#ports.failpoint("compute.page");
    const copies = this.#rows.take();
    const { run, version: built } = this.#build;
    const { version } = built;
    this.#writing = this.#database.connect((connection) =>
      connection.transaction(async () => {
        await holdRun(connection, run);
        for (const { table, columns, bytes } of copies)
          await connection.copyIn(`COPY ${table}_${version} (${columns}) FROM STDIN`, [bytes]);
      }),
    );
    this.#writing.catch(() => {});
  }
}

/**
 * Builds a version whose row exists. On an error its leftovers stay for the next run's `removeLeftovers`.
 */
export async function buildVersion(
  database: Database,
  ports: Ports,
  build: Build,
): Promise<BuildResult> {
  const { version, run } = build;
  const step = await database.connect((connection) =>
    connection.transaction(async () => {
      const started = await startStep(connection, run, version.version, null);
      await connection.query("SELECT create_version_partitions($1)::text", [version.version]);
      return started;
    }),
  );
  ports.failpoint("compute.started");
  const building = new Building(database, ports, build, step);
  await building.run(await listBooks(database, build.filter));
  await database.connect((connection) =>
    connection.transaction(async () => {
      await holdRun(connection, run);
      await connection.query("SELECT attach_version_partitions($1)::text", [version.version]);
    }),
  );
  ports.failpoint("compute.attached");
  return finishBuild(database, ports, build, step, building.built);
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
  const totalPnl = totalsOf(counts.pnl);
  const result = await database.connect((connection) =>
    connection.transaction(async () => {
      await holdRun(connection, run);
      const text = { version: version.version, bookId: null, digest };
      let revision = await takeRevision(connection, { ...text, kind: "step", step, inputs: built });
      ports.failpoint("compute.sealed");
      if (build.publish) {
        revision = await takeRevision(connection, { ...text, kind: "publish", inputs: [] });
        ports.failpoint("publish.flipped");
      }
      await endRun(connection, run, counts, { digest, revision, totalPnl });
      return { digest, revision, totalPnl };
    }),
  );
  ports.failpoint("publish.committed");
  return result;
}
