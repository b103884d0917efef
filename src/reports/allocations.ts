/** `report allocations`: a row a slice, in ledger order of the closing fill. */
import type { Connection } from "../store/database.ts";
import { column, quiet, selectList, toRow, type Column, type ReportRow } from "./column.ts";
import { readByCursor } from "./cursor.ts";
import { Parameters } from "./parameters.ts";
import type { ReportBody } from "./body.ts";
import { inRange, inView, ofFill, type Selection } from "./selection.ts";
import { sliceTotals, totalColumns } from "./totals.ts";

const missing = `array_remove(ARRAY[
  CASE WHEN slice.missing & 1 <> 0 THEN 'opening cost' END,
  CASE WHEN slice.missing & 2 <> 0 THEN 'closing fee value' END,
  CASE WHEN slice.missing & 4 <> 0 THEN 'unmatched' END], NULL)`;

/** What opened: a fill, or quantity from before the recorded history. `buy` and `lot` are joined. */
export const openKind = `CASE WHEN lot.entry IS NOT NULL THEN 'opening lot'
  WHEN buy.entry IS NOT NULL THEN 'fill' END`;

const columns: readonly Column[] = [
  column("portfolio", "text", 5, "book.portfolio"),
  column("venue", "text", 6, "sale.venue"),
  column("account", "text", 5, "sale.account"),
  column("open_venue", "text", 9, "coalesce(buy.venue, lot.venue)"),
  column("open_account", "text", 7, "coalesce(buy.account, lot.account)"),
  column("symbol", "text", 0, "book.symbol"),
  column("quote", "text", 9, "book.quote_asset"),
  column("direction", "name", 9, "'long'"),
  column("close_fill_id", "text", 0, "sale.fill_id"),
  column("close_order_id", "text", 9, "sale.order_id"),
  quiet("strategy", "text", 7, "sale.strategy"),
  column("open_fill_id", "text", 0, "coalesce(buy.fill_id, lot.lot_key)"),
  column("open_order_id", "text", 9, "buy.order_id"),
  quiet("opening_lot", "flag", 2, "lot.entry IS NOT NULL"),
  column("open_kind", "name", 9, openKind),
  column("open_note", "text", 9, "lot.note"),
  column("quantity", "quantity", 0, "slice.quantity"),
  column("open_price", "price", 2, "buy.price"),
  column("close_price", "price", 2, "sale.price"),
  quiet("open_fee", "money", 4, "slice.open_fee"),
  quiet("close_fee", "money", 4, "slice.close_fee"),
  column("cost_basis", "money", 1, "slice.cost_basis"),
  column("proceeds", "money", 5, "slice.proceeds"),
  column("net_proceeds", "money", 1, "slice.proceeds - slice.close_fee"),
  column("pnl", "gain", 0, "slice.pnl"),
  column("complete", "flag", 9, "slice.missing = 0"),
  quiet("missing", "names", 3, missing),
  column("opened_at", "time", 3, "slice.opened_at"),
  column("closed_at", "time", 1, "slice.closed_at"),
];

/** The ledger order of closing fills, books by name where times are equal. `sale` and `book` are joined. */
export const saleOrder = `book.portfolio, book.symbol, sale.sequence IS NOT NULL, sale.venue, sale.account,
  sale.sequence, sale.fill_id, sale.revision`;

/** The statement of the slices of a selection. */
export function slicesStatement(
  selection: Selection,
  parameters: Parameters,
  list: string,
  condition = "true",
): string {
  return `SELECT ${list}
    FROM allocations slice
    JOIN books book ON book.book_id = slice.book_id
    JOIN fills sale ON sale.book_id = slice.book_id AND sale.entry = slice.close_entry
    LEFT JOIN fills buy ON buy.book_id = slice.book_id AND buy.entry = slice.open_entry
    LEFT JOIN opening_lots lot ON lot.book_id = slice.book_id AND lot.entry = slice.open_entry
    WHERE ${inView(selection, parameters, "slice")} AND ${inRange(selection, parameters, "slice.closed_at")}
      AND ${ofFill(selection, parameters, { account: "sale.account", strategy: "sale.strategy" })}
      AND ${condition}
    ORDER BY slice.closed_at, ${saleOrder}, slice.slice`;
}

async function* readRows(connection: Connection, selection: Selection): AsyncGenerator<ReportRow> {
  const parameters = new Parameters();
  const text = slicesStatement(selection, parameters, selectList(columns));
  for await (const row of readByCursor<Record<string, unknown>>(connection, text, parameters))
    yield toRow(columns, row);
}

export function allocations(connection: Connection, selection: Selection): ReportBody {
  return {
    key: "allocations",
    title: "Allocations",
    columns,
    rows: readRows(connection, selection),
    totalColumns,
    totals: () => sliceTotals(connection, selection),
    totalNames: { pnl: "realized_pnl" },
  };
}
