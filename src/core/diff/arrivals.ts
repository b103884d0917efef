/** What each entry of a book changes, of the facts in entry order. docs/spec/diff.md 2. */
import {
  type FillParts,
  fillMovement,
  type Movement,
  type OpeningLotParts,
  openingLotMovement,
  type Scope,
} from "../movement.ts";
import type { Change } from "./book.ts";

/** A fill without the values of its fees in third assets, which are facts of their own. */
export interface ArrivingFill extends Omit<FillParts, "thirdValue" | "valueMissing"> {
  readonly kind: "fill";
  readonly thirdAssets: readonly string[];
}

export interface ArrivingLot extends OpeningLotParts {
  readonly kind: "opening lot";
}

export interface ArrivingValue {
  readonly kind: "fee value";
  readonly entry: number;
  /** The fill's entry. */
  readonly target: number;
  readonly asset: string;
  /** In units of 10^-18. */
  readonly value: bigint;
}

/** A void of a fill, an opening lot or a fee value. */
export interface ArrivingVoid {
  readonly kind: "void";
  readonly entry: number;
  readonly target: number;
}

export type Arrival = ArrivingFill | ArrivingLot | ArrivingValue | ArrivingVoid;

/** The fee values of a fill that stand, by their entries. */
type StandingValues = Map<number, ArrivingValue>;

interface Known {
  readonly fact: ArrivingFill | ArrivingLot;
  readonly values: StandingValues;
  movement: Movement;
  standing: boolean;
}

function movementOf(
  fact: ArrivingFill | ArrivingLot,
  values: StandingValues,
  scope: Scope,
): Movement {
  if (fact.kind === "opening lot") return openingLotMovement(fact, scope);
  // Two values of a fee stand only while the void of the one is still to come in their batch.
  const latest = new Map<string, ArrivingValue>();
  for (const value of values.values()) {
    if (value.entry > (latest.get(value.asset)?.entry ?? 0)) latest.set(value.asset, value);
  }
  let thirdValue = 0n;
  for (const { value } of latest.values()) thirdValue += value;
  const valueMissing = fact.thirdAssets.some((asset) => !latest.has(asset));
  return fillMovement({ ...fact, thirdValue, valueMissing }, scope);
}

/** Follows a book's facts from some entry on. */
export class Arrivals {
  readonly #scope: Scope;
  readonly #facts = new Map<number, Known>();
  readonly #values = new Map<number, ArrivingValue>();
  /** Within a batch a fact may name a later one: what was voided, and values of fills, before they came. */
  readonly #voided = new Set<number>();
  readonly #early = new Map<number, StandingValues>();

  /**
   * `known` are the earlier facts that later ones name: of fills and lots those that are not voided, and of
   * their fee values the same.
   */
  constructor(scope: Scope, known: Iterable<ArrivingFill | ArrivingLot | ArrivingValue> = []) {
    this.#scope = scope;
    for (const fact of known) this.take(fact);
  }

  /**
   * What the next fact changes. A fact about one that is not there yet changes nothing; the one that it is
   * about then comes as it is by now.
   */
  take(arrival: Arrival): Change {
    const { entry } = arrival;
    switch (arrival.kind) {
      case "fill":
      case "opening lot": {
        const values = this.#early.get(entry) ?? new Map<number, ArrivingValue>();
        const movement = movementOf(arrival, values, this.#scope);
        const standing = !this.#voided.has(entry);
        this.#facts.set(entry, { fact: arrival, values, movement, standing });
        return { entry, before: undefined, after: standing ? movement : undefined };
      }
      case "fee value":
        if (this.#voided.has(entry)) return { entry, before: undefined, after: undefined };
        this.#values.set(entry, arrival);
        return this.#revalue(entry, arrival, (values) => values.set(entry, arrival));
      case "void":
        return this.#takeOut(entry, arrival.target);
    }
  }

  #takeOut(entry: number, target: number): Change {
    const value = this.#values.get(target);
    if (value !== undefined) return this.#revalue(entry, value, (values) => values.delete(target));
    this.#voided.add(target);
    const known = this.#facts.get(target);
    if (known?.standing !== true) return { entry, before: undefined, after: undefined };
    known.standing = false;
    return { entry, before: known.movement, after: undefined };
  }

  #revalue(
    entry: number,
    { target }: ArrivingValue,
    change: (values: StandingValues) => void,
  ): Change {
    const known = this.#facts.get(target);
    if (known === undefined) {
      const values = this.#early.get(target) ?? new Map<number, ArrivingValue>();
      this.#early.set(target, values);
      change(values);
      return { entry, before: undefined, after: undefined };
    }
    const before = known.movement;
    change(known.values);
    known.movement = movementOf(known.fact, known.values, this.#scope);
    return known.standing
      ? { entry, before, after: known.movement }
      : { entry, before: undefined, after: undefined };
  }
}
