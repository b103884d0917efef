/** What is to be concluded from facts: the naive model's lines, taken apart for reports. */
import type { Fact } from "../../../src/core/fact.ts";
import { naiveModel } from "../../../src/testing/naive-model.ts";
import { minus, sum } from "../amounts.ts";

export interface Slice {
  readonly book: string;
  /** venue/account/id/revision. */
  readonly close: string;
  /** Null of an unmatched slice. */
  readonly open: string | null;
  readonly quantity: string;
  readonly openFee: string | null;
  readonly closeFee: string;
  readonly costBasis: string | null;
  readonly proceeds: string;
  readonly netProceeds: string;
  readonly pnl: string | null;
  readonly missing: number;
}

export interface Lot {
  readonly book: string;
  readonly open: string;
  readonly quantity: string;
  readonly costBasis: string | null;
}

export type Scope = "portfolio" | "account";

const timeOf = (fact: Fact): bigint | undefined => {
  if (fact.kind === "fill") return fact.executedAt;
  return fact.kind === "opening lot" ? fact.openedAt : undefined;
};

const orNull = (text: string): string | null => (text === "-" ? null : text);

const slicePattern =
  /^fill (\S+) (?:(?:fill|lot) (\S+)|-) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\d)$/;

function sliceOf(book: string, line: string): Slice {
  const found = slicePattern.exec(line);
  if (found === null) throw new Error(`the naive model says: ${line}`);
  const [, close, open, quantity, openFee, closeFee, cost, proceeds, net, pnl, missing] =
    found as unknown as string[];
  return {
    book,
    close: close!,
    open: open ?? null,
    quantity: quantity!,
    openFee: orNull(openFee!),
    closeFee: closeFee!,
    costBasis: orNull(cost!),
    proceeds: proceeds!,
    netProceeds: net!,
    pnl: orNull(pnl!),
    missing: Number(missing),
  };
}

function lotOf(book: string, line: string): Lot {
  const [, open, quantity, , cost] = line.split(" ");
  return { book, open: open!, quantity: quantity!, costBasis: orNull(cost!) };
}

export class Conclusions {
  readonly slices: readonly Slice[];
  readonly lots: readonly Lot[];

  constructor(books: ReadonlyMap<string, readonly Fact[]>, scope: Scope, asOf?: bigint) {
    const slices: Slice[] = [];
    const lots: Lot[] = [];
    for (const [book, facts] of books) {
      const cut = facts.filter((fact) => {
        const time = timeOf(fact);
        return asOf === undefined || time === undefined || time <= asOf;
      });
      const { allocations, openLots } = naiveModel(cut, scope);
      slices.push(...allocations.map((line) => sliceOf(book, line)));
      lots.push(...openLots.map((line) => lotOf(book, line)));
    }
    this.slices = slices;
    this.lots = lots;
  }

  /** Realized PnL by quote asset, without those where nothing was complete or all came to 0. */
  totals(): Record<string, string> {
    const quotes = new Map<string, string[]>();
    for (const { book, pnl } of this.slices) {
      const quote = book.slice(book.lastIndexOf("-") + 1);
      if (pnl !== null) quotes.set(quote, [...(quotes.get(quote) ?? []), pnl]);
    }
    const entries = [...quotes].map(([quote, amounts]) => [quote, sum(amounts)] as const);
    return Object.fromEntries(
      entries.filter(([, total]) => total !== "0").toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
}

/** What totals change by, asset by asset, zeros left out. */
export function changes(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string> {
  const assets = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  const apart = assets.map(
    (asset) => [asset, minus(after[asset] ?? "0", before[asset] ?? "0")] as const,
  );
  return Object.fromEntries(apart.filter(([, change]) => change !== "0"));
}
