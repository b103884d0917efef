import { LotbookError } from "../errors.ts";
import type { Connection, Database, Value } from "../store/database.ts";
import type { Check, CheckResult, Example, Lane } from "./check.ts";
import { checks } from "./checks.ts";
import { versionDigests } from "./checks/i8.ts";
import { preparations } from "./prepare.ts";

export type { Check, CheckResult, Example } from "./check.ts";

export interface VerifyOptions {
  /** Default: the published one. */
  readonly version?: number;
  /** Default: the last. */
  readonly revision?: bigint;
  /** Called as each check ends; checks of different lanes may end in any order. */
  readonly progress?: (check: CheckResult & { readonly milliseconds: number }) => void;
}

export interface Verification {
  /** Null: nothing is published, so only what holds of the facts alone was checked. */
  readonly version: number | null;
  readonly revision: bigint;
  /** Of the version at the revision, recomputed from the digests of its books; hex. */
  readonly digest: string | null;
  readonly checks: readonly CheckResult[];
}

/** What is verified, as `verifyVersion` makes it of its options. */
export interface Cut {
  readonly version: number | null;
  readonly revision: bigint;
}

const examplesShown = 5;

/** Proves I1 to I9 of one version at one revision, by SQL over the tables alone. */
export async function verifyVersion(
  database: Database,
  options: VerifyOptions = {},
): Promise<Verification> {
  const cut = await database.connect((connection) => resolveCut(connection, options));
  const lanes: readonly Lane[] =
    cut.version === null ? ["facts"] : ["matching", "facts", "digests"];
  return verifyLanes(database, cut, lanes, options.progress);
}

