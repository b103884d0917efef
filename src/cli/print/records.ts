/** Results that are a few rows: what a command did. */
import type { Cell, ReportRow } from "../../reports/column.ts";
import type { Output } from "../output.ts";
import type { Format } from "../session.ts";
import { jsonLine } from "./report.ts";
import { headerLine, layOut, rowLine, ruleLine, type Heading } from "./table.ts";

export interface Records {
  readonly columns: readonly Heading[];
  readonly rows: readonly ReportRow[];
  /** The whole result as JSON; the rows alone are in the other formats. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** A column of such a result. */
export function heading(name: string, kind: Heading["kind"] = "count", rank = 0): Heading {
  return { name, kind, rank };
}

/** Rows as an aligned table; nothing is left out of it but what a narrow terminal forces. */
export function tableText(
  columns: readonly Heading[],
  rows: readonly ReportRow[],
  output: Output,
): string {
  const layout = layOut(columns, rows, { whole: false, room: output.terminal.width });
  const lines = rows.map((row) => rowLine(layout, row, output.terminal));
  return [headerLine(layout), ruleLine(layout), ...lines].map((line) => `${line}\n`).join("");
}

/** Names and values below each other: `version   1`. */
export function factsText(facts: Readonly<Record<string, Cell>>): string {
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(width)}  ${value === null ? "-" : String(value)}\n`)
    .join("");
}

export async function printRecords(
  { columns, rows, json }: Records,
  format: Format,
  output: Output,
): Promise<void> {
  switch (format) {
    case "json":
      return output.write(`${jsonLine(json)}\n`);
    case "ndjson":
      return output.write(rows.map((row) => `${jsonLine(row)}\n`).join(""));
    case "csv": {
      const { csvLines } = await import("./csv.ts");
      return output.write(csvLines(columns, rows, output.terminal, "with a header"));
    }
    case "table":
      return output.write(tableText(columns, rows, output));
  }
}
