/**
 * docs/spec/hashing.md 1 to 6 read backwards and strictly: the bytes of a record into what it says, for
 * src/seal to hash again. Bytes that say nothing in the one way there is to say it are refused.
 */
import { isUtf8 } from "node:buffer";
import type { Fact, Fee } from "../../src/core/fact.ts";
import * as digest from "../../src/seal/digest.ts";
import * as leaf from "../../src/seal/leaf.ts";

export interface FieldRule {
  readonly tag: number;
  readonly optional: boolean;
  readonly name: string;
  /** `text`, `decimal`, `integer`, `hash`, `uuid`, `code`, `bytes`, `fees`, `days` or `books`. */
  readonly type: string;
}

/** Integers are bigints, hashes and ids hexadecimal text as src/seal takes them. */
export type Fields = Record<string, unknown>;

export interface RecordRule {
  readonly kind: number;
  readonly fields: readonly FieldRule[];
  /** By src/seal. */
  readonly hash: (fields: never) => string | undefined;
}

/** `3 venue text, 9? cost decimal` */
function rule(kind: number, text: string, hash: RecordRule["hash"]): RecordRule {
  const fields = text.split(",").map((field) => {
    const [tag = "", name = "", type = ""] = field.trim().split(/\s+/);
    return { tag: Number.parseInt(tag, 10), optional: tag.endsWith("?"), name, type };
  });
  return { kind, fields, hash };
}

const fact = (kind: Fact["kind"]) => (fields: Fields) =>
  leaf.factLeaf({ ...fields, kind } as unknown as Fact);

const book = "1 portfolio text, 2 symbol text";
const wallet = `${book}, 3 venue text, 4 account text`;

export const recordRules: Readonly<Record<string, RecordRule>> = {
  fill: rule(
    0x01,
    `${wallet}, 5 fillId text, 6 revision integer, 7 executedAt integer, 8 side text, 9 quantity decimal,
     10 price decimal, 11? quoteFee decimal, 12? baseFee decimal, 13? thirdFees fees, 14? sequence integer,
     15? orderId text, 16? strategy text, 17? tradeId text, 18? quoteSize decimal, 19? grain text`,
    fact("fill"),
  ),
  void: rule(
    0x02,
    `${book}, 3 targetKind text, 4 venue text, 5 account text, 6 targetId text, 7 targetRevision integer,
     8? asset text, 9 author text, 10 reason text, 11? valueRevision integer`,
    fact("void"),
  ),
  "opening lot": rule(
    0x03,
    `${wallet}, 5 key text, 6 revision integer, 7 openedAt integer, 8 quantity decimal, 9? cost decimal,
     10 author text, 11 note text`,
    fact("opening lot"),
  ),
  "fee value": rule(
    0x04,
    `${wallet}, 5 fillId text, 6 fillRevision integer, 7 asset text, 8 value decimal, 9 source text,
     10 revision integer`,
    fact("fee value"),
  ),
  adjustment: rule(
    0x05,
    `${wallet}, 5 entryId text, 6 tradeType text, 7? tradeId text, 8 executedAt integer, 9? side text,
     10? quantity decimal, 11? price decimal, 12? fees fees, 13? orderId text`,
    (fields: Fields) => fact("adjustment")({ fees: [], ...fields }),
  ),
  telling: rule(0x10, "1 source text, 2 raw text", (fields: { source: string; raw: string }) =>
    leaf.telling(fields.source, fields.raw),
  ),
  observation: rule(
    0x11,
    "1 telling hash, 2 outcome text, 3? fact hash, 4? told text",
    leaf.observationLeaf,
  ),
  batch: rule(
    0x20,
    "1 batchId uuid, 2 recordedAt integer, 3 source text, 4 author text, 5 inputs text",
    leaf.batchLeaf,
  ),
  seal: rule(
    0x21,
    `1 bookId uuid, 2 number integer, 3 previous hash, 4 batch hash, 5 firstEntry integer,
     6 factCount integer, 7 factRoot hash, 8 firstObservation integer, 9 observationCount integer,
     10 observationRoot hash`,
    leaf.sealHash,
  ),
  revision: rule(
    0x22,
    `1 number integer, 2 previous hash, 3 stamp integer, 4 kind text, 5 version integer, 6? bookId uuid,
     7 digest hash, 8 inputs hash`,
    leaf.revisionHash,
  ),
  "checkpoint book": rule(
    0x23,
    "1 bookId uuid, 2 lastEntry integer, 3 lastObservation integer, 4 lastSeal integer, 5 head hash",
    leaf.checkpointLeaf,
  ),
  allocation: rule(
    0x31,
    `1 close bytes, 2 closedAt integer, 3? open bytes, 4? openedAt integer, 5 quantity decimal,
     6? openShare decimal, 7 closeShare decimal, 8? costBasis decimal, 9 proceeds decimal, 10? pnl decimal,
     11 missing code`,
    digest.allocationRowHash,
  ),
  "open lot": rule(
    0x32,
    `1 open bytes, 2 openedAt integer, 3 quantity decimal, 4 openShare decimal, 5? costBasis decimal,
     6 missing code`,
    digest.openLotRowHash,
  ),
  day: rule(
    0x33,
    "1? allocations hash, 2? openLots hash",
    (fields: { allocations?: string; openLots?: string }) =>
      digest.dayDigest(fields.allocations, fields.openLots),
  ),
  "book digest": rule(
    0x34,
    `${book}, 3 days days`,
    (fields: { portfolio: string; symbol: string; days: digest.DayDigest[] }) =>
      digest.bookDigest(fields.portfolio, fields.symbol, fields.days),
  ),
  "version digest": rule(
    0x35,
    "1 method text, 2 scope text, 3 feePolicy text, 4 engineVersion integer, 5 books books",
    (fields: digest.VersionPolicy & { books: digest.BookDigest[] }) =>
      digest.versionDigest(fields, fields.books),
  ),
};

