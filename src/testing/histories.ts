/**
 * Random histories from a seed: everything the specification mentions, crowded into few facts. One seed,
 * one history, on every machine.
 */
import type { Fact, Fee, Fill, OpeningLot } from "../core/fact.ts";

/**
 * A small generator of numbers (mulberry32): the same on every machine, and good enough to pick cases with.
 */
export class Dice {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not give similar histories.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    this.next();
  }

  /** A whole number from 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to limit - 1. */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  shuffle<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items];
    for (let index = shuffled.length - 1; index > 0; index -= 1) {
      const other = this.below(index + 1);
      [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
    }
    return shuffled;
  }
}

/** What one history is like; drawn once, so that histories differ in kind and not only in numbers. */
interface Character {
  readonly symbol: string;
  readonly portfolio: string;
  /** Quantities are whole multiples of 10^unit. */
  readonly unit: number;
  readonly maxCount: number;
  readonly instants: readonly bigint[];
  readonly wallets: readonly (readonly [venue: string, account: string])[];
  readonly prices: readonly string[];
  readonly fees: "none" | "quote" | "base" | "third" | "all";
  readonly sequences: "none" | "some" | "all";
  readonly buysOf10: number;
}

const oddTexts = ["a", "b", "10", "9", "A", "é", "～", "😀", "a-b", "a b", "ー", "𝒳"];
const priceKinds: readonly (readonly string[])[] = [
  ["100", "101", "99.5"],
  ["0", "1"],
  ["64213.87", "64214.01", "63999.99", "0.01"],
  ["0.000000000000000001", "0.333333333333333333", "7.123456789012345678"],
  ["99999999999999999999.999999999999999999", "12345678901234567890.5", "3"],
];
const amounts = [
  ["1", "-1", "0.5", "0.1", "2"],
  ["0.000000000000000001", "-0.000000000000000001", "0.01", "1.234567891"],
  ["99999999999999999999.999999999999999999", "-98765432109876543210.123456789012345678"],
].flat();

function drawInstants(dice: Dice): bigint[] {
  const start = dice.pick([0n, 1_700_000_000_000_000_000n, 9_214_646_399_999_999_900n]);
  const step = dice.pick([1n, 1n, 20n]);
  const count = dice.pick([1, 2, 3, 5, 5]);
  return Array.from({ length: count }, (_, index) => start + BigInt(index) * step);
}

function drawCharacter(dice: Dice, portfolio: string): Character {
  const wallets = [
    ["coinbase", "main"],
    ["kraken", "main"],
    ["coinbase", dice.pick(oddTexts)],
    [dice.pick(oddTexts), "main"],
  ] as const;
  return {
    symbol: dice.pick(["BTC-USD", "ETH-BTC", "A-B-C"]),
    portfolio,
    unit: dice.pick([-18, -8, -3, 0, 18]),
    maxCount: dice.pick([3, 7, 12]),
    instants: drawInstants(dice),
    wallets: wallets.slice(0, dice.pick([1, 1, 2, 4])),
    prices: dice.pick(priceKinds),
    fees: dice.pick(["none", "quote", "quote", "base", "third", "all"]),
    sequences: dice.pick(["none", "some", "all"]),
    buysOf10: dice.pick([4, 5, 6, 8]),
  };
}

/** count x 10^power as decimal text in normal form. */
function scaled(count: number, power: number): string {
  const sign = count < 0 ? "-" : "";
  const digits = Math.abs(count).toString();
  if (count === 0) return "0";
  if (power >= 0) return sign + digits + "0".repeat(power);
  const padded = digits.padStart(1 - power, "0");
  const fraction = padded.slice(power).replace(/0+$/, "");
  return sign + padded.slice(0, power) + (fraction === "" ? "" : `.${fraction}`);
}

function drawFees(dice: Dice, character: Character, count: number): Fee[] {
  const [, base, quote] = /^(.*)-([^-]*)$/.exec(character.symbol) as unknown as [
    string,
    string,
    string,
  ];
  const kind = character.fees;
  const fees: Fee[] = [];
  if (kind === "none" || dice.once(5)) return fees;
  if (kind === "quote" || (kind === "all" && dice.once(2)))
    fees.push({ asset: quote, amount: dice.pick(amounts) });
  // Whole units, so that the effective quantity is one too; at least one unit remains.
  if (kind === "base" || (kind === "all" && dice.once(2))) {
    const part = dice.below(count + 3) - 3;
    if (part !== 0 && Math.abs(part) < count)
      fees.push({ asset: base, amount: scaled(part, character.unit) });
  }
  if (kind === "third" || (kind === "all" && dice.once(2)))
    for (const asset of dice.pick([["BNB"], ["BNB"], ["BNB", "KCS"]]))
      fees.push({ asset, amount: dice.pick(["0.002", "-0.001", "3"]) });
  return fees.toSorted((left, right) => (left.asset < right.asset ? -1 : 1));
}

function drawSequence(dice: Dice, character: Character): { sequence?: bigint } {
  if (character.sequences === "none") return {};
  if (character.sequences === "some" && dice.once(2)) return {};
  return { sequence: dice.pick([0n, 1n, 2n, 9n, 10n, 9_223_372_036_854_775_807n]) };
}

