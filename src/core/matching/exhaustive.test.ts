/**
 * The engine against the naive model, on all histories of up to five fills of 2 sides, 3 sizes and 2
 * prices.
 */
import { describe, expect, it } from "vitest";
import { engineLines, type WalkStyle } from "../../testing/engine-lines.ts";
import { naiveModel, sameResult } from "../../testing/naive-model.ts";
import type { Fact, Fill } from "../fact.ts";

describe("all small histories", () => {
  const kinds = ["buy", "sell"].flatMap((side) =>
    ["1", "2", "3"].flatMap((quantity) => ["10", "13"].map((price) => ({ side, quantity, price }))),
  ) as Pick<Fill, "side" | "quantity" | "price">[];
  // Fees that don't divide, so that every share is cut somewhere.
  const fees = ["1", "-1", "0.1", "2", "0.7"];
  const choices = fees.map((amount, place) =>
    kinds.map((kind): Fill => ({
      kind: "fill",
      portfolio: "default",
      symbol: "BTC-USD",
      venue: "manual",
      account: "main",
      fillId: place.toString(),
      revision: 0,
      executedAt: BigInt(place),
      fees: [{ asset: "USD", amount }],
      ...kind,
    })),
  );

  /** The history with this number: its digits in base 12 say the kinds of its fills. */
  function numbered(number: number, length: number): Fact[] {
    const facts: Fact[] = [];
    let rest = number;
    for (let place = 0; place < length; place += 1) {
      facts.push(choices[place]![rest % kinds.length]!);
      rest = Math.floor(rest / kinds.length);
    }
    return facts;
  }

  it.each([1, 2, 3, 4, 5])("of %i fills give what the model gives", (length) => {
    const count = kinds.length ** length;
    const style: WalkStyle = { scope: "portfolio", chunk: 10, resumeEvery: 0 };
    for (let number = 0; number < count; number += 1) {
      const facts = numbered(number, length);
      const engine = engineLines(facts, style);
      const { allocations, openLots } = naiveModel(facts, "portfolio");
      const model = { allocations, openLots: openLots.toSorted() };
      if (!sameResult(engine, model)) expect({ facts, ...engine }).toEqual({ facts, ...model });
    }
  });
});
