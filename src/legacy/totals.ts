/** Sums of a comparison: by cause, symbol and month, always by quote asset too; and the worst sales. */
import { Exact } from "../explain/exact.ts";
import { type Cause, causes } from "./cause.ts";

export interface ComparedTotal {
  readonly quote: string;
  readonly sales: number;
  readonly old_pnl: string;
  readonly new_pnl: string;
  /** new - old. */
  readonly difference: string;
}

export interface ComparedTotals {
  readonly by_cause: readonly (ComparedTotal & { readonly cause: Cause })[];
  readonly by_symbol: readonly (ComparedTotal & { readonly symbol: string })[];
  readonly by_month: readonly (ComparedTotal & { readonly month: string })[];
  readonly totals: readonly ComparedTotal[];
}

/** What is added up of a sale. */
export interface Compared {
  readonly quote: string;
  readonly symbol: string;
  readonly month: string;
  readonly cause: Cause;
  /** 0 where the old system has none. */
  readonly old: Exact;
  readonly computed: Exact;
}

interface Sum {
  readonly quote: string;
  readonly key: string;
  sales: number;
  old: Exact;
  computed: Exact;
}

class Sums {
  readonly #sums = new Map<string, Sum>();

  add(key: string, { quote, old, computed }: Compared): void {
    const name = `${quote}\0${key}`;
    let sum = this.#sums.get(name);
    if (sum === undefined)
      this.#sums.set(name, (sum = { quote, key, sales: 0, old: Exact.zero, computed: Exact.zero }));
    sum.sales += 1;
    sum.old = sum.old.plus(old);
    sum.computed = sum.computed.plus(computed);
  }

  rows<Name extends string>(
    name: Name,
    order: (key: string) => string = (key) => key,
  ): (ComparedTotal & Record<Name, string>)[] {
    const sorted = [...this.#sums.values()].toSorted((one, other) => {
      const [a, b] = [one, other].map(({ quote, key }) => `${quote}\0${order(key)}`);
      return a! < b! ? -1 : 1;
    });
    return sorted.map(
      ({ quote, key, sales, old, computed }) =>
        ({
          [name]: key,
          quote,
          sales,
          old_pnl: old.toString(),
          new_pnl: computed.toString(),
          difference: computed.minus(old).toString(),
        }) as ComparedTotal & Record<Name, string>,
    );
  }
}

/** Sorts as the cause's place among them. */
const precedence = (cause: string): string =>
  causes
    .indexOf(cause as Cause)
    .toString()
    .padStart(2, "0");

/** Adds sales up; its memory grows with symbols and months, not with sales. */
export class ComparisonSums {
  readonly #cause = new Sums();
  readonly #symbol = new Sums();
  readonly #month = new Sums();
  readonly #all = new Sums();

  add(sale: Compared): void {
    this.#cause.add(sale.cause, sale);
    this.#symbol.add(sale.symbol, sale);
    this.#month.add(sale.month, sale);
    this.#all.add("", sale);
  }

  get totals(): ComparedTotals {
    const all = this.#all.rows("all");
    return {
      by_cause: this.#cause.rows("cause", precedence) as ComparedTotals["by_cause"],
      by_symbol: this.#symbol.rows("symbol"),
      by_month: this.#month.rows("month"),
      totals: all.map(({ all: _all, ...total }) => total),
    };
  }
}

/** Keeps the sales that differ most, the first of equal ones, in constant memory. */
export class Worst<Sale extends { readonly difference: string }> {
  readonly #most: number;
  #kept: { readonly sale: Sale; readonly size: Exact }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(sale: Sale): void {
    if (sale.difference === "0") return;
    this.#kept.push({ sale, size: Exact.of(sale.difference.replace("-", "")) });
    if (this.#kept.length > 2 * this.#most) this.#cut();
  }

  get sales(): readonly Sale[] {
    this.#cut();
    return this.#kept.map(({ sale }) => sale);
  }

  #cut(): void {
    const sorted = this.#kept.toSorted((one, other) => {
      const more = other.size.minus(one.size).units;
      return more > 0n ? 1 : more < 0n ? -1 : 0;
    });
    this.#kept = sorted.slice(0, this.#most);
  }
}
