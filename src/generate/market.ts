/**
 * The invented market: instruments of very different price and size scales, and the wallets that bots trade
 * from.
 */

export interface Product {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** First price in ticks, and decimals of a tick. */
  readonly ticks: number;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
}

/** How a venue shows its times, which decides how many fills seem to be of one instant. */
export type Clock = "seconds" | "milliseconds" | "microseconds" | "nanoseconds";

export interface Wallet {
  readonly venue: string;
  readonly account: string;
  /** Before the running number of a fill id. */
  readonly prefix: string;
  readonly strategy: string;
  readonly clock: Clock;
  readonly sequenced: boolean;
  /** Fee in hundredths of a basis point. */
  readonly feeRate: number;
  /** Times in ten thousand that a fee is taken in the base asset, and in a third one. */
  readonly baseFees: number;
  readonly thirdFees: number;
}

export const thirdAsset = "BNB";

export const wallets: readonly Wallet[] = [
  wallet("coinbase", "main", "cb", "grid", "nanoseconds", false, 6000),
  wallet("coinbase", "bot-1", "cb1", "momentum", "microseconds", false, 4000),
  { ...wallet("kraken", "main", "kr", "grid", "milliseconds", true, 2600), baseFees: 300 },
  { ...wallet("binance", "bot-2", "bn", "", "seconds", true, 1000), thirdFees: 400 },
  wallet("manual", "main", "m", "", "seconds", false, 0),
];

function wallet(
  venue: string,
  account: string,
  prefix: string,
  strategy: string,
  clock: Clock,
  sequenced: boolean,
  feeRate: number,
): Wallet {
  return {
    venue,
    account,
    prefix,
    strategy,
    clock,
    sequenced,
    feeRate,
    baseFees: 0,
    thirdFees: 0,
  };
}

const known: readonly Product[] = [
  product("BTC", "USD", 6_012_345, 2, 8),
  product("ETH", "USD", 301_250, 2, 8),
  product("DOGE", "USD", 12_345, 5, 1),
  product("PEPE", "USDC", 118_250, 10, 0),
  product("SOL", "USD", 15_012, 2, 6),
  product("WETH", "USDC", 3_012_501, 3, 18),
  product("BTC", "USDC", 6_012_001, 2, 8),
  product("SHIB", "USD", 2_415, 8, 0),
  product("ADA", "EUR", 45_120, 5, 6),
  product("LINK", "USD", 14_215, 3, 2),
];

function product(
  base: string,
  quote: string,
  ticks: number,
  priceDecimals: number,
  sizeDecimals: number,
): Product {
  return { symbol: `${base}-${quote}`, base, quote, ticks, priceDecimals, sizeDecimals };
}

/** The first so many products; behind the ten known ones come invented ones with the scales of these. */
export function products(count: number): readonly Product[] {
  return Array.from({ length: count }, (_, index) => {
    const like = known[index % known.length]!;
    if (index < known.length) return like;
    const base = `T${index.toString().padStart(4, "0")}`;
    return { ...like, base, symbol: `${base}-${like.quote}` };
  });
}
