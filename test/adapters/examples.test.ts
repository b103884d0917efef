/** The committed examples are what they say: generated from a seed, readable, and of their formats. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { allocate } from "../../src/index.ts";
import type { FactInput } from "../../src/index.ts";
import { generatedRow } from "../../src/generate/write.ts";
import { generateFills } from "../../src/generate/trading.ts";
import { factsOf } from "./reading.ts";

const example = (name: string): string =>
  readFileSync(new URL(`../../examples/${name}`, import.meta.url), "utf8");

describe("fills.csv", () => {
  const rows = example("fills.csv").trimEnd().split("\n");
  const byHand = 17;

  test("is the header, rows written by hand, and generated rows", () => {
    const fills = [...generateFills({ seed: 11, fills: 240, symbols: 4, days: 60 })];
    expect(rows.slice(1 + byHand)).toEqual(fills.map((fill) => generatedRow(fill)));
  });

  test("shows fees, partial fills, an unmatched sale, dust, a late row and a repeated row", async () => {
    const facts = await factsOf("fills.csv", example("fills.csv"));
    const written = facts.slice(0, byHand);
    const result = allocate(written as FactInput[]);
    const saleOf = (id: string): [string, string, string | null][] =>
      result.allocations
        .filter(({ closeFillId }) => closeFillId === id)
        .map(({ openFillId, quantity, pnl }) => [openFillId, quantity, pnl]);
    expect(saleOf("btc-3")).toEqual([
      ["btc-1", "0.1", "482.4"],
      ["btc-2", "0.02", "96.2788"],
    ]);
    expect(saleOf("eth-3").map(([open, quantity]) => [open, quantity])).toEqual([
      ["eth-0", "0.5"],
      ["eth-1", "2"],
    ]);
    expect(result.unmatched.map(({ closeFillId, quantity }) => [closeFillId, quantity])).toEqual([
      ["pepe-1", "500000"],
    ]);
    expect(result.openLots.map(({ openFillId, remaining }) => [openFillId, remaining])).toEqual([
      ["doge-1", "0.1"],
      ["eth-2", "0.5"],
    ]);
    expect(new Set(rows).size).toBeLessThan(rows.length);
  });
});

test("the two Coinbase examples are read", async () => {
  const saved = await factsOf("coinbase-fills.json", example("coinbase-fills.json"));
  expect(saved.map(({ kind }) => kind)).toEqual([
    ...Array.from({ length: 5 }, () => "fill"),
    "adjustment",
  ]);
  expect(saved).toContainEqual(
    expect.objectContaining({ quantity: "0.002143939780122682", quoteSize: "0.0802691053677932" }),
  );
  const statement = await factsOf("coinbase-fills.csv", example("coinbase-fills.csv"));
  expect(statement).toHaveLength(4);
});
