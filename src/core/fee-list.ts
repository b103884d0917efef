/** Fees as facts hold them: one an asset, none of them 0, in the byte order of the assets. */
import { fromUnits, toUnits } from "./decimal.ts";
import type { Fee } from "./fact.ts";
import { anyAmount, Fault, labelText } from "./field.ts";
import { compareText } from "./order.ts";

/** What a source said of one fee. */
export interface FeeDraft {
  readonly asset: string | undefined;
  readonly amount: string | undefined;
}

/** One fee an asset: summed, without those of 0, in the byte order of the assets. */
export function sumFees(field: string, drafts: readonly FeeDraft[]): readonly Fee[] {
  const sums = new Map<string, bigint>();
  for (const draft of drafts) {
    const asset = labelText(field, draft.asset);
    const amount = anyAmount(field, draft.amount);
    sums.set(asset, (sums.get(asset) ?? 0n) + toUnits(amount));
  }
  const fees: Fee[] = [];
  for (const [asset, units] of sums) {
    if (units === 0n) continue;
    const amount = fromUnits(units);
    if (units >= 10n ** 38n || units <= -(10n ** 38n))
      throw new Fault(field, amount, "is a sum of more than 20 digits");
    fees.push({ asset, amount });
  }
  return fees.length < 2 ? fees : fees.toSorted((a, b) => compareText(a.asset, b.asset));
}
