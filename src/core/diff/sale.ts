/** The conclusion of a sale, and when two of them are the same. docs/spec/diff.md 1. */
import { sliceAmounts, widen, type SliceAmounts } from "../matching/amounts.ts";
import type { Movement } from "../movement.ts";

/** What a walk gave for a part of a sale. Shares are at the feeScale of their movement. */
export interface Slice {
  /** Undefined: unmatched. */
  readonly open: Movement | undefined;
  readonly quantity: bigint;
  readonly openShare: bigint;
  readonly closeShare: bigint;
}

export interface Sale {
  readonly close: Movement;
  /** In ledger order of their lots, the unmatched one last. */
  readonly slices: readonly Slice[];
  /** Worked out when it is first asked for, by `pnlOf`. */
  pnl: bigint | undefined;
}

/** What a sale comes to; quantities in units of 10^-18, PnL in units of 10^-36. */
export interface SaleFigures {
  /** Of the complete slices. */
  readonly pnl: bigint;
  readonly unmatched: bigint;
  /** Of slices that have a lot and no PnL. */
  readonly incomplete: bigint;
}

export function amountsOf(close: Movement, slice: Slice): SliceAmounts {
  return sliceAmounts(close, slice.open, slice.quantity, slice.openShare, slice.closeShare);
}

export function figuresOf({ close, slices }: Sale): SaleFigures {
  const figures = { pnl: 0n, unmatched: 0n, incomplete: 0n };
  for (const slice of slices) {
    const { pnl } = amountsOf(close, slice);
    if (pnl !== undefined) figures.pnl += pnl;
    else if (slice.open === undefined) figures.unmatched += slice.quantity;
    else figures.incomplete += slice.quantity;
  }
  return figures;
}

/** The PnL of a sale, in units of 10^-36; 0 of none. */
export function pnlOf(sale: Sale | undefined): bigint {
  if (sale === undefined) return 0n;
  sale.pnl ??= figuresOf(sale).pnl;
  return sale.pnl;
}

/** Whether two tellings of one fact lead to the same amounts from the same share. */
function sameSide(
  left: Movement | undefined,
  leftShare: bigint,
  right: Movement | undefined,
  rightShare: bigint,
): boolean {
  if (left === right) return leftShare === rightShare;
  if (left === undefined || right === undefined) return false;
  return (
    left.entry === right.entry &&
    left.missing === right.missing &&
    widen(leftShare, left.feeScale) === widen(rightShare, right.feeScale)
  );
}

/** Whether two conclusions of a sale are the same, row for row. */
export function sameSale(left: Sale | undefined, right: Sale | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  if (left.slices.length !== right.slices.length) return false;
  return left.slices.every((slice, index) => {
    const other = right.slices[index]!;
    return (
      slice.quantity === other.quantity &&
      sameSide(slice.open, slice.openShare, other.open, other.openShare) &&
      sameSide(left.close, slice.closeShare, right.close, other.closeShare)
    );
  });
}
