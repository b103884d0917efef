/** What a person should be asked about, and what was decided: by looking through everything that is known. */
import type { Adjustment, Fact, Fill } from "../../../src/core/fact.ts";
import { factName } from "../../../src/testing/arrival.ts";
import { isMore } from "../amounts.ts";
import { bookOf, type Facts, thirdFees } from "./facts.ts";
import type { Judged, Told } from "./telling.ts";
import type { Versions } from "./versions.ts";

export type Kind = "conflict" | "waiting" | "adjusted" | "fee-value" | "unmatched";

export interface Item {
  readonly kind: Kind;
  /** The same as long as it is the same item. */
  readonly key: string;
  /** The fact concerned; of what waits the fact as told. */
  readonly fact: Fact;
  readonly told?: Told;
  readonly asset?: string;
  readonly quantity?: string;
  readonly resolved: boolean;
}

interface Decision {
  readonly action: string;
  readonly quantity?: string | undefined;
}

/** What is shown of an item and can be foreseen: not its name, which says where it stands. */
export function itemText(item: Item): string {
  const { kind, fact, asset = null, quantity = null, resolved, told } = item;
  const id = idOf(fact);
  const source = kind === "conflict" || kind === "waiting" ? told!.source : null;
  const { portfolio, symbol, venue, account } = fact;
  const state = resolved ? "resolved" : "open";
  const place = [kind, portfolio, symbol, venue, account, id];
  return JSON.stringify([...place, asset, quantity, source, toldText(told?.fact), state]);
}

/** What tells two tellings of one fact apart here. */
function toldText(fact: Fact | undefined): string | null {
  if (fact === undefined) return null;
  if (fact.kind === "fill") return `${fact.quantity} @ ${fact.price}`;
  return fact.kind === "fee value" ? fact.value : null;
}

function idOf(fact: Fact): string {
  if (fact.kind === "fill" || fact.kind === "fee value") return fact.fillId;
  if (fact.kind === "opening lot") return fact.key;
  return fact.kind === "adjustment" ? fact.entryId : fact.targetId;
}

/** An item of `review list --format json` in the same words. */
export function shownText(shown: Record<string, unknown>): string {
  const told = shown["told"] as Record<string, unknown> | null;
  const words =
    told === null
      ? null
      : told["type"] === "fill"
        ? `${String(told["quantity"])} @ ${String(told["price"])}`
        : told["type"] === "fee value"
          ? String(told["value"])
          : null;
  const place = ["kind", "portfolio", "symbol", "venue", "account", "fill_id", "asset", "quantity"];
  const source = shown["source"];
  return JSON.stringify([...place.map((key) => shown[key]), source, words, shown["state"]]);
}

export class Review {
  readonly #facts: Facts;
  readonly #versions: Versions;
  readonly #told: { kind: "conflict" | "waiting"; told: Told; about: string | undefined }[] = [];
  readonly #decisions = new Map<string, Decision>();
  readonly tolerances = new Map<string, string>();

  constructor(facts: Facts, versions: Versions) {
    this.#facts = facts;
    this.#versions = versions;
  }

  /** Keeps what a person will be asked about. */
  hear(judged: readonly Judged[]): void {
    for (const { outcome, told, about, news } of judged) {
      if (!news || (outcome !== "conflict" && outcome !== "waiting")) continue;
      this.#told.push({ kind: outcome, told, about });
    }
  }

  decide(item: Item, action: string): void {
    const quantity = action === "accept" ? item.quantity : undefined;
    this.#decisions.set(item.key, { action, quantity });
  }

  items(): Item[] {
    return [...this.#tellings(), ...this.#adjusted(), ...this.#feeValues(), ...this.#unmatched()];
  }

  #isDecided(key: string): boolean {
    const decision = this.#decisions.get(key);
    return decision !== undefined && decision.action !== "reopen";
  }

  #tellings(): Item[] {
    return this.#told.map(({ kind, told, about }, index) => {
      const key = `${kind} ${index}`;
      const fact = about === undefined ? told.fact : this.#facts.get(about)!;
      return { kind, key, fact, told, resolved: this.#isDecided(key) };
    });
  }

  #adjusted(): Item[] {
    return this.#facts.all
      .filter((fact) => fact.kind === "adjustment")
      .map((fact) => {
        const key = `adjusted ${factName(fact)}`;
        return { kind: "adjusted", key, fact, resolved: this.#isDecided(key) };
      });
  }

  #feeValues(): Item[] {
    return this.#facts.standingFills.flatMap((fill) =>
      thirdFees(fill).flatMap(({ asset, amount }): Item[] => {
        const key = `fee-value ${factName(fill)} ${asset}`;
        const valued = this.#facts.valueInForce(fill, asset) !== undefined;
        if (valued && !this.#decisions.has(key)) return [];
        const resolved = valued && this.#isDecided(key);
        return [{ kind: "fee-value", key, fact: fill, asset, quantity: amount, resolved }];
      }),
    );
  }

  /** By what the published version concluded. */
  #unmatched(): Item[] {
    const { published } = this.#versions;
    if (published === undefined) return [];
    const fills = new Map<string, Fill>();
    for (const fact of this.#facts.all) {
      if (fact.kind !== "fill") continue;
      const { venue, account, fillId, revision } = fact;
      fills.set(`${bookOf(fact)} ${venue}/${account}/${fillId}/${revision}`, fact);
    }
    return this.#versions.conclusions(published).slices.flatMap((slice): Item[] => {
      if (slice.open !== null) return [];
      const fact = fills.get(`${slice.book} ${slice.close}`)!;
      const { quantity } = slice;
      if (!isMore(quantity, this.tolerances.get(fact.symbol) ?? "0")) return [];
      const key = `unmatched ${factName(fact)}`;
      const accepted = this.#decisions.get(key)?.quantity === quantity;
      return [
        { kind: "unmatched", key, fact, quantity, resolved: this.#isDecided(key) && accepted },
      ];
    });
  }

  /** Fills in force that share their trade id with an adjustment. */
  candidates({ tradeId, venue, account, ...book }: Adjustment): Fill[] {
    return this.#facts.standingFills.filter(
      (fill) =>
        tradeId !== undefined &&
        fill.tradeId === tradeId &&
        bookOf(fill) === bookOf(book) &&
        fill.venue === venue &&
        fill.account === account,
    );
  }
}
