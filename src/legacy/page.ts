/** A comparison as one page of HTML: nothing is loaded, nothing runs, and it prints. */
import { Exact } from "../explain/exact.ts";
import { type Cause, causes } from "./cause.ts";
import type { ComparedSale, Comparison } from "./compare.ts";
import type { ComparedTotal, ComparedTotals } from "./totals.ts";

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text from outside, for HTML: nothing in it is markup, and nothing hides or turns the line around. */
export function forPage(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => escapes[character]!)
    .replaceAll(
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
      (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
    );
}

/** Rounded for reading, half away from zero, thousands apart: `−1 040.66`. */
function shownAmount(text: string, decimals: number): string {
  const { units, scale } = Exact.of(text);
  const power = 10n ** BigInt(scale);
  const unit = 10n ** BigInt(decimals);
  const size = units < 0n ? -units : units;
  const rounded = (2n * size * unit + power) / (2n * power);
  const sign = units < 0n && rounded > 0n ? "−" : "";
  const whole = (rounded / unit).toString().replaceAll(/\B(?=(?:\d{3})+$)/g, "\u2009");
  return `${sign}${whole}.${(rounded % unit).toString().padStart(decimals, "0")}`;
}

const tableDecimals = 6;
const figureDecimals = 2;

/** The exact amount is in the cell's title. */
function amountCell(text: string | null): string {
  if (text === null) return '<td class="number">–</td>';
  const shown = shownAmount(text, tableDecimals);
  const loss = shown.startsWith("−") ? " loss" : "";
  return `<td class="number${loss}" title="${forPage(text)}">${shown}</td>`;
}

const textCell = (text: string): string => `<td>${forPage(text)}</td>`;

const idsCell = (ids: readonly string[]): string => {
  const shown = ids.slice(0, 3).map((id) => `<span class="id">${forPage(id)}</span>`);
  const more = ids.length > 3 ? ` and ${ids.length - 3} more` : "";
  return `<td>${ids.length === 0 ? "–" : shown.join(" ") + more}</td>`;
};

const numbers: ReadonlySet<string> = new Set(
  "Sales,Old PnL,New PnL,Difference,Old cost,New cost,Size".split(","),
);

/** Rows are cells already; `kind` is the table's class. */
function table(kind: "sums" | "sales", heads: readonly string[], rows: readonly string[]): string {
  const cells = heads.map(
    (head) => `<th${numbers.has(head) ? ' class="number"' : ""}>${head}</th>`,
  );
  const body = rows.map((row) => `<tr>${row}</tr>\n`).join("");
  return `<table class="${kind}">
<thead><tr>${cells.join("")}</tr></thead>
<tbody>
${body}</tbody>
</table>`;
}

function sumTable(name: string, rows: readonly (readonly [string, ComparedTotal])[]): string {
  const lines = rows.map(
    ([key, { quote, sales, old_pnl: old, new_pnl: computed, difference }]) =>
      textCell(key) +
      `<td class="number">${sales}</td>` +
      [old, computed, difference].map(amountCell).join("") +
      textCell(quote),
  );
  return table("sums", [name, "Sales", "Old PnL", "New PnL", "Difference", "Quote"], lines);
}

function saleTable(sales: readonly ComparedSale[]): string {
  const heads = ["Sale", "Time (UTC)", "Size", "Cause", "Old PnL", "New PnL", "Difference"];
  const rows = sales.map(
    (sale) =>
      `<td>${forPage(sale.symbol)}<br><span class="id">${forPage(sale.order_id)}</span></td>` +
      textCell(sale.closed_at.slice(0, 19).replace("T", " ")) +
      `<td class="number">${forPage(sale.size)}</td>` +
      `<td class="short">${sale.cause}</td>` +
      [sale.old_pnl, sale.new_pnl, sale.difference, sale.old_cost, sale.new_cost]
        .map(amountCell)
        .join("") +
      idsCell(sale.old_parents) +
      idsCell(sale.new_parents),
  );
  const more = ["Old cost", "New cost", "Old parents", "New parents"];
  return table("sales", [...heads, ...more], rows);
}

/** What each cause means, for someone who has not read the specification. */
const meanings: Readonly<Record<Cause, string>> = {
  "consumed parent reused":
    "the old system matched the sale to a buy that earlier sales had already used up",
  "parent not the FIFO one": "the buy had quantity left, but an older one was to be used first",
  "stale parent id": "the parent is no buy of this book, or none is named",
  "cost scaled wrongly": "the right buy, but not the cost of the part that was sold",
  "fee missing or twice": "a fee was left out, or counted twice",
  "PnL missing": "the old system never stated a result",
  "float rounding only": "the digits that a floating-point number loses",
  "unmatched in the new": "no buy on record covers all of the sale, so part of it has no result",
  correct: "both agree",
  unexplained: "none of the above: a person should look",
};

