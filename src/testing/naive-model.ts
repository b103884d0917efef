/**
 * The specification acted out, slowly: every lot is a row of single units in an array, a sale takes them
 * off one by one, and shares are worked out as fractions from their definition. It shares no code with
 * src/core (types only), so that a mistake would have to be made twice. docs/spec/matching.md, numbers.md,
 * time.md 2.
 */
import type { Fact, FeeValue, Fill, OpeningLot, Void } from "../core/fact.ts";

/** A fraction; the denominator is greater than 0. Not reduced. */
interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

interface ModelFact {
  readonly name: string;
  readonly sortKey: string;
  readonly buys: boolean;
  readonly pool: string;
  readonly quantity: Fraction;
  readonly price: Fraction;
  readonly amount: Fraction;
  readonly incomplete: boolean;
  /** Units used up so far. */
  used: number;
  units: number;
}

/** Conclusions as lines of text, in order: what a test compares. */
export interface ModelResult {
  /** `close open quantity openShare closeShare costBasis proceeds netProceeds pnl missing`; `-` is null. */
  readonly allocations: readonly string[];
  /** `open quantity share costBasis missing`. */
  readonly openLots: readonly string[];
}

const nothing: Fraction = { n: 0n, d: 1n };
const add = (a: Fraction, b: Fraction): Fraction =>
  a.d === b.d ? { n: a.n + b.n, d: a.d } : { n: a.n * b.d + b.n * a.d, d: a.d * b.d };
const negate = (a: Fraction): Fraction => ({ n: -a.n, d: a.d });
const times = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.n, d: a.d * b.d });

function read(text: string): Fraction {
  const [whole, fraction = ""] = text.split(".");
  return { n: BigInt(whole + fraction), d: 10n ** BigInt(fraction.length) };
}

/** Decimals that the fraction's normal form has. All denominators here are powers of ten. */
function decimals(a: Fraction): number {
  if (a.n === 0n) return 0;
  const zeros = /0*$/.exec(a.n.toString())![0].length;
  return Math.max(0, a.d.toString().length - 1 - zeros);
}

function write(a: Fraction): string {
  const count = decimals(a);
  const digits = ((a.n < 0n ? -a.n : a.n) * 10n ** BigInt(count)) / a.d;
  const padded = digits.toString().padStart(count + 1, "0");
  const whole = padded.slice(0, padded.length - count);
  return (a.n < 0n ? "-" : "") + (count === 0 ? whole : `${whole}.${padded.slice(-count)}`);
}

/** trunc(amount x used / of), cut toward zero after `scale` decimals. */
function prefix(amount: Fraction, used: number, of: number, scale: number): Fraction {
  const power = 10n ** BigInt(scale);
  const numerator = amount.n * BigInt(used) * power;
  const denominator = amount.d * BigInt(of);
  const magnitude = (numerator < 0n ? -numerator : numerator) / denominator;
  return { n: numerator < 0n ? -magnitude : magnitude, d: power };
}

function share(fact: ModelFact, from: number, to: number): Fraction {
  const scale = Math.max(18, decimals(fact.amount));
  const before = prefix(fact.amount, from, fact.units, scale);
  return add(prefix(fact.amount, to, fact.units, scale), negate(before));
}

/**
 * Text as something whose plain comparison is that of the UTF-8 bytes; the point ends it and is less than
 * any digit.
 */
const hex = (text: string): string => `${Buffer.from(text, "utf8").toString("hex")}.`;
const padded = (value: bigint | number): string => value.toString().padStart(20, "0");

function lotSortKey(lot: OpeningLot): string {
  const identity = hex(lot.venue) + hex(lot.account) + hex(lot.key) + padded(lot.revision);
  return `${padded(lot.openedAt)}0${identity}`;
}

function fillSortKey(fill: Fill): string {
  const side = fill.side === "buy" ? "0" : "1";
  const wallet = hex(fill.venue) + hex(fill.account);
  const id = hex(fill.fillId) + padded(fill.revision);
  const time = padded(fill.executedAt);
  if (fill.sequence === undefined) return `${time}1${side}${wallet}${id}`;
  return `${time}2${wallet}${padded(fill.sequence)}${side}${id}`;
}

