import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fill, Problem } from "./fact.ts";
import { describeProblem, isProblem } from "./problem.ts";
import type { FillDraft } from "./resolve.ts";
import {
  resolveAdjustment,
  resolveFeeValue,
  resolveFill,
  resolveOpeningLot,
  resolveVoid,
} from "./resolve.ts";

const place = { file: "fills.csv", row: 7 };
const draft: FillDraft = {
  fillId: "f1",
  executedAt: "2026-03-02T14:05:11.1Z",
  symbol: "BTC-USD",
  side: "buy",
  quantity: "007.50",
  price: "100",
};

function fill(change: FillDraft): Fill {
  const outcome = resolveFill({ ...draft, ...change }, place);
  if (isProblem(outcome)) throw new Error(describeProblem(outcome));
  return outcome;
}

function refusal(change: FillDraft): string {
  const outcome = resolveFill({ ...draft, ...change }, place);
  return isProblem(outcome) ? describeProblem(outcome) : "accepted";
}

describe("a fill", () => {
  test("takes defaults and normal forms", () => {
    expect(fill({})).toEqual({
      kind: "fill",
      portfolio: "default",
      symbol: "BTC-USD",
      venue: "manual",
      account: "main",
      fillId: "f1",
      revision: 0,
      executedAt: 1772460311100000000n,
      side: "buy",
      quantity: "7.5",
      price: "100",
      fees: [],
    });
  });

  test("keeps what is said beside the rest", () => {
    const said = {
      sequence: "9223372036854775807",
      orderId: "o",
      strategy: "s",
      tradeId: "t",
      grain: "order",
      revision: "2",
    };
    expect(fill(said)).toMatchObject({ ...said, sequence: 2n ** 63n - 1n, revision: 2 });
  });

  test("sums fees per asset, leaves out those of 0 and sorts by UTF-8 bytes", () => {
    const otherFees = [
      { asset: "\u{1F600}", amount: "1" },
      { asset: "～", amount: "1" },
      { asset: "USD", amount: "-0.5" },
      { asset: "BNB", amount: "0.1" },
      { asset: "BNB", amount: "0.2" },
    ];
    expect(fill({ fee: "0.50", otherFees }).fees).toEqual([
      { asset: "BNB", amount: "0.3" },
      { asset: "～", amount: "1" },
      { asset: "\u{1F600}", amount: "1" },
    ]);
    expect(fill({ fee: "-0.10", feeAsset: "USD" }).fees).toEqual([
      { asset: "USD", amount: "-0.1" },
    ]);
  });

  test("derives the quantity from the quote size, half to even", () => {
    const derived = (quoteSize: string, price: string): string =>
      fill({ quantity: "", quoteSize, price }).quantity;
    expect(derived("2.6399716828", "2975.32")).toBe("0.00088729");
    expect(derived("0.0802691053677932", "37.44")).toBe("0.002143939780122682");
    expect(derived("0.000000000000000001", "0.4")).toBe("0.000000000000000002");
    expect(derived("0.000000000000000003", "2")).toBe("0.000000000000000002");
    expect(derived("0.000000000000000005", "2")).toBe("0.000000000000000002");
    expect(derived("0.000000000000000007", "2")).toBe("0.000000000000000004");
    expect(fill({ quantity: "3", quoteSize: "6", price: "2" }).quoteSize).toBe("6");
  });
});

