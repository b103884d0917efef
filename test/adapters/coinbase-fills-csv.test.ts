import { expect, test } from "vitest";
import { factsOf, refusals } from "./reading.ts";

const header =
  "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit";
const row =
  "default,70000001,BTC-USD,BUY,2026-03-02T14:05:11.123Z,0.01500000,BTC,60100,5.409,-906.909,USD";

test("a fill, its size with an exponent", async () => {
  const content = `${header}\n${row.replace("0.01500000", "2.7535e-7")}\n`;
  expect(await factsOf("fills.csv", content)).toEqual([
    {
      kind: "fill",
      portfolio: "default",
      symbol: "BTC-USD",
      venue: "coinbase",
      account: "default",
      fillId: "70000001",
      revision: 0,
      executedAt: 1772460311123000000n,
      side: "buy",
      quantity: "0.00000027535",
      price: "60100",
      fees: [{ asset: "USD", amount: "5.409" }],
    },
  ]);
});

test("the older layout, without portfolios", async () => {
  const content = `${header.slice(10)}\n${row.slice(8).replace("BUY", "SELL")}\n`;
  expect(await factsOf("fills.csv", content)).toMatchObject([{ account: "main", side: "sell" }]);
});

test.each([
  [
    row.replace(",BTC,", ",USD,"),
    'size unit "USD": must be BTC, the base asset of the product; sizes in other units are not read',
  ],
  [
    row.replace(/USD$/, "EUR"),
    'price/fee/total unit "EUR": must be USD, the quote asset of the product',
  ],
  [row.replace("5.409", ""), "fee: is missing; write 0 if there was none"],
  [
    row.replace("0.01500000", "0.0e5"),
    'size "000000": must be greater than 0; the side says which way it went',
  ],
  [
    row.replace(".123Z", ".123"),
    'created at "2026-03-02T14:05:11.123": has no zone; write 2026-03-02T14:05:11Z, or with ' +
      "an offset 2026-03-02T15:05:11+01:00",
  ],
])("%s is refused", async (line, message) => {
  expect(await refusals("fills.csv", `${header}\n${line}\n`)).toEqual([
    `fills.csv row 2, ${message}`,
  ]);
});
