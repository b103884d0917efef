/** The records other than facts that vectors are made of. */
import { type Fields, identity, sha256, text } from "./encode.ts";

const sampleHash = (name: string): string => sha256(text(name)).toString("hex");
const noHash = "00".repeat(32);
export const firstBook = "0b6f6e0a-1111-4222-8333-a44455556666";
export const secondBook = "f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f";

export const closing = identity("fill", "coinbase", "main", "s-1", 0);
export const opening = identity("fill", "coinbase", "main", "b-1", 2);
export const lot = identity("opening lot", "биржа", "𝕏-1", "ключ", 0);
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

const toldLine = (fillId: string): string =>
  JSON.stringify({
    type: "fill",
    portfolio: "default",
    symbol: "BTC-USD",
    venue: "coinbase",
    account: "main",
    fill_id: fillId,
    revision: 0,
    executed_at: "2026-03-02T14:05:11.123Z",
    side: "buy",
    quantity: "0.015",
    price: "60100",
    fees: [{ asset: "USD", amount: "5.409" }],
  });

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

export const otherRecords: readonly [string, string, Fields][] = [
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
    "observation",
    "a conflict, with what was told",
    {
      telling: sampleHash("v"),
      outcome: "conflict",
      fact: sampleHash("fact"),
      told: toldLine("f1"),
    },
  ],
  [
    "observation",
    "waiting, with what was told",
    { telling: sampleHash("w"), outcome: "waiting", told: toldLine("Füllung 1") },
  ],
  [
    "observation",
    "a decision about a fact",
    { telling: sampleHash("x"), outcome: "decision", fact: sampleHash("fact") },
  ],
  ["observation", "a decision about no fact", { telling: sampleHash("y"), outcome: "decision" }],
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
  [
    "checkpoint book",
    "a book with facts",
    {
      bookId: "3f2b8c1d-0a4e-4f6b-9c7d-112233445566",
      lastEntry: 1200,
      lastObservation: 1311,
      lastSeal: 17,
      head: "ab".repeat(32),
    },
  ],
  [
    "checkpoint book",
    "a book without a seal",
    {
      bookId: "00000000-0000-0000-0000-0000000000ff",
      lastEntry: 0,
      lastObservation: 0,
      lastSeal: 0,
      head: "00".repeat(32),
    },
  ],
];

function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