function bookName(fact: Fact): string {
  return `${fact.portfolio}/${fact.symbol}`;
}

function fillName(
  fact: { venue: string; account: string; fillId: string },
  revision: number,
): string {
  return `fill ${fact.venue}/${fact.account}/${fact.fillId}/${revision}`;
}

function lotName(lot: OpeningLot): string {
  return `lot ${lot.venue}/${lot.account}/${lot.key}/${lot.revision}`;
}

function valueName(value: FeeValue): string {
  return `value ${fillName(value, value.fillRevision)} ${value.asset} ${value.revision}`;
}

function targetName(target: Void): string {
  const { venue, account, targetId, targetRevision } = target;
  const fill = fillName({ venue, account, fillId: targetId }, targetRevision);
  if (target.targetKind === "fill") return fill;
  if (target.targetKind === "fee value")
    return `value ${fill} ${target.asset} ${target.valueRevision}`;
  return `lot ${venue}/${account}/${targetId}/${targetRevision}`;
}

function modelLot(lot: OpeningLot, pool: string): ModelFact {
  return {
    name: lotName(lot),
    sortKey: lotSortKey(lot),
    buys: true,
    pool,
    quantity: read(lot.quantity),
    price: nothing,
    amount: lot.cost === undefined ? nothing : read(lot.cost),
    incomplete: lot.cost === undefined,
    used: 0,
    units: 0,
  };
}

function modelFill(fill: Fill, pool: string, values: ReadonlyMap<string, string>): ModelFact {
  const [, base, quote] = /^(.*)-([^-]*)$/s.exec(fill.symbol) as unknown as string[];
  const price = read(fill.price);
  let quantity = read(fill.quantity);
  let amount = nothing;
  let incomplete = false;
  for (const fee of fill.fees) {
    if (fee.asset === quote) amount = add(amount, read(fee.amount));
    else if (fee.asset === base) {
      const paid = read(fee.amount);
      quantity = add(quantity, fill.side === "buy" ? negate(paid) : paid);
      amount = add(amount, times(paid, price));
    } else {
      const value = values.get(`${fillName(fill, fill.revision)} ${fee.asset}`);
      if (value === undefined) incomplete = true;
      else amount = add(amount, read(value));
    }
  }
  const name = fillName(fill, fill.revision);
  const buys = fill.side === "buy";
  const rest = { quantity, price, amount, incomplete, used: 0, units: 0 };
  return { name, sortKey: fillSortKey(fill), buys, pool, ...rest };
}

