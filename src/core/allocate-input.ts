/** What `allocate` takes: facts as plain objects, with the defaults of the fills CSV. */
import type { FeeDraft } from "./fee-list.ts";
import type { Fact, Fee, Place, Problem, Side } from "./fact.ts";
import { describeProblem, isProblem } from "./problem.ts";
import {
  resolveAdjustment,
  resolveFeeValue,
  resolveFill,
  resolveOpeningLot,
  resolveVoid,
} from "./resolve.ts";
import { formatInstant, instantEnd } from "./time.ts";

/** RFC 3339 with a zone and 0 to 9 decimals, or nanoseconds since 1970. */
export type TimeInput = string | bigint;

interface BookInput {
  /** `default` when left out. */
  readonly portfolio?: string | undefined;
  /** Base and quote asset with a dash between: `BTC-USD`. */
  readonly symbol: string;
  /** `manual` when left out. */
  readonly venue?: string | undefined;
  /** `main` when left out. */
  readonly account?: string | undefined;
}

/** A fill. Amounts are decimal text: a JavaScript number can't hold most of them. */
export interface FillInput extends BookInput {
  readonly kind?: "fill" | undefined;
  readonly fillId: string;
  /** 0 when left out; 1, 2 … for the replacements of a voided fill. */
  readonly revision?: number | undefined;
  readonly executedAt: TimeInput;
  readonly side: Side;
  /** In the base asset, greater than 0, as the venue states it: before a fee in the base asset. */
  readonly quantity: string;
  /** In the quote asset for one of the base asset; 0 or more. */
  readonly price: string;
  /** Negative for a rebate; `0` when left out. */
  readonly fee?: string | undefined;
  /** The quote asset when left out. */
  readonly feeAsset?: string | undefined;
  /** More fees, or all of them. Fees in one asset are summed. */
  readonly fees?: readonly Fee[] | undefined;
  /** The venue's own order among its fills: a whole number from 0 to 2^63 - 1. */
  readonly sequence?: bigint | number | string | undefined;
  /** Not used; here so that a recorded fill can be given as it is, as are the next four. */
  readonly orderId?: string | undefined;
  readonly strategy?: string | undefined;
  readonly tradeId?: string | undefined;
  readonly quoteSize?: string | undefined;
  readonly grain?: "order" | undefined;
}

/** Quantity from before the history begins. */
export interface OpeningLotInput extends BookInput {
  readonly kind: "opening lot";
  readonly key: string;
  readonly revision?: number | undefined;
  readonly openedAt: TimeInput;
  readonly quantity: string;
  /** The total, in the quote asset; unknown when left out. */
  readonly cost?: string | undefined;
  readonly author?: string | undefined;
  readonly note?: string | undefined;
}

/** What a fee in a third asset was worth: the total, in the quote asset, at that time. */
export interface FeeValueInput extends BookInput {
  readonly kind: "fee value";
  readonly fillId: string;
  readonly fillRevision?: number | undefined;
  readonly asset: string;
  readonly revision?: number | undefined;
  readonly value: string;
  readonly source?: string | undefined;
}

/** Takes another fact out. */
export interface VoidInput extends BookInput {
  readonly kind: "void";
  readonly targetKind: "fill" | "opening lot" | "fee value";
  /** The fill's id (of a fee value too) or the opening lot's key. */
  readonly targetId: string;
  readonly targetRevision?: number | undefined;
  /** Of a fee value. */
  readonly asset?: string | undefined;
  readonly valueRevision?: number | undefined;
  readonly author?: string | undefined;
  readonly reason?: string | undefined;
}

/** A venue's reversal or correction entry: takes no part. */
export interface AdjustmentInput extends BookInput {
  readonly kind: "adjustment";
  readonly entryId: string;
  readonly tradeType: string;
  readonly tradeId?: string | undefined;
  readonly executedAt: TimeInput;
  readonly side?: Side | undefined;
  readonly quantity?: string | undefined;
  readonly price?: string | undefined;
  readonly fees?: readonly Fee[] | undefined;
  readonly orderId?: string | undefined;
}

export type FactInput = FillInput | OpeningLotInput | FeeValueInput | VoidInput | AdjustmentInput;

/** Thrown by `allocate` for a fact that breaks a rule. Nothing is computed then. */
export class InvalidFactError extends Error {
  /** Of the fact in the list that was given, from 0. */
  readonly index: number;
  /** The property that is wrong; undefined where it is the whole fact. */
  readonly field: string | undefined;
  /** The rule it breaks, and what to do: `must be greater than 0; …`. */
  readonly rule: string;

