/**
 * How fast the engine is, and that its cost grows with the facts and no faster. Run: node bench/engine.ts
 *
 * Prints one line a scenario: millions of facts a second, by the median of rounds, and time(4n) / time(n).
 * Exits with 1 when a ratio is beyond what linear growth and a noisy machine explain.
 */
import { fromUnits, toUnits } from "../src/core/decimal.ts";
import { sliceAmounts, wideScale } from "../src/core/matching/amounts.ts";
import type { AllocationSink } from "../src/core/matching/lot.ts";
import { startWalk, type Policy } from "../src/core/matching/walk.ts";
import { fillMovement, type FillParts, type Movement } from "../src/core/movement.ts";
import { Dice } from "../src/testing/histories.ts";

const policy: Policy = { method: "fifo", scope: "portfolio" };
const start = 1_772_460_311_000_000_000n;
const rounds = 7;
const chunk = 10_000;
/** 4 is linear; caches and the garbage collector take some more. */
const ratioLimit = 6;

interface Scenario {
  readonly name: string;
  readonly count: number;
  readonly make: (count: number) => FillParts[];
}

function parts(
  entry: number,
  side: "buy" | "sell",
  quantity: string,
  price: string,
  fee: string,
): FillParts {
  return {
    entry,
    venue: "coinbase",
    account: "main",
    id: `fill-${entry}`,
    revision: 0,
    at: start + BigInt(entry) * 1_000_003n,
    side,
    sequence: undefined,
    quantity: toUnits(quantity),
    price: toUnits(price),
    quoteFee: toUnits(fee),
    baseFee: 0n,
    thirdValue: 0n,
    valueMissing: false,
  };
}

/** A decimal with 8 digits after the point, as exchanges print it. */
function eight(units: number): string {
  const digits = units.toString().padStart(9, "0");
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

/** A bot at work: a handful of lots open, sizes that never fit, a fee on every fill. */
function roundTrips(count: number): FillParts[] {
  const dice = new Dice(1);
  let open = 0;
  return Array.from({ length: count }, (_, entry) => {
    const buys = open <= 0 || (open < 12 && dice.once(2));
    open += buys ? 1 : -1;
    const size = 1_000_000 + dice.below(40_000_000);
    const price = `${60_000 + dice.below(5000)}.${10 + dice.below(90)}`;
    return parts(entry, buys ? "buy" : "sell", eight(size), price, eight(size * 24));
  });
}

/** Four fifths buys: lots pile up (100,000 of them and more) while sales keep eating. */
function pile(count: number): FillParts[] {
  const dice = new Dice(2);
  return Array.from({ length: count }, (_, entry) => {
    const side = dice.below(5) < 4 ? "buy" : "sell";
    return parts(entry, side, eight(1_000_000 + dice.below(1_000_000)), "64000.5", "1.23456789");
  });
}

/** All buys, then one sale that takes them all. */
function oneSale(count: number): FillParts[] {
  const facts = Array.from({ length: count - 1 }, (_, entry) =>
    parts(entry, "buy", "0.01000001", "64000.5", "0.38400007"),
  );
  const whole = fromUnits(10_000_010_000_000_000n * BigInt(count - 1));
  return [...facts, parts(count, "sell", whole, "65000", "1234.56789")];
}

/** One buy, eaten by sales of dust. */
function oneLot(count: number): FillParts[] {
  const sales = Array.from({ length: count - 1 }, (_, entry) =>
    parts(entry + 1, "sell", "0.00000001", "65000", "0.00000001"),
  );
  return [parts(0, "buy", "1", "64000.5", "38.40000007"), ...sales];
}

function walkThrough(movements: readonly Movement[], sink: AllocationSink): number {
  const walk = startWalk(policy, sink);
  for (let index = 0; index < movements.length; index += chunk)
    walk.take(movements.slice(index, index + chunk));
  return walk.openLots().length;
}

class Counter implements AllocationSink {
  slices = 0;
  allocation(): void {
    this.slices += 1;
  }
}

/** What storing a slice needs: all amounts, as text. */
class Writer implements AllocationSink {
  characters = 0;
  allocation(
    close: Movement,
    open: Movement | undefined,
    _slice: number,
    quantity: bigint,
    openShare: bigint,
    closeShare: bigint,
  ): void {
    const amounts = sliceAmounts(close, open, quantity, openShare, closeShare);
    this.characters +=
      fromUnits(quantity).length +
      fromUnits(openShare).length +
      fromUnits(closeShare).length +
      fromUnits(amounts.costBasis ?? 0n, wideScale).length +
      fromUnits(amounts.proceeds, wideScale).length +
      fromUnits(amounts.pnl ?? 0n, wideScale).length;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? NaN;
}

function measure(work: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = performance.now();
    work();
    times.push(performance.now() - before);
  }
  return median(times);
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Millions a second. */
function rate(count: number, milliseconds: number): string {
  return (count / milliseconds / 1000).toFixed(2).padStart(6);
}

function run(scenario: Scenario): number {
  const { name, count, make } = scenario;
  const small = make(count / 4).map((fact) => fillMovement(fact, policy.scope));
  const facts = make(count);
  const resolving = measure(() => facts.map((fact) => fillMovement(fact, policy.scope)));
  const large = facts.map((fact) => fillMovement(fact, policy.scope));
  walkThrough(small, new Counter());
  const counter = new Counter();
  const lots = walkThrough(large, counter);
  // Four small walks last as long as a large one that grows linearly, so noise hits both alike.
  const smallTime = measure(() => {
    for (let turn = 0; turn < 4; turn += 1) walkThrough(small, new Counter());
  });
  const largeTime = measure(() => walkThrough(large, new Counter()));
  const writing = measure(() => walkThrough(large, new Writer()));
  const ratio = (4 * largeTime) / smallTime;
  write(
    `${name.padEnd(12)} ${count} fills, ${counter.slices} slices, ${lots} lots left: ` +
      `resolve ${rate(count, resolving)} M/s, walk ${rate(count, largeTime)} M/s, ` +
      `walk and write ${rate(count, writing)} M/s, time(4n)/time(n) ${ratio.toFixed(2)}`,
  );
  return ratio;
}

const scenarios: readonly Scenario[] = [
  { name: "round trips", count: 1_000_000, make: roundTrips },
  { name: "pile of lots", count: 400_000, make: pile },
  { name: "one sale", count: 200_000, make: oneSale },
  { name: "one lot", count: 400_000, make: oneLot },
];

for (const scenario of scenarios) {
  if (run(scenario) <= ratioLimit) continue;
  write(`${scenario.name}: grows faster than the facts do`);
  process.exitCode = 1;
}
