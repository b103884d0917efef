/**
 * A view: one version at one cut. Every reader of conclusions resolves what it was asked for to a view
 * first, and reads in the same read transaction, so that all its statements see the same rows.
 */
import { formatInstant, type Instant } from "../core/time.ts";
import { LotbookError } from "../errors.ts";
import type { Connection } from "../store/database.ts";
import type { ViewRequest } from "./request.ts";
import { checkZone, readMoment } from "./zone.ts";

export interface Revision {
  readonly revision: number;
  /** RFC 3339, to the microsecond. */
  readonly stamp: string;
}

export interface View {
  readonly version: number;
  readonly method: string;
  readonly scope: string;
  readonly asOf: Instant | undefined;
  readonly knownAt: Revision;
  /** Whether known at was asked for; otherwise it is the last revision. */
  readonly past: boolean;
  /** Steps of the version that this view does not see: unfinished ones and those after its revision. */
  readonly hiddenSteps: readonly bigint[];
  readonly tz: string;
}

/** Runs `work` in a transaction that sees one state of the database throughout. */
export async function readTransaction<T>(
  connection: Connection,
  work: () => Promise<T>,
): Promise<T> {
  return connection.transaction(async () => {
    await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    // Reports read and sort whole versions: room for that, and plans for reading all of a cursor, not
    // its first rows.
    await connection.execute("SET LOCAL work_mem = '64MB'");
    await connection.execute("SET LOCAL cursor_tuple_fraction = 1");
    return work();
  });
}

interface StampedRow {
  readonly revision: bigint;
  readonly micros: bigint;
}

const stamped = `revision, (extract(epoch FROM stamp) * 1000000)::bigint AS micros`;

function asRevision(row: StampedRow): Revision {
  return { revision: Number(row.revision), stamp: formatInstant(row.micros * 1000n) };
}

/**
 * Finds a revision by number or by wall time; the last one when nothing was asked for; undefined when
 * there is none.
 */
export async function resolveKnownAt(
  connection: Connection,
  text: string | undefined,
  tz: string,
): Promise<Revision | undefined> {
  const [last] = await connection.query<StampedRow>(
    `SELECT ${stamped} FROM revisions ORDER BY revision DESC LIMIT 1`,
  );
  if (last === undefined) return undefined;
  if (text === undefined) return asRevision(last);
  return /^\d{1,15}$/.test(text)
    ? revisionByNumber(connection, BigInt(text), last.revision)
    : revisionByTime(connection, text, tz);
}

async function revisionByNumber(
  connection: Connection,
  number: bigint,
  last: bigint,
): Promise<Revision> {
  const [row] = await connection.query<StampedRow>(
    `SELECT ${stamped} FROM revisions WHERE revision = $1::bigint`,
    [number],
  );
  if (row !== undefined) return asRevision(row);
  throw new LotbookError("NOT_FOUND", `there is no revision ${number}`, {
    advice: `the last one is ${last}; a year or a date is not a revision number`,
  });
}

async function revisionByTime(connection: Connection, text: string, tz: string): Promise<Revision> {
  const instant = await readMoment(connection, text, { option: "--known-at", tz, date: "end" });
  const micros = instant / 1000n;
  // A whole minute and a rest below it: an interval from the full number of microseconds would pass
  // through a double.
  const time = `timestamptz '1970-01-01Z' + $1::bigint / 60000000 * interval '1 minute'
    + $1::bigint % 60000000 * interval '1 microsecond'`;
  const [row] = await connection.query<Partial<StampedRow> & { future: boolean }>(
    `SELECT future, found.* FROM (SELECT ${time} AS asked) given,
       LATERAL (SELECT asked > clock_timestamp() AS future) clock
     LEFT JOIN LATERAL (SELECT ${stamped} FROM revisions WHERE stamp <= asked
       ORDER BY stamp DESC, revision DESC LIMIT 1) found ON true`,
    [micros],
  );
  if (row!.future)
    throw new LotbookError("BAD_USAGE", `--known-at ${formatInstant(instant)} is in the future`, {
      advice: "what will be known then can't be said now; leave the option out for the latest",
    });
  if (row!.revision === undefined || row!.revision === null)
    throw new LotbookError("NOT_FOUND", `nothing was computed by ${formatInstant(instant)}`);
  return asRevision(row as StampedRow);
}

/** The version that was published at a revision. */
async function publishedAt(connection: Connection, revision: number): Promise<number | undefined> {
  const [row] = await connection.query<{ version: number }>(
    `SELECT version FROM revisions WHERE kind = 'publish' AND revision <= $1::bigint
     ORDER BY revision DESC LIMIT 1`,
    [revision],
  );
  return row?.version;
}

async function checkVersion(
  connection: Connection,
  version: number,
  revision: number,
): Promise<{ method: string; scope: string }> {
  const [row] = await connection.query<{
    method: string;
    scope: string;
    built: boolean;
    dropped: boolean;
  }>(
    `SELECT method, scope, EXISTS (SELECT FROM steps
         WHERE steps.version = $1::integer AND steps.revision <= $2::bigint) AS built,
       EXISTS (SELECT FROM revisions
         WHERE revisions.version = $1::integer AND revisions.kind = 'drop') AS dropped
     FROM versions WHERE versions.version = $1::integer`,
    [version, revision],
  );
  if (row === undefined || row.dropped) {
    const what =
      row === undefined ? `there is no version ${version}` : `version ${version} was dropped`;
    throw new LotbookError("NOT_FOUND", what, {
      advice: "`lotbook versions list` shows those that are kept",
    });
  }
  if (!row.built)
    throw new LotbookError("NOT_FOUND", `version ${version} was not built at revision ${revision}`);
  return row;
}

/** Resolves a request to a view; refuses what does not exist. Call it within `readTransaction`. */
export async function resolveView(connection: Connection, request: ViewRequest): Promise<View> {
  const tz = request.tz ?? "UTC";
  checkZone(tz);
  const knownAt = await resolveKnownAt(connection, request.knownAt, tz);
  const version = knownAt && (request.version ?? (await publishedAt(connection, knownAt.revision)));
  if (knownAt === undefined || version === undefined)
    throw new LotbookError("NOT_FOUND", "no version is published: nothing was computed yet", {
      advice: "run `lotbook compute` first",
    });
  const policy = await checkVersion(connection, version, knownAt.revision);
  const asOf =
    request.asOf === undefined
      ? undefined
      : await readMoment(connection, request.asOf, { option: "--as-of", tz, date: "end" });
  const hidden = await connection.query<{ step: bigint }>(
    `SELECT step FROM steps WHERE version = $1::integer AND (revision IS NULL OR revision > $2::bigint)
     ORDER BY step`,
    [version, knownAt.revision],
  );
  return {
    version,
    method: policy.method,
    scope: policy.scope,
    asOf,
    knownAt,
    past: request.knownAt !== undefined,
    hiddenSteps: hidden.map((row) => row.step),
    tz,
  };
}
