/** `report trades`: a row a closing fill, in ledger order. */
import type { Connection } from "../store/database.ts";
import { saleOrder } from "./allocations.ts";
import { column, quiet, selectList, toRow, type Column, type ReportRow } from "./column.ts";
import { readByCursor } from "./cursor.ts";
import { Parameters } from "./parameters.ts";
import type { ReportBody } from "./body.ts";
import { fromSlices, type Selection } from "./selection.ts";
import { sliceSums, sumColumns } from "./sums.ts";
import { sliceTotals, totalColumns } from "./totals.ts";

const columns: readonly Column[] = [
  column("portfolio", "text", 5, "book.portfolio"),
  column("venue", "text", 6, "sale.venue"),
  column("account", "text", 5, "sale.account"),
  column("symbol", "text", 0, "book.symbol"),
  column("quote", "text", 9, "book.quote_asset"),
  column("direction", "name", 9, "'long'"),
  column("close_fill_id", "text", 0, "sale.fill_id"),
  column("close_order_id", "text", 9, "sale.order_id"),
  quiet("strategy", "text", 7, "sale.strategy"),
  column("closed_at", "time", 1, "trade.closed_at"),
  column("quantity", "quantity", 0, "sale.quantity + sale.base_fee"),
  column("close_price", "price", 2, "sale.price"),
  ...sumColumns,
];

/** The statement of the closing fills of a selection; the condition is on `trade`, `book` and `sale`. */
export function tradesStatement(
  selection: Selection,
  parameters: Parameters,
  list: string,
  condition = "true",
): string {
  const slices = fromSlices(selection, parameters, { sale: false, lot: selection.openingLots });
  return `SELECT ${list}
    FROM (SELECT slice.book_id, slice.close_entry, min(slice.closed_at) AS closed_at, ${sliceSums(selection)}
      ${slices} GROUP BY slice.book_id, slice.close_entry) trade
    JOIN books book ON book.book_id = trade.book_id
    JOIN fills sale ON sale.book_id = trade.book_id AND sale.entry = trade.close_entry
    WHERE ${condition}
    ORDER BY trade.closed_at, ${saleOrder}`;
}

async function* readRows(connection: Connection, selection: Selection): AsyncGenerator<ReportRow> {
  const parameters = new Parameters();
  const text = tradesStatement(selection, parameters, selectList(columns));
  for await (const row of readByCursor<Record<string, unknown>>(connection, text, parameters))
    yield toRow(columns, row);
}

export function trades(connection: Connection, selection: Selection): ReportBody {
  return {
    key: "trades",
    title: "Trades: closing fills",
    columns,
    rows: readRows(connection, selection),
    totalColumns,
    totals: () => sliceTotals(connection, selection),
  };
}
