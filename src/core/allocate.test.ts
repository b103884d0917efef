import { describe, expect, it } from "vitest";
import { allocate, type AllocateOptions } from "./allocate.ts";
import { InvalidFactError, type FactInput, type FillInput } from "./allocate-input.ts";

const buy: FillInput = {
  fillId: "b1",
  executedAt: "2026-03-02T09:00:00Z",
  symbol: "BTC-USD",
  side: "buy",
  quantity: "0.3",
  price: "60000",
  fee: "9",
};
const sale: FillInput = {
  ...buy,
  fillId: "s1",
  executedAt: "2026-03-02T10:00:00.5Z",
  side: "sell",
  quantity: "0.1",
  price: "66000",
  fee: "6",
};
const lot: FactInput = {
  kind: "opening lot",
  key: "k1",
  openedAt: 0n,
  symbol: "BTC-USD",
  quantity: "1",
};
const value: FactInput = {
  kind: "fee value",
  symbol: "BTC-USD",
  fillId: "b1",
  asset: "BNB",
  value: "3",
};
const inThird: FillInput = { ...buy, fee: "0.01", feeAsset: "BNB" };
const bust: FactInput = { kind: "void", symbol: "BTC-USD", targetKind: "fill", targetId: "b1" };

describe("allocate gives", () => {
  it("whole rows with the defaults of the fills CSV", () => {
    const { allocations, openLots, unmatched, totals } = allocate([buy, sale]);
    const book = { portfolio: "default", venue: "manual", account: "main", symbol: "BTC-USD" };
    const opening = { openKind: "fill", openFillId: "b1", openPrice: "60000", complete: true };
    expect(allocations).toEqual([
      {
        ...book,
        ...opening,
        quote: "USD",
        direction: "long",
        closeFillId: "s1",
        openVenue: "manual",
        openAccount: "main",
        quantity: "0.1",
        closePrice: "66000",
        openFee: "3",
        closeFee: "6",
        costBasis: "6003",
        proceeds: "6600",
        netProceeds: "6594",
        pnl: "591",
        openedAt: "2026-03-02T09:00:00Z",
        closedAt: "2026-03-02T10:00:00.500Z",
      },
    ]);
    expect(openLots).toEqual([
      {
        ...book,
        ...opening,
        quote: "USD",
        direction: "long",
        quantity: "0.3",
        remaining: "0.2",
        openFee: "6",
        costBasis: "12006",
        openedAt: "2026-03-02T09:00:00Z",
      },
    ]);
    expect(unmatched).toEqual([]);
    const sums = { realizedPnl: "591", proceeds: "6600", costBasis: "6003", fees: "9" };
    expect(totals).toEqual([{ quote: "USD", ...sums, incompleteProceeds: "0", complete: true }]);
  });

  it("nothing for nothing", () => {
    const nothing = { allocations: [], openLots: [], unmatched: [], totals: [] };
    expect(allocate([])).toEqual(nothing);
  });

  it("totals a quote asset, over all books, and never mixes two", () => {
    const [eth, usdc] = [{ symbol: "ETH-USD" }, { symbol: "BTC-USDC" }];
    const others = [buy, sale].flatMap((fill) => [
      Object.assign({}, fill, eth),
      Object.assign({}, fill, usdc),
    ]);
    const { totals } = allocate([sale, ...others, buy]);
    expect(totals.map(({ quote, realizedPnl }) => [quote, realizedPnl])).toEqual([
      ["USD", "1182"],
      ["USDC", "591"],
    ]);
  });

  it("the same for times in text and in nanoseconds, and for what was recorded", () => {
    const inNanoseconds = { ...buy, executedAt: 1_772_442_000_000_000_000n };
    expect(allocate([inNanoseconds, sale])).toEqual(allocate([buy, sale]));
    const recorded: FactInput = {
      ...inNanoseconds,
      kind: "fill",
      portfolio: "default",
      venue: "manual",
      account: "main",
      revision: 0,
      fee: undefined,
      fees: [{ asset: "USD", amount: "9" }],
      orderId: "o1",
    };
    expect(allocate([recorded, sale])).toEqual(allocate([buy, sale]));
  });

  it("no thought to properties that it does not know", () => {
    const tagged = { ...buy, raw: { row: 7 }, tags: ["grid"], score: 0.5 };
    expect(allocate([tagged, sale])).toEqual(allocate([buy, sale]));
  });

  it("no part to adjustments", () => {
    const adjustment: FactInput = {
      kind: "adjustment",
      symbol: "BTC-USD",
      entryId: "x",
      tradeType: "REVERSAL",
      executedAt: "2026-03-02T09:30:00Z",
    };
    expect(allocate([buy, adjustment, sale])).toEqual(allocate([buy, sale]));
  });
});

