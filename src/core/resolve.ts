/**
 * Resolving: from what a source said (a draft, plain text) to a fact, or to a problem that says which rule
 * it breaks. docs/spec/numbers.md and docs/spec/time.md are the rules; nothing else makes facts.
 *
 * It runs once a row of an import. So the common case goes without regular expressions and without bigint,
 * and the first problem found ends a row.
 */
import type { Fee, Fill, Place, Problem, Side } from "./fact.ts";
import type { Decimal } from "./decimal.ts";
import { divideHalfEven, fromUnits, toUnits } from "./decimal.ts";
import {
  anyAmount,
  contractNames,
  defaultAccount,
  defaultPortfolio,
  defaultVenue,
  Fault,
  instantValue,
  instrumentOf,
  labelText,
  optionalLabel,
  positiveAmount,
  sideOf,
  wholeNumber,
} from "./field.ts";
import type { FieldNames } from "./field.ts";
import type { Instrument } from "./instrument.ts";
import type { FeeDraft } from "./fee-list.ts";
import { sumFees } from "./fee-list.ts";

/** What a source said of a fill. Missing and empty text both mean that it said nothing. */
export interface FillDraft {
  readonly portfolio?: string | undefined;
  readonly symbol?: string | undefined;
  readonly venue?: string | undefined;
  readonly account?: string | undefined;
  readonly fillId?: string | undefined;
  readonly revision?: string | undefined;
  readonly executedAt?: string | undefined;
  readonly side?: string | undefined;
  readonly quantity?: string | undefined;
  readonly price?: string | undefined;
  readonly fee?: string | undefined;
  readonly feeAsset?: string | undefined;
  readonly otherFees?: readonly FeeDraft[] | undefined;
  readonly sequence?: string | undefined;
  readonly orderId?: string | undefined;
  readonly strategy?: string | undefined;
  readonly tradeId?: string | undefined;
  readonly quoteSize?: string | undefined;
  readonly grain?: string | undefined;
}

/** Fields of a fill under construction. */
type Building<Value> = { -readonly [Key in keyof Value]: Value[Key] };

export function resolveFill(
  draft: FillDraft,
  place: Place,
  names: FieldNames = contractNames,
): Fill | Problem {
  try {
    return fillOf(draft);
  } catch (error) {
    if (error instanceof Fault) return error.at(place, names);
    throw error;
  }
}

function fillOf(draft: FillDraft): Fill {
  const fillId = labelText("fillId", draft.fillId);
  const executedAt = instantValue("executedAt", draft.executedAt);
  const instrument = instrumentOf("symbol", draft.symbol);
  const side = sideOf("side", draft.side);
  const price = anyAmount("price", draft.price);
  if (price.charCodeAt(0) === 45)
    throw new Fault("price", draft.price, "must be 0 or more; the side says what was given");
  const quantity = quantityOf(draft, price);
  const fees = feesOf(draft, instrument);
  requireEffectiveQuantity(draft, instrument, side, quantity, fees);
  const fill: Building<Fill> = {
    kind: "fill",
    portfolio: labelText("portfolio", draft.portfolio, defaultPortfolio),
    symbol: instrument.symbol,
    venue: labelText("venue", draft.venue, defaultVenue),
    account: labelText("account", draft.account, defaultAccount),
    fillId,
    revision: wholeNumber("revision", draft.revision, 0),
    executedAt,
    side,
    quantity,
    price,
    fees,
  };
  if (draft.sequence !== undefined && draft.sequence !== "")
    fill.sequence = sequenceOf(draft.sequence);
  addOptional(fill, draft);
  return fill;
}

function addOptional(fill: Building<Fill>, draft: FillDraft): void {
  const orderId = optionalLabel("orderId", draft.orderId);
  if (orderId !== undefined) fill.orderId = orderId;
  const strategy = optionalLabel("strategy", draft.strategy);
  if (strategy !== undefined) fill.strategy = strategy;
  const tradeId = optionalLabel("tradeId", draft.tradeId);
  if (tradeId !== undefined) fill.tradeId = tradeId;
  if (draft.quoteSize !== undefined && draft.quoteSize !== "")
    fill.quoteSize = positiveAmount("quoteSize", draft.quoteSize);
  if (draft.grain === undefined || draft.grain === "") return;
  if (draft.grain !== "order")
    throw new Fault("grain", draft.grain, "is not known; write order, or leave it empty");
  fill.grain = "order";
}

const sequenceEnd = 2n ** 63n;

function sequenceOf(text: string): bigint {
  const sequence = /^\d{1,40}$/.test(text) ? BigInt(text) : sequenceEnd;
  if (sequence >= sequenceEnd)
    throw new Fault(
      "sequence",
      text,
      `must be a whole number from 0 to ${sequenceEnd - 1n}; leave it empty if the venue gives none`,
    );
  return sequence;
}

/**
 * The stated quantity, or the one that follows from the quote size; where both are stated they must agree.
 */
function quantityOf(draft: FillDraft, price: Decimal): Decimal {
  if (draft.quoteSize === undefined || draft.quoteSize === "")
    return positiveAmount("quantity", draft.quantity);
  const derived = quantityFromQuoteSize(draft.quoteSize, price);
  if (draft.quantity === undefined || draft.quantity === "") return derived;
  if (positiveAmount("quantity", draft.quantity) !== derived)
    throw new Fault(
      "quantity",
      draft.quantity,
      `is not quote size / price, which is ${derived}; leave out the quantity or the quote size`,
    );
  return derived;
}

/** Quote size / price, rounded half-even to 18 decimals (docs/spec/numbers.md 2). */
export function quantityFromQuoteSize(quoteSize: string, price: Decimal): Decimal {
  const size = positiveAmount("quoteSize", quoteSize);
  if (price === "0")
    throw new Fault("price", price, "is 0, so no quantity follows from the quote size");
  const units = divideHalfEven(toUnits(size) * 10n ** 18n, toUnits(price));
  if (units === 0n)
    throw new Fault("quoteSize", quoteSize, "is so small that size / price rounds to 0");
  if (units >= 10n ** 38n)
    throw new Fault("quoteSize", quoteSize, "makes a quantity of more than 20 digits");
  return fromUnits(units);
}

const noFees: readonly Fee[] = Object.freeze([]);

function feesOf(draft: FillDraft, instrument: Instrument): readonly Fee[] {
  const { fee, feeAsset, otherFees } = draft;
  const amount = fee === undefined || fee === "" ? "0" : anyAmount("fee", fee);
  const asset =
    feeAsset === undefined || feeAsset === "" || feeAsset === instrument.quote
      ? instrument.quote
      : labelText("feeAsset", feeAsset);
  if (otherFees === undefined || otherFees.length === 0)
    return amount === "0" ? noFees : [{ asset, amount }];
  return sumFees("otherFees", [{ asset, amount }, ...otherFees]);
}

/** A fee in the base asset changes what was got or given; something must remain. */
function requireEffectiveQuantity(
  draft: FillDraft,
  instrument: Instrument,
  side: Side,
  quantity: Decimal,
  fees: readonly Fee[],
): void {
  for (const { asset, amount } of fees) {
    if (asset !== instrument.base) continue;
    const fee = toUnits(amount);
    const effective = toUnits(quantity) + (side === "buy" ? -fee : fee);
    if (effective > 0n) return;
    throw new Fault(
      draft.feeAsset === asset ? "fee" : "otherFees",
      amount,
      `in ${asset} leaves nothing of the quantity ${quantity}; check amount and asset of the fee`,
    );
  }
}

export type { FeeDraft } from "./fee-list.ts";
export * from "./resolve-statement.ts";
