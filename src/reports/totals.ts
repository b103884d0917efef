import type { Connection } from "../store/database.ts";
import { column, selectList, toRow, type Column, type ReportRow } from "./column.ts";
import { Parameters } from "./parameters.ts";
import type { Selection } from "./selection.ts";
import { mixedSumColumns, totalsStatement } from "./sums.ts";

export const totalColumns: readonly Column[] = [
  column("quote", "text", 0, "quote_asset"),
  ...mixedSumColumns,
];

/** The totals of the slices of a selection, by quote asset. */
export async function sliceTotals(
  connection: Connection,
  selection: Selection,
  condition?: string,
): Promise<ReportRow[]> {
  const parameters = new Parameters();
  const text = totalsStatement(selection, parameters, selectList(totalColumns), condition);
  const rows = await connection.query(text, parameters.values);
  return rows.map((row) => toRow(totalColumns, row));
}
