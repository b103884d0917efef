/**
 * What becomes of tellings, acted out from docs/spec/telling.md: one after another, by looking through lists.
 * Prices of Coinbase's trades are unique here, so that a group of section 5 is one telling and one fill.
 */
import type { Fact, Fill } from "../../../src/core/fact.ts";
import { factName } from "../../../src/testing/arrival.ts";
import { digitsOf, within } from "../amounts.ts";
import { type Amendable, bookOf, type Facts, factText } from "./facts.ts";
import type { Judged, Outcome, Rounding, Space, Told } from "./telling.ts";

const optional = ["sequence", "orderId", "strategy", "tradeId", "quoteSize", "grain"] as const;

/** Of both sides the rounding that each declares. */
type Roundings = readonly [told: Rounding | undefined, known: Rounding | undefined];

/** Whether two amounts agree: 1 exactly, 2 by a rounding, 0 not. Either side may be the rounded one. */
function amounts(
  pair: readonly [string, string],
  roundings: Roundings,
  field: "quantity" | "price" | "fee",
): 0 | 1 | 2 {
  if (pair[0] === pair[1]) return 1;
  const rounded = pair.some((text, side) => {
    const digits = roundings[side]?.[field];
    return digits !== undefined && within(...pair, digits) && digitsOf(text) <= digits;
  });
  return rounded ? 2 : 0;
}

function times(pair: readonly [bigint, bigint], roundings: Roundings): 0 | 1 | 2 {
  const [told, known] = pair;
  if (told === known) return 1;
  const apart = told < known ? known - told : told - known;
  const rounded = pair.some((time, side) => {
    const unit = roundings[side]?.clock;
    return unit !== undefined && apart < unit && time % unit === 0n;
  });
  return rounded ? 2 : 0;
}

const feeIn = ({ fees }: Fill, asset: string): string =>
  fees.find((fee) => fee.asset === asset)?.amount ?? "0";

/** How a telling agrees with a fill: exactly, as a rounded copy, or not. */
function fillsAgree(told: Fill, known: Fill, roundings: Roundings): 0 | 1 | 2 {
  if (told.side !== known.side) return 0;
  for (const key of optional) {
    const [left, right] = [told[key], known[key]];
    if (left !== undefined && right !== undefined && left !== right) return 0;
  }
  const assets = new Set([...told.fees, ...known.fees].map(({ asset }) => asset));
  const results = new Set([
    times([told.executedAt, known.executedAt], roundings),
    amounts([told.quantity, known.quantity], roundings, "quantity"),
    amounts([told.price, known.price], roundings, "price"),
    ...[...assets].map((asset) =>
      amounts([feeIn(told, asset), feeIn(known, asset)], roundings, "fee"),
    ),
  ]);
  if (results.has(0)) return 0;
  return results.has(2) ? 2 : 1;
}

/** What is compared of other facts: all but who told and which revision it is. */
function contentText(fact: Fact): string {
  if (fact.kind === "fee value") return fact.value;
  return factText({ ...fact, revision: 0 } as Fact);
}

function agree(told: Told, known: Fact, rounding: Rounding | undefined): 0 | 1 | 2 {
  if (told.fact.kind === "fill" && known.kind === "fill")
    return fillsAgree(told.fact, known, [told.rounding, rounding]);
  return contentText(told.fact) === contentText(known) ? 1 : 0;
}

const foreignSpace: Partial<Record<Space, Space>> = {
  "coinbase entry": "coinbase trade",
  "coinbase trade": "coinbase entry",
};

const walletOf = (fill: Fill): string => `${bookOf(fill)} ${fill.venue}/${fill.account}`;
const millisecond = 1_000_000n;