const style = `
  :root { color-scheme: light; }
  body { font: 15px/1.45 system-ui, sans-serif; color: #1d2430; background: #fff;
    margin: 2.5rem auto; max-width: 78rem; padding: 0 1.5rem; }
  h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
  h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; }
  p { margin: .3rem 0; }
  .quiet { color: #5b6472; }
  .figures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.2rem 0 .5rem; }
  .figure { border: 1px solid #d9dee6; border-radius: 6px; padding: .7rem 1rem; min-width: 11rem; }
  .figure b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere; }
  table { border-collapse: collapse; width: 100%; font-size: .92em; }
  th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e4e8ee; vertical-align: top; }
  thead th { border-bottom: 2px solid #aab3c0; white-space: nowrap; }
  th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  p.number { overflow-wrap: anywhere; }
  td.loss { color: #a8211b; }
  td.short { white-space: nowrap; }
  table.sales { font-size: .82em; }
  table.sales td:first-child { min-width: 9.5rem; }
  .id { font-family: ui-monospace, monospace; font-size: .88em; overflow-wrap: anywhere; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
  dt { font-weight: 600; }
  dd { margin: 0; }
  @media print {
    @page { size: A4 landscape; margin: 12mm; }
    body { margin: 0; max-width: none; font-size: 10px; padding: 0; }
    thead { display: table-header-group; }
    tr, .figure { break-inside: avoid; }
  }
`;

const figure = (name: string, value: string): string =>
  `<div class="figure">${forPage(name)}<b>${forPage(value)}</b></div>`;

/** A line of figures for each quote asset, and the exact ones below it. */
function figures({ totals }: ComparedTotals): string {
  return totals
    .map(({ quote, sales, old_pnl: old, new_pnl: computed, difference }) => {
      const all = [
        figure(`Sales in ${quote}`, sales.toString()),
        figure("Old PnL", shownAmount(old, figureDecimals)),
        figure("New PnL", shownAmount(computed, figureDecimals)),
        figure("Difference, new less old", shownAmount(difference, figureDecimals)),
      ];
      const exact = `Exactly: old ${old}, new ${computed}, difference ${difference} ${forPage(quote)}.`;
      return `<div class="figures">${all.join("")}</div>\n<p class="quiet number">${exact}</p>`;
    })
    .join("\n");
}

type Head = Pick<
  Comparison,
  "version" | "method" | "scope" | "known_at" | "filters" | "without_slices"
>;

function headLine({ version, method, scope, known_at: known, filters }: Head): string {
  const only = Object.entries(filters).map(([name, value]) => `${name} ${value}`);
  const stamp = known.stamp.slice(0, 19).replace("T", " ");
  return forPage(
    `Version ${version}, ${method}, scope ${scope}, known at revision ${known.revision}, ${stamp} UTC.` +
      (only.length === 0 ? "" : ` Only: ${only.join(", ")}.`),
  );
}

function lastLine(without: number): string {
  const left =
    without === 0 ? "" : ` ${without} old sales are voided or not computed yet, and are left out.`;
  return (
    "Amounts in tables are rounded to six decimals; the exact ones are in the cells' titles, and those " +
    `of the totals at the top.${left}`
  );
}

/** The page; `worst` are the sales to show, those that differ most first. */
export function comparisonPage(
  head: Head,
  totals: ComparedTotals,
  worst: readonly ComparedSale[],
): string {
  const sales = totals.by_cause.reduce((sum, row) => sum + row.sales, 0);
  const found = new Set(totals.by_cause.map(({ cause }) => cause));
  const named = causes.filter((cause) => found.has(cause));
  const legend = named.map((cause) => `<dt>${cause}</dt><dd>${meanings[cause]}</dd>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
<p class="quiet">${headLine(head)}</p>
${figures(totals)}
<h2>Why they differ</h2>
${sumTable(
  "Cause",
  totals.by_cause.map((row) => [row.cause, row]),
)}
<p class="quiet">Each sale has one cause, so these differences add up to the total, to the last digit.</p>
<dl>
${legend.join("\n")}
</dl>
<h2>By symbol</h2>
${sumTable(
  "Symbol",
  totals.by_symbol.map((row) => [row.symbol, row]),
)}
<h2>By month</h2>
${sumTable(
  "Month",
  totals.by_month.map((row) => [row.month, row]),
)}
<h2>Sales that differ most</h2>
<p class="quiet">${worst.length} of ${sales} sales. All: <code>lotbook legacy compare --format csv</code>.</p>
${saleTable(worst)}
<p class="quiet">${lastLine(head.without_slices)}</p>
</body>
</html>
`;
}

const title = "The old system beside what is computed";
