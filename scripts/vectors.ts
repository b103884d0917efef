/**
 * Makes docs/spec/vectors.json, straight from docs/spec/hashing.md and with nothing of src/seal, so that the two can
 * be held against each other. `node scripts/vectors.ts > docs/spec/vectors.json`: made once; a change of any
 * existing vector would be a change of the scheme, which is not allowed.
 */
import { createHash } from "node:crypto";

type Field = readonly [tag: number, value: Buffer | undefined];
type Fields = Record<string, unknown>;

const sha256 = (...parts: Buffer[]): Buffer =>
  createHash("sha256").update(Buffer.concat(parts)).digest();

const uint32 = (value: number): Buffer => Buffer.from(value.toString(16).padStart(8, "0"), "hex");
const int64 = (value: unknown): Buffer =>
  Buffer.from(
    BigInt.asUintN(64, BigInt(value as string))
      .toString(16)
      .padStart(16, "0"),
    "hex",
  );
const text = (value: unknown): Buffer => Buffer.from(value as string, "utf8");
const hex = (value: unknown): Buffer => Buffer.from(value as string, "hex");
const uuid = (value: unknown): Buffer => hex((value as string).split("-").join(""));
const rowsHash = (value: unknown): Buffer => sha256(...(value as string[]).map(hex));
const counted = (value: unknown): Buffer => {
  const bytes = text(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
};
const optional = (value: unknown, encode: (value: unknown) => Buffer): Buffer | undefined =>
  value === undefined || value === null ? undefined : encode(value);

function encode(kind: number, fields: readonly Field[]): Buffer {
  const parts = [Buffer.from([1, kind])];
  for (const [tag, value] of fields) {
    if (value !== undefined) parts.push(Buffer.from([tag]), uint32(value.length), value);
  }
  return Buffer.concat(parts);
}

interface FeeFields {
  asset: string;
  amount: string;
}

function feeList(fees: readonly FeeFields[]): Buffer | undefined {
  if (fees.length === 0) return undefined;
  const byAsset = fees.toSorted((a, b) => Buffer.compare(text(a.asset), text(b.asset)));
  return Buffer.concat(byAsset.flatMap((fee) => [counted(fee.asset), counted(fee.amount)]));
}

function encodeFill(fact: Fields): Buffer {
  const symbol = fact["symbol"] as string;
  const dash = symbol.lastIndexOf("-");
  const [base, quote] = [symbol.slice(0, dash), symbol.slice(dash + 1)];
  const fees = fact["fees"] as FeeFields[];
  return encode(0x01, [
    [1, text(fact["portfolio"])],
    [2, text(symbol)],
    [3, text(fact["venue"])],
    [4, text(fact["account"])],
    [5, text(fact["fillId"])],
    [6, int64(fact["revision"])],
    [7, int64(fact["executedAt"])],
    [8, text(fact["side"])],
    [9, text(fact["quantity"])],
    [10, text(fact["price"])],
    [11, optional(fees.find((fee) => fee.asset === quote)?.amount, text)],
    [12, optional(fees.find((fee) => fee.asset === base)?.amount, text)],
    [13, feeList(fees.filter((fee) => fee.asset !== base && fee.asset !== quote))],
    [14, optional(fact["sequence"], int64)],
    [15, optional(fact["orderId"], text)],
    [16, optional(fact["strategy"], text)],
    [17, optional(fact["tradeId"], text)],
    [18, optional(fact["quoteSize"], text)],
    [19, optional(fact["grain"], text)],
  ]);
}

function encodeAdjustment(fact: Fields): Buffer {
  return encode(0x05, [
    [1, text(fact["portfolio"])],
    [2, text(fact["symbol"])],
    [3, text(fact["venue"])],
    [4, text(fact["account"])],
    [5, text(fact["entryId"])],
    [6, text(fact["tradeType"])],
    [7, optional(fact["tradeId"], text)],
    [8, int64(fact["executedAt"])],
    [9, optional(fact["side"], text)],
    [10, optional(fact["quantity"], text)],
    [11, optional(fact["price"], text)],
    [12, feeList(fact["fees"] as FeeFields[])],
    [13, optional(fact["orderId"], text)],
  ]);
}

type Encoder = (value: unknown) => Buffer;
type Column = readonly [tag: number, name: string, encode: Encoder, presence?: "optional"];

/** Records whose fields map one to one. */
const layouts: Record<string, readonly [kind: number, columns: readonly Column[]]> = {
  void: [
    0x02,
    [
      [1, "portfolio", text],
      [2, "symbol", text],
      [3, "targetKind", text],
      [4, "venue", text],
      [5, "account", text],
      [6, "targetId", text],
      [7, "targetRevision", int64],
      [8, "asset", text, "optional"],
      [9, "author", text],
      [10, "reason", text],
      [11, "valueRevision", int64, "optional"],
    ],
  ],
  "opening lot": [
    0x03,
    [
      [1, "portfolio", text],
      [2, "symbol", text],
      [3, "venue", text],
      [4, "account", text],
      [5, "key", text],
      [6, "revision", int64],
      [7, "openedAt", int64],
      [8, "quantity", text],
      [9, "cost", text, "optional"],
      [10, "author", text],
      [11, "note", text],
    ],
  ],
  "fee value": [
    0x04,
    [
      [1, "portfolio", text],
      [2, "symbol", text],
      [3, "venue", text],
      [4, "account", text],
      [5, "fillId", text],
      [6, "fillRevision", int64],
      [7, "asset", text],
      [8, "value", text],
      [9, "source", text],
      [10, "revision", int64],
    ],
  ],
  telling: [
    0x10,
    [
      [1, "source", text],
      [2, "raw", text],
    ],
  ],
  observation: [
    0x11,
    [
      [1, "telling", hex],
      [2, "outcome", text],
      [3, "fact", hex, "optional"],
    ],
  ],
  batch: [
    0x20,
    [
      [1, "batchId", uuid],
      [2, "recordedAt", int64],
      [3, "source", text],
      [4, "author", text],
      [5, "inputs", text],
    ],
  ],
  seal: [
    0x21,
    [
      [1, "bookId", uuid],
      [2, "number", int64],
      [3, "previous", hex],
      [4, "batch", hex],
      [5, "firstEntry", int64],
      [6, "factCount", int64],
      [7, "factRoot", hex],
      [8, "firstObservation", int64],
      [9, "observationCount", int64],
      [10, "observationRoot", hex],
    ],
  ],
  revision: [
    0x22,
    [
      [1, "number", int64],
      [2, "previous", hex],
      [3, "stamp", int64],
      [4, "kind", text],
      [5, "version", int64],
      [6, "bookId", uuid, "optional"],
      [7, "digest", hex],
      [8, "inputs", hex],
    ],
  ],
  book: [
    0x2f,
    [
      [1, "portfolio", text],
      [2, "symbol", text],
    ],
  ],
  allocation: [
    0x31,
    [
      [1, "close", hex],
      [2, "closedAt", int64],
      [3, "open", hex, "optional"],
      [4, "openedAt", int64, "optional"],
      [5, "quantity", text],
      [6, "openShare", text, "optional"],
      [7, "closeShare", text],
      [8, "costBasis", text, "optional"],
      [9, "proceeds", text],
      [10, "pnl", text, "optional"],
      [11, "missing", (value) => Buffer.from([value as number])],
    ],
  ],
  "open lot": [
    0x32,
    [
      [1, "open", hex],
      [2, "openedAt", int64],
      [3, "quantity", text],
      [4, "openShare", text],
      [5, "costBasis", text, "optional"],
      [6, "missing", (value) => Buffer.from([value as number])],
    ],
  ],
  day: [
    0x33,
    [
      [1, "allocations", rowsHash, "optional"],
      [2, "openLots", rowsHash, "optional"],
    ],
  ],
  "book digest": [
    0x34,
    [
      [1, "portfolio", text],
      [2, "symbol", text],
      [3, "days", (days) => joined(days, (day) => [int64(day["day"]), hex(day["digest"])])],
    ],
  ],
  "version digest": [
    0x35,
    [
      [1, "method", text],
      [2, "scope", text],
      [3, "feePolicy", text],
      [4, "engineVersion", int64],
      [5, "books", (books) => joined(books, (book) => [uuid(book["bookId"]), hex(book["digest"])])],
    ],
  ],
};

function joined(list: unknown, parts: (item: Fields) => Buffer[]): Buffer {
  return Buffer.concat((list as Fields[]).flatMap(parts));
}

function encodeRecord(kind: string, fields: Fields): Buffer {
  if (kind === "fill") return encodeFill(fields);
  if (kind === "adjustment") return encodeAdjustment(fields);
  const [code, columns] = layouts[kind]!;
  return encode(
    code,
    columns.map(([tag, name, encodeValue, presence]) => [
      tag,
      presence === "optional" ? optional(fields[name], encodeValue) : encodeValue(fields[name]),
    ]),
  );
}

function identity(
  kind: string,
  venue: string,
  account: string,
  id: string,
  revision: number,
): string {
  return Buffer.concat([
    Buffer.from([kind === "fill" ? 1 : 3]),
    counted(venue),
    counted(account),
    counted(id),
    int64(revision),
  ]).toString("hex");
}

function root(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.from([1]), root(leaves.slice(0, split)), root(leaves.slice(split)));
}

