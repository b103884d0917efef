/** `compute`: one run, from its row in the log to its end. */
import { type Method, methods } from "../../core/matching/walk.ts";
import type { Scope } from "../../core/movement.ts";
import { LotbookError } from "../../errors.ts";
import { versionDigest } from "../../seal/digest.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { extendVersion } from "./extend.ts";
import { buildVersion } from "./full.ts";
import { engineVersion, feePolicy, publishedVersion, type Version } from "./policy.ts";
import {
  alone,
  type BookFilter,
  endRun,
  failRun,
  holdRun,
  totalsBefore,
  totalsOf,
  refuseOtherPolicy,
  removeLeftovers,
  RunCounts,
  startRun,
  wideUnits,
} from "./run.ts";

export interface ComputeOptions extends BookFilter {
  /** Build a new version from nothing. */
  readonly full?: boolean;
  readonly method?: string;
  readonly scope?: string;
  /** Whether a new version becomes the published one; it does by default. */
  readonly publish?: boolean;
  /** What asked for the run, for the log. */
  readonly trigger?: string;
  readonly progress?: (done: number, total: number) => void;
  /** Told once when another run has to end first. */
  readonly onWait?: () => void;
}

export interface ComputeResult {
  readonly version: number;
  readonly run: number;
  /** The ledger's last revision after the run; null before there is any. */
  readonly revision: number | null;
  readonly digest: string | null;
  readonly mode: "full" | "incremental";
  readonly method: string;
  readonly scope: string;
  readonly published: boolean;
  readonly books: number;
  readonly opens: number;
  readonly closes: number;
  readonly allocations: number;
  readonly superseded: number;
  /** Realized PnL of the version's complete slices, by quote asset. */
  readonly totalPnl: Readonly<Record<string, string>>;
}

function askedMethod(text: string | undefined): Method | undefined {
  if (text === undefined || text in methods) return text as Method | undefined;
  throw new LotbookError("BAD_USAGE", `there is no method "${text}"`, {
    advice: `Methods: ${Object.keys(methods).join(", ")}.`,
  });
}

function askedScope(text: string | undefined): Scope | undefined {
  if (text === undefined || text === "portfolio" || text === "account") return text;
  throw new LotbookError("BAD_USAGE", `there is no scope "${text}"`, {
    advice: "Scopes: portfolio, account.",
  });
}

/** What is published replaces all there is: it can't hold some books only. */
function refusePartOfAll({ full, publish, portfolio, symbol }: ComputeOptions): void {
  if (full !== true || publish === false) return;
  if (portfolio === undefined && symbol === undefined) return;
  throw new LotbookError("BAD_USAGE", "a full build that is published is over all books", {
    advice: "Leave out the portfolio and the symbol, or add --no-publish.",
  });
}

async function newVersion(connection: Connection, method: Method, scope: Scope): Promise<Version> {
  const [row] = await connection.query<{ version: number }>(
    `INSERT INTO versions (version, method, scope, fee_policy, engine_version)
     SELECT coalesce(max(version), 0) + 1, $1, $2, $3, $4
     FROM (SELECT version FROM versions UNION ALL SELECT version FROM revisions) v RETURNING version`,
    [method, scope, feePolicy, engineVersion],
  );
  return { version: row!.version, method, scope, feePolicy, engineVersion };
}

/** The digest of a version from the books' states that stand now. */
export async function currentDigest(connection: Connection, version: Version): Promise<string> {
  const books = await connection.query<{ bookId: string; digest: string }>(
    `SELECT book_id AS "bookId", encode(digest, 'hex') AS digest FROM book_states
     WHERE version = $1 AND superseded IS NULL AND digest IS NOT NULL ORDER BY book_id`,
    [version.version],
  );
  return versionDigest(version, books);
}

async function lastRevision(connection: Connection): Promise<bigint> {
  const [row] = await connection.query<{ last: bigint }>("SELECT last FROM revision_counter");
  return row!.last;
}

/** Tells the planner of what has grown; migrations/000006_statistics.sql says when and why. */
async function refreshStatistics(connection: Connection, { version }: Version): Promise<void> {
  await connection.query("SELECT refresh_statistics($1)::text", [version]);
}

