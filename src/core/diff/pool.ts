/**
 * One pool's conclusions, kept up to date while facts come and go anywhere in it. What a change costs is what
 * it changes: the first sale that can differ is found by halving, the walk goes on from the lots left before
 * it, and it stops where nothing later can differ. The matching itself is that of matching/; this file knows
 * only that lots are used up in ledger order.
 */
import { openLot, type AllocationSink, type LotPool, type OpenLot } from "../matching/lot.ts";
import { methods, type Method } from "../matching/walk.ts";
import type { Movement } from "../movement.ts";
import { compareLedgerOrder } from "../order.ts";
import { Places } from "./places.ts";
import { sameSale, type Sale, type Slice } from "./sale.ts";

/** Which lots are left: all from a place on, of the one at that place less what was consumed of it. */
interface Left {
  readonly from: number;
  readonly consumed: bigint;
}

/** A sale, how far into the lots it reached, and what it left. */
interface PlacedSale extends Sale, Left {
  /** The place of its last lot; Infinity when it is unmatched in part: then it reached for all there were. */
  readonly reach: number;
}

/** Told of each sale that comes out otherwise: as it was (undefined: not there), and as it is. */
export type OnChange = (before: Sale | undefined, after: Sale | undefined) => void;

/** Sales taken one after another from what is left at a place. */
class Stretch implements AllocationSink {
  readonly #pool: LotPool;
  readonly #movements: readonly (Movement | undefined)[];
  readonly #opens: Places;
  /** Lots handed over and not used up are those from the head on. */
  readonly #handed: number[] = [];
  #head = 0;
  #consumed: bigint;
  #next: number;
  #available = 0n;
  #slices: Slice[] = [];

  constructor(
    method: Method,
    movements: readonly (Movement | undefined)[],
    opens: Places,
    left: Left,
  ) {
    this.#pool = methods[method]();
    this.#movements = movements;
    this.#opens = opens;
    this.#next = left.from;
    this.#consumed = left.consumed;
    if (left.consumed > 0n) this.#hand(left.from, left.consumed);
  }

  /** The sale at a place, later than the one before. */
  take(place: number): PlacedSale {
    const close = this.#movements[place]!;
    // No more lots than the sale can use: the pool may hold any number of them.
    while (this.#available < close.quantity) {
      const open = this.#opens.next(this.#next);
      if (open >= place) break;
      this.#hand(open, 0n);
    }
    this.#slices = [];
    this.#pool.close(close, this);
    const slices = this.#slices;
    if (slices.at(-1)!.open === undefined)
      return { close, slices, pnl: undefined, reach: Infinity, from: place, consumed: 0n };
    const reach = this.#handed[this.#consumed > 0n ? this.#head : this.#head - 1]!;
    const from = this.#consumed > 0n ? reach : reach + 1;
    return { close, slices, pnl: undefined, reach, from, consumed: this.#consumed };
  }

  allocation(
    _close: Movement,
    open: Movement | undefined,
    _slice: number,
    quantity: bigint,
    openShare: bigint,
    closeShare: bigint,
  ): void {
    this.#slices.push({ open, quantity, openShare, closeShare });
    if (open === undefined) return;
    this.#available -= quantity;
    this.#consumed += quantity;
    if (this.#consumed < open.quantity) return;
    this.#consumed = 0n;
    this.#head += 1;
  }

  #hand(place: number, consumed: bigint): void {
    const lot = this.#movements[place]!;
    this.#pool.open(lot, consumed);
    this.#handed.push(place);
    this.#available += lot.quantity - consumed;
    this.#next = place + 1;
  }
}

export class PoolConclusions {
  readonly #method: Method;
  /** All that is ever in the pool, in ledger order; which are there now is in the two sets. */
  readonly #movements: Movement[];
  readonly #opens: Places;
  readonly #closes: Places;
  readonly #sales: (PlacedSale | undefined)[];

