/** Decimal text for reading: rounded half away from zero, on the digits themselves. */

/** Rounds decimal text to a number of decimals and pads it to them. */
export function roundDecimal(text: string, decimals: number): string {
  const negative = text.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? text.slice(1) : text).split(".");
  const kept = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
  const up = fraction.length > decimals && fraction.charCodeAt(decimals) >= 53;
  const units = up ? kept + 1n : kept;
  const digits = units.toString().padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  const rounded = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative && units !== 0n ? `-${rounded}` : rounded;
}

/** Whether rounding to so many decimals changes the value. */
export function losesDigits(text: string, decimals: number): boolean {
  const point = text.indexOf(".");
  return point >= 0 && text.length - point - 1 > decimals;
}

const most = 8;
const usual = 2;
/** Digits that the smallest amount should show, and the largest may. */
const digitsOfSmallest = 3;
const digitsOfLargest = 5;

/**
 * How many decimals a money column shows: two, or as many as its smallest amount below 1 needs to show
 * three significant digits; but no more than show five of its largest amount, and eight at most.
 */
export function moneyDecimals(amounts: readonly string[]): number {
  let wanted = usual;
  // How far the largest amount's first digit stands before the point: 2 in 12.3, -1 in 0.045.
  let largest = -most;
  for (const amount of amounts) {
    const [, whole = "", zeros = "", digits = ""] =
      /^-?0*(\d*?)(?:\.(0*)(\d*))?$/.exec(amount) ?? [];
    if (whole === "" && digits === "") continue;
    largest = Math.max(largest, whole === "" ? -zeros.length : whole.length);
    if (whole === "")
      wanted = Math.max(wanted, zeros.length + Math.min(digitsOfSmallest, digits.length));
  }
  return Math.max(usual, Math.min(wanted, most, digitsOfLargest - largest));
}
