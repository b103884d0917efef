/**
 * Amounts of a slice and of what is left of a lot, exact, in units of 10^-36. docs/spec/matching.md 4,
 * numbers.md 5.
 */
import { missingOpen, type Movement } from "../movement.ts";
import type { OpenLot } from "./lot.ts";

/** The scale of a product of two amounts, and of all amounts here. */
export const wideScale = 36;

export interface SliceAmounts {
  /** A sum of the `missing…` bits; 0 is complete. */
  readonly missing: number;
  /** Undefined with bit 1 or 4. */
  readonly costBasis: bigint | undefined;
  readonly proceeds: bigint;
  readonly netProceeds: bigint;
  /** Undefined unless complete. */
  readonly pnl: bigint | undefined;
}

const widening: readonly bigint[] = Array.from(
  { length: 37 },
  (_, scale) => 10n ** BigInt(36 - scale),
);
const fromAmountScale = 10n ** 18n;

/** A share at its movement's feeScale, in units of 10^-36. */
export function widen(share: bigint, feeScale: number): bigint {
  if (share === 0n) return 0n;
  return share * (feeScale === 18 ? fromAmountScale : widening[feeScale]!);
}

/** The amounts of a slice, from what the walk gave to its sink. */
export function sliceAmounts(
  close: Movement,
  open: Movement | undefined,
  quantity: bigint,
  openShare: bigint,
  closeShare: bigint,
): SliceAmounts {
  const proceeds = close.price * quantity;
  const netProceeds = closeShare === 0n ? proceeds : proceeds - widen(closeShare, close.feeScale);
  if (open === undefined) {
    const missing = missingOpen + close.missing;
    return { missing, costBasis: undefined, proceeds, netProceeds, pnl: undefined };
  }
  const missing = open.missing + close.missing;
  const costBasis = open.missing === 0 ? costOf(open, quantity, openShare) : undefined;
  const pnl = missing === 0 && costBasis !== undefined ? netProceeds - costBasis : undefined;
  return { missing, costBasis, proceeds, netProceeds, pnl };
}

/** The cost basis of what is left of a lot; undefined when its cost is not wholly known. */
export function lotCostBasis(lot: OpenLot): bigint | undefined {
  return lot.movement.missing === 0 ? costOf(lot.movement, lot.quantity, lot.share) : undefined;
}

function costOf(open: Movement, quantity: bigint, share: bigint): bigint {
  const cost = open.price * quantity;
  return share === 0n ? cost : cost + widen(share, open.feeScale);
}
