/** Words that all of Coinbase's formats share. */

export const coinbaseVenue = "coinbase";

/** `BUY` as `buy`; what is no side stays as it is, to be refused with its own words. */
export function coinbaseSide(side: string | undefined): string | undefined {
  return side === "BUY" ? "buy" : side === "SELL" ? "sell" : side;
}
