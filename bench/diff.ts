/**
 * What attributing differences costs in a book of 100,000 facts: `node bench/diff.ts`. Each line is n changes
 * and 4n, in milliseconds, the book's first computation included, and their ratio. It fails beyond
 * `ratioLimit`, half of what a quadratic path would give. A cause costs what it changes: those of the last
 * scenario change 2,000 sales each, and are few.
 */
import { attribute } from "../src/core/diff/attribution.ts";
import { fillMovement, type Movement } from "../src/core/movement.ts";

const facts = 100_000;
const rounds = 3;
const ratioLimit = 8;
const unit = 10n ** 18n;
const policy = { method: "fifo", scope: "portfolio" } as const;

/** One fill of one unit; the book's own are ten instants apart. */
function fill(entry: number, at: number, side: "buy" | "sell"): Movement {
  const identity = { entry, venue: "v", account: "a", id: `f${entry}`, revision: 0 };
  const amounts = { quantity: unit, price: BigInt(100 + (entry % 7)) * unit, quoteFee: unit / 10n };
  const fees = { baseFee: 0n, thirdValue: 0n, valueMissing: false };
  return fillMovement(
    { ...identity, at: BigInt(at), side, sequence: undefined, ...amounts, ...fees },
    "portfolio",
  );
}

const sideOf = (index: number): "buy" | "sell" => (index % 2 === 0 ? "buy" : "sell");

/** A book that holds so many lots throughout, and else buys and sells in turn. */
function bookOf(held: number): Movement[] {
  return Array.from({ length: facts }, (_, index) =>
    fill(index + 1, 10 * index, index < held ? "buy" : sideOf(index - held)),
  );
}

interface Scenario {
  readonly name: string;
  readonly held: number;
  readonly count: number;
  readonly late: (index: number) => Movement;
}

const firstNew = facts + 1;
const scenarios: readonly Scenario[] = [
  {
    name: "appended",
    held: 0,
    count: 50_000,
    late: (index) => fill(firstNew + index, 10 * (facts + index), sideOf(index)),
  },
  {
    name: "late, to the next flat point",
    held: 0,
    count: 10_000,
    late: (index) => fill(firstNew + index, 20 * ((index * 7919) % 50_000) + 5, "sell"),
  },
  {
    name: "late, never reached",
    held: 60_000,
    count: 10_000,
    late: (index) => fill(firstNew + index, 10 * (50_000 + index) + 3, "buy"),
  },
  {
    name: "late, 2,000 sales each",
    held: 0,
    count: 100,
    late: (index) =>
      fill(firstNew + index, 10 * (facts - 4_000) + 3 + (index % 100) * 20 + (index % 7), "buy"),
  },
];

function time({ held, late }: Scenario, count: number): number {
  const movements = bookOf(held);
  const changes = Array.from({ length: count }, (_, index) => {
    const after = late(index);
    return { entry: after.entry, before: undefined, after };
  });
  const times = Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint();
    attribute({ movements, before: policy, after: policy, changes });
    return Number((process.hrtime.bigint() - start) / 1_000_000n);
  });
  return Math.min(...times);
}

for (const scenario of scenarios) {
  const [none, once, more] = [0, 1, 4].map((times) => time(scenario, times * scenario.count));
  const ratio = more! / Math.max(1, once!);
  const cost = `${once} ms, ${4 * scenario.count}: ${more} ms (the book alone ${none} ms)`;
  process.stdout.write(
    `${scenario.name.padEnd(30)} ${scenario.count}: ${cost}, ratio ${ratio.toFixed(1)}\n`,
  );
  if (ratio > ratioLimit) process.exitCode = 1;
}
