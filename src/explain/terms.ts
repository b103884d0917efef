/** What matching works with: effective quantity and total fee of a fact. docs/spec/numbers.md 3. */
import { Exact, cutShare, term } from "./exact.ts";
import { computed } from "./figure.ts";
import type { FactNode, FeeValueNode, Figure } from "./node.ts";

type Terms = "effective_quantity" | "total_fee" | "values_missing";
type Assets = { readonly base: string; readonly quote: string };

/** Whether the version, as it is seen, counts a fact as void. */
export function isVoided(fact: Pick<FactNode, "voided">): boolean {
  return fact.voided?.taken_in === true;
}

/** The value of a fee that counts: taken in, and not voided. */
export function standingValue(
  values: readonly FeeValueNode[],
  asset: string,
): FeeValueNode | undefined {
  return values.findLast((value) => value.asset === asset && value.taken_in && !isVoided(value));
}

function effectiveQuantity(fact: Omit<FactNode, Terms>, { base }: Assets): Figure {
  const quantity = Exact.of(fact.quantity!);
  const fee = fact.fees.find(({ asset }) => asset === base);
  if (fee === undefined) return computed("quantity", quantity.toString(), quantity);
  const paid = Exact.of(fee.amount);
  const sells = fact.side === "sell";
  return computed(
    sells ? "quantity + fee in the base asset" : "quantity - fee in the base asset",
    quantity.toString() + term(paid, sells ? "+" : "-"),
    sells ? quantity.plus(paid) : quantity.minus(paid),
  );
}

function totalFee(fact: Omit<FactNode, Terms>, { base, quote }: Assets): Figure {
  if (fact.kind === "opening lot") {
    const cost = fact.cost ?? null;
    if (cost === null) return computed("cost: unknown", "0", Exact.zero);
    return computed("cost, in the place of a fee", cost, Exact.of(cost));
  }
  const words: string[] = [];
  const nothing = fact.fees.length === 0 ? "no fee" : "what is known of the fees: nothing";
  let arithmetic = "";
  let total = Exact.zero;
  const add = (word: string, text: string, value: Exact): void => {
    words.push(word);
    arithmetic += arithmetic === "" ? text : ` + ${text}`;
    total = total.plus(value);
  };
  for (const { asset, amount } of fact.fees) {
    const paid = Exact.of(amount);
    const value = standingValue(fact.fee_values, asset);
    if (asset === quote) add(`fee in ${quote}`, amount, paid);
    else if (asset === base)
      add(`fee in ${base} * price`, `${amount} * ${fact.price}`, paid.times(Exact.of(fact.price!)));
    else if (value !== undefined)
      add(`value of the fee in ${asset}`, value.value, Exact.of(value.value));
  }
  return computed(words.join(" + ") || nothing, arithmetic || "0", total);
}

/** Completes a fact by what matching works with. */
export function withTerms(fact: Omit<FactNode, Terms>, assets: Assets): FactNode {
  if (fact.kind === "adjustment")
    return { ...fact, effective_quantity: null, total_fee: null, values_missing: [] };
  const third = fact.fees.filter(({ asset }) => asset !== assets.base && asset !== assets.quote);
  return {
    ...fact,
    effective_quantity: effectiveQuantity(fact, assets),
    total_fee: totalFee(fact, assets),
    values_missing: third
      .map(({ asset }) => asset)
      .filter((asset) => standingValue(fact.fee_values, asset) === undefined),
  };
}

/** Whether the cost of an opening fact, or the fee of a closing one, is wholly known. */
export function isWhole(fact: FactNode): boolean {
  return fact.values_missing.length === 0 && !(fact.kind === "opening lot" && fact.cost === null);
}

/** A share by the rule of docs/spec/numbers.md 4, with its arithmetic. */
export interface Share {
  readonly formula: string;
  readonly arithmetic: string;
  readonly value: Exact;
}

/** What belongs to the part of a fact between `before` and `after`, quantities consumed. */
export function shareOf(fact: FactNode, before: Exact, after: Exact): Share {
  const amount = Exact.of(fact.total_fee!.value!);
  const whole = Exact.of(fact.effective_quantity!.value!);
  const scale = Math.max(18, amount.decimals);
  const cut = (part: Exact): string => `trunc${scale}(${amount} * ${part} / ${whole})`;
  const name = fact.kind === "opening lot" ? "cost" : "total fee";
  return {
    formula: `trunc(${name} * consumed after / quantity) - trunc(${name} * consumed before / quantity)`,
    arithmetic: amount.units === 0n ? "0" : `${cut(after)} - ${cut(before)}`,
    value: cutShare(amount, after, whole, scale).minus(cutShare(amount, before, whole, scale)),
  };
}

/** The share of what is left of a fact: all of the amount that was not consumed. */
export function shareLeft(fact: FactNode, consumed: Exact): Share {
  const amount = Exact.of(fact.total_fee!.value!);
  const whole = Exact.of(fact.effective_quantity!.value!);
  const scale = Math.max(18, amount.decimals);
  const name = fact.kind === "opening lot" ? "cost" : "total fee";
  return {
    formula: `${name} - trunc(${name} * consumed / quantity)`,
    arithmetic:
      amount.units === 0n ? "0" : `${amount} - trunc${scale}(${amount} * ${consumed} / ${whole})`,
    value: amount.minus(cutShare(amount, consumed, whole, scale)),
  };
}
