import type { ReportHeader } from "../../src/reports/body.ts";
import type { ReportRow } from "../../src/reports/column.ts";
import { readReport } from "../../src/reports/report.ts";
import type { ReportRequest } from "../../src/reports/request.ts";
import type { Database } from "../../src/store/database.ts";

export interface ReadReport {
  readonly header: ReportHeader;
  readonly rows: ReportRow[];
  readonly totals: readonly ReportRow[];
  readonly feesNotTaken: unknown;
}

/** All of a report at once. */
export function read(database: Database, request: ReportRequest): Promise<ReadReport> {
  return readReport(database, request, async (report) => {
    const rows: ReportRow[] = [];
    for await (const row of report.rows) rows.push(row);
    return {
      header: report.header,
      rows,
      totals: await report.totals(),
      feesNotTaken: report.feesNotTaken,
    };
  });
}

/** The values of some columns, row by row. */
export function pick(rows: readonly ReportRow[], ...names: string[]): unknown[][] {
  return rows.map((row) => names.map((name) => row[name]));
}
