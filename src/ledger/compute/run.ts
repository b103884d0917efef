/**
 * The computation log: a row a run, written before the work, so that a run that fails or dies leaves it.
 * One run at a time works on a ledger; what a dead one left is removed by the next.
 */
import { hostname } from "node:os";
import { wideScale } from "../../core/matching/amounts.ts";
import { fromUnits } from "../../core/decimal.ts";
import { compareText } from "../../core/order.ts";
import { LotbookError } from "../../errors.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import type { Version } from "./policy.ts";

/** A number of ours for the advisory lock that a run holds. */
export const lockKey = 7_105_107_001n;

/**
 * Runs of this process, by database: the embedded engine has one connection, so the lock can't live in it.
 */
const running = new WeakMap<Database, Promise<unknown>>();

/** Whether the lock is held still: the connection that holds it may have broken. */
type IsHeld = () => Promise<boolean>;

/**
 * Does `work` while no other run does any, in this process or another; `onWait` is told once when it has to
 * wait.
 */
export async function alone<T>(
  database: Database,
  onWait: () => void,
  work: (isHeld: IsHeld) => Promise<T>,
): Promise<T> {
  const before = running.get(database);
  if (before !== undefined) onWait();
  const turn = (before ?? Promise.resolve()).then(() => locked(database, onWait, work));
  const settled = turn.catch(() => {});
  running.set(database, settled);
  try {
    return await turn;
  } finally {
    if (running.get(database) === settled) running.delete(database);
  }
}

async function locked<T>(
  database: Database,
  onWait: () => void,
  work: (isHeld: IsHeld) => Promise<T>,
): Promise<T> {
  if (database.engine === "pglite") return work(() => Promise.resolve(true));
  return database.connect(async (connection) => {
    const [got] = await connection.query<{ got: boolean }>(
      `SELECT pg_try_advisory_lock(${lockKey}) AS got`,
    );
    if (!got!.got) {
      onWait();
      await connection.query(`SELECT pg_advisory_lock(${lockKey})::text`);
    }
    const isHeld: IsHeld = () =>
      connection.query("SELECT").then(
        () => true,
        () => false,
      );
    try {
      return await work(isHeld);
    } finally {
      // A connection that broke meanwhile has let go of it; what the work came to is what matters.
      await connection.query(`SELECT pg_advisory_unlock(${lockKey})`).catch(() => {});
    }
  });
}

/** SQL of versions that were never begun; each is looked up by itself: versions are few, steps many. */
const stepless = `SELECT version FROM versions v
  WHERE (SELECT s.step FROM steps s WHERE s.version = v.version LIMIT 1) IS NULL
    AND (SELECT r.revision FROM revisions r WHERE r.version = v.version LIMIT 1) IS NULL`;

