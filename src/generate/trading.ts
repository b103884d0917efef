/**
 * Life-like trading by bots, from a seed: orders in partial fills, round trips within a second, dust, sales
 * of what was never bought, fees in the quote, the base and a third asset, rows repeated and rows that come
 * late. It keeps one position for each product and wallet and a few rows held back, so its memory does not
 * grow with what it makes.
 */
import type { Side } from "../core/fact.ts";
import { fromUnits } from "../core/decimal.ts";
import type { Product, Wallet } from "./market.ts";
import { products, thirdAsset, wallets } from "./market.ts";
import { Random } from "./random.ts";

export interface GenerateOptions {
  readonly seed: number;
  /** How many different fills. Rows that are repeated come on top, about 3 in 1000. */
  readonly fills: number;
  readonly symbols: number;
  /** Over how many days from 2025-01-01 they are spread; 365 if not given. */
  readonly days?: number | undefined;
  readonly portfolio?: string | undefined;
}

/** A row of the fills CSV: what a source would say of a fill, all of it text. */
export interface GeneratedFill {
  readonly fillId: string;
  readonly executedAt: string;
  readonly portfolio: string;
  readonly account: string;
  readonly venue: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly orderId: string;
  readonly sequence: string;
  readonly strategy: string;
}

const firstMicros = Date.UTC(2025, 0, 1) * 1000;
const microsPerDay = 86_400_000_000;
const feeDecimals = 8;
const heldRows = 48;

/** How often something happens, in ten thousand. */
const often = { roundTrip: 1500, nakedSale: 100, dust: 800, late: 100, repeated: 30, rebate: 150 };

interface Market {
  readonly product: Product;
  ticks: number;
  /** What each wallet holds, in the product's smallest size. */
  readonly positions: bigint[];
}

interface Held {
  readonly fill: GeneratedFill;
  /** The row before which it comes out. */
  readonly until: number;
}

export function* generateFills(options: GenerateOptions): Generator<GeneratedFill> {
  const trading = new Trading(options);
  const random = new Random(options.seed + 1);
  let held: Held[] = [];
  let made = 0;
  for (let row = 0; made < options.fills; row += 1) {
    if (held.some(({ until }) => until <= row)) {
      for (const { fill, until } of held) if (until <= row) yield fill;
      held = held.filter(({ until }) => until > row);
    }
    const fill = trading.next();
    made += 1;
    const late = random.oneIn10000(often.late);
    if (!late) yield fill;
    if ((late || random.oneIn10000(often.repeated)) && held.length < heldRows)
      held.push({ fill, until: row + 1 + random.below(400) });
    else if (late) yield fill;
  }
  for (const { fill } of held) yield fill;
}

class Trading {
  readonly #random: Random;
  readonly #markets: readonly Market[];
  readonly #portfolio: string;
  readonly #stepMicros: number;
  readonly #clock = new ClockText();
  #micros = firstMicros;
  #orders = 0;
  #made = 0;
  /** Fills of orders that are decided, last first. */
  #ready: GeneratedFill[] = [];

