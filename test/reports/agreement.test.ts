/**
 * Views agree: every report and every grouping sums to the same, and a cut is what a shorter history
 * gives.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromUnits } from "../../src/core/decimal.ts";
import { generatedHeader, generatedRow } from "../../src/generate/write.ts";
import { generateFills } from "../../src/generate/trading.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { livePorts } from "../../src/ledger/ports.ts";
import type { ReportRow } from "../../src/reports/column.ts";
import type { GroupKey, ReportRequest } from "../../src/reports/request.ts";
import { engines, type TestDatabase, type TestEngine } from "../engines.ts";
import { read } from "./read.ts";

const scale = 40;

function units(text: string): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(scale, "0"));
}

/** Sums of columns of rows, by quote asset; nulls count nothing. */
function sums(rows: readonly ReportRow[], columns: readonly string[]): Record<string, bigint[]> {
  const totals: Record<string, bigint[]> = {};
  for (const row of rows) {
    const total = (totals[String(row["quote"])] ??= columns.map(() => 0n));
    for (const [index, name] of columns.entries()) {
      const cell = row[name];
      if (typeof cell === "string") total[index]! += units(cell);
      if (typeof cell === "number") total[index]! += BigInt(cell);
    }
  }
  return totals;
}

const summed = [
  "realized_pnl",
  "proceeds",
  "net_proceeds",
  "cost_basis",
  "fees",
  "incomplete_proceeds",
  "allocations",
  "incomplete_allocations",
];

/** An allocation under the names of the sums. */
function asSums(row: ReportRow): ReportRow {
  const complete = row["complete"] === true;
  const of = (name: string): string => (complete ? String(row[name]) : "0");
  return {
    quote: row["quote"]!,
    realized_pnl: of("pnl"),
    proceeds: of("proceeds"),
    net_proceeds: of("net_proceeds"),
    cost_basis: of("cost_basis"),
    fees: fromUnits(units(of("open_fee")) + units(of("close_fee")), scale),
    incomplete_proceeds: complete ? "0" : String(row["net_proceeds"]),
    allocations: 1,
    incomplete_allocations: complete ? 0 : 1,
  };
}

const options = { seed: 7, fills: 2600, symbols: 4, days: 40 };
const cut = "2025-01-21T00:00:00Z";

async function ledgerOf(engine: TestEngine, lines: readonly string[]): Promise<TestDatabase> {
  const test = await engine.open();
  const directory = await mkdtemp(join(tmpdir(), "lotbook-agreement-"));
  try {
    const file = join(directory, "fills.csv");
    await writeFile(file, `${[generatedHeader, ...lines].join("\n")}\n`);
    const ledger = new Ledger(test.database, livePorts);
    await ledger.import([file]);
    await ledger.compute();
  } finally {
    await rm(directory, { recursive: true });
  }
  return test;
}

for (const engine of engines)
  describe(`agreement of reports (${engine.name})`, () => {
    let test: TestDatabase;
    let shorter: TestDatabase;
    const rowsOf = async (request: ReportRequest): Promise<ReportRow[]> =>
      (await read(test.database, request)).rows;

    beforeAll(async () => {
      const fills = [...generateFills(options)];
      test = await ledgerOf(engine, fills.map(generatedRow));
      const before = fills.filter(({ executedAt }) => Date.parse(executedAt) <= Date.parse(cut));
      shorter = await ledgerOf(engine, before.map(generatedRow));
    });
    afterAll(async () => {
      await test?.dispose();
      await shorter?.dispose();
    });

    const groupings: GroupKey[][] = [
      ["symbol"],
      ["account"],
      ["strategy"],
      ["portfolio"],
      ["venue"],
      ["day"],
      ["week"],
      ["month"],
      ["quote"],
      ["symbol", "account", "strategy", "day"],
    ];
    for (const filter of [{}, { account: "main" }, { asOf: cut }, { from: "2025-01-10T00:00:00Z" }])
      it(`sums are one in all reports: ${JSON.stringify(filter)}`, async () => {
        const allocations = await rowsOf({ report: "allocations", ...filter });
        const expected = sums(allocations.map(asSums), summed);
        expect(Object.keys(expected).length).toBeGreaterThan(1);
        for (const report of ["trades", "orders"] as const) {
          const { rows, totals } = await read(test.database, { report, ...filter });
          expect(sums(rows, summed), report).toEqual(expected);
          expect(sums(totals, summed), report).toEqual(expected);
        }
        for (const groupBy of groupings)
          for (const tz of ["UTC", "America/New_York"]) {
            const { rows, totals } = await read(test.database, {
              report: "pnl",
              groupBy,
              tz,
              ...filter,
            });
            expect(sums(rows, summed), groupBy.join()).toEqual(expected);
            expect(sums(totals, summed), groupBy.join()).toEqual(expected);
          }
      });

    it("unmatched quantities and trades' quantities agree with allocations", async () => {
      const allocations = await rowsOf({ report: "allocations" });
      const unmatched = await rowsOf({ report: "unmatched" });
      expect(unmatched.length).toBeGreaterThan(0);
      expect(unmatched.map((row) => [row["close_fill_id"], row["quantity"]])).toEqual(
        allocations
          .filter((row) => row["open_fill_id"] === null)
          .map((row) => [row["close_fill_id"], row["quantity"]]),
      );
      const trades = await rowsOf({ report: "trades" });
      expect(sums(trades, ["quantity"])).toEqual(sums(allocations, ["quantity"]));
      expect(sums(await rowsOf({ report: "orders" }), ["quantity"])).toEqual(
        sums(allocations, ["quantity"]),
      );
    });

    it("a cut by execution time is what the shorter history gives", async () => {
      for (const report of ["lots", "allocations", "trades", "pnl"] as const) {
        const whole = await read(test.database, { report, asOf: cut });
        const alone = await read(shorter.database, { report });
        expect(whole.rows, report).toEqual(alone.rows);
        expect(whole.totals, report).toEqual(alone.totals);
        expect(whole.rows.length).toBeGreaterThan(2);
      }
    });
  });
