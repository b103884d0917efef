/** The two ends of a difference: which version at which revision, and which books can differ. */
import type { Policy } from "../core/matching/walk.ts";
import { LotbookError } from "../errors.ts";
import { engineVersion, feePolicy } from "../ledger/compute/policy.ts";
import { resolveView, type View } from "../reports/view.ts";
import type { Connection } from "../store/database.ts";

/** An end as it is asked for: a version (default: the one published then) and a known at (default: now). */
export interface EndRequest {
  readonly version?: number | undefined;
  readonly knownAt?: string | undefined;
}

export interface End {
  readonly view: View;
  readonly policy: Policy;
}

/** Refuses an end that this program can't compute again. */
export async function resolveEnd(
  connection: Connection,
  request: EndRequest,
  tz: string | undefined,
): Promise<End> {
  const view = await resolveView(connection, { ...request, tz });
  const [row] = await connection.query<{ engine: number; fees: string }>(
    "SELECT engine_version AS engine, fee_policy AS fees FROM versions WHERE version = $1",
    [view.version],
  );
  if (row!.engine !== engineVersion || row!.fees !== feePolicy)
    throw new LotbookError(
      "REFUSED",
      `version ${view.version} is of engine version ${row!.engine}, fees ${row!.fees}; ` +
        `this lotbook computes by ${engineVersion}, fees ${feePolicy}`,
      { advice: "Its causes can only be found by the lotbook that computed it." },
    );
  const { method, scope } = view;
  return { view, policy: { method: method as Policy["method"], scope: scope as Policy["scope"] } };
}

/** The published version now, and before its last run (or the version published before it). */
export async function lastRun(
  connection: Connection,
): Promise<{ before: EndRequest; after: EndRequest }> {
  const [row] = await connection.query<{ version: number; first: bigint; last: bigint }>(
    `WITH published AS (SELECT version FROM revisions WHERE kind = 'publish' ORDER BY revision DESC LIMIT 1)
     SELECT version, min(revision) AS first, (SELECT max(revision) FROM revisions) AS last
     FROM steps JOIN published USING (version)
     WHERE run = (SELECT run FROM steps JOIN published USING (version) WHERE revision IS NOT NULL
       ORDER BY revision DESC LIMIT 1) AND revision IS NOT NULL GROUP BY version`,
  );
  if (row === undefined)
    throw new LotbookError("NOT_FOUND", "no version is published: nothing was computed yet", {
      advice: "run `lotbook compute` first",
    });
  const { version, first, last } = row;
  const [earlier] = await connection.query<{ version: number }>(
    `SELECT v.version FROM (
       SELECT version, 0 AS rank, revision FROM steps WHERE version = $1 AND revision < $2
       UNION ALL SELECT version, 1, revision FROM revisions WHERE kind = 'publish' AND revision < $2
     ) v ORDER BY v.rank, v.revision DESC LIMIT 1`,
    [version, first],
  );
  if (earlier === undefined)
    throw new LotbookError("NOT_FOUND", "there is nothing earlier to compare with yet", {
      advice: "what was published was computed in one run; name two versions or two revisions",
    });
  return {
    before: { version: earlier.version, knownAt: `${first - 1n}` },
    after: { version, knownAt: `${last}` },
  };
}

/** A book with how far each end has come in it; 0 and null where an end has not met it. */
export interface BookEnds {
  readonly bookId: string;
  readonly portfolio: string;
  readonly symbol: string;
  readonly quote: string;
  readonly before: bigint;
  readonly after: bigint;
  readonly digestBefore: string | null;
  readonly digestAfter: string | null;
}

const stateOf = (version: string, hidden: string): string => `
  SELECT book_id, computed_entry, encode(digest, 'hex') AS digest FROM book_states
  WHERE version = ${version}::integer AND step <> ALL (${hidden}::bigint[])
    AND (superseded IS NULL OR superseded = ANY (${hidden}::bigint[]))`;

/** The books that can differ, in order of portfolio and symbol. */
export async function booksBetween(
  connection: Connection,
  before: End,
  after: End,
  filter: { portfolio?: string | undefined; symbol?: string | undefined },
): Promise<BookEnds[]> {
  return connection.query<BookEnds & Record<string, unknown>>(
    `SELECT b.book_id AS "bookId", b.portfolio, b.symbol, b.quote_asset AS quote,
       coalesce(a.computed_entry, 0) AS before, coalesce(z.computed_entry, 0) AS after,
       a.digest AS "digestBefore", z.digest AS "digestAfter"
     FROM (${stateOf("$1", "$2")}) a FULL JOIN (${stateOf("$3", "$4")}) z USING (book_id)
     JOIN books b USING (book_id)
     WHERE b.portfolio = coalesce($5::text, b.portfolio) AND b.symbol = coalesce($6::text, b.symbol)
       AND ($7 OR a.computed_entry IS DISTINCT FROM z.computed_entry OR a.digest IS DISTINCT FROM z.digest)
     ORDER BY b.portfolio, b.symbol`,
    [
      before.view.version,
      before.view.hiddenSteps,
      after.view.version,
      after.view.hiddenSteps,
      filter.portfolio ?? null,
      filter.symbol ?? null,
      before.policy.scope !== after.policy.scope || before.policy.method !== after.policy.method,
    ],
  );
}
