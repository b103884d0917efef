/** How an amount of a whole fill is divided over its slices. docs/spec/numbers.md 4. */

/**
 * trunc(amount x consumed / quantity): what belongs to the first `consumed` of `quantity`. The amount is in
 * units of its own scale, at which this cuts toward zero, as bigint division does. Everything is exact when
 * all is consumed.
 */
export function prefixShare(amount: bigint, consumed: bigint, quantity: bigint): bigint {
  if (amount === 0n || consumed === 0n) return 0n;
  if (consumed === quantity) return amount;
  return (amount * consumed) / quantity;
}

/** The share of the slice that lies between `before` and `after`, quantities consumed. */
export function sliceShare(
  amount: bigint,
  before: bigint,
  after: bigint,
  quantity: bigint,
): bigint {
  return prefixShare(amount, after, quantity) - prefixShare(amount, before, quantity);
}
