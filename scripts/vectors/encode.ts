/** The encodings and hashes of docs/spec/hashing.md, written plainly from its text. */
import { createHash } from "node:crypto";

/** A Buffer that `Buffer.concat` takes. */
export type Bytes = Buffer<ArrayBuffer>;
type Field = readonly [tag: number, value: Bytes | undefined];
export type Fields = Record<string, unknown>;

export const sha256 = (...parts: Bytes[]): Bytes =>
  createHash("sha256").update(Buffer.concat(parts)).digest();

const uint32 = (value: number): Bytes => Buffer.from(value.toString(16).padStart(8, "0"), "hex");
export const int64 = (value: unknown): Bytes =>
  Buffer.from(
    BigInt.asUintN(64, BigInt(value as string))
      .toString(16)
      .padStart(16, "0"),
    "hex",
  );
export const text = (value: unknown): Bytes => Buffer.from(value as string, "utf8");
const hex = (value: unknown): Bytes => Buffer.from(value as string, "hex");
export const uuid = (value: unknown): Bytes => hex((value as string).split("-").join(""));
const rowsHash = (value: unknown): Bytes => sha256(...(value as string[]).map(hex));
const counted = (value: unknown): Bytes => {
  const bytes = text(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
};
const optional = (value: unknown, write: (value: unknown) => Bytes): Bytes | undefined =>
  value === undefined || value === null ? undefined : write(value);

function encode(kind: number, fields: readonly Field[]): Bytes {
  const parts = [Buffer.from([1, kind])];
  for (const [tag, value] of fields) {
    if (value !== undefined) parts.push(Buffer.from([tag]), uint32(value.length), value);
  }
  return Buffer.concat(parts);
}

export interface FeeFields {
  asset: string;
  amount: string;
}

function feeList(fees: readonly FeeFields[]): Bytes | undefined {
  if (fees.length === 0) return undefined;
  const byAsset = fees.toSorted((a, b) => Buffer.compare(text(a.asset), text(b.asset)));
  return Buffer.concat(byAsset.flatMap((fee) => [counted(fee.asset), counted(fee.amount)]));
}

function encodeFill(fact: Fields): Bytes {
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

function encodeAdjustment(fact: Fields): Bytes {
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

type Encoder = (value: unknown) => Bytes;
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
      [4, "told", text, "optional"],
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
  "checkpoint book": [
    0x23,
    [
      [1, "bookId", uuid],
      [2, "lastEntry", int64],
      [3, "lastObservation", int64],
      [4, "lastSeal", int64],
      [5, "head", hex],
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

function joined(list: unknown, parts: (item: Fields) => Bytes[]): Bytes {
  return Buffer.concat((list as Fields[]).flatMap(parts));
}

export function encodeRecord(kind: string, fields: Fields): Bytes {
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

export function identity(
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

export function root(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.from([1]), root(leaves.slice(0, split)), root(leaves.slice(split)));
}