const refused: [string, FactInput[], Partial<InvalidFactError>][] = [
  ["a quantity of nothing", [buy, { ...sale, quantity: "0" }], { index: 1, field: "quantity" }],
  ["a negative price", [{ ...buy, price: "-1" }], { index: 0, field: "price" }],
  ["19 decimals", [{ ...buy, fee: "0.0000000000000000001" }], { index: 0, field: "fee" }],
  [
    "a time without a zone",
    [{ ...buy, executedAt: "2026-03-02T09:00:00" }],
    { field: "executedAt" },
  ],
  ["a time before 1970", [{ ...buy, executedAt: -1n }], { field: "executedAt" }],
  ["a symbol that doesn't split", [{ ...buy, symbol: "BTCUSD" }], { field: "symbol" }],
  ["a sequence of 2^63", [{ ...buy, sequence: 2n ** 63n }], { field: "sequence" }],
  ["a negative sequence", [{ ...buy, sequence: -1 }], { field: "sequence" }],
  ["half a sequence", [{ ...buy, sequence: 0.5 }], { field: "sequence" }],
  ["an id with U+0000", [{ ...buy, fillId: "a\0b" }], { field: "fillId" }],
  ["a base fee that takes all", [{ ...buy, fee: "0.3", feeAsset: "BTC" }], { field: "fee" }],
  ["a fee in a list that is no decimal", [{ ...buy, fees: [{ asset: "USD", amount: "x" }] }], {}],
  ["one id, two stories", [buy, { ...buy, price: "60001" }], { index: 1, field: "fillId" }],
  ["one id, two sequences", [buy, { ...buy, sequence: 1 }], { index: 1, field: "fillId" }],
  ["one key, two costs", [lot, { ...lot, cost: "1" }], { index: 1, field: "key" }],
  ["two revisions that stand", [buy, { ...buy, revision: 1 }], { index: 1, field: "revision" }],
  ["a void without its target", [sale, bust], { index: 1, field: "targetId" }],
  ["a void of another symbol's fill", [buy, { ...bust, symbol: "ETH-USD" }], { index: 1 }],
  ["a value without its fill", [sale, value], { index: 1, field: "fillId" }],
  ["a value of a fee not paid", [buy, value], { index: 1, field: "fillId" }],
  ["two values", [inThird, value, { ...value, revision: 1 }], { index: 2, field: "fillId" }],
  ["one value, two stories", [inThird, value, { ...value, value: "4" }], { index: 2 }],
];

describe("allocate refuses", () => {
  it.each(refused)("%s", (_name, facts, wanted) => {
    let thrown: unknown;
    try {
      allocate(facts);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidFactError);
    expect(thrown).toMatchObject(wanted);
    const { message, rule, index } = thrown as InvalidFactError;
    expect(message).toContain(rule);
    expect(message).toMatch(new RegExp(`^fact ${index}[,:]`));
  });

  // What the types forbid and JavaScript does not.
  it.each([
    ["a number", { ...buy, quantity: 0.3 }, "quantity"],
    ["a null", { ...buy, portfolio: null }, "portfolio"],
    ["a Date", { ...buy, executedAt: new Date(0) }, "executedAt"],
    ["an unknown side", { ...buy, side: "short" }, "side"],
    ["an unknown kind", { ...buy, kind: "trade" }, "kind"],
    ["fees that are no list", { ...buy, fees: "1" }, "fees"],
    ["a fee that is null", { ...buy, fees: [null] }, "fees"],
    ["a missing id", { ...buy, fillId: undefined }, "fillId"],
    ["a bigint quantity", { ...buy, quantity: 1n }, "quantity"],
    ["no object", "buy", undefined],
    ["nothing", null, undefined],
  ])("%s where none belongs", (_name, fact, field) => {
    const facts = [sale, fact] as unknown as FactInput[];
    expect(() => allocate(facts)).toThrow(
      expect.objectContaining({ name: "InvalidFactError", index: 1, field }),
    );
  });

  it("a method or scope that does not exist", () => {
    expect(() => allocate([], { method: "lifo" } as unknown as AllocateOptions)).toThrow(
      "method lifo is none of: fifo",
    );
    expect(() => allocate([], { method: "toString" } as unknown as AllocateOptions)).toThrow(
      TypeError,
    );
    expect(() => allocate([], { scope: "venue" } as unknown as AllocateOptions)).toThrow(
      "scope venue is none of",
    );
  });
});
