/**
 * The rules of single fields: text, amounts, whole numbers, times, sides. What breaks one is thrown as a
 * Fault.
 */
import type { Place, Problem, Side } from "./fact.ts";
import type { Decimal } from "./decimal.ts";
import { parseDecimal } from "./decimal.ts";
import type { Instrument } from "./instrument.ts";
import { parseSymbol } from "./instrument.ts";
import { makeProblem } from "./problem.ts";
import type { Instant } from "./time.ts";
import { instantFault, parseInstant } from "./time.ts";

const labelBytes = 200;
const noteBytes = 2000;
/** A UTF-16 code unit takes at most 3 bytes of UTF-8. */
const safeLabelLength = Math.floor(labelBytes / 3);
const amountLength = 400;
const maxRevision = 2_147_483_647;

export const defaultPortfolio = "default";
export const defaultAccount = "main";
export const defaultVenue = "manual";

/** How a source calls the fields of a draft, for messages. */
export type FieldNames = Readonly<Record<string, string>>;

/** As the fills CSV and the lines of an export call them. */
export const contractNames: FieldNames = {
  fillId: "fill_id",
  executedAt: "executed_at",
  feeAsset: "fee_asset",
  otherFees: "other_fees",
  orderId: "order_id",
  tradeId: "trade_id",
  quoteSize: "quote_size",
  openedAt: "opened_at",
  fillRevision: "fill_revision",
  targetKind: "target_kind",
  targetId: "target_id",
  targetRevision: "target_revision",
  valueRevision: "value_revision",
  entryId: "entry_id",
  tradeType: "trade_type",
};

/** A broken rule on its way to becoming a problem. No Error: its stack would cost more than the row. */
export class Fault {
  readonly field: string;
  readonly value: string | undefined;
  readonly message: string;

  constructor(field: string, value: string | undefined, message: string) {
    this.field = field;
    this.value = value;
    this.message = message;
  }

  at(place: Place, names: Readonly<Record<string, string>>): Problem {
    return makeProblem(place, names[this.field] ?? this.field, this.value, this.message);
  }
}

const missing = "is missing; this field must be given";

/**
 * Text of 1 to 200 bytes that is valid Unicode and without U+0000. Empty means missing, and takes the
 * fallback.
 */
export function labelText(field: string, text: string | undefined, fallback?: string): string {
  if (text === undefined || text === "") {
    if (fallback === undefined) throw new Fault(field, undefined, missing);
    return fallback;
  }
  checkText(field, text, labelBytes);
  return text;
}

export function optionalLabel(field: string, text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  checkText(field, text, labelBytes);
  return text;
}

/** Like a label, but of up to 2000 bytes: what a person wrote. */
export function noteText(field: string, text: string | undefined): string {
  if (text === undefined || text === "") throw new Fault(field, undefined, missing);
  checkText(field, text, noteBytes);
  return text;
}

function checkText(field: string, text: string, limit: number): void {
  if (text.length > safeLabelLength && byteLength(text) > limit)
    throw new Fault(field, text, `is longer than ${limit} bytes; shorten it`);
  if (text.includes("\0"))
    throw new Fault(field, text, "has a character U+0000, which cannot be stored; remove it");
  if (!text.isWellFormed())
    throw new Fault(field, text, "has half of a surrogate pair, which is no character; remove it");
}

function byteLength(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    // A surrogate pair is two code units and four bytes.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** A decimal of either sign that fits. */
export function anyAmount(field: string, text: string | undefined): Decimal {
  if (text === "0") return text;
  if (text === undefined || text === "") throw new Fault(field, undefined, missing);
  const amount = text.length > amountLength ? undefined : parseDecimal(text);
  if (amount === undefined) throw new Fault(field, text, amountFault(text));
  return amount;
}

export function positiveAmount(field: string, text: string | undefined): Decimal {
  const amount = anyAmount(field, text);
  if (amount === "0" || amount.charCodeAt(0) === 45)
    throw new Fault(field, text, "must be greater than 0; the side says which way it went");
  return amount;
}

function amountFault(text: string): string {
  if (text.length > amountLength) return `is longer than ${amountLength} characters`;
  if (/^-?\d+(\.\d+)?$/.test(text))
    return "does not fit; up to 20 digits before the point and 18 after it are kept, none rounded";
  if (/^[+-]?\d+(\.\d+)?[eE][+-]?\d+$/.test(text))
    return "has an exponent, which this format does not use; write all digits";
  if (/^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) || /^-?\d+,\d+$/.test(text))
    return "has a comma; write 1234.5, with a point and without thousands separators";
  return "is no decimal; write digits like 1234.5, without sign of currency, plus or spaces";
}

/** A whole number that counts revisions. */
export function wholeNumber(field: string, text: string | undefined, fallback: number): number {
  if (text === undefined || text === "") return fallback;
  const number = /^\d{1,15}$/.test(text) ? parseInt(text, 10) : maxRevision + 1;
  if (number > maxRevision)
    throw new Fault(field, text, `must be a whole number from 0 to ${maxRevision}`);
  return number;
}

export function instantValue(field: string, text: string | undefined): Instant {
  if (text === undefined || text === "") throw new Fault(field, undefined, missing);
  const instant = parseInstant(text);
  if (instant === undefined) throw new Fault(field, text, instantFault(text));
  return instant;
}

export function sideOf(field: string, text: string | undefined): Side {
  if (text === "buy" || text === "sell") return text;
  if (text === undefined || text === "") throw new Fault(field, undefined, missing);
  const small = text.toLowerCase();
  throw new Fault(
    field,
    text,
    small === "buy" || small === "sell"
      ? `must be in small letters; write ${small}`
      : "is neither buy nor sell; write one of the two",
  );
}

/** The last symbol read: rows of one book often stand together, and a new symbol is a rare thing. */
let lastInstrument: Instrument = { symbol: "", base: "", quote: "" };

export function instrumentOf(field: string, text: string | undefined): Instrument {
  if (text === lastInstrument.symbol && text !== "") return lastInstrument;
  const symbol = labelText(field, text);
  const instrument = parseSymbol(symbol);
  if (instrument === undefined)
    throw new Fault(
      field,
      symbol,
      "is not base and quote; write two different assets with a dash between, like BTC-USD",
    );
  lastInstrument = instrument;
  return instrument;
}
