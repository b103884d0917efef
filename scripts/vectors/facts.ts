/** The facts that vectors are made of: optional fields given and not, extremes, all lengths of UTF-8. */
import type { FeeFields, Fields } from "./encode.ts";

const fill = {
  portfolio: "default",
  symbol: "BTC-USD",
  venue: "coinbase",
  account: "main",
  fillId: "5b1c9f3e-7d21-4c55-9e0a-0d5c0a5f1e77",
  revision: 0,
  executedAt: "1772460311123456789",
  side: "buy",
  quantity: "0.00125",
  price: "67123.45",
  fees: [] as FeeFields[],
};
const place = { portfolio: "default", symbol: "BTC-USD", venue: "coinbase", account: "main" };
export const unicode = {
  portfolio: "Größe",
  symbol: "日本-€",
  venue: "биржа",
  account: "𝕏-1",
};

export const fillVectors: readonly [string, Fields][] = [
  ["plain buy without fees", fill],
  [
    "sale with a fee in the quote",
    { ...fill, side: "sell", fees: [{ asset: "USD", amount: "0.5034" }] },
  ],
  ["rebate", { ...fill, fees: [{ asset: "USD", amount: "-0.000000000000000001" }] }],
  ["fee in the base", { ...fill, fees: [{ asset: "BTC", amount: "0.00000125" }] }],
  [
    "fees in base, quote and two third assets",
    {
      ...fill,
      fees: [
        { asset: "BNB", amount: "0.01" },
        { asset: "BTC", amount: "0.00000125" },
        { asset: "USD", amount: "-1" },
        { asset: "ZRX", amount: "-2.5" },
      ],
    },
  ],
  [
    "third assets in byte order, which is not that of UTF-16",
    {
      ...fill,
      fees: [
        { asset: "B", amount: "1" },
        { asset: "b", amount: "2" },
        { asset: "\uFF21", amount: "3" },
        { asset: "\u{1F600}", amount: "4" },
      ],
    },
  ],
  [
    "every optional field",
    {
      ...fill,
      sequence: "9223372036854775807",
      orderId: "order 7",
      strategy: "grid;=1+1",
      tradeId: "t-1",
      quoteSize: "83.9043125",
      grain: "order",
    },
  ],
  ["sequence 0", { ...fill, sequence: "0" }],
  ["trade id only", { ...fill, tradeId: "t-1" }],
  [
    "greatest numbers and time",
    {
      ...fill,
      quantity: "99999999999999999999.999999999999999999",
      price: "99999999999999999999.999999999999999999",
      executedAt: "9214646399999999999",
      revision: 2_147_483_647,
    },
  ],
  [
    "least numbers and time",
    { ...fill, quantity: "0.000000000000000001", price: "0", executedAt: "0", revision: 1 },
  ],
  ["unicode", { ...fill, ...unicode, fillId: "é\u0001\t\u{10FFFF}", strategy: "e\u0301" }],
  ["long text", { ...fill, fillId: "x".repeat(200), orderId: "é".repeat(100) }],
  [
    "a symbol with two dashes, its quote fee",
    { ...fill, symbol: "A-B-C", fees: [{ asset: "C", amount: "1" }] },
  ],
  [
    "a symbol with two dashes, its base fee",
    { ...fill, symbol: "A-B-C", fees: [{ asset: "A-B", amount: "1" }] },
  ],
];

const author = { author: "ana", reason: "the venue busted it" };
export const otherFacts: readonly [string, string, Fields][] = [
  [
    "void",
    "of a fill",
    { ...place, targetKind: "fill", targetId: "f-1", targetRevision: 0, ...author },
  ],
  [
    "void",
    "of an opening lot, unicode",
    {
      ...unicode,
      targetKind: "opening lot",
      targetId: "ключ",
      targetRevision: 3,
      author: "Æ",
      reason: "—",
    },
  ],
  [
    "void",
    "of a fee value",
    {
      ...place,
      targetKind: "fee value",
      targetId: "f-1",
      targetRevision: 0,
      asset: "BNB",
      valueRevision: 2,
      ...author,
      reason: "a long reason, ".repeat(100),
    },
  ],
  [
    "opening lot",
    "with a cost",
    {
      ...place,
      key: "before 2025",
      revision: 0,
      openedAt: "1735689600000000000",
      quantity: "12.5",
      cost: "100000.01",
      author: "ana",
      note: "from the old books",
    },
  ],
  [
    "opening lot",
    "of unknown cost",
    { ...place, key: "k", revision: 0, openedAt: "0", quantity: "1", author: "ana", note: "gift" },
  ],
  [
    "opening lot",
    "of cost 0, replaced",
    {
      ...unicode,
      key: "k",
      revision: 1,
      openedAt: "1",
      quantity: "1",
      cost: "0",
      author: "ana",
      note: "ü",
    },
  ],
  [
    "fee value",
    "first",
    {
      ...place,
      fillId: "f-1",
      fillRevision: 0,
      asset: "BNB",
      value: "6.25",
      source: "ana",
      revision: 0,
    },
  ],
  [
    "fee value",
    "negative, replaced",
    {
      ...unicode,
      fillId: "f-1",
      fillRevision: 2,
      asset: "円",
      value: "-0.5",
      source: "csv",
      revision: 7,
    },
  ],
  [
    "fee value",
    "0",
    { ...place, fillId: "f", fillRevision: 0, asset: "B", value: "0", source: "s", revision: 0 },
  ],
  [
    "adjustment",
    "least fields",
    {
      ...place,
      entryId: "e-1",
      tradeType: "REVERSAL",
      executedAt: "1772460311000000000",
      fees: [],
    },
  ],
  [
    "adjustment",
    "every field, fees in all assets",
    {
      ...place,
      entryId: "e-2",
      tradeType: "CORRECTION",
      tradeId: "t-9",
      executedAt: "1772460311000000000",
      side: "sell",
      quantity: "-1.5",
      price: "2",
      fees: [
        { asset: "BNB", amount: "0.1" },
        { asset: "BTC", amount: "-0.2" },
        { asset: "USD", amount: "3" },
      ],
      orderId: "o-1",
    },
  ],
  [
    "adjustment",
    "unicode",
    {
      ...unicode,
      entryId: "ß",
      tradeType: "SYNTHETIC",
      executedAt: "1",
      side: "buy",
      price: "0",
      fees: [],
    },
  ],
];
