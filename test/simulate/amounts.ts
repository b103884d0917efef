/** Exact sums of decimal text, apart from the product's own arithmetic. */
const places = 60;

/** Without its point, and how many digits stood behind it. */
function whole(text: string): [bigint, number] {
  const [head, fraction = ""] = text.split(".");
  return [BigInt(head + fraction), fraction.length];
}

function units(text: string): bigint {
  const [digits, scale] = whole(text);
  return digits * 10n ** BigInt(places - scale);
}

function written(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  const text = digits.slice(0, -places) + (fraction === "" ? "" : `.${fraction}`);
  return value < 0n ? `-${text}` : text;
}

export const sum = (texts: readonly string[]): string =>
  written(texts.reduce((total, text) => total + units(text), 0n));

export const minus = (left: string, right: string): string => written(units(left) - units(right));

export const isMore = (left: string, right: string): boolean => units(left) > units(right);

export function product(left: string, right: string): string {
  const [[a, scaleA], [b, scaleB]] = [whole(left), whole(right)];
  const value = a * b * 10n ** BigInt(places - scaleA - scaleB);
  return written(value);
}

/** Whether two texts differ by less than one unit of the last of so many digits after the point. */
export function within(left: string, right: string, digits: number): boolean {
  const apart = units(left) - units(right);
  return (apart < 0n ? -apart : apart) < 10n ** BigInt(places - digits);
}

export const digitsOf = (text: string): number => text.split(".")[1]?.length ?? 0;

/** An instant as RFC 3339 in UTC, with as many digits as it needs. */
export function timeText(instant: bigint): string {
  const seconds = new Date(Number(instant / 1_000_000_000n) * 1_000).toISOString().slice(0, 19);
  const fraction = (instant % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`;
}
