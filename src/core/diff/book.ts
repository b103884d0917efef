/** A book's conclusions under one policy, kept up to date while facts come and go. docs/spec/diff.md 2. */
import type { OpenLot } from "../matching/lot.ts";
import type { Policy } from "../matching/walk.ts";
import { poolOf, type Movement } from "../movement.ts";
import { compareLedgerOrder } from "../order.ts";
import { type OnChange, PoolConclusions } from "./pool.ts";
import { sameSale, type Sale } from "./sale.ts";

/**
 * What one entry of a book changes: the fact before it and after it. Only `after`: it is added; only
 * `before`: it is taken out; both: its fee is another. Neither: the entry changes nothing.
 */
export interface Change {
  readonly entry: number;
  readonly before: Movement | undefined;
  readonly after: Movement | undefined;
}

/** The same changes taken back, the last one first. */
export function takenBack<Fact extends Change>(changes: readonly Fact[]): Fact[] {
  return changes
    .map((change) => ({ ...change, before: change.after, after: change.before }))
    .toReversed();
}

/** In the pool that a scope puts it in. */
function inScope(movement: Movement, { scope }: Policy): Movement {
  const pool = poolOf(scope, movement.venue, movement.account);
  return pool === movement.pool ? movement : { ...movement, pool };
}

export class BookConclusions {
  readonly #policy: Policy;
  readonly #pools = new Map<string, PoolConclusions>();

  /**
   * `movements` are those there are at first, `coming` those that changes will bring: each fact that is not
   * among the first, once. In any order and any scope.
   */
  constructor(policy: Policy, movements: readonly Movement[], coming: readonly Movement[] = []) {
    this.#policy = policy;
    const all = [...movements, ...coming].map((movement) => inScope(movement, policy));
    const later = new Set(coming.map(({ entry }) => entry));
    const pools = new Map<string, Movement[]>();
    for (const movement of all.sort(compareLedgerOrder)) {
      const pool = pools.get(movement.pool);
      if (pool === undefined) pools.set(movement.pool, [movement]);
      else pool.push(movement);
    }
    const present = ({ entry }: Movement): boolean => !later.has(entry);
    for (const [name, pool] of pools)
      this.#pools.set(name, new PoolConclusions(policy.method, pool, present));
  }

  change({ before, after }: Change, onChange: OnChange): void {
    const fact = after ?? before;
    if (fact === undefined) return;
    const pool = this.#pools.get(inScope(fact, this.#policy).pool);
    if (pool === undefined) throw new Error(`entry ${fact.entry} was not foreseen`);
    const scoped = (movement: Movement | undefined) => movement && inScope(movement, this.#policy);
    pool.change(scoped(before), scoped(after), onChange);
  }

  /** The sales there are, in ledger order. */
  sales(): Sale[] {
    const sales: Sale[] = [];
    for (const pool of this.#pools.values()) for (const sale of pool.sales()) sales.push(sale);
    if (this.#pools.size === 1) return sales;
    return sales.sort((left, right) => compareLedgerOrder(left.close, right.close));
  }

  /** The lots left, in ledger order. */
  openLots(): OpenLot[] {
    const lots = [...this.#pools.values()].flatMap((pool) => pool.openLots());
    if (this.#pools.size === 1) return lots;
    return lots.sort((left, right) => compareLedgerOrder(left.movement, right.movement));
  }

  /** What comes out otherwise here than under another policy, of the same facts. */
  compare(before: BookConclusions, onChange: OnChange): void {
    const others = before.sales();
    for (const [index, sale] of this.sales().entries()) {
      const other = others[index];
      if (other?.close.entry !== sale.close.entry) throw new Error("not of the same facts");
      if (!sameSale(other, sale)) onChange(other, sale);
    }
  }
}