/** Whether a run died here: one question, because nearly always none did. */
async function anyLeftovers(connection: Connection): Promise<boolean> {
  const [row] = await connection.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM runs WHERE status = 'running')
       OR EXISTS (SELECT FROM steps WHERE revision IS NULL) OR EXISTS (${stepless}) AS found`,
  );
  return row!.found;
}

/**
 * Removes what dead runs left: rows of unfinished steps, their supersessions, versions that were never
 * finished.
 */
export async function removeLeftovers(database: Database, ports: Ports): Promise<void> {
  await database.connect(async (connection) => {
    if (!(await anyLeftovers(connection))) return;
    await connection.execute(
      `UPDATE runs SET status = 'failed', ended_at = clock_timestamp(),
       error = 'the process ended before the run did'
       WHERE status = 'running'`,
    );
    for (const { version } of await connection.query<{ version: number }>(stepless)) {
      await connection.transaction(() => dropVersion(connection, version));
      ports.failpoint("leftovers.removed");
    }
    const unfinished = await connection.query<{
      step: bigint;
      version: number;
      book_id: string | null;
    }>("SELECT step, version, book_id FROM steps WHERE revision IS NULL ORDER BY step");
    for (const { step, version, book_id } of unfinished) {
      await connection.transaction(async () => {
        if (book_id === null) await dropVersion(connection, version);
        else await undoStep(connection, step, version, book_id);
        await connection.execute("DELETE FROM steps WHERE step = $1", [step]);
      });
      ports.failpoint("leftovers.removed");
    }
  });
}

async function dropVersion(connection: Connection, version: number): Promise<void> {
  await connection.query("SELECT drop_version_partitions($1)::text", [version]);
  await connection.execute("DELETE FROM versions WHERE version = $1", [version]);
}

const conclusionTables = ["allocations", "open_lots", "day_digests", "book_states"];

async function undoStep(
  connection: Connection,
  step: bigint,
  version: number,
  bookId: string,
): Promise<void> {
  const key = [version, bookId, step];
  for (const table of conclusionTables) {
    await connection.execute(
      `DELETE FROM ${table} WHERE version = $1 AND book_id = $2 AND step = $3`,
      key,
    );
    await connection.execute(
      `UPDATE ${table} SET superseded = NULL WHERE version = $1 AND book_id = $2 AND superseded = $3`,
      key,
    );
  }
}

/** Limits a run to some books. */
export interface BookFilter {
  readonly portfolio?: string;
  readonly symbol?: string;
}

export interface RunText {
  readonly mode: "full" | "incremental";
  readonly trigger: string;
  readonly filter: BookFilter;
}

/** What a run counts as it goes. */
export class RunCounts {
  books = 0;
  opens = 0;
  closes = 0;
  allocations = 0;
  superseded = 0;
  /** By quote asset, in units of 10^-36: what the run adds to the version's realized PnL. */
  readonly pnl = new Map<string, bigint>();

  addPnl(quote: string, units: bigint): void {
    if (units !== 0n) this.pnl.set(quote, (this.pnl.get(quote) ?? 0n) + units);
  }
}

export async function startRun(
  connection: Connection,
  version: number,
  text: RunText,
): Promise<bigint> {
  const [row] = await connection.query<{ run: bigint }>(
    `INSERT INTO runs (version, mode, trigger, portfolio, symbol, worker) VALUES ($1, $2, $3, $4, $5,
     $6) RETURNING run`,
    [
      version,
      text.mode,
      text.trigger,
      text.filter.portfolio ?? null,
      text.filter.symbol ?? null,
      `${hostname()} ${process.pid}`,
    ],
  );
  return row!.run;
}

/**
 * The first thing in each transaction of a run: that it still is one. Who loses the connection that holds
 * the lock may be taken for dead by the next run; that one waits for this transaction, and no other comes.
 */
export async function holdRun(connection: Connection, run: bigint): Promise<void> {
  const held = await connection.query(
    "SELECT FROM runs WHERE run = $1 AND status = 'running' FOR SHARE",
    [run],
  );
  if (held.length === 0) throw givenUp();
}

/** Begins a step of a run that still is one; without a book it is a version's first build. */
export async function startStep(
  connection: Connection,
  run: bigint,
  version: number,
  bookId: string | null,
): Promise<bigint> {
  const [row] = await connection.query<{ step: bigint }>(
    `INSERT INTO steps (run, version, book_id)
     SELECT run, $2, $3::uuid FROM runs WHERE run = $1 AND status = 'running' FOR SHARE RETURNING step`,
    [run, version, bookId],
  );
  if (row === undefined) throw givenUp();
  return row.step;
}

function givenUp(): LotbookError {
  return new LotbookError(
    "DATABASE_UNREACHABLE",
    "the run's connection broke, and another run has taken its place",
    {
      advice: "See what that one came to (lotbook report runs), and run this one again if needed.",
    },
  );
}

export async function failRun(database: Database, run: bigint, error: unknown): Promise<void> {
  const text = error instanceof Error ? error.message : String(error);
  await database.connect((connection) =>
    connection.execute(
      `UPDATE runs SET status = 'failed', ended_at = clock_timestamp(), error = $2 WHERE run = $1
       AND status = 'running'`,
      [run, text],
    ),
  );
}

export interface RunEnd {
  readonly digest: string | null;
  readonly revision: bigint | null;
  readonly totalPnl: Readonly<Record<string, string>>;
}

/** Ends a run well. Within the transaction of its last step, where it has one. */
export async function endRun(
  connection: Connection,
  run: bigint,
  counts: RunCounts,
  end: RunEnd,
): Promise<void> {
  await connection.execute(
    `UPDATE runs SET status = 'done', ended_at = clock_timestamp(), books = $2, opens = $3, closes = $4,
      allocations = $5,
       superseded = $6, total_pnl = $7, digest = decode($8, 'hex'), revision = $9 WHERE run = $1`,
    [
      run,
      counts.books,
      counts.opens,
      counts.closes,
      counts.allocations,
      counts.superseded,
      JSON.stringify(end.totalPnl),
      end.digest,
      end.revision,
    ],
  );
}

/**
 * The realized PnL by quote asset that a version stood at before a run: as its last run left it, or, where
 * that one failed and may have finished some books, as its rows say.
 */
export async function totalsBefore(
  connection: Connection,
  version: number,
  run: bigint,
): Promise<Record<string, string>> {
  const [last] = await connection.query<{ total_pnl: string | null }>(
    `SELECT total_pnl::text AS total_pnl FROM runs WHERE version = $1 AND run < $2
      ORDER BY run DESC LIMIT 1`,
    [version, run],
  );
  if (last !== undefined && last.total_pnl !== null)
    return JSON.parse(last.total_pnl) as Record<string, string>;
  const rows = await connection.query<{ quote: string; pnl: string }>(
    `SELECT b.quote_asset AS quote, trim_scale(sum(a.pnl))::text AS pnl
     FROM allocations a JOIN books b USING (book_id) JOIN steps s USING (step)
     WHERE a.version = $1 AND s.revision IS NOT NULL AND s.run < $2 AND a.pnl IS NOT NULL
       AND (a.superseded IS NULL OR a.superseded IN (SELECT step FROM steps WHERE run >= $2))
     GROUP BY b.quote_asset`,
    [version, run],
  );
  return Object.fromEntries(rows.map(({ quote, pnl }) => [quote, pnl]));
}

/** A policy can't change within a version. */
export function refuseOtherPolicy(published: Version, wanted: Partial<Version>): void {
  for (const key of ["method", "scope", "engineVersion"] as const) {
    if (wanted[key] === undefined || wanted[key] === published[key]) continue;
    const options = [
      wanted.method === undefined ? "" : ` --method ${wanted.method}`,
      wanted.scope === undefined ? "" : ` --scope ${wanted.scope}`,
    ].join("");
    const name = key === "engineVersion" ? "engine version" : key;
    throw new LotbookError(
      "REFUSED",
      `version ${published.version}, which is published, has ${name} ${published[key]}, not ${wanted[key]}`,
      { advice: `Build a version of that policy: lotbook compute --full${options}` },
    );
  }
}

/** A decimal of up to 36 places in units of 10^-36. */
export function wideUnits(decimal: string): bigint {
  const point = decimal.indexOf(".");
  const fraction = point < 0 ? 0 : decimal.length - point - 1;
  return BigInt(decimal.replace(".", "") + "0".repeat(wideScale - fraction));
}

/** Amounts in units of 10^-36 as text, by quote asset in order; what is 0 is left out. */
export function totalsOf(units: ReadonlyMap<string, bigint>): Record<string, string> {
  const entries = [...units].filter(([, amount]) => amount !== 0n);
  entries.sort(([left], [right]) => compareText(left, right));
  return Object.fromEntries(
    entries.map(([quote, amount]) => [quote, fromUnits(amount, wideScale)]),
  );
}
