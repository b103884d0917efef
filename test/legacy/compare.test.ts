/** Old sales beside computed ones: docs/spec/legacy.md 5. */
import { expect, test } from "vitest";
import { Exact } from "../../src/explain/exact.ts";
import { type Cause, causeOf, type NewSide, type OldSide } from "../../src/legacy/cause.ts";
import {
  type ComparedSale,
  type CompareRequest,
  readComparison,
} from "../../src/legacy/compare.ts";
import { importLegacy } from "../../src/legacy/import.ts";
import type { ComparedTotals } from "../../src/legacy/totals.ts";
import { describeEngines } from "../engines.ts";
import { openTestLedger, type TestLedger, withDirectory } from "../ledger/ledger.ts";
import { dump, old, type OldRow } from "./old.ts";

interface Read {
  readonly sales: readonly ComparedSale[];
  readonly totals: ComparedTotals;
  readonly without: number;
}

async function compared(ledger: TestLedger, request: CompareRequest = {}): Promise<Read> {
  return readComparison(ledger.database, request, async (comparison) => {
    const sales: ComparedSale[] = [];
    for await (const sale of comparison.sales) sales.push(sale);
    return { sales, totals: comparison.totals(), without: comparison.without_slices };
  });
}

async function take({ database, ports, ledger }: TestLedger, rows: readonly OldRow[]) {
  await withDirectory(async (directory) => {
    await importLegacy(database, ports, await dump(directory, rows));
  });
  await ledger.compute();
}

/** The day of docs/spec/legacy.md 5: its costs, and PnL that adds up to the loss that was reported. */
const day: readonly OldRow[] = [
  old("b1", 1, "226.27", "0.1373"),
  old("s1", 2, "226.25", "0.1357", {
    parent_id: "bo1",
    cost_basis_usd: "87.23",
    pnl_usd: "-56.584275",
  }),
  old("b2", 3, "229.28", "0.1359"),
  old("s2", 4, "229.28", "0.1360", {
    parent_id: "bo2",
    cost_basis_usd: "94.8",
    pnl_usd: "-63.67522",
  }),
  old("b3", 5, "243.13", "0.1273"),
  old("s3", 6, "243.13", "0.1273", {
    parent_id: "bo3",
    cost_basis_usd: "95.69",
    pnl_usd: "-64.796451",
  }),
  old("b4", 7, "269.60", "0.1228"),
  old("s4", 8, "269.60", "0.1228", {
    parent_id: "bo4",
    cost_basis_usd: "106.23",
    pnl_usd: "-73.184054",
  }),
];

/** Buys of October, each used up by a sale that the old system matched to the same buy. */
const october: readonly OldRow[] = ["0.38", "0.41", "0.39", "0.39"].flatMap((price, index) => {
  const [buy, sale, minute] = [`bo${index + 1}`, `so${index + 1}`, -60_000 + index * 10];
  return [
    old(buy, minute, "300", price),
    old(sale, minute + 5, "300", price, {
      parent_id: buy,
      cost_basis_usd: `${300 * Number(price)}`,
      pnl_usd: "0",
    }),
  ];
});

describeEngines("the figures of the old system", (engine) => {
  for (const [title, before, cause] of [
    ["of the day alone", [], "stale parent id"],
    ["with an October that was used up before", october, "consumed parent reused"],
  ] as const) {
    test(`${title}, to the last digit`, async () => {
      const ledger = await openTestLedger(engine);
      try {
        await take(ledger, [...before, ...day]);
        const { sales, totals, without } = await compared(ledger, { from: "2025-12-01" });
        expect(
          sales.map((sale) => [sale.order_id, sale.new_pnl, sale.difference, sale.cause]),
        ).toEqual([
          ["s1", "-0.362", "56.222275", cause],
          ["s2", "0.0229", "63.69812", cause],
          ["s3", "-0.000172", "64.796279", cause],
          ["s4", "-0.00009", "73.183964", cause],
        ]);
        expect(sales.map(({ new_parents: parents }) => parents)).toEqual([
          ["b1"],
          ["b1", "b2"],
          ["b2", "b3"],
          ["b3", "b4"],
        ]);
        expect(without).toBe(0);
        const sum = {
          quote: "USD",
          sales: 4,
          old_pnl: "-258.24",
          new_pnl: "-0.339362",
          difference: "257.900638",
        };
        expect(totals).toEqual({
          by_cause: [{ cause, ...sum }],
          by_symbol: [{ symbol: "DOGE-USD", ...sum }],
          by_month: [{ month: "2025-12", ...sum }],
          totals: [sum],
        });
        const slices =
          "SELECT count(*)::int AS n FROM allocations WHERE closed_at >= 1764547200000000000";
        expect(await ledger.query(slices)).toEqual([{ n: 7 }]);
        // The old table's shape, with the new conclusions.
        const [december] = await ledger.query(
          `SELECT sum(pnl_usd) AS pnl, sum(remaining_size) AS remaining, count(*)::int AS orders,
             array_agg(array_to_string(parent_ids, '+') ORDER BY order_id) FILTER (WHERE side = 'SELL')
               AS parents
           FROM trade_records WHERE order_time >= '2025-12-01Z' AND status = 'FILLED'`,
        );
        expect(december).toEqual({
          pnl: "-0.339362",
          remaining: "0.02",
          orders: 8,
          parents: ["b1", "b1+b2", "b2+b3", "b3+b4"],
        });
        expect(await ledger.query("SELECT quantity, cost_basis FROM open_lots")).toEqual([
          { quantity: "0.02", cost_basis: "0.002456" },
        ]);
      } finally {
        await ledger.dispose();
      }
    });
  }
});

