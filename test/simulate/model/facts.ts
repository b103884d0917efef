/** The facts that the ledger is expected to hold, in the order in which they were acknowledged. */
import type { Fact, FeeValue, Fill, OpeningLot, Void } from "../../../src/core/fact.ts";
import { factName, targetName } from "../../../src/testing/arrival.ts";

export const bookOf = (fact: { readonly portfolio: string; readonly symbol: string }): string =>
  `${fact.portfolio}/${fact.symbol}`;

export type Amendable = Fill | OpeningLot | FeeValue;

/** A fact as text, whatever the order of its fields: what is compared with the ledger's. */
export function factText(fact: Fact): string {
  const entries = Object.entries(fact)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, typeof value === "bigint" ? value.toString() : (value as unknown)])
    .toSorted(([left], [right]) => (left! < right! ? -1 : 1));
  return JSON.stringify(entries);
}

/** The name of what a fact is a revision of. */
export const identityOf = (fact: Amendable): string => factName({ ...fact, revision: 0 });

export const who = { author: "ana", reason: "seen in the statement" };

/** The void of a fact by a person. */
export function voidOf(fact: Amendable, by: { author: string; reason: string } = who): Void {
  const { portfolio, symbol, venue, account } = fact;
  const common = { kind: "void", portfolio, symbol, venue, account, ...by } as const;
  if (fact.kind === "fee value") {
    const { fillId: targetId, fillRevision: targetRevision, asset, revision } = fact;
    const target = { targetKind: fact.kind, targetId, targetRevision };
    return { ...common, ...target, asset, valueRevision: revision };
  }
  const targetId = fact.kind === "fill" ? fact.fillId : fact.key;
  return { ...common, targetKind: fact.kind, targetId, targetRevision: fact.revision };
}

export class Facts {
  readonly books = new Map<string, Fact[]>();
  readonly #byName = new Map<string, Fact>();
  readonly #revisions = new Map<string, Amendable[]>();
  readonly #voided = new Set<string>();

  add(fact: Fact): void {
    const name = factName(fact);
    if (this.#byName.has(name)) throw new Error(`the model records ${name} twice`);
    this.#byName.set(name, fact);
    const book = this.books.get(bookOf(fact));
    if (book === undefined) this.books.set(bookOf(fact), [fact]);
    else book.push(fact);
    if (fact.kind === "void") this.#voided.add(targetName(fact)!);
    else if (fact.kind !== "adjustment") {
      const identity = identityOf(fact);
      this.#revisions.set(identity, [...(this.#revisions.get(identity) ?? []), fact]);
    }
  }

  get all(): Fact[] {
    return [...this.books.values()].flat();
  }

  get(name: string): Fact | undefined {
    return this.#byName.get(name);
  }

  /** All recorded revisions of the identity that a fact names, in their order. */
  revisions<Kind extends Amendable>(fact: Kind): Kind[] {
    return (this.#revisions.get(identityOf(fact)) ?? []) as Kind[];
  }

  latest<Kind extends Amendable>(fact: Kind): Kind {
    return this.revisions(fact).at(-1)!;
  }

  isVoided(fact: Fact): boolean {
    return this.#voided.has(factName(fact));
  }

  /** Fills that stand: the latest revisions, unless voided. */
  get standingFills(): Fill[] {
    return this.all.filter((fact): fact is Fill => fact.kind === "fill" && !this.isVoided(fact));
  }

  /** The latest value of a fill's fee. */
  latestValue(fill: Fill, asset: string): FeeValue | undefined {
    const { portfolio, symbol, venue, account, fillId, revision: fillRevision } = fill;
    const book = { portfolio, symbol, venue, account };
    const name = { kind: "fee value", ...book, fillId, fillRevision, asset } as const;
    return this.revisions({ ...name, revision: 0, value: "0", source: "" } as FeeValue).at(-1);
  }

  /** The value of a fill's fee that is in force. */
  valueInForce(fill: Fill, asset: string): FeeValue | undefined {
    const value = this.latestValue(fill, asset);
    return value === undefined || this.isVoided(value) ? undefined : value;
  }

  /** What a correction appends: a void where the fact stands, what replaces it, and the values it keeps. */
  correction(
    before: Amendable,
    after: Amendable | undefined,
    by: { author: string; reason: string } = who,
  ): Fact[] {
    const facts: Fact[] = this.isVoided(before) ? [] : [voidOf(before, by)];
    if (after === undefined) return facts;
    facts.push(after);
    if (before.kind !== "fill" || after.kind !== "fill") return facts;
    if (before.executedAt !== after.executedAt) return facts;
    for (const { asset, amount } of after.fees) {
      const value = this.valueInForce(before, asset);
      const same = before.fees.some((fee) => fee.asset === asset && fee.amount === amount);
      if (value === undefined || !same) continue;
      facts.push({ ...value, fillRevision: after.revision, revision: 0 });
    }
    return facts;
  }
}

/** Assets of a fill's fees that are neither its base nor its quote. */
export function thirdFees({ symbol, fees }: Fill): Fill["fees"] {
  const dash = symbol.lastIndexOf("-");
  const own = new Set([symbol.slice(0, dash), symbol.slice(dash + 1)]);
  return fees.filter(({ asset }) => !own.has(asset));
}
