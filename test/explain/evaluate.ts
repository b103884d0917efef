/**
 * The arithmetic of explanations, evaluated apart from what wrote it: decimals, `+ - *  /`, parentheses and
 * `truncN(x)`, as fractions of whole numbers.
 */
export interface Fraction {
  readonly over: bigint;
  /** Greater than 0. */
  readonly under: bigint;
}

const fraction = (over: bigint, under: bigint): Fraction =>
  under < 0n ? { over: -over, under: -under } : { over, under };

export function decimal(text: string): Fraction {
  const [whole = "", places = ""] = text.split(".");
  return fraction(BigInt(whole + places), 10n ** BigInt(places.length));
}

export const add = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.over * b.under + b.over * a.under, a.under * b.under);
const negated = (a: Fraction): Fraction => fraction(-a.over, a.under);
const times = (a: Fraction, b: Fraction): Fraction => fraction(a.over * b.over, a.under * b.under);
export const same = (a: Fraction, b: Fraction): boolean => a.over * b.under === b.over * a.under;

function truncated(a: Fraction, places: number): Fraction {
  const power = 10n ** BigInt(places);
  return fraction((a.over * power) / a.under, power);
}

class Reader {
  readonly #words: string[];
  #at = 0;

  constructor(text: string) {
    const words = text.match(/trunc\d+|\d+(?:\.\d+)?|[-+*/()]/g) ?? [];
    if (words.join("") !== text.replaceAll(" ", "")) throw new Error(`no arithmetic: ${text}`);
    this.#words = words;
  }

  whole(): Fraction {
    const value = this.#sum();
    if (this.#at < this.#words.length)
      throw new Error(`more than one value: ${this.#words.join(" ")}`);
    return value;
  }

  #take(...wanted: string[]): string | undefined {
    const word = this.#words[this.#at];
    if (word === undefined || !wanted.includes(word)) return undefined;
    this.#at += 1;
    return word;
  }

  #sum(): Fraction {
    let value = this.#product();
    for (let sign = this.#take("+", "-"); sign !== undefined; sign = this.#take("+", "-")) {
      const next = this.#product();
      value = add(value, sign === "+" ? next : negated(next));
    }
    return value;
  }

  #product(): Fraction {
    let value = this.#factor();
    for (let sign = this.#take("*", "/"); sign !== undefined; sign = this.#take("*", "/")) {
      const next = this.#factor();
      value = times(value, sign === "*" ? next : fraction(next.under, next.over));
    }
    return value;
  }

  #factor(): Fraction {
    if (this.#take("-") !== undefined) return negated(this.#factor());
    const word = this.#words[this.#at]!;
    this.#at += 1;
    if (word === "(") return this.#inside();
    if (!word.startsWith("trunc")) return decimal(word);
    this.#take("(");
    return truncated(this.#inside(), parseInt(word.slice(5), 10));
  }

  #inside(): Fraction {
    const value = this.#sum();
    if (this.#take(")") === undefined) throw new Error("a parenthesis is open");
    return value;
  }
}

export function evaluate(arithmetic: string): Fraction {
  return new Reader(arithmetic).whole();
}