const amount = (text: string): Exact => Exact.of(text);

/** 10 sold at 3, bought at 2; fees of 0.5 and 0.25. The PnL is 9.25. */
const sale: NewSide = {
  parents: ["b1"],
  size: amount("10"),
  unmatched: amount("0"),
  someComplete: true,
  someIncomplete: false,
  proceeds: amount("30"),
  cost: amount("20"),
  openFees: amount("0.5"),
  closeFees: amount("0.25"),
  pnl: amount("9.25"),
};

interface Case {
  readonly what: string;
  readonly cause: Cause;
  readonly parents: Readonly<Record<string, string | null>>;
  readonly pnl?: string;
  readonly cost?: string;
  readonly unmatched?: string;
}

const right = { parents: { b1: "10" }, pnl: "9.25", cost: "20.5" };
const cases: readonly Case[] = [
  { ...right, what: "all is right", cause: "correct" },
  { ...right, what: "a cost without fees", cost: "20", cause: "correct" },
  { ...right, what: "a consumed parent", parents: { b0: "0" }, cause: "consumed parent reused" },
  {
    ...right,
    what: "a consumed parent beside a stale one",
    parents: { b0: "0", x: null },
    cause: "consumed parent reused",
  },
  {
    ...right,
    what: "too little left",
    parents: { b1: "4", b2: "5" },
    cause: "consumed parent reused",
  },
  {
    ...right,
    what: "too little left of the FIFO parent alone",
    parents: { b1: "4" },
    cost: "41",
    unmatched: "6",
    cause: "consumed parent reused",
  },
  { ...right, what: "a later parent", parents: { b2: "50" }, cause: "parent not the FIFO one" },
  {
    ...right,
    what: "one parent too many",
    parents: { b1: "10", b2: "5" },
    cause: "parent not the FIFO one",
  },
  {
    ...right,
    what: "a later parent beside a stale one",
    parents: { b2: "50", x: null },
    cause: "parent not the FIFO one",
  },
  { ...right, what: "a stale parent", parents: { x: null }, cause: "stale parent id" },
  { ...right, what: "no parent but a PnL", parents: {}, pnl: "30", cause: "stale parent id" },
  { ...right, what: "no parent and the right PnL", parents: {}, cause: "correct" },
  {
    ...right,
    what: "a cost of the whole parent",
    cost: "41",
    pnl: "-11.25",
    cause: "cost scaled wrongly",
  },
  {
    what: "a PnL alone that no fee explains",
    parents: { b1: "10" },
    pnl: "1",
    cause: "cost scaled wrongly",
  },
  { ...right, what: "no fees", pnl: "10", cause: "fee missing or twice" },
  { ...right, what: "a fee twice", pnl: "9", cause: "fee missing or twice" },
  { ...right, what: "the other fee twice", cost: "21", pnl: "8.75", cause: "fee missing or twice" },
  { what: "no PnL", parents: { b1: "10" }, cost: "20.5", cause: "PnL missing" },
  { ...right, what: "a drift of a double", pnl: "9.250000000000002", cause: "float rounding only" },
  { ...right, what: "more than a double drifts", pnl: "9.2500001", cause: "unexplained" },
  {
    ...right,
    what: "an unmatched part",
    parents: { b1: "4" },
    unmatched: "6",
    cause: "unmatched in the new",
  },
  {
    ...right,
    what: "an unmatched part with a profit",
    parents: { b1: "4" },
    unmatched: "6",
    pnl: "99",
    cause: "unmatched in the new",
  },
];

test.each(cases)("$what: $cause", ({ cause, parents, pnl, cost, unmatched = "0" }) => {
  const optional = (text: string | undefined): Exact | undefined =>
    text === undefined ? undefined : amount(text);
  const side: OldSide = {
    parents: Object.entries(parents).map(([orderId, left]) => ({
      orderId,
      left: optional(left ?? undefined),
    })),
    pnl: optional(pnl),
    cost: optional(cost),
  };
  expect(causeOf(side, { ...sale, unmatched: amount(unmatched) })).toBe(cause);
});
