/**
 * Decimals: text in normal form at the edges, bigint in units of 10^-18 within. docs/spec/numbers.md 1.
 */

/** A decimal in normal form: no leading zeros, no trailing zeros in the fraction, no `-0`, no exponent. */
export type Decimal = string;

/** Digits after the point that an amount may have; the scale of `toUnits`. */
export const amountScale = 18;
const integerDigits = 20;
const zero = 48;
const pointCode = 46;
const minusCode = 45;

/** The index behind the run of digits that starts at `from`. */
function skipDigits(text: string, from: number): number {
  let index = from;
  while (index < text.length && text.charCodeAt(index) >= zero && text.charCodeAt(index) <= 57)
    index += 1;
  return index;
}

/**
 * Brings decimal text to its normal form; undefined where it is no decimal or does not fit (20 digits, 18
 * decimals). By hand and not by a regular expression, so that a hostile cell of a million zeros costs
 * linear time.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const negative = text.charCodeAt(0) === minusCode;
  const start = negative ? 1 : 0;
  const wholeEnd = skipDigits(text, start);
  if (wholeEnd === start) return undefined;
  let end = wholeEnd;
  if (wholeEnd < text.length) {
    if (text.charCodeAt(wholeEnd) !== pointCode) return undefined;
    end = skipDigits(text, wholeEnd + 1);
    if (end === wholeEnd + 1 || end < text.length) return undefined;
    while (text.charCodeAt(end - 1) === zero) end -= 1;
    if (end === wholeEnd + 1) end = wholeEnd;
  }
  let first = start;
  while (first < wholeEnd - 1 && text.charCodeAt(first) === zero) first += 1;
  if (wholeEnd - first > integerDigits || end - wholeEnd - 1 > amountScale) return undefined;
  if (first === 0 || (negative && first === 1)) {
    if (negative && end === 2 && text.charCodeAt(1) === zero) return "0";
    return end === text.length ? text : text.slice(0, end);
  }
  const digits = text.slice(first, end);
  return negative && digits !== "0" ? `-${digits}` : digits;
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

const powers: readonly bigint[] = Array.from({ length: 19 }, (_, power) => 10n ** BigInt(power));
/** Characters of a decimal whose digits surely make a whole number that a JavaScript number holds exactly. */
const shortLength = 15;

/** A decimal as a whole number of 10^-18. */
export function toUnits(decimal: Decimal): bigint {
  const length = decimal.length;
  if (length > shortLength) return toUnitsLong(decimal);
  const negative = decimal.charCodeAt(0) === minusCode;
  let whole = 0;
  let point = length - 1;
  for (let index = negative ? 1 : 0; index < length; index += 1) {
    const code = decimal.charCodeAt(index);
    if (code === pointCode) point = index;
    else whole = whole * 10 + (code - zero);
  }
  return BigInt(negative ? -whole : whole) * powers[amountScale - (length - 1 - point)]!;
}

function toUnitsLong(decimal: Decimal): bigint {
  const point = decimal.indexOf(".");
  if (point < 0) return BigInt(decimal) * powers[amountScale]!;
  const digits = BigInt(decimal.slice(0, point) + decimal.slice(point + 1));
  return digits * powers[amountScale - (decimal.length - point - 1)]!;
}

/** A whole number of 10^-scale as a decimal in normal form. */
export function fromUnits(units: bigint, scale: number = amountScale): Decimal {
  if (units === 0n) return "0";
  if (scale === 2 * amountScale) {
    // Most products of two amounts need no more than 18 decimals: half the digits to print and strip.
    const unit = powers[amountScale]!;
    const narrow = units / unit;
    if (narrow * unit === units) return fromUnits(narrow, amountScale);
  }
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

/** A quotient of whole numbers, the divisor greater than 0, rounded half to even. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n;
  const size = negative ? -dividend : dividend;
  let quotient = size / divisor;
  const twice = (size % divisor) * 2n;
  if (twice > divisor || (twice === divisor && (quotient & 1n) === 1n)) quotient += 1n;
  return negative ? -quotient : quotient;
}
