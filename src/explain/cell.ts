/** A cell of `report pnl`: the sales whose PnL it is the sum of. */
import { LotbookError } from "../errors.ts";
import { column, selectList, toRow, type ReportRow } from "../reports/column.ts";
import { readByCursor } from "../reports/cursor.ts";
import { Parameters } from "../reports/parameters.ts";
import { civilDate, periodFormats, pnl } from "../reports/pnl.ts";
import { headerOf } from "../reports/report.ts";
import type { GroupKey, ReportRequest } from "../reports/request.ts";
import { resolveSelection, type Selection } from "../reports/selection.ts";
import { tradesStatement } from "../reports/trades.ts";
import { resolveView } from "../reports/view.ts";
import type { Connection } from "../store/database.ts";
import { Exact } from "./exact.ts";
import { Agreement } from "./figure.ts";
import { shellWord } from "./find.ts";
import type { CellExplanation, Outcome, SaleNode } from "./node.ts";
import type { CellRequest } from "./request.ts";

type Period = keyof typeof periodFormats;
type Cell = CellRequest["cell"];

const nanosPerDay = 86_400_000_000_000n;
const periods = Object.keys(periodFormats) as readonly Period[];

const examples: Record<Period, string> = { day: "2026-03-02", week: "2026-W10", month: "2026-03" };

/** The first UTC midnight of a period; undefined where the text names none. */
function startOf(period: Period, text: string): bigint | undefined {
  if (period === "day") return /^\d{4}-\d\d-\d\d$/.test(text) ? midnight(text) : undefined;
  if (period === "month") return /^\d{4}-\d\d$/.test(text) ? midnight(`${text}-01`) : undefined;
  const [, year, week = ""] = /^(\d{4})-W(\d\d)$/.exec(text) ?? [];
  const number = parseInt(week, 10);
  // 4 January is in week 1 of its year.
  const fourth = midnight(`${year}-01-04`);
  if (fourth === undefined || number < 1 || number > 53) return undefined;
  // 1 January 1970 was a Thursday, three days after a Monday; 7 more keep days before it above zero.
  const monday = fourth - ((fourth / nanosPerDay + 10n) % 7n) * nanosPerDay;
  return monday + BigInt(number - 1) * 7n * nanosPerDay;
}

/** Of any year: a zone may carry the first and the last instant that is kept beyond 1970 and 2261. */
function midnight(date: string): bigint | undefined {
  const milliseconds = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(milliseconds) ? undefined : BigInt(milliseconds) * 1_000_000n;
}

const longest: Record<Period, bigint> = { day: 1n, week: 7n, month: 31n };

/**
 * Narrows a selection to the days around a period, so that no more is read. Which sales are in it the civil
 * date alone decides.
 */
function narrowed(selection: Selection, cell: Cell): Selection {
  let { from, to } = selection;
  for (const period of periods) {
    const text = cell[period];
    if (text === undefined) continue;
    const start = text === null ? undefined : startOf(period, text);
    if (start === undefined)
      throw new LotbookError("BAD_USAGE", `"${text}" is no ${period}`, {
        advice: `write it as the report does: ${period}=${examples[period]}`,
      });
    const [first, end] = [start - nanosPerDay, start + (longest[period] + 1n) * nanosPerDay];
    if (from === undefined || first > from) from = first;
    if (to === undefined || end < to) to = end;
  }
  return { ...selection, from, to };
}

/** The condition that a trade is of the cell, beyond what the selection asks. */
function inCell(selection: Selection, parameters: Parameters, cell: Cell): string {
  const columns: Partial<Record<GroupKey, string>> = {
    quote: "book.quote_asset",
    symbol: "book.symbol",
    portfolio: "book.portfolio",
    venue: "sale.venue",
    account: "sale.account",
    strategy: "sale.strategy",
  };
  const conditions = Object.entries(cell).map(([key, value]) => {
    const isPeriod = periods.find((period) => period === key);
    const expression =
      isPeriod === undefined
        ? columns[key as GroupKey]!
        : `to_char(${civilDate(selection, parameters, "trade.closed_at")}, '${periodFormats[isPeriod]}')`;
    return `${expression} IS NOT DISTINCT FROM ${parameters.add(value)}::text`;
  });
  return ["true", ...conditions].join(" AND ");
}

const columnsOfSale = [
  column("close_fill_id", "text", 0, "sale.fill_id"),
  column("revision", "count", 0, "sale.revision"),
  column("portfolio", "text", 0, "book.portfolio"),
  column("symbol", "text", 0, "book.symbol"),
  column("venue", "text", 0, "sale.venue"),
  column("account", "text", 0, "sale.account"),
  column("closed_at", "time", 0, "trade.closed_at"),
  column("quantity", "quantity", 0, "sale.quantity + sale.base_fee"),
  column("pnl", "gain", 0, "coalesce(trade.pnl, 0)"),
  column("allocations", "count", 0, "trade.slices"),
  column("incomplete_allocations", "count", 0, "trade.incomplete"),
];