const sampleHash = (name: string): string => sha256(text(name)).toString("hex");
const noHash = "00".repeat(32);
const firstBook = "0b6f6e0a-1111-4222-8333-a44455556666";
const secondBook = "f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f";

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
const unicode = {
  portfolio: "Größe",
  symbol: "日本-€",
  venue: "биржа",
  account: "𝕏-1",
};

const fillVectors: readonly [string, Fields][] = [
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
const otherFacts: readonly [string, string, Fields][] = [
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

const closing = identity("fill", "coinbase", "main", "s-1", 0);
const opening = identity("fill", "coinbase", "main", "b-1", 2);
const lot = identity("opening lot", "биржа", "𝕏-1", "ключ", 0);
const allocation = {
  close: closing,
  closedAt: "1772460311123456789",
  open: opening,
  openedAt: "1772460300000000000",
  quantity: "10",
  openShare: "1.5",
  closeShare: "1",
  costBasis: "1001.5",
  proceeds: "1200",
  pnl: "197.5",
  missing: 0,
};
const { open: _open, openedAt: _openedAt, ...uncovered } = allocation;

const seal = {
  bookId: firstBook,
  number: 1,
  previous: noHash,
  batch: sampleHash("batch"),
  firstEntry: 1,
  factCount: 3,
  factRoot: sampleHash("facts"),
  firstObservation: 1,
  observationCount: 4,
  observationRoot: sampleHash("observations"),
};
const revision = {
  number: 1,
  previous: noHash,
  stamp: "1772460311123456",
  kind: "step",
  version: 1,
  bookId: firstBook,
  digest: sampleHash("digest"),
  inputs: sampleHash("inputs"),
};

const otherRecords: readonly [string, string, Fields][] = [
  ["telling", "a row", { source: "lotbook-csv", raw: "f-1,2026-03-02T14:05:11Z,BTC-USD,buy,1,2" }],
  ["telling", "empty", { source: "s", raw: "" }],
  ["telling", "unicode, with line ends", { source: "файл", raw: '"a\r\nb",\u{1F600},é\n' }],
  ["telling", "long", { source: "api", raw: '{"trade_id":"é"}'.repeat(400) }],
  [
    "observation",
    "recorded",
    { telling: sampleHash("t"), outcome: "recorded", fact: sampleHash("fact") },
  ],
  ["observation", "waiting", { telling: sampleHash("t"), outcome: "waiting" }],
  [
    "observation",
    "rounded copy",
    { telling: sampleHash("u"), outcome: "rounded copy", fact: sampleHash("another fact") },
  ],
  [
    "batch",
    "an import",
    {
      batchId: "018f4c1e-7b7a-7c3d-8e9f-0a1b2c3d4e5f",
      recordedAt: "1772460311123456",
      source: "lotbook-csv",
      author: "ana",
      inputs: "fills.csv\nmehr.csv",
    },
  ],
  [
    "batch",
    "without inputs",
    { batchId: secondBook, recordedAt: "0", source: "s", author: "Ł", inputs: "" },
  ],
  ["seal", "a book's first", seal],
  [
    "seal",
    "a later one, without facts",
    {
      ...seal,
      bookId: secondBook,
      number: "4294967296",
      previous: sampleHash("previous"),
      firstEntry: "9007199254740993",
      factCount: 0,
      factRoot: sha256().toString("hex"),
    },
  ],
  ["revision", "a step of a book", revision],
  [
    "revision",
    "a publish, about all books",
    without({ ...revision, number: 2, kind: "publish" }, "bookId"),
  ],
  [
    "revision",
    "a drop, without a digest",
    without({ ...revision, number: 3, kind: "drop", version: 7, digest: noHash }, "bookId"),
  ],
  ["book", "plain", { portfolio: "default", symbol: "BTC-USD" }],
  ["book", "a dash elsewhere", { portfolio: "defaultB", symbol: "TC-USD" }],
  ["book", "unicode", { portfolio: "Größe", symbol: "日本-€" }],
  ["allocation", "complete", allocation],
  [
    "allocation",
    "of an opening lot of unknown cost",
    without({ ...allocation, open: lot, openShare: "0", missing: 1 }, "costBasis", "pnl"),
  ],
  ["allocation", "a closing fee without a value", without({ ...allocation, missing: 2 }, "pnl")],
  [
    "allocation",
    "unmatched",
    without({ ...uncovered, missing: 4 }, "openShare", "costBasis", "pnl"),
  ],
  [
    "allocation",
    "unmatched and incomplete",
    without({ ...uncovered, missing: 6 }, "openShare", "costBasis", "pnl"),
  ],
  [
    "allocation",
    "a loss with 36 decimals",
    {
      ...allocation,
      quantity: "0.000000000000000001",
      openShare: "-0.333333333333333334",
      costBasis: "0.000000000000000000000000000000000001",
      proceeds: "9999999999999999999999999999999999999999.999999999999999999999999999999999999",
      pnl: "-123456789012345678901234567890.123456789012345678901234567890123456",
    },
  ],
  [
    "open lot",
    "complete",
    {
      open: opening,
      openedAt: "1772460300000000000",
      quantity: "3",
      openShare: "0.3",
      costBasis: "330.3",
      missing: 0,
    },
  ],
  [
    "open lot",
    "of unknown cost",
    { open: lot, openedAt: "0", quantity: "3", openShare: "0", missing: 1 },
  ],
  ["day", "one row", { allocations: [sampleHash("row 1")] }],
  [
    "day",
    "three rows",
    {
      allocations: [sampleHash("row 1"), sampleHash("row 2")],
      openLots: [sampleHash("row 3")],
    },
  ],
  ["day", "open lots only", { openLots: [sampleHash("row 1")] }],
  [
    "book digest",
    "one day",
    { portfolio: "default", symbol: "BTC-USD", days: [{ day: 0, digest: sampleHash("d") }] },
  ],
  [
    "book digest",
    "two days",
    {
      portfolio: "Größe",
      symbol: "日本-€",
      days: [
        { day: 20514, digest: sampleHash("day 1") },
        { day: 106650, digest: sampleHash("day 2") },
      ],
    },
  ],
  [
    "version digest",
    "no books",
    { method: "fifo", scope: "portfolio", feePolicy: "quote", engineVersion: 1, books: [] },
  ],
  [
    "version digest",
    "two books",
    {
      method: "fifo",
      scope: "account",
      feePolicy: "quote",
      engineVersion: 1,
      books: [
        { bookId: firstBook, digest: sampleHash("book 1") },
        { bookId: secondBook, digest: sampleHash("book 2") },
      ],
    },
  ],
];

function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function recordVector(kind: string, name: string, fields: Fields): Fields {
  const encoding = encodeRecord(kind, fields);
  const hash = sha256(Buffer.from([0]), encoding).toString("hex");
  const book = kind === "book" ? { bookId: asUuid(hash.slice(0, 32)) } : {};
  return { kind, name, fields, encoding: encoding.toString("hex"), hash, ...book };
}

function asUuid(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const leaves = Array.from({ length: 9 }, (_, index) => sha256(text(`leaf ${index}`)));
const inputs = [
  { bookId: firstBook, computedEntry: 12 },
  { bookId: secondBook, computedEntry: "9007199254740993" },
];
const vectors = {
  about:
    "Golden vectors of docs/spec/hashing.md; integers beyond 2^53 are text. Never changed, only added to.",
  records: [
    ...fillVectors.map(([name, fields]) => recordVector("fill", name, fields)),
    ...otherFacts.map(([kind, name, fields]) => recordVector(kind, name, fields)),
    ...otherRecords.map(([kind, name, fields]) => recordVector(kind, name, fields)),
  ],
  identities: [
    { kind: "fill", venue: "coinbase", account: "main", id: "s-1", revision: 0, bytes: closing },
    { kind: "fill", venue: "coinbase", account: "main", id: "b-1", revision: 2, bytes: opening },
    { kind: "opening lot", venue: "биржа", account: "𝕏-1", id: "ключ", revision: 0, bytes: lot },
  ],
  roots: Array.from({ length: 10 }, (_, count) => ({
    leaves: leaves.slice(0, count).map((leaf) => leaf.toString("hex")),
    root: root(leaves.slice(0, count)).toString("hex"),
  })),
  inputs: [0, 1, 2].map((count) => ({
    books: inputs.slice(0, count),
    hash: sha256(
      ...inputs.slice(0, count).flatMap((book) => [uuid(book.bookId), int64(book.computedEntry)]),
    ).toString("hex"),
  })),
};

process.stdout.write(`${JSON.stringify(vectors, undefined, 1)}\n`);