  constructor({ seed, fills, symbols, days = 365, portfolio = "default" }: GenerateOptions) {
    this.#random = new Random(seed);
    this.#markets = products(symbols).map((product) => ({
      product,
      ticks: product.ticks,
      positions: wallets.map(() => 0n),
    }));
    this.#portfolio = portfolio;
    this.#stepMicros = (days * microsPerDay) / Math.max(fills, 1);
  }

  next(): GeneratedFill {
    if (this.#ready.length === 0) this.#trade();
    return this.#ready.pop()!;
  }

  /** One decision of a bot: an order, or a buy and the sale of it within a second. */
  #trade(): void {
    const random = this.#random;
    const count = this.#markets.length;
    // The smaller of two: the first products trade more than the last.
    const market = this.#markets[Math.min(random.below(count), random.below(count))]!;
    const at = random.below(wallets.length * 4);
    const wallet = at >= wallets.length * 3 ? wallets.length - 1 : at % (wallets.length - 1);
    const before = this.#made;
    market.ticks = walked(market, random);
    if (random.oneIn10000(often.roundTrip)) {
      const held = market.positions[wallet]!;
      this.#order(market, wallet, "buy", this.#size(market));
      market.ticks = walked(market, random);
      const bought = market.positions[wallet]! - held;
      // The whole of it in the same instant as seconds show it, or some milliseconds later.
      if (random.below(3) > 0) this.#micros += 1000 + random.below(400_000);
      this.#order(market, wallet, "sell", bought);
    } else this.#singleOrder(market, wallet);
    this.#ready.reverse();
    const step = this.#stepMicros * (this.#made - before);
    this.#micros += Math.floor((step * (random.below(2000) + 1)) / 1000);
  }

  #singleOrder(market: Market, wallet: number): void {
    const random = this.#random;
    const held = market.positions[wallet]!;
    if (random.oneIn10000(often.nakedSale))
      this.#order(market, wallet, "sell", held + this.#size(market));
    else if (held === 0n || random.below(100) < 42)
      this.#order(market, wallet, "buy", this.#size(market));
    else if (random.oneIn10000(often.dust) && held > 5000n)
      this.#order(market, wallet, "sell", held - BigInt(1 + random.below(999)));
    else if (random.below(10) < 6) this.#order(market, wallet, "sell", held);
    else this.#order(market, wallet, "sell", (held * BigInt(1 + random.below(999))) / 1000n + 1n);
  }

  /** What 10 to 5000 of the quote buy, never nothing. */
  #size({ product, ticks }: Market): bigint {
    const random = this.#random;
    const cents = BigInt(1000 + random.below(499_000));
    const { priceDecimals, sizeDecimals } = product;
    const size =
      (cents * 10n ** BigInt(sizeDecimals + priceDecimals)) / (100n * BigInt(ticks)) + 1n;
    return sizeDecimals === 18 ? size + BigInt(random.next()) : size;
  }

  /** An order in one to five fills, which move the wallet's position. */
  #order(market: Market, wallet: number, side: Side, size: bigint): void {
    const random = this.#random;
    this.#orders += 1;
    const parts = random.below(10) < 6 ? 1 : 2 + random.below(4);
    let left = size;
    for (let part = 1; left > 0n; part += 1) {
      const share = (left * BigInt(200 + random.below(600))) / 1000n;
      const quantity = part >= parts || share === 0n ? left : share;
      left -= quantity;
      this.#fill(market, wallet, side, quantity);
      if (left === 0n) return;
      if (random.below(4) > 0) this.#micros += random.below(30_000);
      if (random.below(3) === 0) market.ticks += side === "buy" ? 1 : market.ticks > 1 ? -1 : 0;
    }
  }

  #fill(market: Market, at: number, side: Side, quantity: bigint): void {
    const { product, ticks } = market;
    const wallet = wallets[at]!;
    const fee = this.#fee(product, wallet, side, quantity, ticks);
    const taken = fee.asset === product.base ? fee.units : 0n;
    const held = market.positions[at]! + (side === "buy" ? quantity - taken : -quantity);
    market.positions[at] = held > 0n ? held : 0n;
    this.#made += 1;
    // Below a microsecond the digits are random, and must not put a sale before its buy.
    if (wallet.clock === "nanoseconds") this.#micros += 1;
    this.#ready.push({
      fillId: `${wallet.prefix}-${this.#made}`,
      executedAt: this.#clock.text(this.#micros, wallet.clock, this.#random),
      portfolio: this.#portfolio,
      account: wallet.account,
      venue: wallet.venue,
      symbol: product.symbol,
      side,
      quantity: fromUnits(quantity, product.sizeDecimals),
      price: fromUnits(BigInt(ticks), product.priceDecimals),
      fee: fee.text,
      feeAsset: fee.asset,
      orderId: wallet.venue === "manual" ? "" : `${wallet.prefix}-o${this.#orders}`,
      // Numbers of a venue: they grow, with gaps, and the buys of other people are between them.
      sequence: wallet.sequenced ? (this.#made * 7 + 3).toString() : "",
      strategy: wallet.strategy,
    });
  }

  /** The fee as the venue takes it; its units are those of the product's size where it is in the base. */
  #fee(
    product: Product,
    wallet: Wallet,
    side: Side,
    quantity: bigint,
    ticks: number,
  ): { asset: string; text: string; units: bigint } {
    const random = this.#random;
    if (wallet.feeRate === 0) return { asset: "", text: "", units: 0n };
    const rate = BigInt(wallet.feeRate);
    const { priceDecimals, sizeDecimals } = product;
    if (side === "buy" && wallet.baseFees > 0 && random.oneIn10000(wallet.baseFees)) {
      const units = (quantity * rate) / 1_000_000n;
      return { asset: product.base, text: fromUnits(units, sizeDecimals), units };
    }
    const notional =
      (quantity * BigInt(ticks) * 10n ** BigInt(feeDecimals)) /
      10n ** BigInt(sizeDecimals + priceDecimals);
    let units = (notional * rate) / 1_000_000n;
    if (wallet.thirdFees > 0 && random.oneIn10000(wallet.thirdFees))
      return { asset: thirdAsset, text: fromUnits(units / 600n + 1n, feeDecimals), units: 0n };
    if (random.oneIn10000(often.rebate)) units = -units / 4n;
    return { asset: product.quote, text: fromUnits(units, feeDecimals), units: 0n };
  }
}

/** A small step of the price, drawn back when it has gone far from where it began. */
function walked({ product, ticks }: Market, random: Random): number {
  const reach = Math.max(1, Math.floor(ticks / 400));
  const drift = ticks > product.ticks * 3 ? -1 : ticks * 3 < product.ticks ? 1 : 0;
  return Math.max(1, ticks + random.below(2 * reach + 1) - reach + drift * reach);
}

/** Times as text, the date and the second of the last one kept. */
class ClockText {
  #second = -1;
  #text = "";

  text(micros: number, clock: Wallet["clock"], random: Random): string {
    const second = Math.floor(micros / 1_000_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toISOString().slice(0, 19);
    }
    const rest = (micros - second * 1_000_000).toString().padStart(6, "0");
    if (clock === "seconds") return `${this.#text}Z`;
    if (clock === "milliseconds") return `${this.#text}.${rest.slice(0, 3)}Z`;
    if (clock === "microseconds") return `${this.#text}.${rest}Z`;
    return `${this.#text}.${rest}${random.below(1000).toString().padStart(3, "0")}Z`;
  }
}
