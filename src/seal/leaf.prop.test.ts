/** The encoding is injective: different facts never share one. docs/spec/hashing.md 1. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Adjustment, Fact, FeeValue, Fill, OpeningLot, Void } from "../core/fact.ts";
import { record } from "./encoding.ts";
import { factLeaf, identity, telling } from "./leaf.ts";

/** Few letters and many empty strings, so that neighbours run into each other if lengths are not kept. */
const tricky = fc.oneof(
  fc.constantFrom("", "a", "aa", "b", "ab", "\u0001", "\u0000", "é", "日", "𝕏", "\uFEFF"),
  fc.string({ unit: "binary", maxLength: 40 }).filter((text) => text.isWellFormed()),
  fc.string({ unit: "grapheme-ascii", minLength: 20, maxLength: 60 }),
);
const decimal = fc.constantFrom(
  "0",
  "1",
  "-1",
  "10",
  "0.1",
  "1.000000000000000001",
  "99999999999999999999",
);
const amount = fc.constantFrom("1", "-1", "0.5");
const instant = fc.bigInt({ min: 0n, max: 9_214_646_399_999_999_999n });
const revision = fc.constantFrom(0, 1, 2, 256, 2_147_483_647);
const common = { portfolio: tricky, venue: tricky, account: tricky };
const optional = { noNil: true as const };

const book = { ...common, symbol: fc.constantFrom("A-B", "A-B-C", "B-A") };
const noFees = fc.constant([]);
const fees = fc.oneof(
  noFees,
  fc
    .uniqueArray(fc.record({ asset: fc.constantFrom("A", "B", "C", "é", "zz"), amount }), {
      selector: (fee) => fee.asset,
    })
    .map((list) =>
      list.toSorted((one, other) =>
        Buffer.compare(Buffer.from(one.asset), Buffer.from(other.asset)),
      ),
    ),
);

const fill: fc.Arbitrary<Fill> = fc.record(
  {
    kind: fc.constant("fill"),
    ...book,
    fillId: tricky,
    revision,
    executedAt: instant,
    side: fc.constantFrom("buy", "sell"),
    quantity: decimal,
    price: decimal,
    fees,
    sequence: fc.constantFrom(0n, 1n, 2n ** 63n - 1n),
    orderId: tricky,
    strategy: tricky,
    tradeId: tricky,
    quoteSize: decimal,
    grain: fc.constant("order"),
  },
  {
    requiredKeys: [
      "kind",
      "portfolio",
      "venue",
      "account",
      "symbol",
      "fillId",
      "revision",
      "executedAt",
      "side",
      "quantity",
      "price",
      "fees",
    ],
    ...optional,
  },
) as fc.Arbitrary<Fill>;

const voidFields = {
  kind: fc.constant("void" as const),
  ...book,
  targetId: tricky,
  targetRevision: revision,
  author: tricky,
  reason: tricky,
};
const voided: fc.Arbitrary<Void> = fc.oneof(
  fc.record({
    ...voidFields,
    targetKind: fc.constantFrom("fill" as const, "opening lot" as const),
  }),
  fc.record({
    ...voidFields,
    targetKind: fc.constant("fee value" as const),
    asset: tricky,
    valueRevision: revision,
  }),
);

const lotFields = {
  kind: fc.constant("opening lot" as const),
  ...book,
  key: tricky,
  revision,
  openedAt: instant,
  quantity: decimal,
  author: tricky,
  note: tricky,
};
const openingLot: fc.Arbitrary<OpeningLot> = fc.oneof(
  fc.record(lotFields),
  fc.record({ ...lotFields, cost: decimal }),
);

const feeValue: fc.Arbitrary<FeeValue> = fc.record({
  kind: fc.constant("fee value" as const),
  ...book,
  fillId: tricky,
  fillRevision: revision,
  asset: tricky,
  revision,
  value: decimal,
  source: tricky,
});

const adjustment: fc.Arbitrary<Adjustment> = fc.record(
  {
    kind: fc.constant("adjustment"),
    ...book,
    entryId: tricky,
    tradeType: tricky,
    tradeId: tricky,
    executedAt: instant,
    side: fc.constantFrom("buy", "sell"),
    quantity: decimal,
    price: decimal,
    fees,
    orderId: tricky,
  },
  {
    requiredKeys: [
      "kind",
      "portfolio",
      "venue",
      "account",
      "symbol",
      "entryId",
      "tradeType",
      "executedAt",
      "fees",
    ],
    ...optional,
  },
) as fc.Arbitrary<Adjustment>;

const anyFact = fc.oneof(fill, voided, openingLot, feeValue, adjustment);

/** A text of a fact that is the same for the same facts only. */
function nameOf(fact: Fact): string {
  const entries = Object.entries(fact).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(entries, (_, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}

function encodingOf(fact: Fact): string {
  factLeaf(fact);
  return Buffer.from(record.bytes()).toString("hex");
}

describe("the encoding of facts", () => {
  it("is different for different facts", () => {
    const facts = new Map<string, string>();
    fc.assert(
      fc.property(anyFact, (fact) => {
        const encoding = encodingOf(fact);
        const name = nameOf(fact);
        expect(facts.get(encoding) ?? name).toBe(name);
        facts.set(encoding, name);
      }),
      { numRuns: 20_000 },
    );
    expect(facts.size).toBeGreaterThan(10_000);
  });

  it("can be read back: every field's length leads to the next tag, up to the end", () => {
    fc.assert(
      fc.property(anyFact, (fact) => {
        factLeaf(fact);
        const bytes = Buffer.from(record.bytes());
        let at = 2;
        let lastTag = 0;
        while (at < bytes.length) {
          expect(bytes[at]).toBeGreaterThan(lastTag);
          lastTag = bytes[at]!;
          at += 5 + bytes.readUInt32BE(at + 1);
        }
        expect(at).toBe(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  it("tells neighbouring texts apart", () => {
    fc.assert(
      fc.property(tricky, tricky, tricky, tricky, (one, two, three, four) => {
        const same = one === three && two === four;
        expect(telling(one, two) === telling(three, four)).toBe(same);
        const first = Buffer.from(identity("fill", one, two, "x", 0)).toString("hex");
        const second = Buffer.from(identity("fill", three, four, "x", 0)).toString("hex");
        expect(first === second).toBe(same);
      }),
      { numRuns: 5000 },
    );
  });
});
