/** Made-up orders as a venue knows them, and when an old system hears of each. */
import { fromUnits } from "../../core/decimal.ts";
import type { Side } from "../../core/fact.ts";
import { products, type Product } from "../market.ts";
import { Random } from "../random.ts";

export interface LegacyOptions {
  readonly seed: number;
  /** How many orders, those that are never filled included. */
  readonly orders: number;
  readonly symbols: number;
  /** Over how many days from 2025-01-01; 365 if not given. */
  readonly days?: number | undefined;
}

export interface MadeOrder {
  readonly orderId: string;
  readonly symbol: string;
  readonly side: Side;
  /** Since 1970; no two orders have the same. */
  readonly micros: number;
  readonly price: string;
  readonly size: string;
  readonly fee: string;
  readonly status: "FILLED" | "CANCELLED" | "OPEN";
  readonly trigger: string;
  /** Before which order (by number) the old system hears of it: its own, or a later one. */
  readonly heard: number;
}

const firstMicros = Date.UTC(2025, 0, 1) * 1000;
const microsPerDay = 86_400_000_000;
const triggers = ["grid", "dip", "momentum"];
/** Fee in units of 10^-4 of the value. */
const feeRate = 40n;
/** Sizes as an exchange takes them: a double holds them and a sum of some. */
const mostSizeDecimals = 6;

/** How often something happens, in ten thousand. */
const often = { unfilled: 600, late: 500, naked: 60 };

interface Market {
  readonly product: Product;
  readonly sizeDecimals: number;
  ticks: number;
  held: bigint;
}

export function* makeOrders(options: LegacyOptions): Generator<MadeOrder> {
  const random = new Random(options.seed);
  const markets: Market[] = products(options.symbols).map((product) => ({
    product,
    sizeDecimals: Math.min(product.sizeDecimals, mostSizeDecimals),
    ticks: product.ticks,
    held: 0n,
  }));
  const step = Math.floor(((options.days ?? 365) * microsPerDay) / Math.max(options.orders, 1));
  let micros = firstMicros;
  for (let number = 0; number < options.orders; number += 1) {
    micros += 1 + Math.floor((step * random.below(2000)) / 1000);
    const late = random.oneIn10000(often.late);
    const heard = late ? number + 1 + random.below(600) : number;
    yield made(markets[random.below(markets.length)]!, random, number, micros, heard);
  }
}

function made(
  market: Market,
  random: Random,
  number: number,
  micros: number,
  heard: number,
): MadeOrder {
  const { product, sizeDecimals } = market;
  const moved = Math.floor((market.ticks * (random.below(2001) - 1000)) / 50_000);
  market.ticks = Math.max(1, market.ticks + moved);
  const size = decide(market, random);
  const unfilled = random.oneIn10000(often.unfilled);
  if (!unfilled) market.held += size.units;
  if (market.held < 0n) market.held = 0n;
  const units = size.units < 0n ? -size.units : size.units;
  const scale = product.priceDecimals + sizeDecimals + 4;
  const fee = (BigInt(market.ticks) * units * feeRate) / 10n ** BigInt(Math.max(0, scale - 8));
  return {
    orderId: `${product.base.toLowerCase()}-${number.toString().padStart(7, "0")}`,
    symbol: product.symbol,
    side: size.units > 0n ? "buy" : "sell",
    micros,
    price: fromUnits(BigInt(market.ticks), product.priceDecimals),
    size: fromUnits(units, sizeDecimals),
    fee: fromUnits(fee, Math.min(scale, 8)),
    status: unfilled ? (random.below(2) === 0 ? "CANCELLED" : "OPEN") : "FILLED",
    trigger: triggers[random.below(triggers.length)]!,
    heard,
  };
}

/** What is bought (above 0) or sold (below), in the smallest size. */
function decide({ product, sizeDecimals, ticks, held }: Market, random: Random): { units: bigint } {
  const cents = BigInt(2000 + random.below(98_000));
  const scale = BigInt(sizeDecimals + product.priceDecimals);
  const some = (cents * 10n ** scale) / (100n * BigInt(ticks)) + 1n;
  if (random.oneIn10000(often.naked)) return { units: -(held + some) };
  if (held === 0n || random.below(100) < 48) return { units: some };
  if (random.below(10) < 5) return { units: -held };
  return { units: -((held * BigInt(1 + random.below(999))) / 1000n + 1n) };
}
