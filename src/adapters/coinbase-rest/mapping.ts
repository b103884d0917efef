/**
 * One entry of Coinbase's List Fills as a fact. `entry_id` is the identity: a `trade_id` is shared by a
 * fill and the entries that adjust it. Amounts are taken as text only, so that no digit passes through a
 * floating-point number.
 */
import type { Fact, Place, Problem } from "../../core/fact.ts";
import { parseSymbol } from "../../core/instrument.ts";
import { makeProblem } from "../../core/problem.ts";
import { resolveAdjustment, resolveFill } from "../../core/resolve.ts";
import { numbersAsText, readJson } from "../json.ts";
import { coinbaseSide, coinbaseVenue } from "./words.ts";

type Entry = Readonly<Record<string, unknown>>;

const names = {
  fillId: "entry_id",
  entryId: "entry_id",
  executedAt: "trade_time",
  symbol: "product_id",
  quantity: "size",
  quoteSize: "size",
  fee: "commission",
  fees: "commission",
  account: "retail_portfolio_id",
  orderId: "order_id",
  tradeId: "trade_id",
  tradeType: "trade_type",
};

const textFields = [
  "entry_id",
  "trade_id",
  "order_id",
  "trade_time",
  "trade_type",
  "price",
  "size",
  "commission",
  "product_id",
  "side",
  "retail_portfolio_id",
] as const;

type TextField = (typeof textFields)[number];

export function entryToFact(raw: string, place: Place): Fact | Problem {
  const read = readJson(raw);
  if (read.fault !== undefined) return makeProblem(place, undefined, raw, read.fault);
  let entry = read.value as Entry;
  if (textFields.some((field) => typeof entry[field] === "number"))
    entry = numbersAsText(raw) as Entry;
  for (const field of textFields) {
    const value = entry[field];
    if (value !== undefined && value !== null && typeof value !== "string")
      return makeProblem(place, field, JSON.stringify(value), "must be text");
  }
  const said = entry as Readonly<Record<TextField, string | null | undefined>>;
  const sizeInQuote = entry["size_in_quote"] ?? false;
  if (typeof sizeInQuote !== "boolean")
    return makeProblem(
      place,
      "size_in_quote",
      JSON.stringify(sizeInQuote),
      "must be true or false: it says whether the size is in base or quote",
    );
  // The documentation names FILL for regular fills; an answer from before there were types has none.
  return (said.trade_type ?? "FILL") === "FILL"
    ? entryToFill(said, sizeInQuote, place)
    : entryToAdjustment(said, sizeInQuote, place);
}

type Said = Readonly<Record<TextField, string | null | undefined>>;

function entryToFill(said: Said, sizeInQuote: boolean, place: Place): Fact | Problem {
  const size = said.size ?? undefined;
  if (said.commission === undefined || said.commission === null || said.commission === "")
    return makeProblem(
      place,
      "commission",
      undefined,
      'is missing, which is not the same as none; write "0" if there was none',
    );
  if (sizeInQuote && (size === undefined || size === ""))
    return makeProblem(place, "size", undefined, "is missing; this field must be given");
  return resolveFill(
    {
      ...commonDraft(said),
      fillId: said.entry_id ?? undefined,
      side: coinbaseSide(said.side ?? undefined),
      quantity: sizeInQuote ? undefined : size,
      quoteSize: sizeInQuote ? size : undefined,
      price: said.price ?? undefined,
      fee: said.commission,
    },
    place,
    names,
  );
}

/**
 * What an adjustment does to its trade is not documented: only what is certain is taken over, the rest is
 * in the raw text.
 */
function entryToAdjustment(said: Said, sizeInQuote: boolean, place: Place): Fact | Problem {
  const side = coinbaseSide(said.side ?? undefined);
  const quote = parseSymbol(said.product_id ?? "")?.quote;
  const commission = said.commission ?? "";
  return resolveAdjustment(
    {
      ...commonDraft(said),
      entryId: said.entry_id ?? undefined,
      tradeType: said.trade_type ?? undefined,
      side: side === "buy" || side === "sell" ? side : undefined,
      quantity: sizeInQuote ? undefined : (said.size ?? undefined),
      price: said.price ?? undefined,
      fees: commission === "" ? [] : [{ asset: quote, amount: commission }],
    },
    place,
    names,
  );
}

function commonDraft(said: Said): {
  venue: string;
  account: string | undefined;
  symbol: string | undefined;
  executedAt: string | undefined;
  orderId: string | undefined;
  tradeId: string | undefined;
} {
  return {
    venue: coinbaseVenue,
    account: said.retail_portfolio_id ?? undefined,
    symbol: said.product_id ?? undefined,
    executedAt: said.trade_time ?? undefined,
    orderId: said.order_id ?? undefined,
    tradeId: said.trade_id ?? undefined,
  };
}
