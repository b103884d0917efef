/** A diff in the format asked for: its causes first, then the sales. Written book by book, as it comes. */
import type { BookDiff, Diff, DiffEnd } from "../../diff/diff.ts";
import type { CauseRow, SaleRow } from "../../diff/rows.ts";
import type { ReportRow } from "../../reports/column.ts";
import type { Output } from "../output.ts";
import type { Format } from "../session.ts";
import { forTerminal } from "./escape.ts";
import { heading } from "./records.ts";
import { jsonLine } from "./report.ts";
import { headerLine, type Heading, layOut, rowLine, ruleLine } from "./table.ts";
import { joinParts } from "./wrap.ts";

export type DiffRows = "cause" | "sale";

export interface Disagreement {
  readonly portfolio: string;
  readonly symbol: string;
  readonly end: "before" | "after";
}

/** Rows of a table that shows causes and sales both; `--by` shows all of one. */
const shownAtMost = 40;

const causeColumns = [
  heading("symbol", "text"),
  heading("cause", "text"),
  heading("sales", "count", 1),
  heading("pnl_change", "gain"),
  heading("quote", "text", 3),
  { ...heading("portfolio", "text", 2), quiet: true },
  heading("kind", "name", 9),
  heading("entry", "count", 9),
  heading("recorded_at", "name", 9),
  heading("source", "text", 9),
];

const saleColumns = [
  heading("symbol", "text"),
  heading("close_fill_id", "text"),
  heading("closed_at", "time", 6),
  heading("pnl_before", "gain", 1),
  heading("pnl_after", "gain", 1),
  heading("pnl_change", "gain"),
  heading("quote", "text", 5),
  { ...heading("unmatched_before", "quantity", 7), quiet: true },
  { ...heading("unmatched_after", "quantity", 7), quiet: true },
  { ...heading("incomplete_before", "quantity", 8), quiet: true },
  { ...heading("incomplete_after", "quantity", 8), quiet: true },
  heading("lots_before", "text", 4),
  heading("lots_after", "text", 4),
  heading("portfolio", "text", 9),
  heading("venue", "text", 9),
  heading("account", "text", 9),
  heading("revision", "count", 9),
];

function causeRow({ portfolio, symbol, quote }: BookDiff, cause: CauseRow): ReportRow {
  const { text, kind, entry, recorded_at: recordedAt, source, sales, pnl_change: change } = cause;
  return {
    symbol,
    cause: text,
    sales,
    pnl_change: change,
    quote,
    portfolio,
    kind,
    entry,
    recorded_at: recordedAt,
    source,
  };
}

/** Quantities that are 0 at both ends say nothing. */
const unlessZero = (quantity: string | undefined): string | null =>
  quantity === undefined || quantity === "0" ? null : quantity;

/** `10 of b1, 2 of b2`; the unmatched part is in a column of its own. */
function lotsText(end: SaleRow["before"]): string | null {
  const lots = end?.lots.filter(({ open_fill_id: id }) => id !== null) ?? [];
  if (lots.length === 0) return null;
  const [first, second, ...more] = lots.map(
    ({ quantity, open_fill_id: id }) => `${quantity} of ${id}`,
  );
  const shown = second === undefined ? first! : `${first}, ${second}`;
  return more.length === 0 ? shown : `${shown} and ${more.length} more`;
}

function saleRow({ portfolio, symbol, quote }: BookDiff, sale: SaleRow): ReportRow {
  const { before, after, close_fill_id: id, closed_at: at, venue, account, revision } = sale;
  return {
    symbol,
    close_fill_id: id,
    closed_at: at,
    pnl_before: before?.pnl ?? null,
    pnl_after: after?.pnl ?? null,
    pnl_change: sale.pnl_change,
    quote,
    unmatched_before: unlessZero(before?.unmatched_quantity),
    unmatched_after: unlessZero(after?.unmatched_quantity),
    incomplete_before: unlessZero(before?.incomplete_quantity),
    incomplete_after: unlessZero(after?.incomplete_quantity),
    lots_before: lotsText(before),
    lots_after: lotsText(after),
    portfolio,
    venue,
    account,
    revision,
  };
}

const sectionOf = {
  cause: {
    title: "Causes, in the order they were applied",
    columns: causeColumns,
    rows: (book: BookDiff) => book.causes.map((cause) => causeRow(book, cause)),
  },
  sale: {
    title: "Sales",
    columns: saleColumns,
    rows: (book: BookDiff) => book.sales.map((sale) => saleRow(book, sale)),
  },
};

/** Most people have one portfolio: its column appears where there is another. */
const withoutDefault = (row: ReportRow): ReportRow =>
  row["portfolio"] === "default" ? { ...row, portfolio: null } : row;

