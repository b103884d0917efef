/**
 * The column `other_fees`: `BNB:0.001;BTC:-0.2`. A backslash in an asset's name keeps the character behind
 * it.
 */
import type { Fee } from "../../core/fact.ts";
import type { FeeDraft } from "../../core/resolve.ts";

const longestList = 100_000;

/** Undefined where the text is no such list; assets and amounts are judged when the fill is resolved. */
export function splitFees(text: string): readonly FeeDraft[] | undefined {
  if (text.length > longestList) return undefined;
  const fees: FeeDraft[] = [];
  const shape = /((?:[^\\;:]|\\[^])+):([^\\;:]*)(;|$)/y;
  while (shape.lastIndex < text.length) {
    const match = shape.exec(text);
    if (match === null) return undefined;
    const [, asset = "", amount, end] = match;
    fees.push({ asset: asset.replaceAll(/\\([^])/g, "$1"), amount });
    if (end === ";" && shape.lastIndex === text.length) return undefined;
    if (end === "") break;
  }
  return fees;
}

export function joinFees(fees: readonly Fee[]): string {
  return fees
    .map(({ asset, amount }) => `${asset.replaceAll(/[\\;:]/g, String.raw`\$&`)}:${amount}`)
    .join(";");
}
