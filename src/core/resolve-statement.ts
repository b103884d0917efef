/**
 * Resolving of what is not a fill: a person's opening lots, fee values and voids, and a venue's
 * adjustments.
 */
import type { Adjustment, FeeValue, OpeningLot, Place, Problem, Void } from "./fact.ts";
import type { FeeDraft } from "./fee-list.ts";
import { sumFees } from "./fee-list.ts";
import type { FieldNames } from "./field.ts";
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
  noteText,
  optionalLabel,
  positiveAmount,
  sideOf,
  wholeNumber,
} from "./field.ts";

/**
 * What every draft may say of its book and where in it. Missing and empty text both mean that nothing was
 * said.
 */
interface BookDraft {
  readonly portfolio?: string | undefined;
  readonly symbol?: string | undefined;
  readonly venue?: string | undefined;
  readonly account?: string | undefined;
}

export interface OpeningLotDraft extends BookDraft {
  readonly key?: string | undefined;
  readonly revision?: string | undefined;
  readonly openedAt?: string | undefined;
  readonly quantity?: string | undefined;
  readonly cost?: string | undefined;
  readonly author?: string | undefined;
  readonly note?: string | undefined;
}

export interface FeeValueDraft extends BookDraft {
  readonly fillId?: string | undefined;
  readonly fillRevision?: string | undefined;
  readonly asset?: string | undefined;
  readonly revision?: string | undefined;
  readonly value?: string | undefined;
  readonly source?: string | undefined;
}

export interface VoidDraft extends BookDraft {
  readonly targetKind?: string | undefined;
  readonly targetId?: string | undefined;
  readonly targetRevision?: string | undefined;
  readonly asset?: string | undefined;
  readonly valueRevision?: string | undefined;
  readonly author?: string | undefined;
  readonly reason?: string | undefined;
}

export interface AdjustmentDraft extends BookDraft {
  readonly entryId?: string | undefined;
  readonly tradeType?: string | undefined;
  readonly tradeId?: string | undefined;
  readonly executedAt?: string | undefined;
  readonly side?: string | undefined;
  readonly quantity?: string | undefined;
  readonly price?: string | undefined;
  readonly fees?: readonly FeeDraft[] | undefined;
  readonly orderId?: string | undefined;
}

export function resolveOpeningLot(
  draft: OpeningLotDraft,
  place: Place,
  names: FieldNames = contractNames,
): OpeningLot | Problem {
  return attempt(place, names, () => ({
    kind: "opening lot",
    ...bookOf(draft),
    key: labelText("key", draft.key),
    revision: wholeNumber("revision", draft.revision, 0),
    openedAt: instantValue("openedAt", draft.openedAt),
    quantity: positiveAmount("quantity", draft.quantity),
    ...(isGiven(draft.cost) ? { cost: anyAmount("cost", draft.cost) } : {}),
    author: labelText("author", draft.author),
    note: noteText("note", draft.note),
  }));
}

export function resolveFeeValue(
  draft: FeeValueDraft,
  place: Place,
  names: FieldNames = contractNames,
): FeeValue | Problem {
  return attempt(place, names, () => {
    const asset = labelText("asset", draft.asset);
    const { base, quote } = instrumentOf("symbol", draft.symbol);
    if (asset === base || asset === quote)
      throw new Fault(
        "asset",
        asset,
        "is of the instrument itself; only a fee in a third asset needs a value",
      );
    return {
      kind: "fee value",
      ...bookOf(draft),
      fillId: labelText("fillId", draft.fillId),
      fillRevision: wholeNumber("fillRevision", draft.fillRevision, 0),
      asset,
      revision: wholeNumber("revision", draft.revision, 0),
      value: anyAmount("value", draft.value),
      source: labelText("source", draft.source),
    };
  });
}

export function resolveVoid(
  draft: VoidDraft,
  place: Place,
  names: FieldNames = contractNames,
): Void | Problem {
  return attempt(place, names, () => {
    const targetKind = targetKindOf(draft.targetKind);
    const ofFeeValue = targetKind === "fee value";
    if (!ofFeeValue && isGiven(draft.asset))
      throw new Fault("asset", draft.asset, "belongs to a void of a fee value only; leave it out");
    if (!ofFeeValue && isGiven(draft.valueRevision))
      throw new Fault(
        "valueRevision",
        draft.valueRevision,
        "belongs to a void of a fee value only; leave it out",
      );
    return {
      kind: "void",
      targetKind,
      ...bookOf(draft),
      targetId: labelText("targetId", draft.targetId),
      targetRevision: wholeNumber("targetRevision", draft.targetRevision, 0),
      ...(ofFeeValue
        ? {
            asset: labelText("asset", draft.asset),
            valueRevision: wholeNumber("valueRevision", draft.valueRevision, 0),
          }
        : {}),
      author: labelText("author", draft.author),
      reason: noteText("reason", draft.reason),
    };
  });
}

export function resolveAdjustment(
  draft: AdjustmentDraft,
  place: Place,
  names: FieldNames = contractNames,
): Adjustment | Problem {
  return attempt(place, names, () => {
    const tradeId = optionalLabel("tradeId", draft.tradeId);
    const orderId = optionalLabel("orderId", draft.orderId);
    return {
      kind: "adjustment",
      ...bookOf(draft),
      entryId: labelText("entryId", draft.entryId),
      tradeType: labelText("tradeType", draft.tradeType),
      ...(tradeId === undefined ? {} : { tradeId }),
      executedAt: instantValue("executedAt", draft.executedAt),
      ...(isGiven(draft.side) ? { side: sideOf("side", draft.side) } : {}),
      ...(isGiven(draft.quantity) ? { quantity: anyAmount("quantity", draft.quantity) } : {}),
      ...(isGiven(draft.price) ? { price: anyAmount("price", draft.price) } : {}),
      fees: sumFees("fees", draft.fees ?? []),
      ...(orderId === undefined ? {} : { orderId }),
    };
  });
}

function attempt<Value>(place: Place, names: FieldNames, make: () => Value): Value | Problem {
  try {
    return make();
  } catch (error) {
    if (error instanceof Fault) return error.at(place, names);
    throw error;
  }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

function bookOf(draft: BookDraft): {
  portfolio: string;
  symbol: string;
  venue: string;
  account: string;
} {
  return {
    portfolio: labelText("portfolio", draft.portfolio, defaultPortfolio),
    symbol: instrumentOf("symbol", draft.symbol).symbol,
    venue: labelText("venue", draft.venue, defaultVenue),
    account: labelText("account", draft.account, defaultAccount),
  };
}

function targetKindOf(text: string | undefined): Void["targetKind"] {
  if (text === "fill" || text === "opening lot" || text === "fee value") return text;
  throw new Fault(
    "targetKind",
    text,
    "must say what is voided; write fill, opening lot or fee value",
  );
}