/** The ledger's memory of what was told, beside its facts. */
export class Judge {
  readonly #facts: Facts;
  /** Source, bytes and what they are of. */
  readonly #heard = new Set<string>();
  /** By what the telling names: the fact it is attached to; undefined while it waits. */
  readonly aliases = new Map<string, string | undefined>();
  /** By fact: the space of the source that recorded it. */
  readonly #spaces = new Map<string, Space>();
  /** By fact: how the source that recorded it rounds. */
  readonly #roundings = new Map<string, Rounding>();
  /** Fills that a space told of under ids of its own. */
  readonly #paired = new Set<string>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  #key({ source, raw }: Told, about: string | undefined): string {
    return JSON.stringify([source, raw, about ?? "waits"]);
  }

  /** Judges a batch and does what it says; files one after another. */
  record(files: readonly (readonly Told[])[]): Judged[][] {
    return files.map((file) => file.map((told) => this.#take(told)));
  }

  #take(told: Told): Judged {
    const { outcome, about } = this.#judge(told);
    const name = about === undefined ? undefined : factName(about);
    const key = this.#key(told, name);
    const news = !this.#heard.has(key);
    this.#heard.add(key);
    if (outcome === "recorded") {
      this.#facts.add(told.fact);
      this.#spaces.set(name!, told.space);
      if (told.rounding !== undefined) this.#roundings.set(name!, told.rounding);
    }
    const own = factName(told.fact);
    if (outcome === "waiting") this.aliases.set(own, undefined);
    else if (own !== name && told.fact.kind === "fill" && about?.kind === "fill") {
      const sameId = told.fact.fillId === about.fillId;
      if (!sameId) {
        this.aliases.set(own, name);
        this.#paired.add(`${told.space} ${name}`);
      }
    }
    return { told, outcome, about: name, news };
  }

  #judge(told: Told): { outcome: Outcome; about: Fact | undefined } {
    const { fact } = told;
    const name = factName(fact);
    if (this.aliases.has(name) && this.#facts.get(name) === undefined) {
      const attached = this.aliases.get(name);
      if (attached === undefined) return { outcome: "waiting", about: undefined };
      return this.#against(told, [this.#facts.get(attached)!]);
    }
    const known = this.#known(fact);
    if (known.length > 0) return this.#against(told, known);
    const other = foreignSpace[told.space];
    if (fact.kind === "fill" && other !== undefined) {
      const found = this.#counterpart(told, fact, other);
      if (found !== undefined) return found;
    }
    return { outcome: "recorded", about: fact };
  }

  /** The facts that a telling is held against: of a revision above 0 that one only. */
  #known(fact: Fact): readonly Fact[] {
    const exact = this.#facts.get(factName(fact));
    if (fact.kind === "void" || fact.kind === "adjustment" || fact.revision > 0)
      return exact === undefined ? [] : [exact];
    return this.#facts.revisions(fact as Amendable);
  }

  #against(told: Told, known: readonly Fact[]): { outcome: Outcome; about: Fact } {
    for (const wanted of [1, 2] as const) {
      const found = known.find(
        (each) => agree(told, each, this.#roundings.get(factName(each))) === wanted,
      );
      if (found !== undefined)
        return { outcome: wanted === 1 ? "duplicate" : "roundedCopy", about: found };
    }
    return { outcome: "conflict", about: known[0]! };
  }

  /** docs/spec/telling.md 5: attached, waiting, or neither. */
  #counterpart(
    told: Told,
    fill: Fill,
    other: Space,
  ): { outcome: Outcome; about: Fact | undefined } | undefined {
    const foreign = this.#facts.all.filter(
      (each): each is Fill =>
        each.kind === "fill" &&
        each.revision === 0 &&
        walletOf(each) === walletOf(fill) &&
        this.#spaces.get(factName(each)) === other,
    );
    const free = foreign
      .filter((each) => !this.#paired.has(`${told.space} ${factName(each)}`))
      .map((each) => this.#facts.latest(each));
    const same = free.find((each) => fillsAgree(fill, each, [undefined, undefined]) === 1);
    if (same !== undefined) return { outcome: "duplicate", about: same };
    const spans = foreign.map((each) => this.#facts.latest(each).executedAt);
    if (spans.length === 0) return undefined;
    const first = spans.reduce((least, each) => (each < least ? each : least));
    const last = spans.reduce((most, each) => (each > most ? each : most));
    const covered = fill.executedAt >= first - millisecond && fill.executedAt <= last + millisecond;
    return covered ? { outcome: "waiting", about: undefined } : undefined;
  }

  /** Facts that a person made: heard in words of their own, unless they keep a source's. */
  amend(facts: readonly Fact[], original?: { fact: Fact; told: Told }): void {
    for (const fact of facts) {
      this.#facts.add(fact);
      if (fact !== original?.fact) continue;
      this.#heard.add(this.#key(original.told, factName(fact)));
      this.#spaces.set(factName(fact), original.told.space);
      if (original.told.rounding !== undefined)
        this.#roundings.set(factName(fact), original.told.rounding);
    }
  }

  /** A waiting telling that a person attached to a fill. */
  attach(told: Told, fill: Fill): void {
    this.aliases.set(factName(told.fact), factName(fill));
    this.#paired.add(`${told.space} ${factName({ ...fill, revision: 0 })}`);
  }
}
