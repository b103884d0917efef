/**
 * Decimals: text in normal form at the edges, bigint in units of 10^-18 within. docs/spec/numbers.md 1.
 */

/** A decimal in normal form: no leading zeros, no trailing zeros in the fraction, no `-0`, no exponent. */
export type Decimal = string;

/** Digits after the point that an amount may have; the scale of `toUnits`. */
export const amountScale = 18;
const integerDigits = 20;
const unit = 10n ** 18n;

const plain = /^(-?)0*(\d+?)(?:\.(\d*?)0*)?$/;
const shape = /^-?\d+(?:\.\d+)?$/;

/** Brings decimal text to its normal form; undefined where it is no decimal or does not fit (20 digits, 18 decimals). */
export function parseDecimal(text: string): Decimal | undefined {
  if (!shape.test(text)) return undefined;
  const match = plain.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = ""] = match as unknown as [string, string, string, string?];
  if (whole.length > integerDigits || fraction.length > amountScale) return undefined;
  const digits = fraction === "" ? whole : `${whole}.${fraction}`;
  return digits === "0" ? "0" : sign + digits;
}

/** Expands decimal text that may carry an exponent (`2.7535e-7`) exactly; gives other text back as it is. */
export function expandExponent(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})$/.exec(text);
  if (match === null) return text;
  const [, sign, whole, fraction = "", exponentText] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  const digits = whole + fraction;
  const point = whole.length + parseInt(exponentText, 10);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + "0".repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** A decimal as a whole number of 10^-18. */
export function toUnits(decimal: Decimal): bigint {
  const point = decimal.indexOf(".");
  if (point < 0) return BigInt(decimal) * unit;
  const fraction = decimal.length - point - 1;
  return BigInt(
    decimal.slice(0, point) + decimal.slice(point + 1) + "0".repeat(amountScale - fraction),
  );
}

/** A whole number of 10^-scale as a decimal in normal form. */
export function fromUnits(units: bigint, scale: number = amountScale): Decimal {
  if (units === 0n) return "0";
  const negative = units < 0n;
  let digits = (negative ? -units : units).toString();
  if (digits.length <= scale) digits = "0".repeat(scale - digits.length + 1) + digits;
  let end = digits.length;
  const point = digits.length - scale;
  while (end > point && digits.charCodeAt(end - 1) === 48) end -= 1;
  const text =
    end === point
      ? digits.slice(0, point)
      : `${digits.slice(0, point)}.${digits.slice(point, end)}`;
  return negative ? `-${text}` : text;
}
