/**
 * One book's walk in ledger order: movements in, slices out to a sink, lots left at the end. It can stop
 * anywhere and go on from the lots it left. docs/spec/matching.md.
 */
import type { Movement, Scope } from "../movement.ts";
import { compareLedgerOrder, compareText } from "../order.ts";
import { fifo } from "./fifo.ts";
import type { AllocationSink, LotPool, LotState, OpenLot } from "./lot.ts";

/** The methods there are, each a maker of empty pools. */
export const methods = { fifo } satisfies Record<string, () => LotPool>;
export type Method = keyof typeof methods;

/** What conclusions depend on beside the facts. The scope has its effect in `Movement.pool`. */
export interface Policy {
  readonly method: Method;
  readonly scope: Scope;
}

export interface Walk {
  /** Takes movements in ledger order, all after what was taken before; throws where they are not. */
  take(movements: readonly Movement[]): void;
  /** The lots left: by pool (in byte order of its name), then in ledger order. Feeds `startWalk` again. */
  openLots(): OpenLot[];
  /** The lot the pool's next close takes from; undefined when none is left. */
  nextLot(pool: string): OpenLot | undefined;
}

class BookWalk implements Walk {
  readonly #makePool: () => LotPool;
  readonly #sink: AllocationSink;
  readonly #pools = new Map<string, LotPool>();
  #last: Movement | undefined;
  /** The pool of the last movement, which is mostly the next one's too. */
  #poolName: string | undefined;
  #pool: LotPool;

  constructor(policy: Policy, sink: AllocationSink) {
    this.#makePool = methods[policy.method];
    this.#sink = sink;
    this.#pool = this.#makePool();
  }

  resume(lots: Iterable<LotState>): void {
    for (const { movement, consumed } of lots) {
      if (!movement.opens || consumed < 0n || consumed >= movement.quantity)
        throw new Error(`entry ${movement.entry} is no lot to go on from`);
      this.#poolOf(movement.pool).open(movement, consumed);
    }
  }

  take(movements: readonly Movement[]): void {
    let last = this.#last;
    for (const movement of movements) {
      if (last !== undefined && compareLedgerOrder(last, movement) >= 0)
        throw new Error(`entries ${last.entry}, ${movement.entry} are not in ledger order`);
      last = movement;
      const pool = movement.pool === this.#poolName ? this.#pool : this.#poolOf(movement.pool);
      if (movement.opens) pool.open(movement, 0n);
      else pool.close(movement, this.#sink);
    }
    this.#last = last;
  }

  openLots(): OpenLot[] {
    const lots: OpenLot[] = [];
    const pools = [...this.#pools].toSorted(([left], [right]) => compareText(left, right));
    for (const [, pool] of pools) for (const lot of pool.left()) lots.push(lot);
    return lots;
  }

  nextLot(pool: string): OpenLot | undefined {
    return this.#pools.get(pool)?.next();
  }

  #poolOf(name: string): LotPool {
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      pool = this.#makePool();
      this.#pools.set(name, pool);
    }
    this.#poolName = name;
    this.#pool = pool;
    return pool;
  }
}

/**
 * Starts a walk through a book; through the rest of one when the lots that the part before left are given
 * (of each pool in ledger order, none used up, under FIFO only the first consumed in part).
 */
export function startWalk(
  policy: Policy,
  sink: AllocationSink,
  lots: Iterable<LotState> = [],
): Walk {
  const walk = new BookWalk(policy, sink);
  walk.resume(lots);
  return walk;
}
