import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factToLine } from "../../src/adapters/lotbook-ndjson/lines.ts";
import type { Fact } from "../../src/core/fact.ts";
import { factsOf, readAll, refusals } from "./reading.ts";

const book = { portfolio: "p", symbol: "BTC-USD", venue: "v", account: "a" };
const facts: readonly Fact[] = [
  {
    kind: "fill",
    ...book,
    fillId: 'f "1"\n',
    revision: 2,
    executedAt: 1772460311000000001n,
    side: "sell",
    quantity: "0.5",
    price: "2",
    fees: [
      { asset: "BNB", amount: "0.000000000000000001" },
      { asset: "USD", amount: "-1" },
    ],
    sequence: 9007199254740993n,
    orderId: "o",
    strategy: "s",
    tradeId: "t",
    quoteSize: "1",
    grain: "order",
  },
  {
    kind: "fill",
    ...book,
    fillId: "f2",
    revision: 0,
    executedAt: 0n,
    side: "buy",
    quantity: "1",
    price: "0",
    fees: [],
  },
  {
    kind: "opening lot",
    ...book,
    key: "k",
    revision: 0,
    openedAt: 5n,
    quantity: "1",
    cost: "-3",
    author: "me",
    note: "n\u2028",
  },
  {
    kind: "opening lot",
    ...book,
    key: "k2",
    revision: 1,
    openedAt: 5n,
    quantity: "1",
    author: "me",
    note: "cost not known",
  },
  {
    kind: "fee value",
    ...book,
    fillId: "f",
    fillRevision: 1,
    asset: "BNB",
    revision: 0,
    value: "12.5",
    source: "s",
  },
  {
    kind: "void",
    targetKind: "fill",
    ...book,
    targetId: "f",
    targetRevision: 0,
    author: "me",
    reason: "r",
  },
  {
    kind: "void",
    targetKind: "fee value",
    ...book,
    targetId: "f",
    targetRevision: 0,
    asset: "BNB",
    valueRevision: 3,
    author: "me",
    reason: "r",
  },
  {
    kind: "adjustment",
    ...book,
    entryId: "e",
    tradeType: "REVERSAL",
    tradeId: "t",
    executedAt: 7n,
    side: "buy",
    quantity: "-1",
    price: "2",
    fees: [{ asset: "USD", amount: "1" }],
    orderId: "o",
  },
  { kind: "adjustment", ...book, entryId: "e", tradeType: "X", executedAt: 7n, fees: [] },
];

const lines = (list: readonly Fact[]): string =>
  list.map((fact) => `${JSON.stringify(factToLine(fact))}\n`).join("");

test("every kind of fact comes back exactly, in pieces of any size", async () => {
  expect(await factsOf("export.ndjson", lines(facts))).toEqual(facts);
  const whole = await readAll("export.ndjson", lines(facts));
  for (const size of [1, 3, 17])
    expect(await readAll("export.ndjson", lines(facts), { size })).toEqual(whole);
});

test("any text comes back exactly", async () => {
  const label = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => !text.includes("\0"));
  await fc.assert(
    fc.asyncProperty(
      label,
      label,
      fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      async (id, strategy, sequence) => {
        const list: Fact[] = [
          { ...(facts[0] as Fact & { kind: "fill" }), fillId: id, strategy, sequence },
        ];
        expect(await factsOf("export.ndjson", lines(list))).toEqual(list);
      },
    ),
    { numRuns: 200 },
  );
});

test("a line as it is written", () => {
  expect(JSON.stringify(factToLine(facts[0]!))).toBe(
    '{"type":"fill","portfolio":"p","symbol":"BTC-USD","venue":"v","account":"a",' +
      '"fill_id":"f \\"1\\"\\n","revision":2,"executed_at":"2026-03-02T14:05:11.000000001Z",' +
      '"side":"sell","quantity":"0.5","price":"2","fees":[{"asset":"BNB",' +
      '"amount":"0.000000000000000001"},{"asset":"USD","amount":"-1"}],' +
      '"sequence":"9007199254740993","order_id":"o","strategy":"s","trade_id":"t",' +
      '"quote_size":"1","grain":"order"}',
  );
});

test("what is no fact is passed over", async () => {
  const content = `{"type":"export","format":1}\n\n${lines(facts.slice(0, 1))}{"type":"seal","book":"x"}`;
  expect((await readAll("export.ndjson", content)).map(({ row }) => row)).toEqual([3]);
});

describe("what is refused", () => {
  const fill = lines(facts.slice(1, 2)).trim();
  test.each([
    [
      fill.replace('"quantity":"1"', '"quantity":1.5'),
      'row 1, quantity "1.5": is a JSON number, which may lose digits; write it in quotes',
    ],
    [
      fill.replace('"quantity":"1"', '"quantity":"0"'),
      'row 1, quantity "0": must be greater than 0; the side says which way it went',
    ],
    [
      fill.replace('"fees":[]', '"fees":"0"'),
      'row 1, fees ""0"": must be a list like [{"asset":"USD","amount":"0.5"}]',
    ],
    [
      fill.replace('"fees":[]', '"fees":[{"asset":"USD","amount":"x"}]'),
      'row 1, fees "x": is no decimal; write digits like 1234.5, without sign of currency, plus or spaces',
    ],
    [
      fill.replace('"fill_id":"f2"', '"fill_id":"\\ud800"'),
      'row 1, fill_id "\\u{d800}": has half of a surrogate pair, which is no character; remove it',
    ],
    [
      fill.replace('"type":"fill"', '"type":"fills"'),
      'row 1, type ""fills"": is no type of line; facts are fill, opening lot, fee value, void ' +
        "and adjustment",
    ],
    [
      fill.replace('"quantity":"1"', '"quantity":"1","price":"2","qu\\u0061ntity":"3"'),
      `row 1 "${fill.slice(0, 60)}… (${fill.length + 32} characters)": has the key "quantity" twice, ` +
        "so what it says is not clear; get it again",
    ],
    [
      `{"type":"fill","detail":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      `row 1 "{"type":"fill","detail":${"[".repeat(36)}… (200025 characters)": is nested more than ` +
        "64 deep; no trade is",
    ],
    [
      fill.replace('"quantity":"1"', '"quantity":1e400'),
      'row 1, quantity "Infinity": is a JSON number, which may lose digits; write it in quotes',
    ],
    ["[1]", 'row 1 "[1]": is no JSON object; each line is one, like {…}'],
  ])("%s", async (line, message) => {
    expect(await refusals("export.ndjson", `${line}\n`, "lotbook-ndjson")).toEqual([
      `export.ndjson ${message}`,
    ]);
  });

  test("a cut last line", async () => {
    expect(await refusals("export.ndjson", `${fill}\n${fill.slice(0, 40)}`)).toEqual([
      "BAD_INPUT export.ndjson row 2: ends in the middle of a line | the file is cut off; export it again",
    ]);
  });
});