describe("what a fill is refused for", () => {
  const cases: readonly [FillDraft, string][] = [
    [{ fillId: "" }, "fill_id: is missing; this field must be given"],
    [
      { fillId: "a\0b" },
      'fill_id "a\\u{0}b": has a character U+0000, which cannot be stored; remove it',
    ],
    [
      { fillId: "a\ud800" },
      'fill_id "a\\u{d800}": has half of a surrogate pair, which is no character; remove it',
    ],
    [
      { strategy: "é".repeat(101) },
      `strategy "${"é".repeat(60)}… (101 characters)": is longer than 200 bytes; shorten it`,
    ],
    [{ quantity: "0" }, 'quantity "0": must be greater than 0; the side says which way it went'],
    [{ quantity: "-1" }, 'quantity "-1": must be greater than 0; the side says which way it went'],
    [{ price: "-1" }, 'price "-1": must be 0 or more; the side says what was given'],
    [
      { quantity: "1.1234567890123456789" },
      'quantity "1.1234567890123456789": does not fit; up to 20 digits before the point and 18 ' +
        "after it are kept, none rounded",
    ],
    [
      { price: "1e5" },
      'price "1e5": has an exponent, which this format does not use; write all digits',
    ],
    [
      { price: "1,234.50" },
      'price "1,234.50": has a comma; write 1234.5, with a point and without thousands separators',
    ],
    [
      { fee: "$1" },
      'fee "$1": is no decimal; write digits like 1234.5, without sign of currency, plus or spaces',
    ],
    [{ side: "BUY" }, 'side "BUY": must be in small letters; write buy'],
    [{ side: "long" }, 'side "long": is neither buy nor sell; write one of the two'],
    [
      { symbol: "BTCUSD" },
      'symbol "BTCUSD": is not base and quote; write two different assets with a dash between, like BTC-USD',
    ],
    [
      { executedAt: "2026-03-02T14:05:11" },
      'executed_at "2026-03-02T14:05:11": has no zone; write 2026-03-02T14:05:11Z, or with an ' +
        "offset 2026-03-02T15:05:11+01:00",
    ],
    [
      { executedAt: "2026-03-02T14:05:60Z" },
      'executed_at "2026-03-02T14:05:60Z": has second 60; write the second 59 or 00 that the venue counted',
    ],
    [
      { executedAt: "2026-02-29T14:05:11Z" },
      'executed_at "2026-02-29T14:05:11Z": names a date that does not exist',
    ],
    [
      { sequence: "9223372036854775808" },
      'sequence "9223372036854775808": must be a whole number from 0 to 9223372036854775807; ' +
        "leave it empty if the venue gives none",
    ],
    [
      { fee: "7.5", feeAsset: "BTC" },
      'fee "7.5": in BTC leaves nothing of the quantity 7.5; check amount and asset of the fee',
    ],
    [
      { side: "sell", fee: "-8", feeAsset: "BTC" },
      'fee "-8": in BTC leaves nothing of the quantity 7.5; check amount and asset of the fee',
    ],
    [
      { quantity: "", quoteSize: "1", price: "0" },
      'price "0": is 0, so no quantity follows from the quote size',
    ],
    [
      { quantity: "", quoteSize: "0.000000000000000001", price: "2" },
      'quote_size "0.000000000000000001": is so small that size / price rounds to 0',
    ],
    [
      { quantity: "1", quoteSize: "1", price: "2" },
      'quantity "1": is not quote size / price, which is 0.5; leave out the quantity or the quote size',
    ],
    [{ revision: "1.5" }, 'revision "1.5": must be a whole number from 0 to 2147483647'],
    [{ grain: "day" }, 'grain "day": is not known; write order, or leave it empty'],
  ];
  test.each(cases)("%o", (change, message) => {
    expect(refusal(change)).toBe(`fills.csv row 7, ${message}`);
  });

  test("never is an exception, whatever the text", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("1", "-0", "1e9", ""));
    const drafts = fc.record(
      Object.fromEntries(
        Object.keys({ ...draft, fee: 0, feeAsset: 0, quoteSize: 0, sequence: 0 }).map((field) => [
          field,
          fc.oneof(text, fc.constant((draft as Record<string, string>)[field])),
        ]),
      ),
    );
    fc.assert(
      fc.property(drafts, (said) => {
        const outcome: Fill | Problem = resolveFill(said, place);
        if (isProblem(outcome)) expect(outcome.message).not.toBe("");
      }),
      { numRuns: 3000 },
    );
  });
});

describe("the other facts", () => {
  test("are refused by the same rules", () => {
    const said = { symbol: "BTC-USD", author: "me" };
    const messages = [
      resolveOpeningLot({ ...said, key: "k", openedAt: draft.executedAt, quantity: "0" }, place),
      resolveOpeningLot({ ...said, key: "k", openedAt: draft.executedAt, quantity: "1" }, place),
      resolveFeeValue({ ...said, fillId: "f", asset: "USD", value: "1", source: "s" }, place),
      resolveVoid({ ...said, targetKind: "trade", targetId: "f", reason: "r" }, place),
      resolveVoid({ ...said, targetKind: "fill", targetId: "f", asset: "BNB", reason: "r" }, place),
      resolveVoid({ ...said, targetKind: "fee value", targetId: "f", reason: "r" }, place),
      resolveAdjustment({ ...said, entryId: "e", executedAt: draft.executedAt }, place),
    ].map((outcome) => (isProblem(outcome) ? describeProblem(outcome) : "accepted"));
    expect(messages.map((message) => message.replace("fills.csv row 7, ", ""))).toEqual([
      'quantity "0": must be greater than 0; the side says which way it went',
      "note: is missing; this field must be given",
      'asset "USD": is of the instrument itself; only a fee in a third asset needs a value',
      'target_kind "trade": must say what is voided; write fill, opening lot or fee value',
      'asset "BNB": belongs to a void of a fee value only; leave it out',
      "asset: is missing; this field must be given",
      "trade_type: is missing; this field must be given",
    ]);
  });
});
