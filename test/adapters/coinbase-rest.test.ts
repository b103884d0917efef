import { describe, expect, test } from "vitest";
import { factsOf, readAll, refusals } from "./reading.ts";

const entry = {
  entry_id: "e1",
  trade_id: "t1",
  order_id: "o1",
  trade_time: "2026-03-02T14:05:11.473787913Z",
  trade_type: "FILL",
  price: "60100.00",
  size: "0.01500000",
  commission: "5.4090000000000001",
  product_id: "BTC-USD",
  sequence_timestamp: "2026-03-02T14:04:11.000001Z",
  liquidity_indicator: "UNKNOWN_LIQUIDITY_INDICATOR",
  size_in_quote: false,
  user_id: "u",
  side: "BUY",
  retail_portfolio_id: "",
  fillSource: "FILL_SOURCE_CLOB",
  commission_detail_total: { total_commission: "5.409", gst_commission: "" },
  of_tomorrow: [{ a: "]}" }],
};
const text = (change: object = {}): string => JSON.stringify({ ...entry, ...change });
const page = (fills: readonly string[], rest = `"cursor":""`): string =>
  `{"fills":[${fills.join(",")}],${rest}}`;

test("a fill", async () => {
  expect(await factsOf("fills.json", page([text()]))).toEqual([
    {
      kind: "fill",
      portfolio: "default",
      symbol: "BTC-USD",
      venue: "coinbase",
      account: "main",
      fillId: "e1",
      revision: 0,
      executedAt: 1772460311473787913n,
      side: "buy",
      quantity: "0.015",
      price: "60100",
      fees: [{ asset: "USD", amount: "5.4090000000000001" }],
      orderId: "o1",
      tradeId: "t1",
    },
  ]);
});

test("a size in the quote, a portfolio, a rebate", async () => {
  const change = {
    size_in_quote: true,
    size: "0.0802691053677932",
    price: "37.44",
    commission: "-0.1",
    retail_portfolio_id: "p-1",
  };
  expect(await factsOf("fills.json", page([text(change)]))).toMatchObject([
    {
      account: "p-1",
      quantity: "0.002143939780122682",
      quoteSize: "0.0802691053677932",
      fees: [{ asset: "USD", amount: "-0.1" }],
    },
  ]);
});

test("numbers that are no text keep all their digits", async () => {
  const raw = text().replace('"60100.00"', "60100.123456789012345678");
  expect(await factsOf("fills.json", page([raw]))).toMatchObject([
    { price: "60100.123456789012345678" },
  ]);
});

test("a reversal is an adjustment, linked by its trade id", async () => {
  const change = { entry_id: "e2", trade_type: "REVERSAL", side: "" };
  expect(await factsOf("fills.json", page([text(change)]))).toEqual([
    {
      kind: "adjustment",
      portfolio: "default",
      symbol: "BTC-USD",
      venue: "coinbase",
      account: "main",
      entryId: "e2",
      tradeType: "REVERSAL",
      tradeId: "t1",
      executedAt: 1772460311473787913n,
      quantity: "0.015",
      price: "60100",
      fees: [{ asset: "USD", amount: "5.4090000000000001" }],
      orderId: "o1",
    },
  ]);
});

describe("shapes of a file", () => {
  const one = text().replace('{"entry_id":"e1"', '{ "entry_id" :\n "e1"');
  const two = text({ entry_id: 'e2 "\\ é 😀' });
  const three = text({ entry_id: "e3", trade_type: "CORRECTION" });
  const shapes: readonly [string, string][] = [
    [
      "one page",
      `{ "cursor": "x", "fills" : [ ${one} , ${two},${three} ] , "more": {"a": [1]} }\n`,
    ],
    ["pages one after another", `${page([one])}${page([])}\n${page([two, three])}`],
    ["a page a line, with a byte order mark", `\uFEFF${page([one])}\r\n${page([two, three])}\r\n`],
    ["an array of pages", `[${page([one, two])},\n${page([three])}]`],
    ["an array of bare fills", ` [${one},${two}\n,${three}]`],
    ["bare fills", `${one}\n${two}\n${three}\n`],
  ];
  test.each(shapes)("%s, in pieces of any size", async (_, content) => {
    for (const size of [65_536, 1, 2, 3, 7, 31]) {
      const tellings = await readAll("fills.json", content, { size });
      expect(tellings.map(({ row, raw }) => [row, raw])).toEqual([
        [1, one],
        [2, two],
        [3, three],
      ]);
      expect(tellings.map(({ fact }) => fact?.kind)).toEqual(["fill", "fill", "adjustment"]);
    }
  });

  test("no fills at all", async () => {
    expect(await readAll("fills.json", page([]))).toEqual([]);
    expect(await readAll("fills.json", "[]", { from: "coinbase-rest" })).toEqual([]);
  });
});

