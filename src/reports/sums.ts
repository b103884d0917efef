/**
 * The sums over slices that pnl, trades, orders and every report's totals share, so that no two of them
 * can disagree. They are built in two steps, a narrow one over the slices and one over its groups: sums
 * are exact, so the steps change nothing.
 */
import { column, quiet, type Column } from "./column.ts";
import type { Parameters } from "./parameters.ts";
import { fromSlices, type Selection } from "./selection.ts";

/** Sums over slices. Complete slices (missing = 0) are kept apart from the rest. */
export function sliceSums(selection: Selection): string {
  // The cost of an opening lot stands in the place of its fee, but is none.
  const openFee = selection.openingLots
    ? "sum(slice.open_fee) FILTER (WHERE slice.missing = 0 AND lot.entry IS NULL)"
    : "sum(slice.open_fee) FILTER (WHERE slice.missing = 0)";
  const fromLots = selection.openingLots
    ? "sum(slice.quantity) FILTER (WHERE lot.entry IS NOT NULL)"
    : "NULL::numeric";
  return `sum(slice.pnl) FILTER (WHERE slice.missing = 0) AS pnl,
    sum(slice.proceeds) FILTER (WHERE slice.missing = 0) AS proceeds,
    sum(slice.cost_basis) FILTER (WHERE slice.missing = 0) AS cost_basis,
    ${openFee} AS open_fees,
    sum(slice.close_fee) FILTER (WHERE slice.missing = 0) AS close_fees,
    sum(slice.quantity) FILTER (WHERE slice.open_entry IS NOT NULL) AS closed,
    sum(slice.quantity) FILTER (WHERE slice.open_entry IS NULL) AS unmatched,
    ${fromLots} AS from_lots,
    sum(slice.proceeds - slice.close_fee) FILTER (WHERE slice.missing <> 0) AS incomplete_proceeds,
    count(*) AS slices,
    count(*) FILTER (WHERE slice.missing <> 0) AS incomplete`;
}

/** Sums of such sums. */
export const sumsOfSums = `sum(pnl) AS pnl, sum(proceeds) AS proceeds, sum(cost_basis) AS cost_basis,
    sum(open_fees) AS open_fees, sum(close_fees) AS close_fees, sum(closed) AS closed,
    sum(unmatched) AS unmatched, sum(from_lots) AS from_lots, sum(incomplete_proceeds) AS incomplete_proceeds,
    sum(slices)::bigint AS slices, sum(incomplete)::bigint AS incomplete`;

const money = [
  column("realized_pnl", "gain", 0, "coalesce(pnl, 0)"),
  column("proceeds", "money", 3, "coalesce(proceeds, 0)"),
  column("net_proceeds", "money", 1, "coalesce(proceeds, 0) - coalesce(close_fees, 0)"),
  column("cost_basis", "money", 1, "coalesce(cost_basis, 0)"),
  column("fees", "money", 2, "coalesce(open_fees, 0) + coalesce(close_fees, 0)"),
];
const rest = [
  quiet("incomplete_proceeds", "money", 2, "coalesce(incomplete_proceeds, 0)"),
  column("allocations", "count", 9, "slices"),
  quiet("incomplete_allocations", "count", 9, "incomplete"),
  column("complete", "flag", 9, "incomplete = 0"),
];

/** The columns over groups of one instrument. */
export const sumColumns: readonly Column[] = [
  ...money,
  column("closed_quantity", "quantity", 2, "coalesce(closed, 0)"),
  quiet("unmatched_quantity", "quantity", 1, "coalesce(unmatched, 0)"),
  quiet("opening_lot_quantity", "quantity", 3, "coalesce(from_lots, 0)"),
  ...rest,
];

/** The same over groups that may hold several: quantities of different assets have no sum. */
export const mixedSumColumns: readonly Column[] = [
  ...money,
  quiet(
    "closed_quantity",
    "quantity",
    2,
    "CASE WHEN first_symbol = last_symbol THEN coalesce(closed, 0) END",
  ),
  quiet(
    "unmatched_quantity",
    "quantity",
    1,
    "CASE WHEN first_symbol = last_symbol THEN coalesce(unmatched, 0) END",
  ),
  quiet(
    "opening_lot_quantity",
    "quantity",
    3,
    "CASE WHEN first_symbol = last_symbol THEN coalesce(from_lots, 0) END",
  ),
  ...rest,
];

/** The statement of a selection's totals: a row a quote asset. */
export function totalsStatement(
  selection: Selection,
  parameters: Parameters,
  list: string,
  condition = "true",
): string {
  return `WITH part AS (
    SELECT slice.book_id, ${sliceSums(selection)}
    ${fromSlices(selection, parameters, { sale: false, lot: selection.openingLots })} AND ${condition}
    GROUP BY slice.book_id
  ), total AS (
    SELECT quote_asset, min(symbol) AS first_symbol, max(symbol) AS last_symbol, ${sumsOfSums}
    FROM part JOIN books USING (book_id) GROUP BY quote_asset
  )
  SELECT ${list} FROM total ORDER BY quote_asset`;
}
