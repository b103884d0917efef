/** A report as a table, its first rows laid out together, the rest as they come. */
import type { Cell, ReportRow } from "../../reports/column.ts";
import type { FeeNotTaken, Report, ReportHeader } from "../../reports/body.ts";
import type { Output } from "../output.ts";
import { moneyDecimals, roundDecimal } from "./amount.ts";
import { forTerminal } from "./escape.ts";
import {
  headerLine,
  isRounded,
  layOut,
  rowLine,
  ruleLine,
  type Heading,
  type Layout,
} from "./table.ts";
import { joinParts, wrapWords } from "./wrap.ts";

/** Rows that a table's widths are taken from; a longer one may have a wider cell further down. */
const sampleRows = 1000;

/** `1 fill`, `2 fills`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The version and the cuts, as far as they say anything. */
export function viewParts(header: ReportHeader): string[] {
  const { version, method, scope, as_of: asOf, known_at: known, filters } = header;
  const waiting = header.not_yet_computed ?? 0;
  const policy = method === null ? "" : `, ${method}, scope ${scope}`;
  const stamp = known?.stamp.replace(/\.\d+Z$/, "Z");
  return [
    ...(version === null ? [] : [`version ${version}${policy}`]),
    ...(asOf === null ? [] : [`as of ${asOf}`]),
    ...(known === null ? [] : [`known at revision ${known.revision}, ${stamp}`]),
    ...(filters["tz"] === undefined ? [] : [`zone ${forTerminal(filters["tz"])}`]),
    ...(waiting === 0 ? [] : [`not yet computed: ${counted(waiting, "fact")}`]),
  ];
}

/** `only: symbol BTC-USD · account main`; nothing where there is nothing to say. */
function listed(word: string, parts: readonly string[], width: number | undefined): string {
  const [first, ...rest] = parts;
  return first === undefined ? "" : joinParts([`${word}: ${first}`, ...rest], width);
}

/** What the whole table says once: the view, the filters, and what every row has in common. */
function preamble(report: Report, layout: Layout, width: number | undefined): string {
  const filters = Object.entries(report.header.filters)
    .filter(([name]) => name !== "tz")
    .map(([name, value]) => `${name} ${forTerminal(value)}`);
  const constants = layout.constants.map(([name, value]) => `${name} ${value}`);
  return [
    `${report.title}\n`,
    joinParts(viewParts(report.header), width),
    listed("only", filters, width),
    listed("in every row", constants, width),
    "\n",
  ].join("");
}

const sumsOfComplete = ["realized_pnl", "proceeds", "net_proceeds", "cost_basis", "fees"];

/** A row whose slices are all incomplete has no PnL: a zero would look like one. */
function withoutEmptySums(row: ReportRow): ReportRow {
  const { allocations, incomplete_allocations: incomplete } = row;
  if (typeof allocations !== "number" || allocations === 0 || allocations !== incomplete)
    return row;
  const unknown = sumsOfComplete.filter((name) => name in row);
  return { ...row, ...Object.fromEntries(unknown.map((name) => [name, null])) };
}

/** A total as a row of the table: its amounts under the columns they sum. */
function totalRow(report: Report, columns: readonly Heading[], sums: ReportRow): ReportRow {
  const total = withoutEmptySums(sums);
  const row: Record<string, Cell> = {};
  for (const { name } of columns) {
    const from = report.totalNames?.[name] ?? name;
    const unknown = total[from] === null && sums[from] !== null;
    row[name] = unknown ? null : (total[from] ?? "");
  }
  const first = columns[0];
  if (first === undefined) return row;
  return { ...row, quote: "", [first.name]: `total ${String(total["quote"])}` };
}

