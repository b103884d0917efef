/** `report unmatched`: the parts of closing fills that no lot covers, in ledger order. */
import type { Connection } from "../store/database.ts";
import { slicesStatement } from "./allocations.ts";
import { column, quiet, selectList, toRow, type Column, type ReportRow } from "./column.ts";
import { readByCursor } from "./cursor.ts";
import { Parameters } from "./parameters.ts";
import type { ReportBody } from "./body.ts";
import type { Selection } from "./selection.ts";
import { sliceTotals } from "./totals.ts";

const columns: readonly Column[] = [
  column("portfolio", "text", 5, "book.portfolio"),
  column("venue", "text", 6, "sale.venue"),
  column("account", "text", 5, "sale.account"),
  column("symbol", "text", 0, "book.symbol"),
  column("quote", "text", 9, "book.quote_asset"),
  column("direction", "name", 9, "'long'"),
  column("close_fill_id", "text", 0, "sale.fill_id"),
  quiet("close_order_id", "text", 7, "sale.order_id"),
  quiet("strategy", "text", 7, "sale.strategy"),
  column("fill_quantity", "quantity", 2, "sale.quantity + sale.base_fee"),
  column("quantity", "quantity", 0, "slice.quantity"),
  column("close_price", "price", 2, "sale.price"),
  quiet("close_fee", "money", 4, "slice.close_fee"),
  column("proceeds", "money", 5, "slice.proceeds"),
  column("net_proceeds", "money", 0, "slice.proceeds - slice.close_fee"),
  column("closed_at", "time", 0, "slice.closed_at"),
];

const totalColumns: readonly Column[] = [
  column("quote", "text", 0, ""),
  column("incomplete_proceeds", "money", 0, ""),
  column("unmatched_quantity", "quantity", 1, ""),
  column("incomplete_allocations", "count", 4, ""),
];

const condition = "slice.open_entry IS NULL";

async function* readRows(connection: Connection, selection: Selection): AsyncGenerator<ReportRow> {
  const parameters = new Parameters();
  const text = slicesStatement(selection, parameters, selectList(columns), condition);
  for await (const row of readByCursor<Record<string, unknown>>(connection, text, parameters))
    yield toRow(columns, row);
}

export function unmatched(connection: Connection, selection: Selection): ReportBody {
  return {
    key: "unmatched",
    title: "Unmatched parts of closing fills",
    columns,
    rows: readRows(connection, selection),
    totalColumns,
    totalNames: { quantity: "unmatched_quantity", net_proceeds: "incomplete_proceeds" },
    totals: async () => {
      const totals = await sliceTotals(connection, selection, condition);
      return totals.map((row) =>
        Object.fromEntries(totalColumns.map(({ name }) => [name, row[name] ?? null])),
      );
    },
  };
}
