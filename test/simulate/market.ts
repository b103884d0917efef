/** Trading made up from the seed: small quantities, few wallets, instants that coincide, every fee. */
import type { Adjustment, Fee, FeeValue, Fill, OpeningLot } from "../../src/core/fact.ts";
import type { Dice } from "../../src/testing/histories.ts";

const books = [
  { portfolio: "default", symbol: "BTC-USD" },
  { portfolio: "default", symbol: "BTC-USD" },
  { portfolio: "default", symbol: "ETH-BTC" },
  { portfolio: "fund", symbol: "BTC-USD" },
] as const;

const wallets = [
  { venue: "manual", account: "main" },
  { venue: "manual", account: "spot" },
  { venue: "kraken", account: "main" },
] as const;

/** Rows without ids are told of in a wallet of their own: its fills are compared by content only. */
const unnamedWallet = { venue: "paper", account: "main" } as const;

export const coinbaseWallet = { venue: "coinbase", account: "f001" } as const;

/** Texts that something might trip over. None has a space or a slash: the naive model's lines have. */
const odd = ["", "", "", "=", "é", "😀", "a,b", 'q"', "\\"];
const strategies = ["grid", "=1+1", "ü"];

const start = 1_772_323_200_000_000_000n; // 2026-03-01T00:00:00Z
const second = 1_000_000_000n;

/** A trade of Coinbase's, as both of its sources tell of it. */
export interface CoinbaseTrade {
  readonly entryId: string;
  readonly tradeId: string;
  readonly number: string;
  readonly fill: Omit<Fill, "fillId" | "tradeId" | "orderId">;
}

export class Market {
  readonly trades: CoinbaseTrade[] = [];
  /** Contents of rows without ids. */
  readonly unnamed: Fill[] = [];
  #made = 0;

  #next(): number {
    this.#made += 1;
    return this.#made;
  }

  time(dice: Dice): bigint {
    const minute = BigInt(dice.below(120)) * 60n * second;
    return start + minute + dice.pick([0n, 0n, 0n, 1n, 250_000_000n, 123_456_789n]);
  }

  /** No two prices are the same, but for those of 0. */
  price(dice: Dice): string {
    if (dice.once(25)) return "0";
    const cents = 10_000 + this.#next();
    const finer = dice.once(3) ? `${1 + dice.below(9)}` : "";
    return `${90 + dice.below(20)}.${cents.toString().slice(1)}${finer || "7"}`;
  }

  /** Always more than a fee in the base asset. */
  quantity(dice: Dice): string {
    const count = 1 + dice.below(9);
    return dice.once(12)
      ? `0.000${4 + dice.below(6)}`
      : dice.once(4)
        ? `0.0${count}1`
        : `0.0${count}`;
  }

  #fees(dice: Dice, symbol: string): Fee[] {
    const [base, quote] = symbol.split("-") as [string, string];
    const kinds: Fee[][] = [
      [],
      [],
      [{ asset: quote, amount: dice.pick(["0.05", "0.3333", "1.25"]) }],
      [{ asset: quote, amount: "-0.02" }],
      [{ asset: base, amount: dice.pick(["0.0001", "-0.0001"]) }],
      [{ asset: "BNB", amount: dice.pick(["0.002", "-0.001"]) }],
      [{ asset: "BNB", amount: "0.003" }],
    ];
    return dice.pick(kinds);
  }

  /** A fill in a wallet whose ids are given. */
  fill(dice: Dice): Fill {
    const book = dice.pick(books);
    return {
      kind: "fill",
      ...book,
      ...dice.pick(wallets),
      fillId: `${dice.pick(odd)}f${this.#next()}`,
      revision: 0,
      executedAt: this.time(dice),
      side: dice.below(9) < 5 ? "buy" : "sell",
      quantity: this.quantity(dice),
      price: this.price(dice),
      fees: this.#fees(dice, book.symbol),
      ...(dice.once(4) ? { sequence: BigInt(dice.pick([0, 2, 10, this.#made])) } : {}),
      ...(dice.once(3) ? { orderId: `o${dice.below(6)}` } : {}),
      ...(dice.once(3) ? { strategy: dice.pick(strategies) } : {}),
    };
  }

  /** Of several fees at once, and with a trade id: what only some formats can say. */
  richFill(dice: Dice): Fill {
    const fill = this.fill(dice);
    const quote = fill.symbol.split("-")[1]!;
    const several = [
      { asset: "BNB", amount: "0.004" },
      { asset: "KCS", amount: "0.5" },
      { asset: quote, amount: "0.07" },
    ].toSorted((left, right) => (left.asset < right.asset ? -1 : 1));
    return {
      ...fill,
      ...(dice.once(2) ? { fees: several } : {}),
      ...(dice.once(2) ? { tradeId: `t${dice.below(4)}` } : {}),
    };
  }

  unnamedFill(dice: Dice): Fill {
    const { orderId: _o, strategy: _s, sequence: _n, ...fill } = this.fill(dice);
    const made: Fill = { ...fill, ...unnamedWallet, fillId: "row" };
    this.unnamed.push(made);
    return made;
  }

  trade(dice: Dice): CoinbaseTrade {
    const number = this.#next();
    const quantity = this.quantity(dice);
    const fill = {
      kind: "fill",
      portfolio: "default",
      symbol: "BTC-USD",
      ...coinbaseWallet,
      revision: 0,
      // Of milliseconds, never a whole second: so both sources' clocks are known to be in milliseconds.
      executedAt: start + BigInt(60 * dice.below(120) + (number % 60)) * second + 123_000_000n,
      side: dice.below(9) < 5 ? "buy" : "sell",
      quantity,
      price: `${90 + dice.below(20)}.${(10_000 + number).toString().slice(1)}9`,
      fees: [{ asset: "USD", amount: dice.pick(["0.05", "0.3333"]) }],
    } as const;
    const made = {
      entryId: `e${number.toString(16).padStart(8, "0")}`,
      tradeId: `00000000-0000-4000-8000-${number.toString().padStart(12, "0")}`,
      number: `${70_000_000 + number}`,
      fill,
    };
    this.trades.push(made);
    return made;
  }

  openingLot(dice: Dice): OpeningLot {
    return {
      kind: "opening lot",
      ...dice.pick(books),
      ...dice.pick(wallets),
      key: `k${this.#next()}`,
      revision: 0,
      openedAt: this.time(dice),
      quantity: this.quantity(dice),
      ...(dice.once(3) ? {} : { cost: `${dice.below(9)}.25` }),
      author: "ana",
      note: "balance of February",
    };
  }

  feeValue(dice: Dice, fill: Fill, asset: string): FeeValue {
    const { portfolio, symbol, venue, account, fillId, revision: fillRevision } = fill;
    const value = `${1 + dice.below(5)}.${(10_000 + this.#next()).toString().slice(1)}1`;
    const name = { portfolio, symbol, venue, account, fillId, fillRevision, asset };
    return { kind: "fee value", ...name, revision: 0, value, source: "chart" };
  }

  adjustment(dice: Dice): Adjustment {
    const { fees: _fees, ...book } = { ...dice.pick(books), ...dice.pick(wallets), fees: [] };
    return {
      kind: "adjustment",
      ...book,
      entryId: `a${this.#next()}`,
      tradeType: "REVERSAL",
      tradeId: `t${dice.below(4)}`,
      executedAt: this.time(dice),
      fees: [],
    };
  }
}
