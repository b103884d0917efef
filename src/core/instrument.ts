/** What is traded: base and quote asset. The symbol splits at its last `-`; case is kept. */
export interface Instrument {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
}

/** Splits a symbol such as `BTC-USD`; undefined where it can't be split into two different assets. */
export function parseSymbol(symbol: string): Instrument | undefined {
  const dash = symbol.lastIndexOf("-");
  const base = symbol.slice(0, dash);
  const quote = symbol.slice(dash + 1);
  if (dash < 1 || quote === "" || base === quote) return undefined;
  return { symbol, base, quote };
}
