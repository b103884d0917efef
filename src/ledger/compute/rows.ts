/**
 * Conclusions as rows: what the walk gives, in the text that goes to the database and under the hash that
 * stands beside it. The same text is hashed and written, so that the two can't differ.
 */
import { type Decimal, fromUnits } from "../../core/decimal.ts";
import { lotCostBasis, sliceAmounts, wideScale } from "../../core/matching/amounts.ts";
import type { OpenLot } from "../../core/matching/lot.ts";
import type { Movement } from "../../core/movement.ts";
import { allocationRowHash, openLotRowHash } from "../../seal/digest.ts";
import { identity } from "../../seal/leaf.ts";
import type { CopyText } from "../../store/copy-text.ts";
import type { StoredMovement } from "./facts.ts";

export interface AllocationRow {
  readonly close: Movement;
  readonly open: Movement | undefined;
  readonly slice: number;
  readonly quantity: Decimal;
  readonly openFee: Decimal | undefined;
  readonly closeFee: Decimal;
  readonly costBasis: Decimal | undefined;
  readonly proceeds: Decimal;
  readonly pnl: Decimal | undefined;
  /** In units of 10^-36; 0 where it is not known. */
  readonly pnlUnits: bigint;
  readonly missing: number;
  /** In hexadecimal. */
  readonly hash: string;
}

export interface OpenLotRow {
  readonly open: Movement;
  readonly quantity: Decimal;
  readonly openFee: Decimal;
  readonly costBasis: Decimal | undefined;
  readonly hash: string;
}

function identityOf(movement: Movement): Uint8Array {
  const stored = movement as StoredMovement;
  stored.identity ??= identity(
    stored.kind,
    stored.venue,
    stored.account,
    stored.id,
    stored.revision,
  );
  return stored.identity;
}

const wide = (units: bigint | undefined): Decimal | undefined =>
  units === undefined ? undefined : fromUnits(units, wideScale);

/** The row of a slice, from what the walk gives its sink. */
export function allocationRow(
  close: Movement,
  open: Movement | undefined,
  slice: number,
  quantity: bigint,
  openShare: bigint,
  closeShare: bigint,
): AllocationRow {
  const amounts = sliceAmounts(close, open, quantity, openShare, closeShare);
  const row = {
    close: identityOf(close),
    closedAt: close.at,
    open: open === undefined ? undefined : identityOf(open),
    openedAt: open?.at,
    quantity: fromUnits(quantity),
    openShare: open === undefined ? undefined : fromUnits(openShare, open.feeScale),
    closeShare: fromUnits(closeShare, close.feeScale),
    costBasis: wide(amounts.costBasis),
    proceeds: fromUnits(amounts.proceeds, wideScale),
    pnl: wide(amounts.pnl),
    missing: amounts.missing,
  };
  return {
    close,
    open,
    slice,
    quantity: row.quantity,
    openFee: row.openShare,
    closeFee: row.closeShare,
    costBasis: row.costBasis,
    proceeds: row.proceeds,
    pnl: row.pnl,
    pnlUnits: amounts.pnl ?? 0n,
    missing: row.missing,
    hash: allocationRowHash(row),
  };
}

export function openLotRow(lot: OpenLot): OpenLotRow {
  const { movement } = lot;
  const row = {
    open: identityOf(movement),
    openedAt: movement.at,
    quantity: fromUnits(lot.quantity),
    openShare: fromUnits(lot.share, movement.feeScale),
    costBasis: wide(lotCostBasis(lot)),
    missing: movement.missing,
  };
  const { quantity, openShare: openFee, costBasis } = row;
  return { open: movement, quantity, openFee, costBasis, hash: openLotRowHash(row) };
}

export const allocationColumns =
  "version, book_id, step, close_entry, slice, open_entry, quantity, open_fee, close_fee, cost_basis, " +
  "proceeds, pnl, missing, opened_at, closed_at, row_hash";

/** What all rows of a book in one step begin with: version, book, step. */
export type RowHead = readonly [version: string, bookId: string, step: string];

export function writeAllocation(
  copy: CopyText,
  [version, bookId, step]: RowHead,
  row: AllocationRow,
): void {
  const { close, open } = row;
  copy.plain(version);
  copy.plain(bookId);
  copy.plain(step);
  copy.whole(close.entry);
  copy.whole(row.slice);
  if (open === undefined) copy.nothing();
  else copy.whole(open.entry);
  copy.plain(row.quantity);
  copy.optional(row.openFee);
  copy.plain(row.closeFee);
  copy.optional(row.costBasis);
  copy.plain(row.proceeds);
  copy.optional(row.pnl);
  copy.whole(row.missing);
  if (open === undefined) copy.nothing();
  else copy.plain(open.at.toString());
  copy.plain(close.at.toString());
  copy.hex(row.hash);
  copy.endRow();
}

export const openLotColumns =
  "version, book_id, step, open_entry, quantity, open_fee, cost_basis, missing, opened_at, row_hash";

export function writeOpenLot(
  copy: CopyText,
  [version, bookId, step]: RowHead,
  row: OpenLotRow,
): void {
  copy.plain(version);
  copy.plain(bookId);
  copy.plain(step);
  copy.whole(row.open.entry);
  copy.plain(row.quantity);
  copy.plain(row.openFee);
  copy.optional(row.costBasis);
  copy.whole(row.open.missing);
  copy.plain(row.open.at.toString());
  copy.hex(row.hash);
  copy.endRow();
}