/** A table that has all its rows: columns that say nothing are left out. */
function wholeTable(
  columns: readonly Heading[],
  rows: readonly ReportRow[],
  output: Output,
): string {
  const layout = layOut(columns, rows, { whole: true, room: output.terminal.width });
  const lines = [headerLine(layout), ruleLine(layout)];
  for (const row of rows) lines.push(rowLine(layout, row, output.terminal));
  return lines.map((line) => `${line}\n`).join("");
}

const endText = ({ version, method, scope, known_at: known }: DiffEnd): string => {
  const stamp = known.stamp.replace(/\.\d+Z$/, "Z");
  return `version ${version}, ${method}, scope ${scope}, known at revision ${known.revision}, ${stamp}`;
};

/** What is counted while books pass. */
class Counts {
  facts = 0;
  readonly found = { cause: 0, sale: 0 };
  readonly disagreements: Disagreement[] = [];

  add({ portfolio, symbol, facts, causes, sales, disagrees }: BookDiff): void {
    this.facts += facts;
    this.found.cause += causes.length;
    this.found.sale += sales.length;
    for (const end of disagrees) this.disagreements.push({ portfolio, symbol, end });
  }
}

async function printJson(diff: Diff, output: Output, counts: Counts): Promise<void> {
  const { before, after, filters, books, totals } = diff;
  await output.write(`${jsonLine({ before, after, filters }).slice(0, -1)},"books":[`);
  let first = true;
  for await (const book of books) {
    await output.write(`${first ? "\n" : ",\n"}${jsonLine(book)}`);
    counts.add(book);
    first = false;
  }
  const rest = { totals: totals(), agrees: counts.disagreements.length === 0 };
  await output.write(`${first ? "" : "\n"}],${jsonLine(rest).slice(1)}\n`);
}

async function printLines(
  diff: Diff,
  by: DiffRows,
  format: "csv" | "ndjson",
  output: Output,
  counts: Counts,
): Promise<void> {
  const { columns, rows } = sectionOf[by];
  const { csvLines } = await import("./csv.ts");
  if (format === "csv") await output.write(csvLines(columns, [], output.terminal, "with a header"));
  for await (const book of diff.books) {
    counts.add(book);
    const { portfolio, symbol, quote } = book;
    if (format === "csv") await output.write(csvLines(columns, rows(book), output.terminal));
    else {
      for (const row of by === "cause" ? book.causes : book.sales)
        await output.write(`${jsonLine({ portfolio, symbol, quote, ...row })}\n`);
    }
  }
}

/** The end of a table: how many sales, and what they add up to. */
function totalLines(diff: Diff, { facts, found }: Counts): string {
  const of = facts === 0 ? "" : `facts between the two   ${facts}, of which `;
  const causes = facts === 0 ? "" : `${of}${found.cause} changed a sale\n`;
  const totals = diff
    .totals()
    .map((total) => `${total.pnl_change} ${forTerminal(total.quote)}`)
    .join(", ");
  return (
    `change of realized PnL  ${totals === "" ? "none" : totals}: exact, and what the causes add up to\n` +
    `sales changed           ${found.sale}\n${causes}`
  );
}

async function printTable(
  diff: Diff,
  by: DiffRows | undefined,
  output: Output,
  counts: Counts,
): Promise<void> {
  const asked: readonly DiffRows[] = by === undefined ? ["cause", "sale"] : [by];
  const most = by === undefined ? shownAtMost : Infinity;
  const shown: Record<DiffRows, ReportRow[]> = { cause: [], sale: [] };
  for await (const book of diff.books) {
    counts.add(book);
    for (const what of asked) {
      const room = most - shown[what].length;
      const rows = room > 0 ? sectionOf[what].rows(book).slice(0, room) : [];
      for (const row of rows) shown[what].push(withoutDefault(row));
    }
  }
  const filters = Object.entries(diff.filters).map(
    ([name, value]) => `${name} ${forTerminal(value)}`,
  );
  await output.write(`What changed\nfrom  ${endText(diff.before)}\nto    ${endText(diff.after)}\n`);
  if (filters.length > 0)
    await output.write(
      joinParts([`only: ${filters[0]}`, ...filters.slice(1)], output.terminal.width),
    );
  await output.write("\n");
  for (const what of asked) {
    const rows = shown[what];
    if (rows.length === 0) continue;
    const { title, columns } = sectionOf[what];
    const left = counts.found[what] - rows.length;
    const more = left > 0 ? `… ${left} more: --by ${what} shows all\n` : "";
    await output.write(`${title}\n${wholeTable(columns, rows, output)}${more}\n`);
  }
  await output.write(totalLines(diff, counts));
}

/** Prints a diff; gives the books whose stored conclusions are not what the facts give. */
export async function printDiff(
  diff: Diff,
  by: DiffRows | undefined,
  format: Format,
  output: Output,
): Promise<readonly Disagreement[]> {
  const counts = new Counts();
  if (format === "table") await printTable(diff, by, output, counts);
  else if (format === "json") await printJson(diff, output, counts);
  else await printLines(diff, by ?? "cause", format, output, counts);
  return counts.disagreements;
}
