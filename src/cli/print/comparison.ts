/** An old system held against what is computed, in the format asked for. Written as it comes. */
import type { ComparedSale, Comparison } from "../../legacy/compare.ts";
import { type ComparedTotal, type ComparedTotals, Worst } from "../../legacy/totals.ts";
import type { ReportRow } from "../../reports/column.ts";
import type { Output } from "../output.ts";
import type { Format } from "../session.ts";
import { forTerminal } from "./escape.ts";
import { heading } from "./records.ts";
import { jsonLine } from "./report.ts";
import { headerLine, type Heading, layOut, rowLine, ruleLine } from "./table.ts";
import { joinParts } from "./wrap.ts";

export const comparedRows = ["sale", "cause", "symbol", "month"] as const;
export type ComparedRows = (typeof comparedRows)[number];

/** Sales in a table that shows sums, too, and in a page. */
const shownSales = 20;
const pageSales = 500;

const sums = [
  heading("sales"),
  heading("old_pnl", "gain"),
  heading("new_pnl", "gain"),
  heading("difference", "gain"),
  heading("quote", "text", 2),
];
const sumColumns: Record<Exclude<ComparedRows, "sale">, readonly Heading[]> = {
  cause: [heading("cause", "name"), ...sums],
  symbol: [heading("symbol", "text"), ...sums],
  month: [heading("month", "name"), ...sums],
};

const saleColumns = [
  heading("symbol", "text"),
  heading("order_id", "text"),
  heading("closed_at", "time", 4),
  heading("cause", "name"),
  heading("size", "quantity", 7),
  heading("old_pnl", "gain", 1),
  heading("new_pnl", "gain", 1),
  heading("difference", "gain"),
  heading("quote", "text", 6),
  heading("old_cost", "money", 5),
  heading("new_cost", "money", 5),
  heading("old_parents", "text", 2),
  heading("new_parents", "text", 2),
  heading("old_proceeds", "money", 9),
  heading("new_proceeds", "money", 9),
  { ...heading("unmatched", "quantity", 7), quiet: true },
  heading("month", "name", 9),
  heading("portfolio", "text", 9),
  heading("venue", "text", 9),
  heading("account", "text", 9),
];

const asRow = (row: ComparedSale | ComparedTotal): ReportRow => row as unknown as ReportRow;

/** The first of them, and how many more: `b1 +3`. */
const shortList = ([first = "", ...more]: readonly string[]): string =>
  more.length === 0 ? first : `${first} +${more.length}`;

/** Ids are text from outside, which a cell of its own kind escapes. */
const withParents = (sale: ComparedSale, text: (ids: readonly string[]) => string): ReportRow => ({
  ...asRow(sale),
  old_parents: text(sale.old_parents),
  new_parents: text(sale.new_parents),
});

const wholeList = (ids: readonly string[]): string => ids.join("; ");

/** What is left of a comparison when its sales have passed. */
export interface Passed {
  readonly totals: ComparedTotals;
  /** Those that differ most. */
  readonly worst: readonly ComparedSale[];
}

async function printTotals(
  by: Exclude<ComparedRows, "sale">,
  totals: ComparedTotals,
  format: "csv" | "ndjson",
  output: Output,
): Promise<void> {
  const rows = totals[`by_${by}`].map(asRow);
  if (format === "ndjson") return output.write(rows.map((row) => `${jsonLine(row)}\n`).join(""));
  const { csvLines } = await import("./csv.ts");
  return output.write(csvLines(sumColumns[by], rows, output.terminal, "with a header"));
}

/** The table of all rows; columns that say nothing are left out. */
function tableOf(columns: readonly Heading[], rows: readonly ReportRow[], output: Output): string {
  const layout = layOut(columns, rows, { whole: true, room: output.terminal.width });
  const lines = rows.map((row) => rowLine(layout, row, output.terminal));
  return [headerLine(layout), ruleLine(layout), ...lines].map((line) => `${line}\n`).join("");
}

