/**
 * The fixture's books, in the order of their entries. Small, but with one of everything: fees in the quote,
 * the base and third assets, rebates, opening lots of known and unknown cost, voids of all kinds, a
 * replacement, ties at one instant.
 */
import type { Fact, Fill } from "./model.ts";

export interface FixtureBook {
  readonly portfolio: string;
  readonly symbol: string;
  readonly facts: readonly Fact[];
  /** How many facts each batch brought. */
  readonly batches: readonly number[];
  /** How far the first build took the book, and the step after it; 0 is not at all. */
  readonly computed: readonly [first: number, then: number];
}

const second = 1_000_000_000n;
const start = 1_772_460_311n * second; // 2026-03-02T14:05:11Z
const day = 86_400n * second;

const fill = (
  id: string,
  side: "buy" | "sell",
  at: bigint,
  quantity: string,
  price: string,
  more: Partial<Fill> = {},
): Fill => ({
  kind: "fill",
  venue: "coinbase",
  account: "main",
  id,
  revision: 0,
  side,
  at: start + at,
  quantity,
  price,
  ...more,
});

const at = (venue: string, account: string) => ({ venue, account });
const main = at("coinbase", "main");
const other = at("kraken", "спот");

const bitcoin: FixtureBook = {
  portfolio: "default",
  symbol: "BTC-USD",
  batches: [7, 1, 0, 10, 3, 6, 1],
  computed: [18, 27],
  facts: [
    fill("b1", "buy", 0n, "10", "100", { quoteFee: "1", sequence: 7n, order: "o-1" }),
    fill("b2", "buy", second, "5", "110", { quoteFee: "0.5", baseFee: "0.002" }),
    // The fee in the base has more than 18 decimals once it is valued.
    fill("b3", "buy", 2n * second, "3", "120.123456789012345678", {
      baseFee: "0.000000000000000003",
    }),
    // Three slices: b1, b2, b3.
    fill("s1", "sell", 3n * second, "16.0000001", "130", { quoteFee: "1.2", strategy: "grid" }),
    fill("b4", "buy", day, "3", "90", { quoteFee: "1" }),
    fill("s2", "sell", day + second, "1", "95", { baseFee: "0.001", third: [["BNB", "0.01"]] }),
    fill("s3", "sell", day + 2n * second, "1", "96.5", { quoteFee: "-0.1" }),
    fill("b5", "buy", day, "1", "91", {
      ...other,
      quoteFee: "-1",
      third: [
        ["BNB", "0.02"],
        ["KFEE", "3"],
      ],
    }),
    // One instant: sequences count above sides and as numbers, 9 before 10.
    fill("t1", "sell", 2n * day, "0.3", "97", { sequence: 10n, quoteFee: "0.01" }),
    fill("t2", "buy", 2n * day, "0.7", "98", { sequence: 9n, quoteFee: "0.07" }),
    fill("t3", "sell", 2n * day, "0.2", "99", { trade: "t-3" }),
    fill("t4", "buy", 2n * day, "0.1", "97.5", { ...other, grain: "order", quoteSize: "9.75" }),
    {
      kind: "opening lot",
      ...main,
      id: "before 2025",
      revision: 0,
      at: start + 2n * day,
      quantity: "2",
      cost: "150.01",
    },
    {
      kind: "fee value",
      ...main,
      id: "s2",
      revision: 0,
      asset: "BNB",
      value: "6.25",
      valueRevision: 0,
    },
    {
      kind: "adjustment",
      ...main,
      id: "a1",
      revision: 0,
      at: start,
      fees: [
        ["BNB", "0.1"],
        ["USD", "-3"],
      ],
    },
    fill("x1", "buy", 3n * day, "4", "100"),
    fill("s4", "sell", 3n * day + second, "7", "101", { quoteFee: "0.7" }),
    // Closes all that is left and more: the last slice is unmatched.
    fill("s5", "sell", 4n * day, "50", "70", { ...other, quoteFee: "3.333333333333333333" }),
    {
      kind: "fee value",
      ...other,
      id: "b5",
      revision: 0,
      asset: "KFEE",
      value: "0",
      valueRevision: 0,
    },
    {
      kind: "fee value",
      ...other,
      id: "b5",
      revision: 0,
      asset: "BNB",
      value: "12",
      valueRevision: 0,
    },
    fill("b6", "buy", 5n * day, "2", "71", { quoteFee: "0.3" }),
    // The replacement of a voided buy, then a void of a fee's value and the right one.
    { kind: "void", ...main, id: "x1", revision: 0, target: "fill" },
    fill("x1", "buy", 3n * day, "4.5", "100.25", { revision: 1, quoteFee: "0.45" }),
    {
      kind: "void",
      ...main,
      id: "s2",
      revision: 0,
      target: "fee value",
      asset: "BNB",
      valueRevision: 0,
    },
    {
      kind: "fee value",
      ...main,
      id: "s2",
      revision: 0,
      asset: "BNB",
      value: "6.5",
      valueRevision: 1,
    },
    fill("late", "buy", day + 1n, "0.25", "92", { quoteFee: "-0.02" }),
    fill("s6", "sell", 6n * day, "0.5", "72", { quoteFee: "0.1" }),
    // Beyond what any step took.
    fill("b7", "buy", 7n * day, "1", "73"),
  ],
};

const ether: FixtureBook = {
  portfolio: "Größe",
  symbol: "ETH-USDC",
  batches: [5, 3],
  computed: [5, 8],
  facts: [
    { kind: "opening lot", ...other, id: "k1", revision: 0, at: start, quantity: "1.5" },
    { kind: "opening lot", ...main, id: "k2", revision: 0, at: start, quantity: "3", cost: "-1" },
    // Before anything was opened: wholly unmatched.
    fill("u1", "sell", -second, "0.000000000000000001", "3000", { quoteFee: "0.01" }),
    // k2, then k1 of unknown cost, then nothing: incomplete in all three ways.
    fill("u2", "sell", second, "5", "3001.5", { quoteFee: "1", third: [["BNB", "0.1"]] }),
    fill("u3", "sell", 2n * second, "1", "0", {}),
    { kind: "void", ...main, id: "k2", revision: 0, target: "opening lot" },
    { kind: "opening lot", ...main, id: "k2", revision: 1, at: start, quantity: "3", cost: "10" },
    fill("v1", "buy", 3n * second, "1", "2999", { quoteFee: "0.000000000000000001" }),
  ],
};

const secondPortfolio: FixtureBook = {
  portfolio: "other",
  symbol: "BTC-USD",
  batches: [3],
  computed: [0, 3],
  facts: [
    fill("b1", "buy", 0n, "3", "100", { quoteFee: "1" }),
    fill("s1", "sell", second, "1", "101"),
    fill("s2", "sell", 2n * second, "1", "102"),
  ],
};

const notComputed: FixtureBook = {
  portfolio: "waiting",
  symbol: "SOL-EUR",
  batches: [2],
  computed: [0, 0],
  facts: [fill("b1", "buy", 0n, "3", "100"), fill("s1", "sell", second, "1", "101")],
};

export const fixtureBooks: readonly FixtureBook[] = [bitcoin, ether, secondPortfolio, notComputed];
