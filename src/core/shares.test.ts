import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prefixShare, sliceShare } from "./shares.ts";

const limit = 10n ** 56n;
const amount = fc.oneof(fc.bigInt({ min: -limit, max: limit }), fc.bigInt({ min: -20n, max: 20n }));
const slices = fc.oneof(
  fc.array(fc.bigInt({ min: 1n, max: 9n }), { minLength: 1, maxLength: 12 }),
  fc.array(fc.bigInt({ min: 1n, max: 10n ** 38n }), { minLength: 1, maxLength: 12 }),
);
const many = { numRuns: 20_000 };

/** The shares of all slices, with the quantity consumed after each. */
function sharesOf(whole: bigint, parts: readonly bigint[]): { consumed: bigint; share: bigint }[] {
  const quantity = parts.reduce((sum, part) => sum + part, 0n);
  let consumed = 0n;
  return parts.map((part) => {
    const share = sliceShare(whole, consumed, consumed + part, quantity);
    consumed += part;
    return { consumed, share };
  });
}

describe("shares (numbers.md 4)", () => {
  it("add up to the amount", () => {
    fc.assert(
      fc.property(amount, slices, (whole, parts) => {
        expect(sharesOf(whole, parts).reduce((sum, { share }) => sum + share, 0n)).toBe(whole);
      }),
      many,
    );
  });

  it("are exact for every prefix: the true part, cut toward zero", () => {
    fc.assert(
      fc.property(amount, slices, (whole, parts) => {
        const quantity = parts.reduce((sum, part) => sum + part, 0n);
        let sum = 0n;
        for (const { consumed, share } of sharesOf(whole, parts)) {
          sum += share;
          const magnitude = sum < 0n ? -sum : sum;
          const exact = (whole < 0n ? -whole : whole) * consumed;
          expect(magnitude * quantity <= exact && exact < (magnitude + 1n) * quantity).toBe(true);
        }
      }),
      many,
    );
  });

  it("have the sign of the amount, or are nothing", () => {
    fc.assert(
      fc.property(amount, slices, (whole, parts) => {
        for (const { share } of sharesOf(whole, parts))
          expect(share === 0n || share < 0n === whole < 0n).toBe(true);
      }),
      many,
    );
  });

  it("of a rebate mirror those of the fee", () => {
    fc.assert(
      fc.property(amount, slices, (whole, parts) => {
        const mirrored = sharesOf(-whole, parts).map(({ share }) => -share);
        expect(mirrored).toEqual(sharesOf(whole, parts).map(({ share }) => share));
      }),
    );
  });

  it("of nothing consumed are nothing", () => {
    expect(prefixShare(5n, 0n, 3n)).toBe(0n);
    expect(prefixShare(0n, 2n, 3n)).toBe(0n);
    expect(prefixShare(-5n, 3n, 3n)).toBe(-5n);
  });
});
