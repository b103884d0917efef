/** Why an old sale is not what is computed: one cause a sale, by precedence. Pure. docs/spec/legacy.md 5. */
import { Exact } from "../explain/exact.ts";

/** In the order in which they are looked for. */
export const causes = [
  "consumed parent reused",
  "parent not the FIFO one",
  "stale parent id",
  "cost scaled wrongly",
  "fee missing or twice",
  "PnL missing",
  "float rounding only",
  "unmatched in the new",
  "correct",
  "unexplained",
] as const;
export type Cause = (typeof causes)[number];

export interface OldParent {
  readonly orderId: string;
  /** What was left of it when the sale came; undefined where the book has no such opening fact. */
  readonly left: Exact | undefined;
}

export interface OldSide {
  readonly parents: readonly OldParent[];
  /** Undefined where there is none that is a number, as is the next. */
  readonly pnl: Exact | undefined;
  readonly cost: Exact | undefined;
}

/** What is computed of a sale; amounts are sums over its complete slices. */
export interface NewSide {
  readonly parents: readonly string[];
  /** Of the whole sale, the unmatched part included. */
  readonly size: Exact;
  readonly unmatched: Exact;
  /** Whether some slice is complete, and whether a matched one is not. */
  readonly someComplete: boolean;
  readonly someIncomplete: boolean;
  readonly proceeds: Exact;
  /** Without fees. */
  readonly cost: Exact;
  readonly openFees: Exact;
  readonly closeFees: Exact;
  readonly pnl: Exact;
}

const isAbove = (one: Exact, other: Exact): boolean => one.minus(other).units > 0n;
const sizeOf = (amount: Exact): Exact => (amount.units < 0n ? amount.negated() : amount);
const sum = (amounts: readonly Exact[]): Exact =>
  amounts.reduce((total, amount) => total.plus(amount), Exact.zero);

const leastApart = new Exact(1n, 8);
const billionth = new Exact(1n, 9);

/** new - old; an old PnL that is missing counts as 0. */
export function differenceOf(old: OldSide, computed: NewSide): Exact {
  return old.pnl === undefined ? computed.pnl : computed.pnl.minus(old.pnl);
}

export function causeOf(old: OldSide, computed: NewSide): Cause {
  return parentCause(old, computed) ?? amountCause(old, computed);
}

/** Whether amounts of this sale are no further apart than doubles may drift. */
function nearIn({ proceeds, cost }: NewSide): (one: Exact, other: Exact) => boolean {
  const drift = sizeOf(proceeds).plus(sizeOf(cost)).times(billionth);
  const apart = isAbove(drift, leastApart) ? drift : leastApart;
  return (one, other) => !isAbove(sizeOf(one.minus(other)), apart);
}

/** Causes 1 to 3: the parents. */
function parentCause(old: OldSide, computed: NewSide): Cause | undefined {
  const fifo = new Set(computed.parents);
  const { parents } = old;
  const others = parents.filter(({ orderId }) => !fifo.has(orderId));
  const known = parents.filter(({ left }) => left !== undefined);
  const allKnown = parents.length > 0 && known.length === parents.length;
  const same = others.length === 0 && parents.length === fifo.size;
  if (others.some(({ left }) => left !== undefined && left.units <= 0n)) return causes[0];
  const left = sum(known.map((parent) => parent.left!));
  if (allKnown && isAbove(computed.size, left) && (!same || isOvercharged(old, computed)))
    return causes[0];
  if (others.some((parent) => parent.left !== undefined) || (allKnown && !same)) return causes[1];
  if (known.length < parents.length) return causes[2];
  const unnamed = parents.length === 0 && fifo.size > 0 && old.pnl !== undefined;
  return unnamed && !nearIn(computed)(old.pnl, computed.pnl) ? causes[2] : undefined;
}

/** Whether the old cost is above what the parents cost. */
function isOvercharged({ cost }: OldSide, computed: NewSide): boolean {
  if (cost === undefined) return false;
  const known = computed.cost.plus(computed.openFees);
  return isAbove(cost, known) && !nearIn(computed)(cost, known);
}

/** Causes 4 to 10: the amounts. */
function amountCause(old: OldSide, computed: NewSide): Cause {
  const near = nearIn(computed);
  const { cost, openFees, unmatched } = computed;
  const costs = times(openFees).map((fees) => cost.plus(fees));
  if (old.cost !== undefined && !costs.some((each) => near(old.cost!, each))) return causes[3];
  const isNear = old.pnl !== undefined && near(old.pnl, computed.pnl);
  const byFee = old.pnl !== undefined && !isNear && isFeeMistake(old.pnl, computed);
  const pnlAlone = old.cost === undefined && old.pnl !== undefined && unmatched.units === 0n;
  if (pnlAlone && !isNear && !byFee) return causes[3];
  if (byFee) return causes[4];
  if (old.pnl === undefined && computed.someComplete) return causes[5];
  const difference = differenceOf(old, computed).units;
  if (difference !== 0n && isNear) return causes[6];
  if (unmatched.units > 0n || computed.someIncomplete) return causes[7];
  return difference === 0n ? causes[8] : causes[9];
}

/** A fee that is counted not at all, once and twice. */
const times = (fee: Exact): readonly Exact[] => [Exact.zero, fee, fee.plus(fee)];

/** Whether the PnL is what comes out when fees are counted not at all or twice. */
function isFeeMistake(pnl: Exact, computed: NewSide): boolean {
  const near = nearIn(computed);
  const { proceeds, cost, openFees, closeFees } = computed;
  const gross = proceeds.minus(cost);
  return times(openFees).some((open) =>
    times(closeFees).some((close) => near(pnl, gross.minus(open).minus(close))),
  );
}