  constructor(index: number, field: string | undefined, value: string | undefined, rule: string) {
    const place = { file: "facts", row: index, column: field, value, message: rule };
    super(describeProblem(place).replace("facts row", "fact"));
    this.name = "InvalidFactError";
    this.index = index;
    this.field = field;
    this.rule = rule;
  }
}

const instantFields = new Set(["executedAt", "openedAt"]);
const wholeFields = new Set([
  "revision",
  "sequence",
  "fillRevision",
  "targetRevision",
  "valueRevision",
]);

function textOf(index: number, field: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  if (typeof value === "bigint") {
    if (instantFields.has(field)) {
      if (value >= 0n && value < instantEnd) return formatInstant(value);
      throw new InvalidFactError(index, field, `${value}`, "is not from 1970 to 2261");
    }
    if (wholeFields.has(field)) return value.toString();
  }
  if (typeof value === "number") {
    if (wholeFields.has(field) && Number.isSafeInteger(value)) return value.toString();
    const rule = "is a number, which may be rounded already; give it as text";
    throw new InvalidFactError(index, field, `${value}`, rule);
  }
  const rule = `is ${value === null ? "null" : typeof value}; give text, or leave it out`;
  throw new InvalidFactError(index, field, undefined, rule);
}

type Draft = Record<string, string | undefined>;

/** All properties of text; others that an input may have are its own business. */
const textFields = [
  ["portfolio", "symbol", "venue", "account", "fillId", "revision", "executedAt", "side"],
  ["quantity", "price", "fee", "feeAsset", "sequence", "orderId", "strategy", "tradeId"],
  ["quoteSize", "grain", "key", "openedAt", "cost", "author", "note", "fillRevision", "asset"],
  ["value", "source", "targetKind", "targetId", "targetRevision", "valueRevision", "reason"],
  ["entryId", "tradeType"],
].flat();

function draftOf(index: number, input: object): Draft {
  const draft: Draft = {};
  const given = input as Record<string, unknown>;
  for (const field of textFields) {
    const text = textOf(index, field, given[field]);
    if (text !== undefined) draft[field] = text;
  }
  return draft;
}

function feesOf(index: number, fees: unknown): FeeDraft[] | undefined {
  if (fees === undefined) return undefined;
  if (!Array.isArray(fees))
    throw new InvalidFactError(index, "fees", undefined, "must be a list of asset and amount");
  return fees.map((fee: unknown) => {
    if (typeof fee !== "object" || fee === null)
      throw new InvalidFactError(index, "fees", undefined, "must be a list of asset and amount");
    const { asset, amount } = fee as Record<string, unknown>;
    return { asset: textOf(index, "fees", asset), amount: textOf(index, "fees", amount) };
  });
}

const author = "allocate";
const fieldNames = { otherFees: "fees" };

function resolve(index: number, input: FactInput, place: Place): Fact | Problem {
  const draft = draftOf(index, input);
  switch (input.kind) {
    case undefined:
    case "fill":
      return resolveFill({ ...draft, otherFees: feesOf(index, input.fees) }, place, fieldNames);
    case "opening lot":
      return resolveOpeningLot({ author, note: author, ...draft }, place, fieldNames);
    case "fee value":
      return resolveFeeValue({ source: author, ...draft }, place, fieldNames);
    case "void":
      return resolveVoid(
        { author, reason: author, ...withValueRevision(draft) },
        place,
        fieldNames,
      );
    case "adjustment":
      return resolveAdjustment({ ...draft, fees: feesOf(index, input.fees) }, place, fieldNames);
    default: {
      const { kind } = input as { kind: unknown };
      const rule = "is none of fill, opening lot, fee value, void, adjustment";
      throw new InvalidFactError(index, "kind", String(kind), rule);
    }
  }
}

function withValueRevision(draft: Draft): Draft {
  return draft["targetKind"] === "fee value" ? { valueRevision: "0", ...draft } : draft;
}

/** Resolves one fact; throws InvalidFactError. */
export function resolveInput(index: number, input: FactInput): Fact {
  if (typeof input !== "object" || input === null)
    throw new InvalidFactError(index, undefined, undefined, "is no object");
  const fact = resolve(index, input, { file: "facts", row: index });
  if (isProblem(fact)) throw new InvalidFactError(index, fact.column, fact.value, fact.message);
  return fact;
}
