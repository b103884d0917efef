/**
 * What matching works on: an opening or closing fact with its effective quantity and its total fee, in
 * whole numbers. docs/spec/numbers.md 3.
 */
import { toUnits } from "./decimal.ts";
import type { Fee, FeeValue, Fill, OpeningLot, Side } from "./fact.ts";
import { parseSymbol } from "./instrument.ts";
import type { OrderKey } from "./order.ts";
import type { Instant } from "./time.ts";

/** Which facts of a book share lots: all of them, or those of one venue and account. */
export type Scope = "portfolio" | "account";

/** Bits of `missing`; their sum says why an amount is not known. docs/spec/matching.md 4. */
export const missingOpenCost = 1;
export const missingCloseFee = 2;
export const missingOpen = 4;

export interface Movement extends OrderKey {
  /**
   * The handle of the fact: its entry number in the book, or its place in a list. Nothing is computed from
   * it.
   */
  readonly entry: number;
  readonly opens: boolean;
  /** Facts of one book with the same pool share lots. */
  readonly pool: string;
  /** Effective, in units of 10^-18; greater than 0. */
  readonly quantity: bigint;
  /** In units of 10^-18; 0 for an opening lot. */
  readonly price: bigint;
  /** The known part of the total fee A (of an opening lot its cost), in units of 10^-feeScale. */
  readonly fee: bigint;
  /** The scale of A's shares: the greater of 18 and the decimals of A's normal form; at most 36. */
  readonly feeScale: number;
  /** 0, or the bit of this fact's side: 1 for an opening fact, 2 for a closing one. */
  readonly missing: number;
}

/** A fill as stored: fees apart by kind of asset, amounts in units of 10^-18. What a database row has. */
export interface FillParts {
  readonly entry: number;
  readonly venue: string;
  readonly account: string;
  readonly id: string;
  readonly revision: number;
  readonly at: Instant;
  readonly side: Side;
  readonly sequence: bigint | undefined;
  readonly quantity: bigint;
  readonly price: bigint;
  readonly quoteFee: bigint;
  readonly baseFee: bigint;
  /** The sum of the known values of the fees in third assets. */
  readonly thirdValue: bigint;
  /** Whether a fee in a third asset has no known value. */
  readonly valueMissing: boolean;
}

/** An opening lot as stored, amounts in units of 10^-18. */
export interface OpeningLotParts {
  readonly entry: number;
  readonly venue: string;
  readonly account: string;
  readonly id: string;
  readonly revision: number;
  readonly at: Instant;
  readonly quantity: bigint;
  /** Undefined: unknown. */
  readonly cost: bigint | undefined;
}

const unit = 10n ** 18n;

/** The pool a fact belongs to. No text of a fact holds U+0000, so no two pools share a name. */
export function poolOf(scope: Scope, venue: string, account: string): string {
  return scope === "portfolio" ? "" : `${venue}\0${account}`;
}

export function fillMovement(parts: FillParts, scope: Scope): Movement {
  const buys = parts.side === "buy";
  const { price, baseFee } = parts;
  let { quantity } = parts;
  let fee = parts.thirdValue === 0n ? parts.quoteFee : parts.quoteFee + parts.thirdValue;
  let feeScale = 18;
  if (baseFee !== 0n) {
    quantity = buys ? quantity - baseFee : quantity + baseFee;
    fee = fee * unit + baseFee * price;
    feeScale = 36;
    while (feeScale > 18 && fee % 10n === 0n) {
      fee /= 10n;
      feeScale -= 1;
    }
  }
  return {
    entry: parts.entry,
    kind: "fill",
    opens: buys,
    pool: poolOf(scope, parts.venue, parts.account),
    at: parts.at,
    side: parts.side,
    sequence: parts.sequence,
    venue: parts.venue,
    account: parts.account,
    id: parts.id,
    revision: parts.revision,
    quantity,
    price,
    fee,
    feeScale,
    missing: parts.valueMissing ? (buys ? missingOpenCost : missingCloseFee) : 0,
  };
}

/**
 * Same order of properties as `fillMovement`: the walk stays fast while all movements have one hidden
 * class.
 */
export function openingLotMovement(parts: OpeningLotParts, scope: Scope): Movement {
  return {
    entry: parts.entry,
    kind: "opening lot",
    opens: true,
    pool: poolOf(scope, parts.venue, parts.account),
    at: parts.at,
    side: "buy",
    sequence: undefined,
    venue: parts.venue,
    account: parts.account,
    id: parts.id,
    revision: parts.revision,
    quantity: parts.quantity,
    price: 0n,
    fee: parts.cost ?? 0n,
    feeScale: 18,
    missing: parts.cost === undefined ? missingOpenCost : 0,
  };
}

/** A fill's fees by kind of asset, those in third assets by their known values. */
export interface FeeParts {
  readonly quoteFee: bigint;
  readonly baseFee: bigint;
  readonly thirdValue: bigint;
  readonly valueMissing: boolean;
}

const noFees: FeeParts = { quoteFee: 0n, baseFee: 0n, thirdValue: 0n, valueMissing: false };

/** Fees are one an asset, as in a fill. Values of assets that the fill paid no fee in are ignored. */
export function splitFees(
  symbol: string,
  fees: readonly Fee[],
  values: readonly Pick<FeeValue, "asset" | "value">[],
): FeeParts {
  if (fees.length === 0) return noFees;
  const instrument = parseSymbol(symbol);
  if (instrument === undefined) throw new Error(`not a symbol: ${symbol}`);
  const parts = { quoteFee: 0n, baseFee: 0n, thirdValue: 0n, valueMissing: false };
  for (const { asset, amount } of fees) {
    if (asset === instrument.quote) parts.quoteFee = toUnits(amount);
    else if (asset === instrument.base) parts.baseFee = toUnits(amount);
    else {
      const known = values.find((value) => value.asset === asset);
      if (known === undefined) parts.valueMissing = true;
      else parts.thirdValue += toUnits(known.value);
    }
  }
  return parts;
}

/**
 * The movement of a fact. `values` are the fee values of the fill that stand (not voided). That the effective
 * quantity is greater than 0 was seen to when the fact was let in.
 */
export function resolveMovement(
  entry: number,
  fact: Fill | OpeningLot,
  values: readonly Pick<FeeValue, "asset" | "value">[],
  scope: Scope,
): Movement {
  const { venue, account, revision } = fact;
  const quantity = toUnits(fact.quantity);
  if (fact.kind === "opening lot") {
    const { key: id, openedAt: at } = fact;
    const cost = fact.cost === undefined ? undefined : toUnits(fact.cost);
    return openingLotMovement({ entry, venue, account, id, revision, at, quantity, cost }, scope);
  }
  const { fillId: id, executedAt: at, side, sequence, symbol, fees } = fact;
  const price = toUnits(fact.price);
  const { quoteFee, baseFee, thirdValue, valueMissing } = splitFees(symbol, fees, values);
  const identity = { entry, venue, account, id, revision, at, side, sequence };
  const amounts = { quantity, price, quoteFee, baseFee, thirdValue, valueMissing };
  return fillMovement({ ...identity, ...amounts }, scope);
}
