import { describe, expect, it } from "vitest";
import type { Fee, Fill, OpeningLot, Side } from "./fact.ts";
import { poolOf, resolveMovement, splitFees } from "./movement.ts";

const unit = 10n ** 18n;
const place = { portfolio: "default", symbol: "BTC-USD", venue: "manual", account: "main" };

function fill(side: Side, quantity: string, price: string, fees: Fee[]): Fill {
  const identity = { fillId: "f", revision: 0, executedAt: 5n };
  return { kind: "fill", ...place, ...identity, side, quantity, price, fees };
}

describe("resolveMovement (numbers.md 3)", () => {
  it("takes a base fee off a buy, and values it at the price", () => {
    const fact = fill("buy", "1", "100", [{ asset: "BTC", amount: "0.001" }]);
    const movement = resolveMovement(7, fact, [], "portfolio");
    expect(movement).toMatchObject({
      entry: 7,
      opens: true,
      pool: "",
      quantity: 999_000_000_000_000_000n,
      fee: unit / 10n,
      feeScale: 18,
      missing: 0,
    });
  });

  it("adds it to a sale", () => {
    const fact = fill("sell", "1", "100", [{ asset: "BTC", amount: "0.001" }]);
    expect(resolveMovement(0, fact, [], "portfolio")).toMatchObject({
      opens: false,
      quantity: 1_001_000_000_000_000_000n,
      fee: unit / 10n,
    });
  });

  it.each([
    ["1.5", "100", "-135", 18, 15n * unit],
    ["0.1", "0.000000000000000001", "1", 19, 10n ** 19n + 1n],
    ["0.000000000000000001", "1.000000000000000001", "0.1", 36, 10n ** 35n + 10n ** 18n + 1n],
  ])("%s at %s and %s in the quote have scale %i", (amount, price, quoteFee, feeScale, fee) => {
    const fees = [
      { asset: "BTC", amount },
      { asset: "USD", amount: quoteFee },
    ];
    const movement = resolveMovement(0, fill("sell", "1", price, fees), [], "portfolio");
    expect(movement).toMatchObject({ feeScale, fee });
  });

  it("adds the known values of third assets and marks the side where one is missing", () => {
    const fees = [
      { asset: "BNB", amount: "1" },
      { asset: "KCS", amount: "1" },
      { asset: "USD", amount: "2" },
    ];
    const values = [{ asset: "BNB", value: "3" }];
    expect(resolveMovement(0, fill("buy", "1", "1", fees), values, "portfolio")).toMatchObject({
      fee: 5n * unit,
      missing: 1,
    });
    expect(resolveMovement(0, fill("sell", "1", "1", fees), values, "portfolio").missing).toBe(2);
    const both = [...values, { asset: "KCS", value: "-1" }];
    expect(resolveMovement(0, fill("sell", "1", "1", fees), both, "portfolio")).toMatchObject({
      fee: 4n * unit,
      missing: 0,
    });
  });

  it("lets an opening lot's cost stand in the place of the fee", () => {
    const named = { key: "k", revision: 1, openedAt: 4n, author: "me", note: "carried" };
    const lot: OpeningLot = { kind: "opening lot", ...place, ...named, quantity: "3" };
    const known = resolveMovement(0, { ...lot, cost: "100" }, [], "account");
    expect(known).toMatchObject({ price: 0n, fee: 100n * unit, missing: 0, id: "k", at: 4n });
    expect(known.pool).toBe("manual\0main");
    expect(resolveMovement(0, lot, [], "account")).toMatchObject({ fee: 0n, missing: 1 });
  });
});

describe("pools", () => {
  it("don't confuse venues and accounts that look alike when joined", () => {
    expect(poolOf("account", "a", "bc")).not.toBe(poolOf("account", "ab", "c"));
    expect(poolOf("portfolio", "a", "bc")).toBe(poolOf("portfolio", "ab", "c"));
  });
});

describe("fees", () => {
  it("need a symbol that splits", () => {
    expect(() => splitFees("BTCUSD", [{ asset: "USD", amount: "1" }], [])).toThrow("not a symbol");
  });
});