/** The command that asks for a cell. */
function commandOf(request: CellRequest, cell: Cell): string {
  const keys = Object.entries(cell).map(
    ([key, value]) => `--pnl ${shellWord(`${key}=${value ?? ""}`)}`,
  );
  const { from, to, tz, portfolio, account, symbol, strategy, version, asOf, knownAt } = request;
  const options = {
    from,
    to,
    tz,
    portfolio,
    account,
    symbol,
    strategy,
    version,
    "as-of": asOf,
    "known-at": knownAt,
  };
  const rest = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${shellWord(`${value}`)}`],
  );
  return ["lotbook explain", ...keys, ...rest].join(" ");
}

/** The one row of `report pnl` that the cell is. */
async function findRow(
  connection: Connection,
  selection: Selection,
  request: CellRequest,
): Promise<ReportRow> {
  const { cell } = request;
  const keys = Object.keys(cell) as GroupKey[];
  const report = await pnl(connection, selection, {
    report: "pnl",
    groupBy: [...keys.filter((key) => key !== "quote"), "quote"],
  });
  const rows: ReportRow[] = [];
  for await (const row of report.rows)
    if (keys.every((key) => row[key] === cell[key])) rows.push(row);
  const [only, ...others] = rows;
  if (only === undefined)
    throw new LotbookError("NOT_FOUND", "no sale is in that cell", {
      advice: `\`lotbook report pnl --group-by ${keys.join(",")}\` shows the cells there are`,
    });
  if (others.length > 0)
    throw new LotbookError(
      "BAD_USAGE",
      `that is ${rows.length} cells, one a quote asset; say which:`,
      {
        advice: rows
          .map((row) => commandOf(request, { ...cell, quote: row["quote"] as string }))
          .join("\n"),
      },
    );
  return only;
}

function explainRows(
  connection: Connection,
  selection: Selection,
  cell: Cell,
  figures: ReportRow,
): Pick<CellExplanation, "rows" | "outcome"> {
  let sum = Exact.zero;
  let allocations = 0;
  async function* rows(): AsyncGenerator<SaleNode> {
    const parameters = new Parameters();
    const condition = inCell(selection, parameters, cell);
    const text = tradesStatement(selection, parameters, selectList(columnsOfSale), condition);
    for await (const record of readByCursor<Record<string, unknown>>(
      connection,
      text,
      parameters,
    )) {
      const row = toRow(columnsOfSale, record) as unknown as Omit<SaleNode, "pnl_so_far">;
      sum = sum.plus(Exact.of(row.pnl));
      allocations += row.allocations;
      yield { ...row, pnl_so_far: sum.toString() };
    }
  }
  const outcome = async (): Promise<Outcome> => {
    const agreement = new Agreement();
    const stored = figures["realized_pnl"] as string;
    agreement.hold("allocations of the cell", `${figures["allocations"]}`, `${allocations}`);
    const same = agreement.hold("pnl of the cell", stored, sum.toString());
    const { disagreements } = agreement;
    const pnlOfCell = { formula: "sum of the sales' pnl", arithmetic: null, value: stored };
    return {
      pnl: same ? pnlOfCell : { ...pnlOfCell, computed: sum.toString() },
      agrees: disagreements.length === 0,
      disagreements,
    };
  };
  return { rows: rows(), outcome };
}

/** Explains a cell, within a read transaction. */
export async function explainCell(
  connection: Connection,
  request: CellRequest,
): Promise<CellExplanation> {
  const { cell, ...rest } = request;
  if (Object.keys(cell).length === 0)
    throw new LotbookError("BAD_USAGE", "a cell needs the groups of its row", {
      advice: "name them as the report does: --pnl month=2026-03; --pnl quote=USD is the total",
    });
  // What is one of the filters, too, narrows what is read.
  const filters = { ...rest };
  for (const key of ["portfolio", "symbol", "account", "strategy"] as const)
    filters[key] ??= cell[key] ?? undefined;
  const report: ReportRequest = { report: "pnl", ...filters };
  const view = await resolveView(connection, request);
  const whole = await resolveSelection(connection, view, report);
  const header = await headerOf(connection, whole, { report: "pnl", ...rest });
  const selection = narrowed(whole, cell);
  const figures = await findRow(connection, selection, request);
  return {
    kind: "pnl",
    header,
    quote: figures["quote"] as string,
    cell: { ...cell, quote: figures["quote"] as string },
    figures,
    ...explainRows(connection, selection, { ...cell, quote: figures["quote"] as string }, figures),
  };
}
