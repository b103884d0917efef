/** What an amount was worth at a price. docs/spec/numbers.md 3. */
import {
  amountScale,
  type Decimal,
  divideHalfEven,
  fromUnits,
  parseDecimal,
  toUnits,
} from "./decimal.ts";

export interface Worth {
  readonly value: Decimal;
  /** Whether the product has more than 18 decimals, and was rounded half-even to them. */
  readonly rounded: boolean;
}

/** Amount x price; undefined where that has more than 20 digits before the point. */
export function worthOf(amount: Decimal, price: Decimal): Worth | undefined {
  const product = toUnits(amount) * toUnits(price);
  const unit = 10n ** BigInt(amountScale);
  const value = parseDecimal(fromUnits(divideHalfEven(product, unit)));
  return value === undefined ? undefined : { value, rounded: product % unit !== 0n };
}
