/**
 * First in, first out. A queue of lots with a head: a close eats from the head, used-up lots are let go, and each slice costs
 * one multiplication and one division a side, because the last prefix is kept. docs/spec/matching.md 3.
 */
import type { Movement } from "../movement.ts";
import { prefixShare } from "../shares.ts";
import { openLot, type AllocationSink, type LotPool, type OpenLot } from "./lot.ts";

interface QueuedLot {
  readonly movement: Movement;
  consumed: bigint;
  /** prefixShare of what was consumed. */
  prefix: bigint;
}

/** Used-up lots at the front before they are cut off; cutting only when they are half of the queue keeps it linear. */
const cutLength = 1024;

class FifoPool implements LotPool {
  #lots: (QueuedLot | undefined)[] = [];
  #head = 0;

  open(movement: Movement, consumed: bigint): void {
    const prefix = prefixShare(movement.fee, consumed, movement.quantity);
    this.#lots.push({ movement, consumed, prefix });
  }

  close(close: Movement, sink: AllocationSink): void {
    const total = close.quantity;
    let closed = 0n;
    let closePrefix = 0n;
    let slice = 0;
    while (closed !== total) {
      const wanted = slice === 0 ? total : total - closed;
      const before = closePrefix;
      slice += 1;
      const lot = this.#lots[this.#head];
      if (lot === undefined) {
        sink.allocation(close, undefined, slice, wanted, 0n, close.fee - before);
        return;
      }
      const open = lot.movement;
      const left = lot.consumed === 0n ? open.quantity : open.quantity - lot.consumed;
      const openBefore = lot.prefix;
      let quantity = wanted;
      if (left <= wanted) {
        quantity = left;
        lot.prefix = open.fee;
        this.#letGo();
      } else {
        lot.consumed += wanted;
        lot.prefix = prefixShare(open.fee, lot.consumed, open.quantity);
      }
      closed = quantity === wanted ? total : closed + quantity;
      closePrefix = prefixShare(close.fee, closed, total);
      sink.allocation(
        close,
        open,
        slice,
        quantity,
        openBefore === 0n ? lot.prefix : lot.prefix - openBefore,
        before === 0n ? closePrefix : closePrefix - before,
      );
    }
  }

  left(): OpenLot[] {
    const lots: OpenLot[] = [];
    for (let index = this.#head; index < this.#lots.length; index += 1) {
      const lot = this.#lots[index];
      if (lot !== undefined) lots.push(openLot(lot.movement, lot.consumed));
    }
    return lots;
  }

  next(): OpenLot | undefined {
    const lot = this.#lots[this.#head];
    return lot === undefined ? undefined : openLot(lot.movement, lot.consumed);
  }

  #letGo(): void {
    this.#lots[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#lots.length) {
      this.#lots.length = 0;
      this.#head = 0;
    } else if (this.#head >= cutLength && this.#head * 2 >= this.#lots.length) {
      this.#lots.splice(0, this.#head);
      this.#head = 0;
    }
  }
}

export function fifo(): LotPool {
  return new FifoPool();
}
