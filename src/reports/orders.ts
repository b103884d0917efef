/**
 * `report orders`: a row a closing order, by its last fill's time. A fill without an order id is an
 * order of its own.
 */
import type { Connection } from "../store/database.ts";
import { column, selectList, toRow, type Column, type ReportRow } from "./column.ts";
import { readByCursor } from "./cursor.ts";
import { Parameters } from "./parameters.ts";
import type { ReportBody } from "./body.ts";
import { fromSlices, type Selection } from "./selection.ts";
import { sliceSums, sumColumns } from "./sums.ts";
import { sliceTotals, totalColumns } from "./totals.ts";

const columns: readonly Column[] = [
  column("portfolio", "text", 5, "book.portfolio"),
  column("venue", "text", 6, "part.venue"),
  column("account", "text", 5, "part.account"),
  column("symbol", "text", 0, "book.symbol"),
  column("quote", "text", 9, "book.quote_asset"),
  column("direction", "name", 9, "'long'"),
  column("order_id", "text", 0, "part.order_id"),
  column("order_id_given", "flag", 9, "part.given"),
  column("fills", "count", 3, "part.fills"),
  column("first_closed_at", "time", 7, "part.first_closed_at"),
  column("closed_at", "time", 1, "part.closed_at"),
  column("quantity", "quantity", 0, "coalesce(closed, 0) + coalesce(unmatched, 0)"),
  ...sumColumns,
];

async function* readRows(connection: Connection, selection: Selection): AsyncGenerator<ReportRow> {
  const parameters = new Parameters();
  const slices = fromSlices(selection, parameters, { sale: true, lot: selection.openingLots });
  const text = `SELECT ${selectList(columns)}
    FROM (SELECT slice.book_id, sale.venue, sale.account, coalesce(sale.order_id, sale.fill_id) AS order_id,
        sale.order_id IS NOT NULL AS given, count(DISTINCT slice.close_entry) AS fills,
        min(slice.closed_at) AS first_closed_at, max(slice.closed_at) AS closed_at, ${sliceSums(selection)}
      ${slices} GROUP BY 1, 2, 3, 4, 5) part
    JOIN books book ON book.book_id = part.book_id
    ORDER BY part.closed_at, book.portfolio, book.symbol, part.venue, part.account, part.order_id,
      part.given`;
  for await (const row of readByCursor<Record<string, unknown>>(connection, text, parameters))
    yield toRow(columns, row);
}

export function orders(connection: Connection, selection: Selection): ReportBody {
  return {
    key: "orders",
    title: "Closing orders",
    columns,
    rows: readRows(connection, selection),
    totalColumns,
    totals: () => sliceTotals(connection, selection),
  };
}
