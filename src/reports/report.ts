/** A report: its header, its rows as they come from the database, and after them its totals. */
import { formatInstant } from "../core/time.ts";
import type { Connection, Database } from "../store/database.ts";
import type { Cell, Column, ReportRow } from "./column.ts";
import type { ReportName, ReportRequest } from "./request.ts";
import { resolveSelection, type Selection } from "./selection.ts";
import { readTransaction, resolveView, type Revision } from "./view.ts";

/** What every report says of itself. The names are those of its JSON. */
export interface ReportHeader {
  readonly version: number | null;
  readonly method: string | null;
  readonly scope: string | null;
  readonly as_of: string | null;
  readonly known_at: Revision | null;
  /** Facts recorded but not yet taken in, in the books asked for; null when known at was given. */
  readonly not_yet_computed: number | null;
  readonly filters: Readonly<Record<string, string>>;
}

/**
 * Amounts of assets that fees took and that no lot of theirs gave: they are not in the lots of that
 * asset.
 */
export interface FeeNotTaken {
  readonly asset: string;
  readonly amount: string;
  readonly fills: number;
  readonly without_value: number;
}

export interface ReportBody {
  /** The name of the rows in JSON. */
  readonly key: string;
  /** What a table calls it. */
  readonly title: string;
  readonly columns: readonly Column[];
  /** To be read once, to its end or to an error, before the totals. */
  readonly rows: AsyncIterable<ReportRow>;
  readonly totalColumns: readonly Column[];
  /** A row a quote asset. */
  readonly totals: () => Promise<readonly ReportRow[]>;
  /** Columns whose total has another name: the column's name to the total's. */
  readonly totalNames?: Readonly<Record<string, string>>;
  readonly groupBy?: readonly string[];
  readonly feesNotTaken?: readonly FeeNotTaken[];
}

export interface Report extends ReportBody {
  readonly name: ReportName;
  readonly header: ReportHeader;
}

const filterNames = ["portfolio", "account", "symbol", "strategy"] as const;

/** The filters that were given, ranges as the instants they resolved to. */
export function filtersOf(
  request: ReportRequest,
  range: Pick<Selection, "from" | "to">,
): Record<string, string> {
  const filters: Record<string, string> = {};
  if (range.from !== undefined) filters["from"] = formatInstant(range.from);
  if (range.to !== undefined) filters["to"] = formatInstant(range.to);
  if (request.tz !== undefined) filters["tz"] = request.tz;
  for (const name of filterNames) {
    const value = request[name];
    if (value !== undefined) filters[name] = value;
  }
  return filters;
}

/** Facts beyond the version's computed entry; a book it has not met counts whole. */
async function countNotYetComputed(connection: Connection, selection: Selection): Promise<number> {
  const [row] = await connection.query<{ facts: bigint }>(
    `SELECT coalesce(sum(book.last_entry - coalesce(state.computed_entry, 0)), 0)::bigint AS facts
     FROM books book LEFT JOIN book_states state ON state.book_id = book.book_id
       AND state.version = $1::integer AND state.step <> ALL ($2::bigint[])
       AND (state.superseded IS NULL OR state.superseded = ANY ($2::bigint[]))
     WHERE $3::uuid[] IS NULL OR book.book_id = ANY ($3::uuid[])`,
    [selection.view.version, selection.view.hiddenSteps, selection.books ?? null],
  );
  return Number(row!.facts);
}

export async function headerOf(
  connection: Connection,
  selection: Selection,
  request: ReportRequest,
): Promise<ReportHeader> {
  const { view } = selection;
  return {
    version: view.version,
    method: view.method,
    scope: view.scope,
    as_of: view.asOf === undefined ? null : formatInstant(view.asOf),
    known_at: view.knownAt,
    not_yet_computed: view.past ? null : await countNotYetComputed(connection, selection),
    filters: filtersOf(request, selection),
  };
}

type Body = (
  connection: Connection,
  selection: Selection,
  request: ReportRequest,
) => ReportBody | Promise<ReportBody>;

/** Reports of a version; each file is loaded when it is asked for. */
const bodies: Record<Exclude<ReportName, "runs">, () => Promise<Body>> = {
  pnl: async () => (await import("./pnl.ts")).pnl,
  lots: async () => (await import("./lots.ts")).lots,
  allocations: async () => (await import("./allocations.ts")).allocations,
  unmatched: async () => (await import("./unmatched.ts")).unmatched,
  trades: async () => (await import("./trades.ts")).trades,
  orders: async () => (await import("./orders.ts")).orders,
};

async function openReport(connection: Connection, request: ReportRequest): Promise<Report> {
  if (request.report === "runs") return (await import("./runs.ts")).runs(connection, request);
  const body = await bodies[request.report]();
  const selection = await resolveSelection(
    connection,
    await resolveView(connection, request),
    request,
  );
  const header = await headerOf(connection, selection, request);
  return { name: request.report, header, ...(await body(connection, selection, request)) };
}

/**
 * Opens a report and hands it to `work`, within one read transaction: header, rows and totals are of one
 * state of the database. Rows come by a cursor, so memory does not grow with them.
 */
export async function readReport<T>(
  database: Database,
  request: ReportRequest,
  work: (report: Report) => Promise<T>,
): Promise<T> {
  return database.connect((connection) =>
    readTransaction(connection, async () => work(await openReport(connection, request))),
  );
}

export type { Cell, Column, ReportRow };
