/** Pairing against a naive statement of docs/spec/telling.md 5, rounding against its worked numbers. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fill } from "./fact.ts";
import { Pairing, type Side, type Verdict, comparePair } from "./pairing.ts";
import { type Rounding, compareFills } from "./rounding.ts";
import { resolveFill } from "./resolve.ts";

function fill(at: bigint, quantity: string, price = "100", more: Partial<Fill> = {}): Fill {
  const draft = { fillId: "f", executedAt: "2026-03-01T10:00:00Z", symbol: "BTC-USD", side: "buy" };
  const made = resolveFill({ ...draft, quantity, price }, { file: "", row: 1 }) as Fill;
  return { ...made, executedAt: at, ...more };
}

const fee = (amount: string) => ({ fees: [{ asset: "USD", amount }] });

test("the worked numbers of telling.md 3", () => {
  const recorded = fill(0n, "0.12345", "60100.129", fee("0.04999"));
  const rounding = { quantity: 4, price: 2, fee: 2 };
  const told = (quantity: string, price: string, amount: string): string =>
    compareFills(fill(0n, quantity, price, fee(amount)), recorded, rounding, {});
  expect(told("0.1234", "60100.13", "0.05")).toBe("rounded");
  expect(told("0.1235", "60100.12", "0.04")).toBe("rounded");
  expect(told("0.1236", "60100.13", "0.05")).toBe("different");
  expect(told("0.12346", "60100.13", "0.05")).toBe("different");
  expect(told("0.12345", "60100.129", "0.04999")).toBe("same");
});

const ms = 1_000_000n;
/** A few instants, close enough to meet: in whole ms, in whole seconds, and between. */
const instants = [
  0n,
  1n,
  400_000n,
  ms,
  2n * ms,
  700n * ms,
  1000n * ms,
  1000n * ms + 1n,
  1999n * ms,
].concat([5000n * ms, 5000n * ms + 3n]);
const roundings: readonly Rounding[] = [
  {},
  {},
  { clock: ms },
  { quantity: 1 },
  { quantity: 1, clock: ms },
];

const sides = fc.array(
  fc.record({
    told: fc.boolean(),
    at: fc.constantFrom(...instants),
    quantity: fc.constantFrom("0.5", "0.51", "0.59", "2"),
    order: fc.constantFrom(undefined, undefined, undefined, "o1", "o2"),
    rounding: fc.nat(roundings.length - 1),
  }),
  { maxLength: 9 },
);

interface Drawn {
  readonly side: Side<number>;
  readonly told: boolean;
}

function drawn(values: typeof sides extends fc.Arbitrary<infer Value> ? Value : never): Drawn[] {
  return values.map(({ told, at, quantity, order, rounding }, name) => {
    const more = { fillId: `f${name}`, ...(order === undefined ? {} : { orderId: order }) };
    const side = { name, fill: fill(at, quantity, "100", more), rounding: roundings[rounding]! };
    return { side, told };
  });
}

/** Groups by looking at every pair, again and again, until none grows. */
function naive(all: readonly Drawn[]): Map<number, string> {
  const groups: Drawn[][] = all.map((each) => [each]);
  const meet = (one: Drawn, other: Drawn): boolean =>
    one.told !== other.told &&
    comparePair(one.told ? one.side : other.side, one.told ? other.side : one.side) !== "different";
  for (let grown = true; grown;) {
    grown = false;
    for (const one of groups) {
      for (const other of groups) {
        if (one === other || !one.some((a) => other.some((b) => meet(a, b)))) continue;
        one.push(...other.splice(0));
        grown = true;
      }
    }
  }
  const verdicts = new Map<number, string>();
  const byTime = (a: Drawn, b: Drawn): number =>
    Number(a.side.fill.executedAt - b.side.fill.executedAt) ||
    (a.side.fill.fillId < b.side.fill.fillId ? -1 : 1);
  for (const group of groups) {
    const told = group.filter((each) => each.told).sort(byTime);
    const known = group.filter((each) => !each.told).sort(byTime);
    const fits =
      told.length === known.length && told.every((each, index) => meet(each, known[index]!));
    for (const [index, { side }] of told.entries())
      verdicts.set(
        side.name,
        known.length === 0 ? "alone" : fits ? `is ${known[index]!.side.name}` : "uneven",
      );
  }
  return verdicts;
}

const shown = (verdict: Verdict<number>): string =>
  "fill" in verdict ? `is ${verdict.fill}` : verdict.outcome;

function paired(all: readonly Drawn[], passing: boolean): Map<number, string> {
  const loose = all.some(({ side }) => side.rounding.quantity !== undefined);
  const pairing = new Pairing<number>(new Set(loose ? ["quantity"] : []));
  const ordered = all.toSorted((a, b) => Number(a.side.fill.executedAt - b.side.fill.executedAt));
  const verdicts = ordered.flatMap(({ side, told }) => [
    ...pairing.add(side, told),
    ...(passing ? pairing.before(side.fill.executedAt) : []),
  ]);
  return new Map([...verdicts, ...pairing.finish()].map((each) => [each.name, shown(each)]));
}

test("pairing does what the rule says, whatever the pages", () => {
  let attached = 0;
  let uneven = 0;
  fc.assert(
    fc.property(sides, (values) => {
      const all = drawn(values);
      const expected = naive(all);
      for (const passing of [false, true])
        expect(new Map([...paired(all, passing)].sort())).toEqual(new Map([...expected].sort()));
      for (const verdict of expected.values()) {
        if (verdict.startsWith("is")) attached += 1;
        if (verdict === "uneven") uneven += 1;
      }
    }),
    { numRuns: 3000 },
  );
  expect(attached).toBeGreaterThan(100);
  expect(uneven).toBeGreaterThan(100);
});

test("a hundred thousand fills, one each 100 ms and alike, are paired without looking at all pairs", () => {
  const pairing = new Pairing<number>(new Set());
  let verdicts = 0;
  for (let index = 0; index < 100_000; index += 1) {
    const at = BigInt(index) * 100n * ms + 1n;
    const one = fill(at, "1");
    for (const told of [false, true])
      verdicts += pairing.add({ name: index, fill: one, rounding: {} }, told).length;
  }
  expect(verdicts + pairing.finish().length).toBe(100_000);
});
