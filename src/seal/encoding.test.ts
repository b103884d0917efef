import { describe, expect, it } from "vitest";
import type { Fee, Fill } from "../core/fact.ts";
import { type DayDigest, bookDigest, dayDigest, rowsHash, versionDigest } from "./digest.ts";
import { RecordWriter } from "./encoding.ts";
import { batchLeaf, factLeaf, inputsHash, telling } from "./leaf.ts";

const fill: Fill = {
  kind: "fill",
  portfolio: "default",
  symbol: "BTC-USD",
  venue: "coinbase",
  account: "main",
  fillId: "f-1",
  revision: 0,
  executedAt: 1_772_460_311_123_456_789n,
  side: "buy",
  quantity: "1",
  price: "2",
  fees: [],
};
const hash = "ab".repeat(32);

const withFees = (...fees: Fill["fees"]): string => factLeaf({ ...fill, fees });
const one = (asset: string): Fee => ({ asset, amount: "1" });

function* days(): Generator<DayDigest> {
  for (const day of [1, 2, 3]) {
    const rows = rowsHash([telling("s", String(day))]);
    yield { day, digest: dayDigest(rows, undefined) };
  }
}

describe("the encoding of a fact", () => {
  it("tells an empty optional text from a missing one", () => {
    expect(factLeaf({ ...fill, orderId: "" })).not.toBe(factLeaf(fill));
  });

  it("tells one optional text from another", () => {
    const leaves = (["orderId", "strategy", "tradeId"] as const).map((name) =>
      factLeaf({ ...fill, [name]: "x" }),
    );
    expect(new Set(leaves).size).toBe(3);
  });

  it("tells composed from decomposed characters, which look alike", () => {
    expect(factLeaf({ ...fill, orderId: "é" })).not.toBe(factLeaf({ ...fill, orderId: "e\u0301" }));
  });

  it("tells a fee in the quote from one in the base and one in a third asset", () => {
    const leaves = ["USD", "BTC", "BNB"].map((asset) =>
      factLeaf({ ...fill, fees: [{ asset, amount: "1" }] }),
    );
    expect(new Set(leaves).size).toBe(3);
  });

  it("is the same whatever was encoded before, a failure included", () => {
    const leaf = factLeaf(fill);
    telling("long", "日".repeat(50_000));
    expect(factLeaf(fill)).toBe(leaf);
    expect(() => factLeaf({ ...fill, price: "2.0" })).toThrow("normal form");
    expect(factLeaf(fill)).toBe(leaf);
  });
});

describe("what can't be encoded in one way only", () => {
  it("is refused: text with a lone surrogate", () => {
    for (const bad of ["\uD800", "a\uDFFFb", `${"x".repeat(30)}\uD83D`])
      expect(() => factLeaf({ ...fill, fillId: bad })).toThrow("not well-formed");
  });

  it("is refused: a decimal out of normal form", () => {
    const bad = [
      "",
      "-",
      ".",
      "1.",
      ".5",
      "-.5",
      "-0",
      "00",
      "01",
      "-01",
      "1.0",
      "1.50",
      "0.0",
      "+1",
    ];
    for (const price of [...bad, "1e3", "1,5", " 1", "1 ", "1.2.3", "1-", "--1", "٣", "NaN"])
      expect(() => factLeaf({ ...fill, price }), price).toThrow("normal form");
  });

  it("is taken: decimals in normal form", () => {
    const good = ["0", "1", "-1", "10", "100", "0.1", "-0.1", "-10.01", "0.000000000000000001"];
    const leaves = good.map((price) => factLeaf({ ...fill, price }));
    expect(new Set(leaves).size).toBe(good.length);
  });

  it("is refused: integers that don't fit", () => {
    expect(() => factLeaf({ ...fill, executedAt: 2n ** 63n })).toThrow("64 bits");
    for (const revision of [0.5, Number.NaN, 2 ** 53])
      expect(() => factLeaf({ ...fill, revision })).toThrow("safe integer");
  });

  it("is refused: fees of 0, twice in an asset, or out of order", () => {
    expect(() => withFees({ asset: "USD", amount: "0" })).toThrow("fee of 0");
    expect(() => withFees({ asset: "BNB", amount: "0" })).toThrow("fee of 0");
    expect(() => withFees(one("USD"), one("USD"))).toThrow("two fees");
    expect(() => withFees(one("BNB"), one("BNB"))).toThrow("byte order");
    expect(() => withFees(one("b"), one("B"))).toThrow("byte order");
    expect(() => withFees(one("\u{1F600}"), one("\uFF21"))).toThrow("byte order");
  });

  it("is refused: malformed ids and hashes, lists out of order, codes that are no byte", () => {
    const batch = { recordedAt: 0n, source: "s", author: "a", inputs: "" };
    const first = "0b6f6e0a-1111-4222-8333-a44455556666";
    const second = "f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f";
    for (const batchId of ["", "x", `${first}0`, first.toUpperCase(), first.replaceAll("-", "")])
      expect(() => batchLeaf({ ...batch, batchId }), batchId).toThrow("malformed UUID");
    expect(() => dayDigest("ab", undefined)).toThrow("malformed hash");
    const backwards = [2, 1].map((day) => ({ day, digest: hash }));
    expect(() => bookDigest("p", "A-B", backwards)).toThrow("days out of order");
    const books = [second, first].map((bookId) => ({ bookId, digest: hash, computedEntry: 1 }));
    const policy = { method: "fifo", scope: "portfolio", feePolicy: "quote", engineVersion: 1 };
    expect(() => versionDigest(policy, books)).toThrow("books out of order");
    expect(() => inputsHash(books)).toThrow("books out of order");
    const writer = new RecordWriter();
    writer.begin(1);
    for (const code of [-1, 256, 0.5]) expect(() => writer.code(1, code)).toThrow("no byte");
    writer.text(2, "");
    expect(() => writer.text(2, "")).toThrow("out of order");
  });
});

describe("numbers in a record", () => {
  it("are 8 bytes, whether number or bigint", () => {
    const writer = new RecordWriter();
    const bytesOf = (value: number | bigint): string => {
      writer.beginBytes();
      writer.putInteger(value);
      return Buffer.from(writer.bytes()).toString("hex");
    };
    const values = [
      0,
      1,
      -1,
      255,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
      -(2 ** 32),
    ];
    for (const value of values) {
      const expected = Buffer.alloc(8);
      expected.writeBigInt64BE(BigInt(value));
      expect(bytesOf(value)).toBe(expected.toString("hex"));
      expect(bytesOf(BigInt(value))).toBe(expected.toString("hex"));
    }
  });
});

describe("the digest of a book", () => {
  it("is none without rows", () => {
    expect(bookDigest("default", "BTC-USD", [])).toBeUndefined();
  });

  it("has days without allocations and days without open lots, which differ", () => {
    expect(rowsHash([])).toBeUndefined();
    expect(dayDigest(hash, undefined)).not.toBe(dayDigest(undefined, hash));
  });

  it("may be made of days that are hashed on the way", () => {
    const eager = [...days()];
    expect(bookDigest("default", "BTC-USD", days())).toBe(bookDigest("default", "BTC-USD", eager));
  });
});
