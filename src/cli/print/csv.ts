import { stringify } from "csv-stringify/sync";
import type { Cell, Column, ReportRow } from "../../reports/column.ts";
import type { Terminal } from "../output.ts";
import { forSpreadsheet, forTerminal } from "./escape.ts";

function field(kind: Column["kind"], cell: Cell | undefined, terminal: Terminal): string {
  if (cell === null || cell === undefined) return "";
  if (Array.isArray(cell)) return cell.join("; ");
  if (typeof cell === "object") return JSON.stringify(cell);
  // Amounts stay numbers: a negative one is no formula.
  if (kind !== "text") return String(cell);
  const text = forSpreadsheet(String(cell));
  return terminal.width === undefined ? text : forTerminal(text);
}

/** Rows as lines of CSV; the header is a line of its own. */
export function csvLines(
  columns: readonly Pick<Column, "name" | "kind">[],
  rows: readonly ReportRow[],
  terminal: Terminal,
  header?: "with a header",
): string {
  const records = rows.map((row) =>
    columns.map(({ name, kind }) => field(kind, row[name], terminal)),
  );
  const head = header === undefined ? [] : [columns.map(({ name }) => name)];
  return stringify([...head, ...records]);
}
