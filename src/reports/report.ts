/** A report: its header, its rows as they come from the database, and after them its totals. */
import { formatInstant } from "../core/time.ts";
import type { Connection, Database } from "../store/database.ts";
import type { Report, ReportBody, ReportHeader } from "./body.ts";
import type { ReportName, ReportRequest } from "./request.ts";
import { filtersOf, resolveSelection, type Selection } from "./selection.ts";
import { readTransaction, resolveView } from "./view.ts";

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
