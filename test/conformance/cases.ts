/**
 * Conformance cases: figures of other systems and of tax authorities, read from cases/*.json. README.md
 * says whence.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { FillInput } from "../../src/index.ts";

export interface Trade {
  readonly id: string;
  readonly time: string;
  readonly account: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly price: string;
  readonly fee?: string;
}

interface Money {
  readonly costBasis?: string;
  readonly proceeds?: string;
  readonly pnl?: string;
}

export interface Case {
  readonly name: string;
  readonly source: string;
  readonly convention?: string;
  readonly fees: "in basis and proceeds" | "separate" | "none";
  readonly scope?: "account" | "global";
  readonly tieBreak?: "buys-first";
  /** For money; quantities are exact. */
  readonly tolerance: string;
  readonly trades: readonly Trade[];
  /** Only what the source says. A list that is given is the whole list. */
  readonly expect: {
    readonly allocations?: readonly (Money & { sell: string; buy: string; quantity: string })[];
    readonly disposals?: readonly (Money & { trade: string; quantity: string })[];
    readonly openLots?: readonly (Money & { buy: string; quantity: string })[];
    readonly unmatched?: readonly { readonly sell: string; readonly quantity: string }[];
    readonly realizedPnl?: string;
    readonly openCostBasis?: string;
  };
}

/** What an engine, or a report of the ledger, made of one case. */
export interface Outcome {
  readonly allocations: readonly {
    readonly closeFillId: string;
    readonly openFillId: string;
    readonly quantity: string;
    readonly costBasis: string | null;
    readonly proceeds: string;
    readonly netProceeds: string;
    readonly pnl: string | null;
  }[];
  readonly openLots: readonly {
    readonly openFillId: string;
    readonly remaining: string;
    readonly costBasis: string | null;
  }[];
  readonly unmatched: readonly { readonly closeFillId: string; readonly quantity: string }[];
}

export function readCases(): readonly Case[] {
  const folder = new URL("cases/", import.meta.url);
  return readdirSync(folder)
    .toSorted()
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Case[]);
}

/** Lots are per account, unless the source pools them. */
export function scopeOf({ scope, trades }: Case): "portfolio" | "account" {
  const accounts = new Set(trades.map(({ account }) => account));
  return scope !== "global" && accounts.size > 1 ? "account" : "portfolio";
}

/**
 * The trades as fills of a portfolio. The listed order is the venue's, unless the source breaks ties in
 * another way.
 */
export function fillsOf({ fees, tieBreak, trades }: Case, portfolio: string): FillInput[] {
  return trades.map((trade, index) => ({
    portfolio,
    venue: "test",
    account: trade.account,
    symbol: trade.symbol,
    fillId: trade.id,
    executedAt: trade.time,
    side: trade.side,
    quantity: trade.quantity,
    price: trade.price,
    fee: fees === "in basis and proceeds" ? (trade.fee ?? "0") : "0",
    ...(tieBreak === undefined ? { sequence: index + 1 } : {}),
  }));
}

/** A decimal as a whole number of 10^-60: wider than any product here. */
function wide(decimal: string | null | undefined): bigint | undefined {
  const match = /^(-?)(\d*)(?:\.(\d{1,60}))?$/.exec(decimal ?? "x");
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  return BigInt(`${sign}${whole}${fraction.padEnd(60, "0")}`);
}

function sum(decimals: readonly (string | null)[]): bigint {
  return decimals.reduce((total, decimal) => total + (wide(decimal) ?? 0n), 0n);
}

/** What differs between a case and an outcome; empty where they agree. */
export class Comparison {
  readonly differences: string[] = [];
  readonly #tolerance: bigint;

  constructor({ tolerance, expect }: Case, outcome: Outcome) {
    this.#tolerance = wide(tolerance) ?? 0n;
    if (expect.allocations !== undefined) this.#allocations(expect.allocations, outcome);
    if (expect.disposals !== undefined) this.#disposals(expect.disposals, outcome);
    if (expect.openLots !== undefined) this.#openLots(expect.openLots, outcome);
    for (const { sell, quantity } of expect.unmatched ?? []) {
      const parts = outcome.unmatched.filter(({ closeFillId }) => closeFillId === sell);
      this.#exact(`unmatched of ${sell}`, sum(parts.map((part) => part.quantity)), quantity);
    }
    const pnl = sum(outcome.allocations.map((allocation) => allocation.pnl));
    this.#near("realized PnL", pnl, expect.realizedPnl);
    const cost = sum(outcome.openLots.map(({ costBasis }) => costBasis));
    this.#near("cost basis of open lots", cost, expect.openCostBasis);
  }

  #allocations(expected: NonNullable<Case["expect"]["allocations"]>, outcome: Outcome): void {
    this.#exact("count", BigInt(outcome.allocations.length), BigInt(expected.length));
    for (const each of expected) {
      const what = `${each.sell} < ${each.buy}`;
      const found = outcome.allocations.find(
        ({ closeFillId, openFillId }) => closeFillId === each.sell && openFillId === each.buy,
      );
      this.#exact(`${what} quantity`, wide(found?.quantity), each.quantity);
      this.#near(`${what} cost basis`, wide(found?.costBasis), each.costBasis);
      this.#near(`${what} pnl`, wide(found?.pnl), each.pnl);
      // Sources call proceeds what is before or what is after the fee.
      const { proceeds, netProceeds } = found ?? {};
      const net = this.#isNear(wide(netProceeds), each.proceeds);
      this.#near(`${what} proceeds`, wide(net ? netProceeds : proceeds), each.proceeds);
    }
  }

  #disposals(expected: NonNullable<Case["expect"]["disposals"]>, outcome: Outcome): void {
    for (const { trade, quantity, costBasis, proceeds, pnl } of expected) {
      const parts = outcome.allocations.filter(({ closeFillId }) => closeFillId === trade);
      this.#exact(`${trade} quantity`, sum(parts.map((part) => part.quantity)), quantity);
      this.#near(`${trade} cost basis`, sum(parts.map((part) => part.costBasis)), costBasis);
      this.#near(`${trade} proceeds`, sum(parts.map((part) => part.netProceeds)), proceeds);
      this.#near(`${trade} pnl`, sum(parts.map((part) => part.pnl)), pnl);
    }
  }

  #openLots(expected: NonNullable<Case["expect"]["openLots"]>, outcome: Outcome): void {
    this.#exact("count of open lots", BigInt(outcome.openLots.length), BigInt(expected.length));
    for (const { buy, quantity, costBasis } of expected) {
      const found = outcome.openLots.find(({ openFillId }) => openFillId === buy);
      this.#exact(`${buy} remaining`, wide(found?.remaining), quantity);
      this.#near(`${buy} cost basis`, wide(found?.costBasis), costBasis);
    }
  }

  #exact(what: string, found: bigint | undefined, expected: string | bigint): void {
    const wanted = typeof expected === "bigint" ? expected : wide(expected);
    if (found !== wanted) this.differences.push(`${what}: ${found} is not ${wanted}`);
  }

  #near(what: string, found: bigint | undefined, expected: string | undefined): void {
    if (expected !== undefined && !this.#isNear(found, expected))
      this.differences.push(`${what}: ${found} is not ${wide(expected)}`);
  }

  #isNear(found: bigint | undefined, expected: string | undefined): boolean {
    const wanted = wide(expected);
    if (found === undefined || wanted === undefined) return false;
    const difference = found - wanted;
    return difference <= this.#tolerance && -difference <= this.#tolerance;
  }
}