function drawFill(dice: Dice, character: Character, fillId: string): Fill {
  const [venue, account] = dice.pick(character.wallets);
  const count = 1 + dice.below(character.maxCount);
  return {
    kind: "fill",
    portfolio: character.portfolio,
    symbol: character.symbol,
    venue,
    account,
    fillId,
    revision: 0,
    executedAt: dice.pick(character.instants),
    side: dice.below(10) < character.buysOf10 ? "buy" : "sell",
    quantity: scaled(count, character.unit),
    price: dice.pick(character.prices),
    fees: drawFees(dice, character, count),
    ...drawSequence(dice, character),
  };
}

function drawOpeningLot(dice: Dice, character: Character, key: string): OpeningLot {
  const [venue, account] = dice.pick(character.wallets);
  return {
    kind: "opening lot",
    portfolio: character.portfolio,
    symbol: character.symbol,
    venue,
    account,
    key,
    revision: 0,
    openedAt: dice.pick(character.instants),
    quantity: scaled(1 + dice.below(character.maxCount), character.unit),
    ...(dice.once(3) ? {} : { cost: dice.pick([...amounts, "0"]) }),
    author: "history",
    note: "carried over",
  };
}

/** Fee values for a fill's third assets: given, missing, or given, voided and given again. */
function drawValues(dice: Dice, fill: Fill, into: Fact[]): void {
  const { portfolio, symbol, venue, account, fillId } = fill;
  for (const { asset } of fill.fees) {
    if ((asset !== "BNB" && asset !== "KCS") || dice.once(3)) continue;
    const name = { portfolio, symbol, venue, account };
    const value = { ...name, fillId, fillRevision: fill.revision, asset, source: "history" };
    into.push({ kind: "fee value", ...value, revision: 0, value: dice.pick(amounts) });
    if (!dice.once(4)) continue;
    const target = { targetId: fillId, targetRevision: fill.revision, asset, valueRevision: 0 };
    const act = { author: "history", reason: "wrong value" };
    into.push({ kind: "void", targetKind: "fee value", ...name, ...target, ...act });
    if (dice.once(2))
      into.push({ kind: "fee value", ...value, revision: 1, value: dice.pick(amounts) });
  }
}

/** Voids of a fact, and replacements of it with the next revision, which may be voided in turn. */
function drawCorrections(
  dice: Dice,
  fact: Fill | OpeningLot,
  character: Character,
  into: Fact[],
): void {
  let current = fact;
  while (dice.once(6)) {
    const { kind, portfolio, symbol, venue, account, revision } = current;
    const targetId = current.kind === "fill" ? current.fillId : current.key;
    const act = { author: "history", reason: "bust" };
    const target = { targetKind: kind, targetId, targetRevision: revision };
    into.push({ kind: "void", portfolio, symbol, venue, account, ...target, ...act });
    if (dice.once(2)) return;
    const next = { venue, account, revision: revision + 1 };
    if (current.kind === "fill") {
      current = { ...drawFill(dice, character, targetId), ...next };
      drawValues(dice, current, into);
    } else current = { ...drawOpeningLot(dice, character, targetId), ...next };
    into.push(current);
  }
}

function drawAdjustment(dice: Dice, character: Character, entryId: string): Fact {
  const fill = drawFill(dice, character, entryId);
  const { portfolio, symbol, venue, account, executedAt, side, quantity, price, fees } = fill;
  const place = { portfolio, symbol, venue, account, entryId, executedAt };
  return { kind: "adjustment", ...place, tradeType: "REVERSAL", side, quantity, price, fees };
}

function drawBook(dice: Dice, character: Character, size: number): Fact[] {
  const facts: Fact[] = [];
  for (let index = 0; index < size; index += 1) {
    const id = dice.pick(oddTexts) + (dice.once(2) ? "" : dice.pick(oddTexts)) + index.toString();
    if (dice.once(20)) facts.push(drawAdjustment(dice, character, id));
    const fact = dice.once(7) ? drawOpeningLot(dice, character, id) : drawFill(dice, character, id);
    facts.push(fact);
    if (fact.kind === "fill") drawValues(dice, fact, facts);
    drawCorrections(dice, fact, character, facts);
  }
  return facts;
}

export interface History {
  readonly seed: number;
  readonly scope: "portfolio" | "account";
  /** In order of arrival, which is any order: a void may come before its target here. */
  readonly facts: readonly Fact[];
}

/** The history of a seed: of one book mostly, of two or three at times. `size` bounds the fills of a book. */
export function drawHistory(seed: number, size = 10): History {
  const dice = new Dice(seed);
  const scope = dice.once(3) ? "account" : "portfolio";
  const facts: Fact[] = [];
  const books = dice.pick([1, 1, 1, 1, 2, 3]);
  for (let book = 0; book < books; book += 1) {
    const character = drawCharacter(dice, ["default", "～", "😀"][book]!);
    for (const fact of drawBook(dice, character, 1 + dice.below(size))) facts.push(fact);
  }
  return { seed, scope, facts: dice.shuffle(facts) };
}
