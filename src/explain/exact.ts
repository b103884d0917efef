/**
 * Exact decimals of any length, and the text of sums of them. Written apart from the engine's arithmetic:
 * what explains a figure should not repeat a mistake that made it. docs/spec/numbers.md 3 to 5.
 */
import { fromUnits } from "../core/decimal.ts";

const power = (scale: number): bigint => 10n ** BigInt(scale);

/** A decimal: `units` of 10^-scale. */
export class Exact {
  static readonly zero: Exact = new Exact(0n, 0);
  readonly units: bigint;
  readonly scale: number;

  constructor(units: bigint, scale: number) {
    this.units = units;
    this.scale = scale;
  }

  /** Reads decimal text without an exponent. */
  static of(text: string): Exact {
    const [whole = "", fraction = ""] = text.split(".");
    return new Exact(BigInt(whole + fraction), fraction.length);
  }

  plus(other: Exact): Exact {
    const scale = Math.max(this.scale, other.scale);
    return new Exact(this.unitsAt(scale) + other.unitsAt(scale), scale);
  }

  minus(other: Exact): Exact {
    return this.plus(other.negated());
  }

  times(other: Exact): Exact {
    return new Exact(this.units * other.units, this.scale + other.scale);
  }

  negated(): Exact {
    return new Exact(-this.units, this.scale);
  }

  equals(other: Exact): boolean {
    return this.minus(other).units === 0n;
  }

  /** How many decimals its normal form has. */
  get decimals(): number {
    return this.toString().split(".")[1]?.length ?? 0;
  }

  /** Normal form: docs/spec/numbers.md 1. */
  toString(): string {
    return fromUnits(this.units, this.scale);
  }

  private unitsAt(scale: number): bigint {
    return this.units * power(scale - this.scale);
  }
}

/** amount x part / whole, cut toward zero after `scale` decimals. */
export function cutShare(amount: Exact, part: Exact, whole: Exact, scale: number): Exact {
  const numerator = amount.units * part.units * power(scale + whole.scale);
  return new Exact(numerator / (whole.units * power(amount.scale + part.scale)), scale);
}

/** ` + 2` or ` - 2`: a further term of a sum. */
export function term(value: Exact, sign: "+" | "-" = "+"): string {
  const signed = sign === "+" ? value : value.negated();
  const text = signed.toString();
  return text.startsWith("-") ? ` - ${text.slice(1)}` : ` + ${text}`;
}

/** `1 + 2 - 3`; `0` of nothing. */
export function sumText(values: readonly Exact[]): string {
  const [first, ...rest] = values;
  return first === undefined ? "0" : first.toString() + rest.map((value) => term(value)).join("");
}
