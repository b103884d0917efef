/** The figures of others, through the ledger: imported as CSV, computed, read by the reports. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvLine } from "../../src/adapters/lotbook-csv/row.ts";
import type { Scope } from "../../src/core/movement.ts";
import type { FillInput } from "../../src/index.ts";
import type { ReportRow } from "../../src/reports/column.ts";
import { Comparison, fillsOf, type Outcome, readCases, scopeOf } from "../conformance/cases.ts";
import { describeEngines } from "../engines.ts";
import { read } from "../reports/read.ts";
import {
  expectVerified,
  fileOf,
  openTestLedger,
  withDirectory,
  type TestLedger,
} from "./ledger.ts";

const cases = readCases();

const columns =
  "portfolio,venue,account,symbol,fill_id,executed_at,side,quantity,price,fee,sequence";

function cells(fill: FillInput): string[] {
  const { portfolio, venue, account, symbol, fillId, executedAt, side } = fill;
  const amounts = [fill.quantity, fill.price, fill.fee ?? "", String(fill.sequence ?? "")];
  return [portfolio!, venue!, account!, symbol, fillId, String(executedAt), side, ...amounts];
}

type Text = string | null;

const text = (row: ReportRow, name: string): string => row[name] as string;

function outcome(
  rows: Record<"allocations" | "unmatched" | "lots", readonly ReportRow[]>,
): Outcome {
  return {
    allocations: rows.allocations
      .filter((row) => row["open_fill_id"] !== null)
      .map((row) => ({
        closeFillId: text(row, "close_fill_id"),
        openFillId: text(row, "open_fill_id"),
        quantity: text(row, "quantity"),
        costBasis: row["cost_basis"] as Text,
        proceeds: text(row, "proceeds"),
        netProceeds: text(row, "net_proceeds"),
        pnl: row["pnl"] as Text,
      })),
    openLots: rows.lots.map((row) => ({
      openFillId: text(row, "open_fill_id"),
      remaining: text(row, "remaining"),
      costBasis: row["cost_basis"] as Text,
    })),
    unmatched: rows.allocations
      .filter((row) => row["open_fill_id"] === null)
      .map((row) => ({ closeFillId: text(row, "close_fill_id"), quantity: text(row, "quantity") })),
  };
}

describeEngines("figures of others", (engine) => {
  let opened: TestLedger;
  const versions = new Map<Scope, number>();
  beforeAll(async () => {
    opened = await openTestLedger(engine);
    const lines = cases.flatMap((each) =>
      fillsOf(each, each.name).map((fill) => csvLine(cells(fill))),
    );
    await withDirectory(async (directory) => {
      const file = await fileOf(directory, [columns, ...lines]);
      expect((await opened.ledger.import([file])).recorded).toBe(lines.length);
    });
    for (const scope of ["portfolio", "account"] as const) {
      versions.set(scope, (await opened.ledger.compute({ full: true, scope })).version);
    }
  });
  afterAll(() => opened.dispose());

  describe("each case", () => {
    test.each(cases.map((each) => [each.name, each] as const))("%s", async (portfolio, each) => {
      const version = versions.get(scopeOf(each))!;
      const rowsOf = async (report: "allocations" | "unmatched" | "lots") =>
        (await read(opened.database, { report, portfolio, version })).rows;
      const rows = {
        allocations: await rowsOf("allocations"),
        unmatched: await rowsOf("unmatched"),
        lots: await rowsOf("lots"),
      };
      const found = outcome(rows);
      expect(new Comparison(each, found).differences).toEqual([]);
      expect(rows.unmatched).toHaveLength(found.unmatched.length);
    });
  });

  test("both versions verify", async () => {
    for (const version of versions.values()) await expectVerified(opened, { version });
  });
});
