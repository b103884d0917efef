/** A report as a table, its first rows laid out together, the rest as they come. */
import type { Cell, ReportRow } from "../../reports/column.ts";
import type { FeeNotTaken, Report, ReportHeader } from "../../reports/report.ts";
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
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function viewParts(header: ReportHeader): string[] {
  const { version, method, scope, known_at: known, not_yet_computed: waiting } = header;
  return [
    ...(version === null ? [] : [`version ${version}`]),
    ...(method === null ? [] : [`${method}, scope ${scope}`]),
    `as of: ${header.as_of ?? "all"}`,
    ...(known === null ? [] : [`known at: revision ${known.revision}, ${known.stamp}`]),
    ...(waiting === null ? [] : [`not yet computed: ${counted(waiting, "fact")}`]),
  ];
}

/** What the whole table says once: the view, the filters, and what every row has in common. */
function preamble(report: Report, layout: Layout, width: number | undefined): string {
  const filters = Object.entries(report.header.filters).map(
    ([name, value]) => `${name} ${forTerminal(value)}`,
  );
  const constants = layout.constants.map(([name, value]) => `${name} ${value}`);
  return [
    `${report.title}\n`,
    joinParts(viewParts(report.header), width),
    filters.length > 0 ? joinParts(["only", ...filters], width) : "",
    constants.length > 0 ? joinParts(["in every row", ...constants], width) : "",
    "\n",
  ].join("");
}

/** A total as a row of the table: its amounts under the columns they sum. */
function totalRow(report: Report, columns: readonly Heading[], total: ReportRow): ReportRow {
  const row: Record<string, Cell> = {};
  for (const { name } of columns) row[name] = total[report.totalNames?.[name] ?? name] ?? "";
  const first = columns[0];
  if (first !== undefined) row[first.name] = `total ${String(total["quote"])}`;
  return row;
}

/** What is not in the totals, and so must not be overlooked beside them. */
function incompleteLine(total: ReportRow): string {
  const quote = forTerminal(String(total["quote"]));
  const apart = "incomplete, apart from the total:";
  const lots = total["incomplete_lots"];
  if (typeof lots === "number" && lots > 0)
    return `${apart} ${counted(lots, `${quote} lot`)} of unknown cost\n`;
  const slices = total["incomplete_allocations"];
  if (typeof slices !== "number" || slices === 0) return "";
  const proceeds = String(total["incomplete_proceeds"]);
  const shown = roundDecimal(proceeds, moneyDecimals([proceeds]));
  return `${apart} ${counted(slices, `${quote} allocation`)}, known net proceeds ${shown}, no PnL\n`;
}

function feeLine(fee: FeeNotTaken): string {
  const valued = fee.without_value === 0 ? "" : `, ${fee.without_value} of them without a value`;
  const amount = `${fee.amount} ${forTerminal(fee.asset)} of fees`;
  return `not taken from lots: ${amount} on ${counted(fee.fills, "fill")}${valued}\n`;
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

  async start(rows: readonly ReportRow[], totals: readonly ReportRow[] | undefined): Promise<void> {
    const { width } = this.#output.terminal;
    this.#layout = layOut(this.#report.columns, rows, {
      whole: totals !== undefined,
      room: width,
      totals: (columns) => (totals ?? []).map((total) => totalRow(this.#report, columns, total)),
    });
    await this.#output.write(preamble(this.#report, this.#layout, width));
    if (rows.length === 0) return;
    await this.#output.write(`${headerLine(this.#layout)}\n${ruleLine(this.#layout)}\n`);
    for (const row of rows) await this.row(row);
  }

  async row(row: ReportRow): Promise<void> {
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
    const notes = totals.map(incompleteLine).join("") + this.#fees() + this.#footer();
    if (notes !== "") await this.#output.write(`\n${wrapWords(notes, terminal.width)}`);
  }

  #fees(): string {
    return (this.#report.feesNotTaken ?? []).map(feeLine).join("");
  }

  #footer(): string {
    const { leftOut } = this.#layout!;
    const rounded = this.#rounded
      ? ["amounts are rounded here; --format json gives them exactly"]
      : [];
    const left = leftOut.length > 0 ? [`no room for: ${leftOut.join(", ")}`] : [];
    return joinParts([...rounded, ...left], this.#output.terminal.width);
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
