import { describe, expect, test } from "vitest";
import { allocate } from "../../src/index.ts";
import type { Case } from "./cases.ts";
import { Comparison, fillsOf, readCases, scopeOf } from "./cases.ts";

const cases = readCases();

describe("figures of others", () => {
  test("are all here", () => {
    expect(cases).toHaveLength(36);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(36);
  });

  test.each(cases.map((each) => [each.name, each] as const))("%s", (name, each) => {
    const outcome = allocate(fillsOf(each, name), { scope: scopeOf(each) });
    expect(new Comparison(each, outcome).differences).toEqual([]);
  });
});

test("a figure that differs is found", () => {
  const each: Case = {
    name: "invented",
    source: "none",
    fees: "none",
    tolerance: "0.01",
    trades: [
      {
        id: "b",
        time: "2026-01-01T00:00:00Z",
        account: "main",
        symbol: "A-USD",
        side: "buy",
        quantity: "1",
        price: "5",
      },
      {
        id: "s",
        time: "2026-01-02T00:00:00Z",
        account: "main",
        symbol: "A-USD",
        side: "sell",
        quantity: "2",
        price: "7",
      },
    ],
    expect: {
      allocations: [{ sell: "s", buy: "b", quantity: "1", costBasis: "5.02", pnl: "2.01" }],
      disposals: [{ trade: "s", quantity: "2" }],
      openLots: [{ buy: "b", quantity: "1" }],
      unmatched: [{ sell: "s", quantity: "0.5" }],
      realizedPnl: "3",
      openCostBasis: "0",
    },
  };
  const { differences } = new Comparison(each, allocate(fillsOf(each, "p")));
  expect(differences.map((difference) => difference.split(":")[0])).toEqual([
    "s < b cost basis",
    "s quantity",
    "count of open lots",
    "b remaining",
    "unmatched of s",
    "realized PnL",
  ]);
});
