/**
 * Pairing: tellings of one source against the fills of another that shares no ids with it, in one wallet.
 * docs/spec/telling.md 5. What agrees in content and count within the coarser clock is the same; nothing
 * else is guessed.
 */
import type { Fill } from "./fact.ts";
import { compareText } from "./order.ts";
import { type Agreement, type Rounding, clockUnits, compareAmountsOf } from "./rounding.ts";

/** A telling, or a fill of the other source. */
export interface Side<Name> {
  readonly name: Name;
  readonly fill: Fill;
  readonly rounding: Rounding;
}

/** What becomes of a telling: attached to that fill, or kept for a person, or without a counterpart. */
export type Verdict<Name> =
  | { readonly name: Name; readonly outcome: "same" | "rounded"; readonly fill: Name }
  | { readonly name: Name; readonly outcome: "uneven" | "alone" };

/** The unit of the clock that stamped a fill: its source's, or else the coarsest that its time fits. */
export function clockOf({ fill, rounding }: Pick<Side<unknown>, "fill" | "rounding">): bigint {
  return rounding.clock ?? evidentClock(fill.executedAt);
}

export function evidentClock(instant: bigint): bigint {
  return Object.values(clockUnits).find((unit) => instant % unit === 0n)!;
}

const coarser = (one: bigint, other: bigint): bigint => (one > other ? one : other);

/** Whether a telling and a fill can be the same, and how they agree. */
export function comparePair(told: Side<unknown>, known: Side<unknown>): Agreement {
  const apart = told.fill.executedAt - known.fill.executedAt;
  const clock = coarser(clockOf(told), clockOf(known));
  if (apart >= clock || -apart >= clock) return "different";
  for (const key of ["orderId", "sequence"] as const) {
    const one = told.fill[key];
    const other = known.fill[key];
    if (one !== undefined && other !== undefined && one !== other) return "different";
  }
  const amounts = compareAmountsOf(told.fill, known.fill, told.rounding, known.rounding);
  return amounts === "same" && apart !== 0n ? "rounded" : amounts;
}

/** By what the fills themselves say: no matter in which order they were told. */
function inOrder<Name>(sides: readonly Side<Name>[]): Side<Name>[] {
  return sides.toSorted(({ fill: a }, { fill: b }) => {
    if (a.executedAt !== b.executedAt) return a.executedAt < b.executedAt ? -1 : 1;
    const [one, other] = [a.sequence ?? -1n, b.sequence ?? -1n];
    return one === other ? compareText(a.fillId, b.fillId) : one < other ? -1 : 1;
  });
}

interface Node<Name> {
  readonly side: Side<Name>;
  readonly isTold: boolean;
  group: Node<Name>[];
}

/** Puts the nodes of two groups into one. */
function join<Name>(one: Node<Name>, other: Node<Name>): void {
  const [larger, smaller] =
    one.group.length >= other.group.length ? [one.group, other.group] : [other.group, one.group];
  if (larger === smaller) return;
  for (const node of smaller) {
    larger.push(node);
    node.group = larger;
  }
}

/** Sides of one wallet whose times lie close together: groups of what can be the same are made and judged. */
function judgeCluster<Name>(cluster: readonly Node<Name>[]): Verdict<Name>[] {
  for (const [index, node] of cluster.entries()) {
    for (let next = index + 1; next < cluster.length; next += 1) {
      const other = cluster[next]!;
      if (other.side.fill.executedAt - node.side.fill.executedAt >= clockUnits.s) break;
      if (other.isTold === node.isTold) continue;
      const [told, known] = node.isTold ? [node, other] : [other, node];
      if (comparePair(told.side, known.side) !== "different") join(node, other);
    }
  }
  return [...new Set(cluster.map((node) => node.group))].flatMap((group) => judgeGroup(group));
}

function judgeGroup<Name>(group: readonly Node<Name>[]): Verdict<Name>[] {
  const told = inOrder(group.filter((node) => node.isTold).map((node) => node.side));
  const known = inOrder(group.filter((node) => !node.isTold).map((node) => node.side));
  const all = (outcome: "uneven" | "alone"): Verdict<Name>[] =>
    told.map(({ name }) => ({ name, outcome }));
  if (known.length === 0) return all("alone");
  if (known.length !== told.length) return all("uneven");
  const pairs: Verdict<Name>[] = [];
  for (const [index, side] of told.entries()) {
    const fill = known[index]!;
    const outcome = comparePair(side, fill);
    if (outcome === "different") return all("uneven");
    pairs.push({ name: side.name, outcome, fill: fill.name });
  }
  return pairs;
}

/**
 * Takes the sides of one wallet in order of time and gives verdicts when nothing later can change them. It
 * holds no more than what lies within a second of each other and says the same.
 */
export class Pairing<Name> {
  readonly #open = new Map<string, Node<Name>[]>();
  readonly #keyOf: (fill: Fill) => string;

  /** `loose` are the fields that some source rounds: only the others tell groups apart. */
  constructor(loose: ReadonlySet<"quantity" | "price">) {
    const keys = (["quantity", "price"] as const).filter((key) => !loose.has(key));
    this.#keyOf = (fill) => [fill.side, ...keys.map((key) => fill[key])].join(" ");
  }

  add(side: Side<Name>, isTold: boolean): Verdict<Name>[] {
    const node: Node<Name> = { side, isTold, group: [] };
    node.group.push(node);
    const key = this.#keyOf(side.fill);
    const cluster = this.#open.get(key);
    if (cluster === undefined) {
      this.#open.set(key, [node]);
      return [];
    }
    if (isClose(cluster, side.fill.executedAt)) {
      cluster.push(node);
      return [];
    }
    this.#open.set(key, [node]);
    return judgeCluster(cluster);
  }

  /** Judges what lies more than a second before an instant. */
  before(instant: bigint): Verdict<Name>[] {
    const verdicts: Verdict<Name>[] = [];
    for (const [key, cluster] of this.#open) {
      if (isClose(cluster, instant)) continue;
      this.#open.delete(key);
      verdicts.push(...judgeCluster(cluster));
    }
    return verdicts;
  }

  /** Judges the rest: the wallet has no more. */
  finish(): Verdict<Name>[] {
    const verdicts = [...this.#open.values()].flatMap((cluster) => judgeCluster(cluster));
    this.#open.clear();
    return verdicts;
  }
}

function isClose<Name>(cluster: readonly Node<Name>[], instant: bigint): boolean {
  return instant - cluster.at(-1)!.side.fill.executedAt < clockUnits.s;
}
