import { prefixShare } from "../shares.ts";
import type { Movement } from "../movement.ts";

/**
 * What must be stored of a lot to go on from it: shares follow from its fee, its quantity and what was
 * consumed.
 */
export interface LotState {
  readonly movement: Movement;
  /** Less than the movement's quantity. */
  readonly consumed: bigint;
}

/** A lot with something left. */
export interface OpenLot extends LotState {
  /** What is left. */
  readonly quantity: bigint;
  /** The fee that what is left carries, at the movement's feeScale. */
  readonly share: bigint;
}

export function openLot(movement: Movement, consumed: bigint): OpenLot {
  const share = movement.fee - prefixShare(movement.fee, consumed, movement.quantity);
  return { movement, consumed, quantity: movement.quantity - consumed, share };
}

/** Where a walk's slices go: one call each, in the order of docs/spec/matching.md 4. */
export interface AllocationSink {
  /**
   * `slice` counts from 1 within the close; `open` is undefined for the unmatched slice, whose open share
   * is 0. Shares are at the feeScale of their movement.
   */
  allocation(
    close: Movement,
    open: Movement | undefined,
    slice: number,
    quantity: bigint,
    openShare: bigint,
    closeShare: bigint,
  ): void;
}

/** The lots of one pool under one method. */
export interface LotPool {
  /** Adds a lot; what was consumed of it is 0 but when a walk is resumed. */
  open(movement: Movement, consumed: bigint): void;
  close(movement: Movement, sink: AllocationSink): void;
  /** The lots left, in ledger order. */
  left(): OpenLot[];
  /** The lot the next close takes from. */
  next(): OpenLot | undefined;
}
