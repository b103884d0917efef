/**
 * First in, first out. A queue of lots with a head: a close eats from the head, and used-up lots are let
 * go. Only the head can be consumed in part, so its state is the pool's, and each slice costs one
 * multiplication and one division a side, because the last prefix is kept. docs/spec/matching.md 3.
 */
import type { Movement } from "../movement.ts";
import { prefixShare } from "../shares.ts";
import { openLot, type AllocationSink, type LotPool, type OpenLot } from "./lot.ts";

/**
 * Used-up lots at the front before they are cut off; cutting only when they are half of the queue keeps it
 * linear.
 */
const cutLength = 1024;

class FifoPool implements LotPool {
  /** Undefined up to the head. */
  #lots: (Movement | undefined)[] = [];
  #head = 0;
  /** What was consumed of the head lot, and its share. */
  #consumed = 0n;
  #prefix = 0n;

  open(movement: Movement, consumed: bigint): void {
    if (consumed !== 0n) {
      if (this.#head !== this.#lots.length)
        throw new Error(`entry ${movement.entry} is consumed in part and not first in its pool`);
      this.#consumed = consumed;
      this.#prefix = prefixShare(movement.fee, consumed, movement.quantity);
    }
    this.#lots.push(movement);
  }

  close(close: Movement, sink: AllocationSink): void {
    const total = close.quantity;
    let wanted = total;
    let closePrefix = 0n;
    for (let slice = 1; ; slice += 1) {
      const open = this.#lots[this.#head];
      if (open === undefined) {
        sink.allocation(close, undefined, slice, wanted, 0n, close.fee - closePrefix);
        return;
      }
      const left = this.#consumed === 0n ? open.quantity : open.quantity - this.#consumed;
      if (left >= wanted) {
        const openShare = left === wanted ? this.#useUp(open) : this.#use(open, wanted);
        sink.allocation(close, open, slice, wanted, openShare, close.fee - closePrefix);
        return;
      }
      wanted -= left;
      const prefix = prefixShare(close.fee, total - wanted, total);
      sink.allocation(close, open, slice, left, this.#useUp(open), prefix - closePrefix);
      closePrefix = prefix;
    }
  }

  left(): OpenLot[] {
    const lots: OpenLot[] = [];
    for (let index = this.#head; index < this.#lots.length; index += 1) {
      const lot = this.#lots[index]!;
      lots.push(openLot(lot, index === this.#head ? this.#consumed : 0n));
    }
    return lots;
  }

  next(): OpenLot | undefined {
    const lot = this.#lots[this.#head];
    return lot === undefined ? undefined : openLot(lot, this.#consumed);
  }

  /** Takes a part of the head lot; gives its share. */
  #use(open: Movement, quantity: bigint): bigint {
    const before = this.#prefix;
    this.#consumed += quantity;
    this.#prefix = prefixShare(open.fee, this.#consumed, open.quantity);
    return before === 0n ? this.#prefix : this.#prefix - before;
  }

  /** Takes what is left of the head lot and lets go of it; gives its share. */
  #useUp(open: Movement): bigint {
    const share = this.#prefix === 0n ? open.fee : open.fee - this.#prefix;
    this.#consumed = 0n;
    this.#prefix = 0n;
    this.#lots[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#lots.length) {
      this.#lots.length = 0;
      this.#head = 0;
    } else if (this.#head >= cutLength && this.#head * 2 >= this.#lots.length) {
      this.#lots.splice(0, this.#head);
      this.#head = 0;
    }
    return share;
  }
}

export function fifo(): LotPool {
  return new FifoPool();
}
