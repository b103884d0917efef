/**
 * `report runs`: the computation log, a row an execution of the engine, failed ones included. It needs
 * no version.
 */
import { LotbookError } from "../errors.ts";
import type { Connection } from "../store/database.ts";
import type { Report } from "./body.ts";
import { column, quiet, selectList, toRow, type Column, type ReportRow } from "./column.ts";
import { readByCursor } from "./cursor.ts";
import { Parameters } from "./parameters.ts";
import type { ReportRequest } from "./request.ts";
import { filtersOf, readRange } from "./selection.ts";
import { resolveKnownAt, type Revision } from "./view.ts";
import { checkZone } from "./zone.ts";

const nanoseconds = (time: string): string =>
  `(extract(epoch FROM ${time}) * 1000000)::bigint * 1000`;

const columns: readonly Column[] = [
  column("run", "count", 0),
  column("version", "count", 0),
  column("mode", "name", 0),
  column("trigger", "text", 3),
  quiet("portfolio", "text", 5),
  quiet("symbol", "text", 5),
  column("worker", "text", 7),
  column("status", "name", 0),
  column("started_at", "time", 0, nanoseconds("started_at")),
  column("ended_at", "time", 9, nanoseconds("ended_at")),
  column(
    "duration_ms",
    "count",
    1,
    "round(extract(epoch FROM ended_at - started_at) * 1000)::bigint",
  ),
  column("books", "count", 3),
  column("opens", "count", 2),
  column("closes", "count", 2),
  column("allocations", "count", 1),
  quiet("superseded", "count", 3),
  column("total_pnl", "amounts", 1),
  column("digest", "name", 8, "encode(digest, 'hex')"),
  column("revision", "count", 1),
  quiet("error", "text", 1),
];

/** Refuses what has no meaning for a run: it is no execution on a venue. */
function refuseCuts(request: ReportRequest): void {
  const refused = (
    [
      ["asOf", "--as-of"],
      ["account", "--account"],
      ["strategy", "--strategy"],
    ] as const
  ).find(([name]) => request[name] !== undefined);
  if (refused !== undefined)
    throw new LotbookError("BAD_USAGE", `${refused[1]} has no meaning for runs`, {
      advice: "narrow runs by --version, --portfolio, --symbol, --from, --to or --known-at",
    });
}

interface Range {
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly knownAt: Revision | undefined;
}

async function* readRows(
  connection: Connection,
  request: ReportRequest,
  range: Range,
): AsyncGenerator<ReportRow> {
  const parameters = new Parameters();
  const conditions = ["true"];
  const { from, to, knownAt } = range;
  const started = nanoseconds("started_at");
  if (from !== undefined) conditions.push(`${started} >= ${parameters.add(from)}::bigint`);
  if (to !== undefined) conditions.push(`${started} < ${parameters.add(to)}::bigint`);
  if (request.knownAt !== undefined && knownAt !== undefined)
    conditions.push(`started_at <= ${parameters.add(knownAt.stamp)}::text::timestamptz`);
  if (request.version !== undefined)
    conditions.push(`version = ${parameters.add(request.version)}::integer`);
  // A run without a range was over every portfolio and every symbol.
  if (request.portfolio !== undefined)
    conditions.push(`coalesce(portfolio = ${parameters.add(request.portfolio)}::text, true)`);
  if (request.symbol !== undefined)
    conditions.push(`coalesce(symbol = ${parameters.add(request.symbol)}::text, true)`);
  const text = `SELECT ${selectList(columns)} FROM runs
    WHERE ${conditions.join(" AND ")} ORDER BY runs.run`;
  for await (const row of readByCursor<Record<string, unknown>>(connection, text, parameters))
    yield toRow(columns, row);
}

export async function runs(connection: Connection, request: ReportRequest): Promise<Report> {
  refuseCuts(request);
  const tz = request.tz ?? "UTC";
  checkZone(tz);
  const knownAt = await resolveKnownAt(connection, request.knownAt, tz);
  const range = { ...(await readRange(connection, request, tz)), knownAt };
  return {
    name: "runs",
    header: {
      version: request.version ?? null,
      method: null,
      scope: null,
      as_of: null,
      known_at: knownAt ?? null,
      not_yet_computed: null,
      filters: filtersOf(request, range),
    },
    key: "runs",
    title: "Runs of the engine",
    columns,
    rows: readRows(connection, request, range),
    totalColumns: [],
    totals: async () => [],
  };
}
