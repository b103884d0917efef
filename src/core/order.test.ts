import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareLedgerOrder,
  compareText,
  earliest,
  isLate,
  latest,
  type OrderKey,
} from "./order.ts";

const words = ["", "a", "ab", "b", "é", "～", "😀", "𝒳", "\ud7ff", "\ue000", "10", "9"];
const text = fc.oneof(fc.constantFrom(...words), fc.string({ unit: "binary", maxLength: 4 }));
const word = fc.constantFrom("a", "b", "～", "😀");
const whenAndWhere = {
  at: fc.bigInt({ min: 0n, max: 2n }),
  venue: word,
  account: word,
  id: word,
  revision: fc.nat(2),
};
const fillKey: fc.Arbitrary<OrderKey> = fc.record({
  ...whenAndWhere,
  kind: fc.constant("fill" as const),
  side: fc.constantFrom("buy" as const, "sell" as const),
  sequence: fc.constantFrom(undefined, 0n, 9n, 10n, 2n ** 63n - 1n),
});
const lotKey: fc.Arbitrary<OrderKey> = fc.record({
  ...whenAndWhere,
  kind: fc.constant("opening lot" as const),
  side: fc.constant("buy" as const),
  sequence: fc.constant(undefined),
});
const key = fc.oneof({ weight: 3, arbitrary: fillKey }, { weight: 1, arbitrary: lotKey });
const many = { numRuns: 20_000 };

describe("text order", () => {
  it("is that of the UTF-8 bytes", () => {
    const wellFormed = text.map((any) => any.toWellFormed());
    fc.assert(
      fc.property(wellFormed, wellFormed, (left, right) => {
        const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareText(left, right))).toBe(bytes);
      }),
      many,
    );
  });
});

describe("ledger order (time.md 2)", () => {
  it("is antisymmetric, and calls only the same key equal", () => {
    fc.assert(
      fc.property(key, key, (left, right) => {
        const order = Math.sign(compareLedgerOrder(left, right));
        expect(order + Math.sign(compareLedgerOrder(right, left))).toBe(0);
        const same = Object.keys(left).every(
          (name) => left[name as keyof OrderKey] === right[name as keyof OrderKey],
        );
        expect(order === 0).toBe(same);
      }),
      many,
    );
  });

  it("is transitive", () => {
    fc.assert(
      fc.property(key, key, key, (first, second, third) => {
        const sorted = [first, second, third].toSorted(compareLedgerOrder);
        expect(compareLedgerOrder(sorted[0]!, sorted[1]!)).toBeLessThanOrEqual(0);
        expect(compareLedgerOrder(sorted[1]!, sorted[2]!)).toBeLessThanOrEqual(0);
        expect(compareLedgerOrder(sorted[0]!, sorted[2]!)).toBeLessThanOrEqual(0);
      }),
      many,
    );
  });
});

describe("lateness", () => {
  it("is to sort before the last key, and before nothing when nothing was taken", () => {
    fc.assert(
      fc.property(key, fc.array(key, { maxLength: 5 }), (candidate, taken) => {
        const last = latest(taken);
        const sorted = taken.toSorted(compareLedgerOrder);
        expect(last).toEqual(sorted.at(-1));
        expect(earliest(taken)).toEqual(sorted[0]);
        const late = taken.some((other) => compareLedgerOrder(candidate, other) < 0);
        expect(isLate(candidate, last)).toBe(late);
      }),
    );
  });
});