/** Of bytes that are no record. */
export class MalformedRecord extends Error {}

function require(holds: boolean, what: string): asserts holds {
  if (!holds) throw new MalformedRecord(what);
}

function textOf(bytes: Buffer): string {
  require(isUtf8(bytes), "text that is not UTF-8");
  return bytes.toString();
}

function decimalOf(bytes: Buffer): string {
  const text = textOf(bytes);
  require(/^(?!-0$)-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/.test(text), "a decimal out of normal form");
  return text;
}

function sized(bytes: Buffer, size: number): Buffer {
  require(bytes.length === size, "a value of another length");
  return bytes;
}

function uuidOf(bytes: Buffer): string {
  const hex = sized(bytes, 16).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Cuts off a value with its length before it. */
function counted(bytes: Buffer): [value: Buffer, rest: Buffer] {
  require(bytes.length >= 4, "no length");
  const end = 4 + bytes.readUInt32BE();
  require(bytes.length >= end, "a length beyond the end");
  return [bytes.subarray(4, end), bytes.subarray(end)];
}

function feesOf(bytes: Buffer): Fee[] {
  const fees: Fee[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const [asset, behind] = counted(rest);
    const [amount, next] = counted(behind);
    fees.push({ asset: textOf(asset), amount: decimalOf(amount) });
    rest = next;
  }
  return fees;
}

/** Pieces of one size, one after another. */
function pieces(bytes: Buffer, size: number): Buffer[] {
  require(bytes.length % size === 0, "half a piece");
  return Array.from({ length: bytes.length / size }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

const hexOf = (bytes: Buffer): string => sized(bytes, 32).toString("hex");

const readers: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  text: textOf,
  decimal: decimalOf,
  integer: (bytes) => sized(bytes, 8).readBigInt64BE(),
  hash: hexOf,
  uuid: uuidOf,
  code: (bytes) => sized(bytes, 1)[0],
  bytes: (bytes) => Buffer.from(bytes),
  fees: feesOf,
  days: (bytes) =>
    pieces(bytes, 40).map((piece) => ({
      day: Number(piece.readBigInt64BE()),
      digest: hexOf(piece.subarray(8)),
    })),
  books: (bytes) =>
    pieces(bytes, 48).map((piece) => ({
      bookId: uuidOf(piece.subarray(0, 16)),
      digest: hexOf(piece.subarray(16)),
    })),
};

/** The fees of a fill stand in three fields, and in one list in src/core. */
export function joinFees({ quoteFee, baseFee, thirdFees, ...fields }: Fields): Fields {
  const symbol = fields["symbol"] as string;
  const dash = symbol.lastIndexOf("-");
  const fees = [...((thirdFees ?? []) as Fee[])];
  const own = [symbol.slice(0, dash), symbol.slice(dash + 1)];
  require(!fees.some(({ asset }) => own.includes(asset)), "a third asset that is none");
  if (baseFee !== undefined) fees.unshift({ asset: own[0]!, amount: baseFee as string });
  if (quoteFee !== undefined) fees.unshift({ asset: own[1]!, amount: quoteFee as string });
  return { ...fields, fees };
}

export interface DecodedRecord {
  /** A name of `recordRules`. */
  readonly name: string;
  readonly fields: Fields;
}

/** Throws MalformedRecord. */
export function decode(bytes: Buffer): DecodedRecord {
  require(bytes[0] === 1, "another version");
  const found = Object.entries(recordRules).find(([, { kind }]) => kind === bytes[1]);
  require(found !== undefined, "no such kind");
  const [name, { fields: fieldRules }] = found;
  const fields: Fields = {};
  let rest = bytes.subarray(2);
  for (const { tag, optional, name: field, type } of fieldRules) {
    if (rest[0] !== tag) {
      require(optional, `${field} is missing`);
      continue;
    }
    const [value, next] = counted(rest.subarray(1));
    fields[field] = readers[type]!(value);
    rest = next;
  }
  require(rest.length === 0, "bytes behind the last field");
  return { name, fields: name === "fill" ? joinFees(fields) : fields };
}

/** Throws where src/seal has no encoding for what is said. */
export const hashOf = ({ name, fields }: DecodedRecord): string | undefined =>
  recordRules[name]!.hash(fields as never);