/** What is not in the totals, and so must not be overlooked beside them. */
function incompleteLine({ name }: Report, totals: readonly ReportRow[]): string {
  // Where all rows are unmatched, the totals themselves are what is known of them.
  if (name === "unmatched") return "";
  const isLots = name === "lots";
  const parts = totals.flatMap((total) => {
    const count = total[isLots ? "incomplete_lots" : "incomplete_allocations"];
    if (typeof count !== "number" || count === 0) return [];
    const what = `${forTerminal(String(total["quote"]))} ${isLots ? "lot" : "allocation"}`;
    if (isLots) return [counted(count, what)];
    const proceeds = String(total["incomplete_proceeds"]);
    const shown = roundDecimal(proceeds, moneyDecimals([proceeds]));
    return [`${counted(count, what)}, net proceeds ${shown}`];
  });
  if (parts.length === 0) return "";
  const why = isLots
    ? "incomplete (a cost or a fee's value is missing), no cost basis"
    : "incomplete (a buy or a fee's value is missing), no PnL";
  return `${why}: ${parts.join(isLots ? ", " : "; ")}\n`;
}

function feeLine({ asset, amount, fills, without_value: unknown }: FeeNotTaken): string {
  const name = forTerminal(asset);
  const worth = unknown === 0 ? "" : `, ${unknown === fills ? "all" : unknown} of unknown worth`;
  return `fees in ${name}: ${amount} on ${counted(fills, "fill")}${worth}; no ${name} lot pays them\n`;
}

class TablePrinter {
  readonly #report: Report;
  readonly #output: Output;
  #layout: Layout | undefined;
  #rounded = false;

  constructor(report: Report, output: Output) {
    this.#report = report;
    this.#output = output;
  }

  async start(
    first: readonly ReportRow[],
    totals: readonly ReportRow[] | undefined,
  ): Promise<void> {
    const rows = first.map(withoutEmptySums);
    const { width } = this.#output.terminal;
    this.#layout = layOut(this.#report.columns, rows, {
      whole: totals !== undefined,
      room: width,
      totals: (columns) => (totals ?? []).map((total) => totalRow(this.#report, columns, total)),
    });
    await this.#output.write(preamble(this.#report, this.#layout, width));
    if (rows.length === 0) return;
    await this.#output.write(`${headerLine(this.#layout)}\n${ruleLine(this.#layout)}\n`);
    for (const row of rows) await this.#write(row);
  }

  row(row: ReportRow): Promise<void> {
    return this.#write(withoutEmptySums(row));
  }

  async #write(row: ReportRow): Promise<void> {
    this.#rounded ||= isRounded(this.#layout!, row);
    await this.#output.write(`${rowLine(this.#layout!, row, this.#output.terminal)}\n`);
  }

  async end(totals: readonly ReportRow[], count: number): Promise<void> {
    const layout = this.#layout!;
    const { terminal } = this.#output;
    if (count === 0) await this.#output.write("no rows\n");
    const shows = this.#report.totalColumns.some(({ name }) => name !== "quote");
    if (count > 0 && shows && totals.length > 0) {
      const columns = layout.lanes.map(({ heading }) => heading);
      const lines = totals.map((total) => totalRow(this.#report, columns, total));
      this.#rounded ||= lines.some((line) => isRounded(layout, line));
      const text = lines.map((line) => `${rowLine(layout, line, terminal)}\n`).join("");
      await this.#output.write(`${ruleLine(layout)}\n${text}`);
    }
    const notes = [
      incompleteLine(this.#report, totals),
      ...(this.#report.feesNotTaken ?? []).map(feeLine),
      this.#footer(),
    ].join("");
    if (notes !== "") await this.#output.write(`\n${wrapWords(notes, terminal.width)}`);
  }

  #footer(): string {
    const { leftOut } = this.#layout!;
    const rounded = this.#rounded ? ["amounts are rounded; --format json has them exactly"] : [];
    const left = leftOut.length > 0 ? [`no room for: ${leftOut.join(", ")}`] : [];
    return [...rounded, ...left].map((line) => `${line}\n`).join("");
  }
}

export async function printReportTable(report: Report, output: Output): Promise<void> {
  const printer = new TablePrinter(report, output);
  const sample: ReportRow[] = [];
  let count = 0;
  for await (const row of report.rows) {
    count += 1;
    if (count <= sampleRows) sample.push(row);
    if (count === sampleRows + 1) await printer.start(sample, undefined);
    if (count > sampleRows) await printer.row(row);
  }
  const totals = await report.totals();
  if (count <= sampleRows) await printer.start(sample, totals);
  await printer.end(totals, count);
}
