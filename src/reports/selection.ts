/** What a report is over: a view, a range of execution time and filters; and the SQL that selects it. */
import { formatInstant, type Instant } from "../core/time.ts";
import { LotbookError } from "../errors.ts";
import type { Connection } from "../store/database.ts";
import type { Parameters } from "./parameters.ts";
import type { ReportRequest } from "./request.ts";
import type { View } from "./view.ts";
import { readMoment } from "./zone.ts";

export interface Selection {
  readonly view: View;
  readonly from: Instant | undefined;
  readonly to: Instant | undefined;
  /** Ids of the books that portfolio and symbol leave; undefined: all. */
  readonly books: readonly string[] | undefined;
  readonly account: string | undefined;
  readonly strategy: string | undefined;
  /** Whether the ledger holds any opening lot: most hold none, and need not be asked a row. */
  readonly openingLots: boolean;
}

/** Reads `--from` and `--to`. */
export async function readRange(
  connection: Connection,
  request: Pick<ReportRequest, "from" | "to">,
  tz: string,
): Promise<{ from: Instant | undefined; to: Instant | undefined }> {
  const { from, to } = request;
  const range = {
    from:
      from === undefined
        ? undefined
        : await readMoment(connection, from, { option: "--from", tz, date: "start" }),
    to:
      to === undefined
        ? undefined
        : await readMoment(connection, to, { option: "--to", tz, date: "start" }),
  };
  if (range.from !== undefined && range.to !== undefined && range.from > range.to)
    throw new LotbookError("BAD_USAGE", `--from ${from} is after --to ${to}`);
  return range;
}

async function findBooks(
  connection: Connection,
  request: ReportRequest,
): Promise<string[] | undefined> {
  const { portfolio, symbol } = request;
  if (portfolio === undefined && symbol === undefined) return undefined;
  const rows = await connection.query<{ book_id: string }>(
    `SELECT book_id FROM books
     WHERE portfolio = coalesce($1::text, portfolio) AND symbol = coalesce($2::text, symbol)
     ORDER BY book_id`,
    [portfolio ?? null, symbol ?? null],
  );
  return rows.map((row) => row.book_id);
}

export async function resolveSelection(
  connection: Connection,
  view: View,
  request: ReportRequest,
): Promise<Selection> {
  const [opening] = await connection.query<{ some: boolean }>(
    "SELECT EXISTS (SELECT FROM opening_lots) AS some",
  );
  return {
    view,
    ...(await readRange(connection, request, view.tz)),
    books: await findBooks(connection, request),
    account: request.account,
    strategy: request.strategy,
    openingLots: opening!.some,
  };
}

/** The condition that a row of a conclusion table is in the view. `alias` names the table. */
export function inView(selection: Selection, parameters: Parameters, alias: string): string {
  const { version, hiddenSteps } = selection.view;
  const conditions = [`${alias}.version = ${parameters.add(version)}::integer`];
  if (selection.books !== undefined)
    conditions.push(`${alias}.book_id = ANY (${parameters.add(selection.books)}::uuid[])`);
  if (hiddenSteps.length === 0) {
    conditions.push(`${alias}.superseded IS NULL`);
  } else {
    const hidden = `${parameters.add(hiddenSteps)}::bigint[]`;
    conditions.push(
      `${alias}.step <> ALL (${hidden})`,
      `(${alias}.superseded IS NULL OR ${alias}.superseded = ANY (${hidden}))`,
    );
  }
  return conditions.join(" AND ");
}

/**
 * The condition that a time is within the range and, when it is cut there, up to as of. `time` is a
 * column.
 */
export function inRange(selection: Selection, parameters: Parameters, time: string): string {
  const conditions = ["true"];
  const { from, to, view } = selection;
  if (from !== undefined) conditions.push(`${time} >= ${parameters.add(from)}::bigint`);
  if (to !== undefined) conditions.push(`${time} < ${parameters.add(to)}::bigint`);
  if (view.asOf !== undefined) conditions.push(`${time} <= ${parameters.add(view.asOf)}::bigint`);
  return conditions.join(" AND ");
}

/** Whether the account or strategy of the closing fill is asked for. */
export function filtersSale(selection: Selection): boolean {
  return selection.account !== undefined || selection.strategy !== undefined;
}

/** The condition on account and strategy; both are expressions. */
export function ofFill(
  selection: Selection,
  parameters: Parameters,
  columns: { account: string; strategy: string },
): string {
  const conditions = ["true"];
  if (selection.account !== undefined)
    conditions.push(`${columns.account} = ${parameters.add(selection.account)}::text`);
  if (selection.strategy !== undefined)
    conditions.push(`${columns.strategy} = ${parameters.add(selection.strategy)}::text`);
  return conditions.join(" AND ");
}

/**
 * `FROM … WHERE …` over the slices of a selection: `slice`, and as asked `sale` (its fill) and `lot`
 * (its opening lot).
 */
export function fromSlices(
  selection: Selection,
  parameters: Parameters,
  joins: { sale: boolean; lot: boolean },
): string {
  const sale = joins.sale || filtersSale(selection);
  return [
    "FROM allocations slice",
    sale && "JOIN fills sale ON sale.book_id = slice.book_id AND sale.entry = slice.close_entry",
    joins.lot &&
      "LEFT JOIN opening_lots lot ON lot.book_id = slice.book_id AND lot.entry = slice.open_entry",
    `WHERE ${inView(selection, parameters, "slice")}`,
    `AND ${inRange(selection, parameters, "slice.closed_at")}`,
    sale &&
      `AND ${ofFill(selection, parameters, { account: "sale.account", strategy: "sale.strategy" })}`,
  ]
    .filter((part) => part !== false)
    .join("\n");
}

const filterNames = ["portfolio", "account", "symbol", "strategy"] as const;

/** The filters that were given, ranges as the instants they resolved to. */
export function filtersOf(
  request: Pick<ReportRequest, "tz" | (typeof filterNames)[number]>,
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