/** The checks of some lanes only. */
export async function verifyLanes(
  database: Database,
  cut: Cut,
  lanes: readonly Lane[],
  progress?: VerifyOptions["progress"],
): Promise<Verification> {
  const waiting = [...lanes];
  const results: LaneResult[] = [];
  const work = async (): Promise<void> => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
      const next = lane;
      results.push(
        await database.connect((connection) => runLane(connection, next, cut, progress)),
      );
    }
  };
  const workers = Math.min(lanes.length, database.parallelism);
  await Promise.all(Array.from({ length: workers }, work));
  const found = results.flatMap((result) => result.checks);
  return {
    ...cut,
    digest: results.find((result) => result.digest !== null)?.digest ?? null,
    checks: found.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

async function resolveCut(connection: Connection, options: VerifyOptions): Promise<Cut> {
  const [head] = await connection.query<{ last: bigint }>(
    "SELECT coalesce(max(revision), 0) AS last FROM revisions",
  );
  const last = head?.last ?? 0n;
  const revision = options.revision ?? last;
  if (revision < 0n || revision > last) {
    throw new LotbookError("NOT_FOUND", `there is no revision ${revision}; the last is ${last}`);
  }
  const version = options.version ?? (await publishedAt(connection, revision));
  if (version === null) return { version, revision };
  const known = await connection.query("SELECT FROM versions WHERE version = $1", [version]);
  if (known.length === 0)
    throw new LotbookError("NOT_FOUND", `there is no version ${version} to verify`);
  return { version, revision };
}

async function publishedAt(connection: Connection, revision: bigint): Promise<number | null> {
  const [published] = await connection.query<{ version: number }>(
    `SELECT version FROM revisions WHERE kind = 'publish' AND revision <= $1
     ORDER BY revision DESC LIMIT 1`,
    [revision],
  );
  return published?.version ?? null;
}

interface LaneResult {
  readonly checks: readonly CheckResult[];
  readonly digest: string | null;
}

/**
 * REPEATABLE READ: temporary tables and checks see one state while others record and compute. Tables may be
 * fresh from a bulk load, and a plan on missing statistics must not be quadratic: hence no nested loops.
 * Merge joins would sort wide rows on disk where a hash join reads them once. Each lane has a connection to
 * itself, so workers beside it would only take the time of another. One value of a column is statistics
 * enough: it tells small temporary tables from large ones. Text is sent in the client's encoding, and hashed
 * in UTF-8.
 */
const settings = `
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SET LOCAL work_mem = '256MB';
SET LOCAL enable_nestloop = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL default_statistics_target = 1;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL jit = off;
SET LOCAL client_encoding = 'UTF8'`;

async function runLane(
  connection: Connection,
  lane: Lane,
  cut: Cut,
  progress: VerifyOptions["progress"],
): Promise<LaneResult> {
  const due = checks.filter(
    (check) => check.lane === lane && (cut.version !== null || !check.needsVersion),
  );
  return connection.transaction(async () => {
    await connection.script(settings);
    for (const { name, sql } of preparations[lane]) {
      await connection.execute(sql, parameters(sql, cut));
      await connection.script(`ANALYZE ${name}`);
    }
    const results: CheckResult[] = [];
    for (const check of due) {
      const started = performance.now();
      const result = await runCheck(connection, check, cut);
      progress?.({ ...result, milliseconds: performance.now() - started });
      results.push(result);
    }
    return {
      checks: results,
      digest: lane === "digests" ? await digestAt(connection, cut) : null,
    };
  });
}

async function runCheck(connection: Connection, check: Check, cut: Cut): Promise<CheckResult> {
  let violations = 0;
  const examples: Example[] = [];
  for (const part of check.parts) {
    const found = await runQuery(connection, part, cut);
    violations += found.violations;
    examples.push(...found.examples.slice(0, examplesShown - examples.length));
  }
  return { id: check.id, title: check.title, violations, examples };
}

async function runQuery(
  connection: Connection,
  query: string,
  cut: Cut,
): Promise<{ violations: number; examples: Example[] }> {
  const sql = counted(query);
  const [row] = await connection.query<{ violations: bigint; examples: string }>(
    sql,
    parameters(sql, cut),
  );
  if (row === undefined) throw new LotbookError("INTERNAL", "a check gave no row");
  return { violations: Number(row.violations), examples: JSON.parse(row.examples) as Example[] };
}

/** The values for those of $1 and $2 that a statement names; a server refuses others. */
function parameters(sql: string, cut: Cut): Value[] {
  if (sql.includes("$2")) return [cut.version, cut.revision];
  return sql.includes("$1") ? [cut.version] : [];
}

/** A fact by its entry, for people: looked up for the few examples only. */
const named = (entry: string): string => `(
    SELECT jsonb_build_object(
      'fact', kind, 'venue', venue, 'account', account, 'id', id, 'revision', revision)
    FROM (
      SELECT 'fill' AS kind, book_id, entry, venue, account, fill_id AS id, revision FROM fills
      UNION ALL
      SELECT 'opening lot', book_id, entry, venue, account, lot_key, revision FROM opening_lots
      UNION ALL
      SELECT 'fee value', book_id, entry, venue, account, fill_id, fill_revision FROM fee_values
      UNION ALL
      SELECT 'void', book_id, entry, venue, account, target_id, target_revision FROM voids
      UNION ALL SELECT 'adjustment', book_id, entry, venue, account, entry_id, 0 FROM adjustments
    ) AS fact WHERE fact.book_id = few.book_id AND fact.entry = few.${entry} LIMIT 1)`;

/** A check's query reduced to one row: how many violations, and the first few with names. */
const counted = (sql: string): string => `
WITH violation AS MATERIALIZED (${sql}
), few AS (SELECT * FROM violation LIMIT ${examplesShown})
SELECT (SELECT count(*) FROM violation) AS violations,
  (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
      'what', what, 'portfolio', b.portfolio, 'symbol', b.symbol, 'book', few.book_id,
      'entry', few.entry::text,
      'fact', ${named("entry")},
      'opening', ${named("opening")},
      'slice', slice, 'expected', expected, 'found', found))), '[]')
    FROM few LEFT JOIN books b ON b.book_id = few.book_id)::text AS examples`;

async function digestAt(connection: Connection, cut: Cut): Promise<string | null> {
  const [row] = await connection.query<{ digest: string }>(
    `SELECT encode(digest, 'hex') AS digest
     FROM (${versionDigests("SELECT $2::bigint AS revision")}) AS version`,
    [cut.version, cut.revision],
  );
  return row?.digest ?? null;
}
