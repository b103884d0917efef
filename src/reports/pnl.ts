/**
 * `report pnl`: realized PnL by groups, always by quote asset too. One scan of the slices gives rows and
 * totals.
 */
import type { Connection } from "../store/database.ts";
import { column, selectList, toRow, type Column, type ReportRow } from "./column.ts";
import { readByCursor } from "./cursor.ts";
import { countFeesNotTaken } from "./fees-not-taken.ts";
import { Parameters } from "./parameters.ts";
import type { ReportBody } from "./body.ts";
import type { GroupKey, ReportRequest } from "./request.ts";
import { fromSlices, type Selection } from "./selection.ts";
import { mixedSumColumns, sliceSums, sumsOfSums } from "./sums.ts";
import { totalColumns } from "./totals.ts";

/** How a civil date names its period. */
export const periodFormats = { day: "YYYY-MM-DD", week: 'IYYY-"W"IW', month: "YYYY-MM" } as const;

const ofPeriod = (period: keyof typeof periodFormats): string =>
  `to_char(part.day, '${periodFormats[period]}')`;

/** A group's expression over the books and the narrow sums. */
const groupExpressions: Record<Exclude<GroupKey, "quote">, string> = {
  symbol: "book.symbol",
  portfolio: "book.portfolio",
  account: "part.account",
  venue: "part.venue",
  strategy: "part.strategy",
  day: ofPeriod("day"),
  week: ofPeriod("week"),
  month: ofPeriod("month"),
};

const periods: ReadonlySet<GroupKey> = new Set(["day", "week", "month"]);
const ofSale: readonly GroupKey[] = ["account", "venue", "strategy"];

/** The civil date of a close: the finest grain of all periods, summed by first. `time` is a column. */
export function civilDate(
  selection: Selection,
  parameters: Parameters,
  time = "slice.closed_at",
): string {
  const { tz } = selection.view;
  if (tz === "UTC") return `date '1970-01-01' + (${time} / 86400000000000)::integer`;
  // Whole seconds: no zone of the tables changes within one, and a double holds them exactly.
  const second = `to_timestamp(${time} / 1000000000)`;
  return `(${second} AT TIME ZONE ${parameters.add(tz)}::text)::date`;
}

function statement(
  selection: Selection,
  parameters: Parameters,
  keys: readonly Exclude<GroupKey, "quote">[],
): string {
  const sale = ofSale.filter((key) => keys.includes(key as Exclude<GroupKey, "quote">));
  const narrow = [
    "slice.book_id",
    ...sale.map((key) => `sale.${key}`),
    ...(keys.some((key) => periods.has(key)) ? [`${civilDate(selection, parameters)} AS day`] : []),
  ];
  const places = narrow.map((_, index) => index + 1).join(", ");
  const slices = fromSlices(selection, parameters, {
    sale: sale.length > 0,
    lot: selection.openingLots,
  });
  const groups = keys.map((key) => `${groupExpressions[key]} AS ${key}, `).join("");
  const groupPlaces = [...keys, "quote"].map((_, index) => index + 1).join(", ");
  const list = selectList([...keys.map((key) => column(key, "text", 0)), ...totalColumns]);
  const order = keys.map((key) => `${key} COLLATE "C" NULLS FIRST, `).join("");
  return `WITH part AS (
    SELECT ${narrow.join(", ")}, ${sliceSums(selection)}
    ${slices}
    GROUP BY ${places}
  ), grouped AS MATERIALIZED (
    SELECT ${groups}book.quote_asset, ${sumsOfSums},
      min(book.symbol) AS first_symbol, max(book.symbol) AS last_symbol
    FROM part JOIN books book USING (book_id) GROUP BY ${groupPlaces}
  ), total AS (
    SELECT quote_asset, ${sumsOfSums}, min(first_symbol) AS first_symbol, max(last_symbol) AS last_symbol
    FROM grouped GROUP BY quote_asset
  )
  SELECT * FROM (
    SELECT false AS is_total, ${list} FROM grouped
    UNION ALL
    SELECT true, ${keys.map(() => "NULL, ").join("")}${selectList(totalColumns)} FROM total
  ) line ORDER BY is_total, ${order}quote COLLATE "C"`;
}

export async function pnl(
  connection: Connection,
  selection: Selection,
  request: ReportRequest,
): Promise<ReportBody> {
  const groupBy = request.groupBy ?? ["symbol"];
  const keys = groupBy.filter((key) => key !== "quote");
  const columns: readonly Column[] = [
    ...keys.map((key) => column(key, periods.has(key) ? "name" : "text", 0)),
    // A symbol ends with its quote asset.
    column("quote", "text", keys.includes("symbol") ? 9 : 0),
    ...mixedSumColumns,
  ];
  const totals: ReportRow[] = [];
  const feesNotTaken = await countFeesNotTaken(connection, selection);
  async function* readRows(): AsyncGenerator<ReportRow> {
    const parameters = new Parameters();
    const text = statement(selection, parameters, keys);
    for await (const row of readByCursor<Record<string, unknown>>(connection, text, parameters)) {
      if (row["is_total"] === true) totals.push(toRow(totalColumns, row));
      else yield toRow(columns, row);
    }
  }
  return {
    key: "rows",
    title: `Realized PnL by ${groupBy.join(", ")}`,
    columns,
    rows: readRows(),
    totalColumns,
    totals: async () => totals,
    groupBy,
    feesNotTaken,
  };
}