  /** `movements` in ledger order; those `present` says no of come later, if at all. */
  constructor(
    method: Method,
    movements: Movement[],
    present: (movement: Movement) => boolean = () => true,
  ) {
    this.#method = method;
    this.#movements = movements;
    this.#opens = new Places(movements.length);
    this.#closes = new Places(movements.length);
    this.#sales = Array.from({ length: movements.length }, () => undefined);
    for (const [place, movement] of movements.entries())
      if (present(movement)) (movement.opens ? this.#opens : this.#closes).add(place);
    this.#rewalk(this.#closes.next(0), -1, () => {});
  }

  /** A fact is there that was not, is not any more, or has another fee: the one place that both have. */
  change(before: Movement | undefined, after: Movement | undefined, onChange: OnChange): void {
    const movement = (after ?? before)!;
    const place = this.#placeOf(movement);
    this.#movements[place] = movement;
    const places = movement.opens ? this.#opens : this.#closes;
    if (places.has(place) !== (before !== undefined))
      throw new Error(`entry ${movement.entry} is ${before === undefined ? "" : "not "}there`);
    if (after === undefined) places.delete(place);
    else places.add(place);
    if (movement.opens) return this.#rewalk(this.#firstReaching(place), place, onChange);
    if (after !== undefined) return this.#rewalk(place, -1, onChange);
    const gone = this.#sales[place]!;
    this.#sales[place] = undefined;
    onChange(gone, undefined);
    if (!this.#same(gone, this.#leftBefore(place)))
      this.#rewalk(this.#closes.next(place), -1, onChange);
  }

  /** The sales there are, in ledger order. */
  *sales(): Generator<Sale> {
    for (const sale of this.#sales) if (sale !== undefined) yield sale;
  }

  openLots(): OpenLot[] {
    const lots: OpenLot[] = [];
    const left = this.#leftBefore(this.#movements.length);
    for (let place = this.#opens.next(left.from); place !== Infinity;) {
      lots.push(openLot(this.#movements[place]!, place === left.from ? left.consumed : 0n));
      place = this.#opens.next(place + 1);
    }
    return lots;
  }

  /**
   * Takes the sales from a place on again, until what is left is what was left there before. `changed` is the
   * place of a lot that came, went or was repriced (-1: none is): it must be used up as well, with all
   * lots before it, for the lots behind the head to be as they were.
   */
  #rewalk(start: number, changed: number, onChange: OnChange): void {
    if (start === Infinity) return;
    const stretch = new Stretch(
      this.#method,
      this.#movements,
      this.#opens,
      this.#leftBefore(start),
    );
    for (let place = start; place !== Infinity; place = this.#closes.next(place + 1)) {
      const before = this.#sales[place];
      const after = stretch.take(place);
      this.#sales[place] = after;
      if (!sameSale(before, after)) onChange(before, after);
      if (before === undefined) continue;
      if (this.#headOf(after) > changed && this.#same(before, after)) return;
    }
  }

  /** The first sale that takes of a place, or of what is behind it, or finds too little. */
  #firstReaching(place: number): number {
    let from = place + 1;
    let to = this.#movements.length;
    let first = Infinity;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const close = this.#closes.next(middle);
      if (close >= to) to = middle;
      else if (this.#sales[close]!.reach >= place) {
        first = close;
        to = middle;
      } else from = close + 1;
    }
    return first;
  }

  #leftBefore(place: number): Left {
    const close = this.#closes.previous(place);
    return close < 0 ? { from: 0, consumed: 0n } : this.#sales[close]!;
  }

  /** The place of the lot that the next sale takes from. */
  #headOf({ from, consumed }: Left): number {
    return consumed > 0n ? from : this.#opens.next(from);
  }

  #same(left: Left, right: Left): boolean {
    return left.consumed === right.consumed && this.#headOf(left) === this.#headOf(right);
  }

  #placeOf(movement: Movement): number {
    let from = 0;
    let to = this.#movements.length - 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compareLedgerOrder(this.#movements[middle]!, movement) < 0) from = middle + 1;
      else to = middle;
    }
    const found = this.#movements[from];
    if (found?.entry !== movement.entry) throw new Error(`entry ${movement.entry} has no place`);
    return from;
  }
}