/** The facts of one book that move lots, in ledger order. */
function standingFacts(facts: readonly Fact[], scope: "portfolio" | "account"): ModelFact[] {
  const voided = new Set(facts.map((fact) => (fact.kind === "void" ? targetName(fact) : "")));
  const values = new Map<string, string>();
  for (const fact of facts)
    if (fact.kind === "fee value" && !voided.has(valueName(fact)))
      values.set(`${fillName(fact, fact.fillRevision)} ${fact.asset}`, fact.value);
  const standing: ModelFact[] = [];
  for (const fact of facts) {
    if (fact.kind !== "fill" && fact.kind !== "opening lot") continue;
    const pool = scope === "portfolio" ? "" : `${hex(fact.venue)}${hex(fact.account)}`;
    const name = fact.kind === "fill" ? fillName(fact, fact.revision) : lotName(fact);
    if (voided.has(name)) continue;
    standing.push(fact.kind === "fill" ? modelFill(fact, pool, values) : modelLot(fact, pool));
  }
  return standing.toSorted((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
}

/** Finds the greatest unit that all quantities are whole multiples of, and counts them in it. */
function countUnits(facts: readonly ModelFact[]): Fraction {
  const scale = Math.max(0, ...facts.map((fact) => decimals(fact.quantity)));
  const power = 10n ** BigInt(scale);
  const whole = facts.map((fact) => (fact.quantity.n * power) / fact.quantity.d);
  let unit = 0n;
  for (const quantity of whole) {
    let [a, b] = [unit, quantity];
    while (b !== 0n) [a, b] = [b, a % b];
    unit = a;
  }
  for (const [index, fact] of facts.entries()) {
    fact.units = parseInt((whole[index]! / unit).toString(), 10);
    if (fact.units < 1 || fact.units > 1_000_000)
      throw new Error(`${fact.units} units in the model`);
  }
  return { n: unit, d: power };
}

function describeSlice(
  close: ModelFact,
  open: ModelFact | undefined,
  count: number,
  unit: Fraction,
): string {
  const quantity = times(unit, { n: BigInt(count), d: 1n });
  const closeShare = share(close, close.used - count, close.used);
  const proceeds = times(close.price, quantity);
  const netProceeds = add(proceeds, negate(closeShare));
  const after = [write(proceeds), write(netProceeds)];
  const closing = close.incomplete ? 2 : 0;
  const head = `${close.name} ${open?.name ?? "-"} ${write(quantity)}`;
  if (open === undefined)
    return [head, "-", write(closeShare), "-", ...after, "-", 4 + closing].join(" ");
  const openShare = share(open, open.used - count, open.used);
  const cost = add(times(open.price, quantity), openShare);
  const missing = (open.incomplete ? 1 : 0) + closing;
  const pnl = missing === 0 ? write(add(netProceeds, negate(cost))) : "-";
  const basis = open.incomplete ? "-" : write(cost);
  return [head, write(openShare), write(closeShare), basis, ...after, pnl, missing].join(" ");
}

function describeLot(lot: ModelFact, unit: Fraction): string {
  const quantity = times(unit, { n: BigInt(lot.units - lot.used), d: 1n });
  const left = share(lot, lot.used, lot.units);
  const cost = lot.incomplete ? "-" : write(add(times(lot.price, quantity), left));
  return `${lot.name} ${write(quantity)} ${write(left)} ${cost} ${lot.incomplete ? 1 : 0}`;
}

function walkBook(facts: readonly Fact[], scope: "portfolio" | "account"): ModelResult {
  const allocations: string[] = [];
  const pools = new Map<string, ModelFact[]>();
  const standing = standingFacts(facts, scope);
  const unit = countUnits(standing);
  for (const fact of standing) {
    // One element a unit: the lot that the unit is of.
    const units = pools.get(fact.pool) ?? [];
    pools.set(fact.pool, units);
    if (fact.buys) {
      for (let count = 0; count < fact.units; count += 1) units.push(fact);
      continue;
    }
    while (fact.used < fact.units) {
      const from = units[0];
      let count = 0;
      while (fact.used < fact.units && units[0] === from) {
        if (from !== undefined) {
          units.shift();
          from.used += 1;
        }
        fact.used += 1;
        count += 1;
      }
      allocations.push(describeSlice(fact, from, count, unit));
    }
  }
  const left = standing.filter((fact) => fact.buys && fact.used < fact.units);
  return { allocations, openLots: left.map((lot) => describeLot(lot, unit)) };
}

/**
 * The conclusions of facts of any number of books, in whatever order they come; books in byte order of
 * their names.
 */
export function naiveModel(facts: readonly Fact[], scope: "portfolio" | "account"): ModelResult {
  const books = new Map<string, Fact[]>();
  for (const fact of facts) {
    const book = books.get(bookName(fact));
    if (book === undefined) books.set(bookName(fact), [fact]);
    else book.push(fact);
  }
  const names = [...books.keys()].toSorted((a, b) => (hex(a) < hex(b) ? -1 : 1));
  const results = names.map((name) => walkBook(books.get(name)!, scope));
  return {
    allocations: results.flatMap((result) => result.allocations),
    openLots: results.flatMap((result) => result.openLots),
  };
}

/** Cheaper than a deep comparison, which says what differs: for the many times when nothing does. */
export function sameResult(left: ModelResult, right: ModelResult): boolean {
  return (
    left.allocations.length === right.allocations.length &&
    left.openLots.length === right.openLots.length &&
    left.allocations.every((line, index) => line === right.allocations[index]) &&
    left.openLots.every((line, index) => line === right.openLots[index])
  );
}
