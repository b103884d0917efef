/**
 * What a fact or a price must be, from docs/spec/numbers.md, docs/spec/time.md and the facts of
 * docs/spec/hashing.md, written apart from src: of that it uses the types only. Gives the first rule that is
 * broken.
 */
import type { Price } from "../../../src/adapters/prices-csv.ts";
import type { Fact, Fee, Fill } from "../../../src/core/fact.ts";

/** Nanoseconds of 2262-01-01T00:00:00Z. */
const timeEnd = BigInt(Date.UTC(2262, 0, 1)) * 1_000_000n;
const unit = 10n ** 18n;

type Rule = (value: unknown) => boolean;

const isText =
  (longest: number): Rule =>
  (value) =>
    typeof value === "string" &&
    value !== "" &&
    Buffer.byteLength(value) <= longest &&
    Buffer.from(value).toString() === value &&
    !value.includes("\0");

/** numbers.md 1: the normal form, 20 digits before the point and 18 after it. */
const isAmount: Rule = (value) =>
  typeof value === "string" &&
  /^-?(?:0|[1-9]\d{0,19})(?:\.\d{0,17}[1-9])?$/.test(value) &&
  value !== "-0";
const isPrice: Rule = (value) => isAmount(value) && !(value as string).startsWith("-");
const isQuantity: Rule = (value) => isPrice(value) && value !== "0";
const isTime: Rule = (value) => typeof value === "bigint" && value >= 0n && value < timeEnd;
const isSequence: Rule = (value) =>
  typeof value === "bigint" && value >= 0n && value <= 9_223_372_036_854_775_807n;
const isCount: Rule = (value) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2_147_483_647;
const isSide: Rule = (value) => value === "buy" || value === "sell";
const isLabel = isText(200);
const isNote = isText(2000);
const isSymbol: Rule = (value) => {
  if (!isLabel(value)) return false;
  const parts = (value as string).split("-");
  const quote = parts.pop()!;
  const base = parts.join("-");
  return base !== "" && quote !== "" && base !== quote;
};
/** One an asset, none of them 0, in the order of the assets' bytes. */
const isFees: Rule = (value) =>
  Array.isArray(value) &&
  (value as Fee[]).every(
    ({ asset, amount }, index) =>
      isLabel(asset) &&
      isAmount(amount) &&
      amount !== "0" &&
      (index === 0 ||
        Buffer.compare(Buffer.from((value as Fee[])[index - 1]!.asset), Buffer.from(asset)) < 0),
  );

const ofBook = { portfolio: isLabel, symbol: isSymbol, venue: isLabel, account: isLabel };

/** The fields of each kind; those behind `?` may be left out. */
const fields: Readonly<Record<Fact["kind"], Readonly<Record<string, Rule>>>> = {
  fill: {
    ...ofBook,
    fillId: isLabel,
    revision: isCount,
    executedAt: isTime,
    side: isSide,
    quantity: isQuantity,
    price: isPrice,
    fees: isFees,
    "sequence?": isSequence,
    "orderId?": isLabel,
    "strategy?": isLabel,
    "tradeId?": isLabel,
    "quoteSize?": isQuantity,
    "grain?": (value) => value === "order",
  },
  "opening lot": {
    ...ofBook,
    key: isLabel,
    revision: isCount,
    openedAt: isTime,
    quantity: isQuantity,
    "cost?": isAmount,
    author: isLabel,
    note: isNote,
  },
  "fee value": {
    ...ofBook,
    fillId: isLabel,
    fillRevision: isCount,
    asset: isLabel,
    revision: isCount,
    value: isAmount,
    source: isLabel,
  },
  void: {
    ...ofBook,
    targetKind: (value) => ["fill", "opening lot", "fee value"].includes(value as string),
    targetId: isLabel,
    targetRevision: isCount,
    "asset?": isLabel,
    "valueRevision?": isCount,
    author: isLabel,
    reason: isNote,
  },
  adjustment: {
    ...ofBook,
    entryId: isLabel,
    tradeType: isLabel,
    "tradeId?": isLabel,
    executedAt: isTime,
    "side?": isSide,
    "quantity?": isAmount,
    "price?": isAmount,
    fees: isFees,
    "orderId?": isLabel,
  },
};

export function brokenRule(fact: Fact): string | undefined {
  const rules = fields[fact.kind];
  if (rules === undefined) return `no kind of fact: ${String(fact.kind)}`;
  const given = { ...fact } as Record<string, unknown>;
  delete given["kind"];
  for (const [name, rule] of Object.entries(rules)) {
    const key = name.replace("?", "");
    if (name.endsWith("?") && !(key in given)) continue;
    if (!rule(given[key])) return `${fact.kind}: ${key} is ${String(given[key])}`;
    delete given[key];
  }
  const more = Object.keys(given);
  if (more.length > 0) return `${fact.kind}: has ${more.join(", ")}`;
  if (fact.kind === "fill") return brokenRuleOfFill(fact);
  if (fact.kind === "void" && (fact.asset === undefined) !== (fact.targetKind !== "fee value"))
    return "void: an asset belongs to a void of a fee value";
  return undefined;
}

export function brokenRuleOfPrice({ row, asset, quote, at, price }: Price): string | undefined {
  const holds = isCount(row) && isLabel(asset) && isLabel(quote) && isTime(at) && isQuantity(price);
  return holds ? undefined : `row ${row}: ${asset} ${quote} ${at} ${price}`;
}

/** An amount in units of 10^-18. */
function scaled(amount: string): bigint {
  const [whole, fraction = ""] = amount.split(".");
  return BigInt(`${whole}${fraction.padEnd(18, "0")}`);
}

function brokenRuleOfFill(fill: Fill): string | undefined {
  const quantity = scaled(fill.quantity);
  const base = fill.symbol.slice(0, fill.symbol.lastIndexOf("-"));
  for (const { asset, amount } of fill.fees) {
    if (asset !== base) continue;
    const effective = fill.side === "buy" ? quantity - scaled(amount) : quantity + scaled(amount);
    if (effective <= 0n) return `fill: effective quantity ${effective}`;
  }
  if (fill.quoteSize === undefined) return undefined;
  // numbers.md 2: half a unit of the 18th decimal at most, and a half to the even neighbour.
  const price = scaled(fill.price);
  const off = quantity * price - scaled(fill.quoteSize) * unit;
  const twice = (off < 0n ? -off : off) * 2n;
  if (twice > price || (twice === price && quantity % 2n === 1n))
    return `fill: quantity ${fill.quantity} is not ${fill.quoteSize} / ${fill.price}`;
  return undefined;
}