/** One run's work, between its start and its end in the log. */
interface Run {
  readonly run: bigint;
  readonly version: Version;
  readonly full: boolean;
  readonly counts: RunCounts;
}

export async function compute(
  database: Database,
  ports: Ports,
  options: ComputeOptions = {},
): Promise<ComputeResult> {
  refusePartOfAll(options);
  const method = askedMethod(options.method);
  const scope = askedScope(options.scope);
  return alone(database, options.onWait ?? (() => {}), async (isHeld) => {
    await removeLeftovers(database, ports);
    const published = await database.connect(publishedVersion);
    const full = options.full === true || published === undefined;
    if (!full && published !== undefined) {
      refuseOtherPolicy(published, {
        engineVersion,
        ...(method === undefined ? {} : { method }),
        ...(scope === undefined ? {} : { scope }),
      });
    }
    const text = {
      mode: full ? "full" : "incremental",
      trigger: options.trigger ?? "command",
      filter: bookFilter(options),
    } as const;
    const { version, run } = await database.connect((connection) =>
      connection.transaction(async () => {
        const target = full
          ? await newVersion(connection, method ?? "fifo", scope ?? "portfolio")
          : published!;
        return { version: target, run: await startRun(connection, target.version, text) };
      }),
    );
    try {
      ports.failpoint("compute.logged");
      return await work(database, ports, options, { run, version, full, counts: new RunCounts() });
    } catch (error) {
      await failRun(database, run, error).catch(() => {});
      // Without the lock, what looks left over may be what another run is at work on.
      if (await isHeld()) await removeLeftovers(database, ports).catch(() => {});
      throw error;
    }
  });
}

const bookFilter = (options: BookFilter): BookFilter => ({
  ...(options.portfolio === undefined ? {} : { portfolio: options.portfolio }),
  ...(options.symbol === undefined ? {} : { symbol: options.symbol }),
});

async function work(
  database: Database,
  ports: Ports,
  options: ComputeOptions,
  run: Run,
): Promise<ComputeResult> {
  const { version, counts } = run;
  const publish = run.full && options.publish !== false;
  const filter = bookFilter(options);
  if (run.full) {
    const built = await buildVersion(database, ports, {
      version,
      run: run.run,
      filter,
      publish,
      counts,
      progress: options.progress,
    });
    await database.connect((connection) => refreshStatistics(connection, version));
    return result(run, publish, built.revision, built.digest, built.totalPnl);
  }
  const revision = await extendVersion(
    database,
    ports,
    version,
    run.run,
    filter,
    counts,
    options.progress,
  );
  return database.connect(async (connection) => {
    const { digest, totalPnl } = await connection.transaction(async () => {
      await holdRun(connection, run.run);
      const before = await totalsBefore(connection, version.version, run.run);
      const end = {
        digest: await currentDigest(connection, version),
        revision,
        totalPnl: addTotals(before, counts),
      };
      await endRun(connection, run.run, counts, end);
      return end;
    });
    if (revision !== null) await refreshStatistics(connection, version);
    return result(run, true, revision ?? (await lastRevision(connection)), digest, totalPnl);
  });
}

function result(
  { run, version, full, counts }: Run,
  published: boolean,
  revision: bigint,
  digest: string,
  totalPnl: Readonly<Record<string, string>>,
): ComputeResult {
  return {
    version: version.version,
    run: Number(run),
    revision: revision === 0n ? null : Number(revision),
    digest,
    mode: full ? "full" : "incremental",
    method: version.method,
    scope: version.scope,
    published,
    books: counts.books,
    opens: counts.opens,
    closes: counts.closes,
    allocations: counts.allocations,
    superseded: counts.superseded,
    totalPnl,
  };
}

function addTotals(
  before: Readonly<Record<string, string>>,
  counts: RunCounts,
): Record<string, string> {
  const totals = new Map(counts.pnl);
  for (const [quote, pnl] of Object.entries(before))
    totals.set(quote, (totals.get(quote) ?? 0n) + wideUnits(pnl));
  return totalsOf(totals);
}
