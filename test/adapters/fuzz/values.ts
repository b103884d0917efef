/** Values that are at an edge or beyond it, by what the field they are put into is for. */
import type { Random } from "../../../src/generate/random.ts";

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.below(items.length)]!;
}

const amounts = [
  "0",
  "-0",
  "0.0",
  "-0.000",
  "00012.500",
  "1e400",
  "1e-400",
  "2.5E+3",
  "1e999999999999",
  "NaN",
  "Infinity",
  "-Infinity",
  "0x10",
  "+1",
  ".5",
  "5.",
  "1,000.5",
  "1.000,5",
  "1_000",
  "$5",
  " 1",
  "1 ",
  "１２",
  "٣",
  "99999999999999999999",
  "100000000000000000000",
  "99999999999999999999.999999999999999999",
  "0.000000000000000001",
  "0.0000000000000000001",
  "1.0000000000000000000",
  "-99999999999999999999.999999999999999999",
  "--1",
  "1-",
  "null",
  "true",
];

const times = [
  "1970-01-01T00:00:00Z",
  "1970-01-01T00:00:00+00:01",
  "1969-12-31T23:59:59.999999999Z",
  "1969-12-31T23:59:59-23:59",
  "2261-12-31T23:59:59.999999999Z",
  "2262-01-01T00:00:00Z",
  "2261-12-31T23:59:59-00:01",
  "2024-02-29T00:00:00Z",
  "2023-02-29T00:00:00Z",
  "2100-02-29T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-00-10T00:00:00Z",
  "2026-01-00T00:00:00Z",
  "2026-06-31T00:00:00Z",
  "2026-03-02T24:00:00Z",
  "2026-03-02T23:59:60Z",
  "2026-03-02T23:60:00Z",
  "2026-03-02t23:59:59.1234567890z",
  "2026-03-02 23:59:59.123456789z",
  "2026-03-02T23:59:59.Z",
  "2026-03-02T23:59:59",
  "2026-03-02T23:59:59+24:00",
  "2026-03-02T23:59:59+2359",
  "2026-03-02T23:59:59+23:59",
  "2026-03-02T23:59:59−01:00",
  "2026-3-2T1:2:3Z",
  "02/03/2026 14:05",
  "1772460311",
  "1772460311123",
  "+002026-03-02T23:59:59Z",
  "２０２６-03-02T23:59:59Z",
  "2026-W09-1T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "0000-01-01T00:00:00Z",
];

const texts = [
  "",
  " ",
  "\t",
  "a\0b",
  "\uFEFFf1",
  "f1\r",
  "\u202Egnp.exe",
  "\u001B[2J\u001B]0;title\u0007",
  "\u2028",
  "e\u0301",
  "😀",
  "\uD83D",
  "__proto__",
  "constructor",
  "=1+1",
  "'; DROP TABLE fills; --",
  "\\N",
  "\\.",
  "\\",
  "%s%n",
  "${x}",
  "x".repeat(200),
  "x".repeat(201),
  "é".repeat(100),
  "é".repeat(101),
  "😀".repeat(50),
  `${"😀".repeat(50)}x`,
  "NULL",
];

const symbols = [
  "BTC-USD",
  "BTC-PERP-USD",
  "-USD",
  "BTC-",
  "-",
  "--",
  "A--B",
  "USD-USD",
  "BTCUSD",
  "BTC/USD",
  "btc-usd",
  "BTC–USD",
  "\0-USD",
  `${"x".repeat(198)}-Y`,
  `${"x".repeat(199)}-Y`,
];

const sides = ["buy", "sell", "BUY", "Sell", " buy", "bought", "", "b", "buy\n"];
const counts = [
  "0",
  "1",
  "2147483647",
  "2147483648",
  "-1",
  "1.0",
  "1e3",
  "007",
  "9".repeat(40),
  "",
];
const sequences = [
  "0",
  "9223372036854775807",
  "9223372036854775808",
  "-1",
  "00",
  "1e3",
  "9".repeat(41),
];
const feeLists = [
  "A:1;B:2",
  "A:1;A:-1",
  "A:1;",
  ":1",
  "A",
  "A:1:2",
  "\\;:1",
  "A\\:1",
  "A:;B:1",
  ";",
];

const byField: readonly (readonly [RegExp, readonly string[]])[] = [
  [/time|_at|created at|^at$/, times],
  [/symbol|product/, symbols],
  [/side/, sides],
  [/other_fees/, feeLists],
  [/sequence/, sequences],
  [/revision/, counts],
  [/quantity|price|fee|size|cost|value|amount|commission|total/, amounts],
];

/** Long enough to hurt what is not linear. */
const long = (random: Random): string =>
  pick(random, ["9", "0", "x", "é", '"', "\\", "0.", "[", "1e"]).repeat(
    random.below(500) === 0 ? 1_000_000 : 1 + random.below(1000),
  );

/** A value for a field of that name: mostly one of its own kind, now and then of any kind or far too long. */
export function hostileValue(random: Random, field: string): string {
  const luck = random.below(20);
  if (luck === 0) return long(random);
  const own = byField.find(([pattern]) => pattern.test(field))?.[1] ?? texts;
  return pick(random, luck < 16 ? own : pick(random, [amounts, times, texts, symbols, sides]));
}