function headText({ version, method, scope, known_at: known, filters }: Comparison): string {
  const stamp = known.stamp.replace(/\.\d+Z$/, "Z");
  const only = Object.entries(filters).map(([name, value]) => `${name} ${forTerminal(value)}`);
  return (
    "The old system beside what is computed\n" +
    `version ${version}, ${method}, scope ${scope} · known at revision ${known.revision}, ${stamp}\n` +
    (only.length === 0 ? "" : `only: ${only.join(" · ")}\n`)
  );
}

async function printTable(
  comparison: Comparison,
  by: ComparedRows | undefined,
  passed: Passed,
  output: Output,
): Promise<void> {
  const { totals, worst } = passed;
  await output.write(`${headText(comparison)}\n`);
  for (const name of ["cause", "symbol", "month"] as const) {
    if (by !== undefined && by !== name) continue;
    const rows = totals[`by_${name}`].map(asRow);
    if (rows.length > 0)
      await output.write(`By ${name}\n${tableOf(sumColumns[name], rows, output)}\n`);
  }
  const shown = by === "sale" ? worst : by === undefined ? worst.slice(0, shownSales) : [];
  if (shown.length > 0) {
    const rows = shown.map((sale) => withParents(sale, shortList));
    const rest = "every sale: --format csv, or json";
    await output.write(`Sales that differ most (${shown.length}; ${rest})\n`);
    await output.write(`${tableOf(saleColumns, rows, output)}\n`);
  }
  for (const { quote, sales, old_pnl: old, new_pnl: computed, difference } of totals.totals) {
    const asset = forTerminal(quote);
    const parts = [`${sales} sales: old PnL ${old} ${asset}`, `new ${computed}`];
    const sum = `difference ${difference}: exact, and what the causes add up to`;
    await output.write(joinParts([...parts, sum], output.terminal.width));
  }
  if (totals.totals.length === 0)
    await output.write("no sale of the old system is computed here\n");
}

/** Hands each sale to `work`, and gives what is left when they have passed. */
async function pass(
  comparison: Comparison,
  most: number,
  work: (sale: ComparedSale) => Promise<void> | undefined,
): Promise<Passed> {
  const worst = new Worst<ComparedSale>(most);
  for await (const sale of comparison.sales) {
    worst.add(sale);
    await work(sale);
  }
  return { totals: comparison.totals(), worst: worst.sales };
}

async function printJson(comparison: Comparison, most: number, output: Output): Promise<Passed> {
  const { sales: _sales, totals: _totals, ...head } = comparison;
  await output.write(`${jsonLine(head).slice(0, -1)},"sales":[`);
  let first = true;
  const passed = await pass(comparison, most, (sale) => {
    const text = `${first ? "\n" : ",\n"}${jsonLine(asRow(sale))}`;
    first = false;
    return output.write(text);
  });
  await output.write(`${first ? "" : "\n"}],${jsonLine(passed.totals).slice(1)}\n`);
  return passed;
}

async function printSales(
  comparison: Comparison,
  most: number,
  format: "csv" | "ndjson",
  output: Output,
): Promise<Passed> {
  const { csvLines } = await import("./csv.ts");
  if (format === "ndjson")
    return pass(comparison, most, (sale) => output.write(`${jsonLine(asRow(sale))}\n`));
  await output.write(csvLines(saleColumns, [], output.terminal, "with a header"));
  return pass(comparison, most, (sale) =>
    output.write(csvLines(saleColumns, [withParents(sale, wholeList)], output.terminal)),
  );
}

/** Prints a comparison; gives its sums and the sales that differ most. */
export async function printComparison(
  comparison: Comparison,
  by: ComparedRows | undefined,
  format: Format,
  output: Output,
): Promise<Passed> {
  if (format === "json") return printJson(comparison, pageSales, output);
  if (format !== "table" && (by === undefined || by === "sale"))
    return printSales(comparison, pageSales, format, output);
  const passed = await pass(comparison, pageSales, () => undefined);
  if (format === "table") await printTable(comparison, by, passed, output);
  else await printTotals(by as Exclude<ComparedRows, "sale">, passed.totals, format, output);
  return passed;
}
