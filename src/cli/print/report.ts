/** A report in the format asked for. Rows are written as they come, so memory does not grow with them. */
import type { Column, ReportRow } from "../../reports/column.ts";
import type { Report } from "../../reports/body.ts";
import type { Output } from "../output.ts";
import type { Format } from "../session.ts";
import { jsonForTerminal } from "./escape.ts";

const rowsAPiece = 500;

async function* inPieces(rows: AsyncIterable<ReportRow>): AsyncGenerator<ReportRow[]> {
  let piece: ReportRow[] = [];
  for await (const row of rows) {
    piece.push(row);
    if (piece.length < rowsAPiece) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

export function jsonLine(value: unknown): string {
  return jsonForTerminal(JSON.stringify(value));
}

/** One object: the header, the rows a line each, the totals. */
async function printJson(report: Report, output: Output): Promise<void> {
  const head = {
    report: report.name,
    ...report.header,
    ...(report.groupBy === undefined ? {} : { group_by: report.groupBy }),
    ...(report.feesNotTaken === undefined ? {} : { fees_not_taken: report.feesNotTaken }),
  };
  await output.write(`${jsonLine(head).slice(0, -1)},"${report.key}":[`);
  let first = true;
  for await (const row of report.rows) {
    await output.write(`${first ? "\n" : ",\n"}${jsonLine(row)}`);
    first = false;
  }
  await output.write(`${first ? "" : "\n"}],"totals":${jsonLine(await report.totals())}}\n`);
}

async function printNdjson(report: Report, output: Output): Promise<void> {
  for await (const row of report.rows) await output.write(`${jsonLine(row)}\n`);
}

async function printCsv(report: Report, output: Output): Promise<void> {
  const { csvLines } = await import("./csv.ts");
  const columns: readonly Column[] = report.columns;
  await output.write(csvLines(columns, [], output.terminal, "with a header"));
  for await (const rows of inPieces(report.rows))
    await output.write(csvLines(columns, rows, output.terminal));
}

export async function printReport(report: Report, format: Format, output: Output): Promise<void> {
  switch (format) {
    case "json":
      return printJson(report, output);
    case "ndjson":
      return printNdjson(report, output);
    case "csv":
      return printCsv(report, output);
    case "table":
      return (await import("./report-table.ts")).printReportTable(report, output);
  }
}