describe("what is refused", () => {
  const advice = "this is no JSON as Coinbase writes it; save the response again";
  const cut = "it is cut off; save the whole response again";
  const cases: readonly [string, string, string][] = [
    [
      "a quantity of 0",
      page([text(), text({ size: "0" })]),
      'fills.json row 2, size "0": must be greater than 0; the side says which way it went',
    ],
    [
      "an unknown side",
      page([text({ side: "UNKNOWN" })]),
      'fills.json row 1, side "UNKNOWN": is neither buy nor sell; write one of the two',
    ],
    [
      "a price that is told twice",
      page([text().replace('"price"', '"price":"1","price"')]),
      `fills.json row 1 "${text().slice(0, 60)}… (${text().length + 12} characters)": has the key ` +
        '"price" twice, so what it says is not clear; get it again',
    ],
    [
      "a page with two lists of fills",
      page([text()], `"fills":[${text()}]`),
      'BAD_INPUT fills.json row 3: the page that ends here has the key "fills" twice, so what it ' +
        "says is not clear; get it again | save the response again, exactly as it came",
    ],
    [
      "a time without a zone",
      page([text({ trade_time: "2026-03-02T14:05:11" })]),
      'fills.json row 1, trade_time "2026-03-02T14:05:11": has no zone; write ' +
        "2026-03-02T14:05:11Z, or with an offset 2026-03-02T15:05:11+01:00",
    ],
    [
      "no commission",
      page([text({ commission: "" })]),
      'fills.json row 1, commission: is missing, which is not the same as none; write "0" if there was none',
    ],
    [
      "an amount that is no text",
      page([text({ price: { a: 1 } })]),
      'fills.json row 1, price "{"a":1}": must be text',
    ],
    [
      "a size in the quote at price 0",
      page([text({ size_in_quote: true, price: "0" })]),
      'fills.json row 1, price "0": is 0, so no quantity follows from the quote size',
    ],
    [
      "a proof token asked for",
      `{"fills":[],"cursor":"","proof_token_required":true}`,
      "BAD_INPUT fills.json row 1: Coinbase asks for a proof token before it shows these fills " +
        "(proof_token_required) | confirm it in your Coinbase account, ask again with the " +
        "proof_token, and save that response",
    ],
    [
      "an error instead of a page",
      `{"error":"unauthorized"}`,
      "BAD_INPUT fills.json row 1: is neither a page of fills nor a fill: " +
        '{"error":"unauthorized"} | save the body of the List Fills response, which has the key ' +
        "fills",
    ],
    [
      "a cut fill",
      page([text(), text()]).slice(0, 700),
      `BAD_INPUT fills.json row 2: the file ends in the middle | ${cut}`,
    ],
    [
      "a cut page",
      page([text()]).slice(0, -1),
      `BAD_INPUT fills.json row 2: the file ends in the middle | ${cut}`,
    ],
    [
      "a missing comma",
      page([`${text()} ${text()}`]),
      `BAD_INPUT fills.json row 2: has "{" where a fill should be | ${advice}`,
    ],
    [
      "a comma too many",
      page([`${text()},`]),
      `BAD_INPUT fills.json row 2: has "]" where a fill should be | ${advice}`,
    ],
    [
      "nesting without end",
      page([`{"a":${"[".repeat(100)}`]),
      "BAD_INPUT fills.json row 1: is nested more than 64 deep | this is no response of List Fills",
    ],
    [
      "a fill without end",
      page([`{"a":"${"x".repeat(1_200_000)}`]),
      "BAD_INPUT fills.json row 1: is longer than 1 MiB | no fill is; this is no saved " +
        "response of List Fills",
    ],
    [
      "nothing",
      " ",
      `BAD_INPUT fills.json row 1: the file holds no response | save the body of the List Fills response`,
    ],
  ];
  test.each(cases)("%s", async (_, content, message) => {
    expect(await refusals("fills.json", content, "coinbase-rest")).toEqual([message]);
  });

  test("bytes that are not UTF-8", async () => {
    const content = Buffer.from(page([text(), text({ order_id: "é" })]), "latin1");
    expect(await refusals("fills.json", content)).toEqual([
      "BAD_INPUT fills.json row 2: is not UTF-8 | save it as UTF-8 and import that; it may be " +
        "in Windows-1252 or Latin-1 now",
    ]);
    expect(await refusals("fills.json", Buffer.from(page([text()]), "utf16le"))).toEqual([
      "BAD_INPUT fills.json row 1: is in UTF-16, not in UTF-8 | save it as UTF-8 and import that",
    ]);
  });

  test("broken JSON around and inside the fills", async () => {
    const around = await refusals("fills.json", page([text()], `"cursor" ""`));
    expect(around[0]).toMatch(/^BAD_INPUT fills\.json row 2: the page that ends here is no JSON: /);
    const inside = await refusals("fills.json", page([`{"entry_id" "e"}`, text()]));
    expect(inside[0]).toMatch(/^fills\.json row 1 "\{"entry_id" "e"\}": is no JSON: /);
    expect(inside).toHaveLength(1);
  });
});
