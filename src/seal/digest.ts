/**
 * Hashes of conclusions, and the digests over them: row → UTC day → book → version.
 * docs/spec/hashing.md 5. Amounts come as the text that is also written to the database, identities as
 * prepared bytes (`identity`).
 */
import type { Decimal } from "../core/decimal.ts";
import type { Instant } from "../core/time.ts";
import { type Hash, RecordWriter, fail, kinds, record } from "./encoding.ts";

export interface AllocationRow {
  readonly close: Uint8Array;
  readonly closedAt: Instant;
  /** This, the next and the open share: undefined when unmatched. */
  readonly open: Uint8Array | undefined;
  readonly openedAt: Instant | undefined;
  readonly quantity: Decimal;
  readonly openShare: Decimal | undefined;
  readonly closeShare: Decimal;
  readonly costBasis: Decimal | undefined;
  readonly proceeds: Decimal;
  readonly pnl: Decimal | undefined;
  readonly missing: number;
}

export function allocationRowHash(row: AllocationRow): string {
  record.begin(kinds.allocation);
  record.raw(1, row.close);
  record.integer(2, row.closedAt);
  if (row.open !== undefined) record.raw(3, row.open);
  record.optionalInteger(4, row.openedAt);
  record.decimal(5, row.quantity);
  record.optionalDecimal(6, row.openShare);
  record.decimal(7, row.closeShare);
  record.optionalDecimal(8, row.costBasis);
  record.decimal(9, row.proceeds);
  record.optionalDecimal(10, row.pnl);
  record.code(11, row.missing);
  return record.leaf();
}

/** What is left of an opening fact. */
export interface OpenLotRow {
  readonly open: Uint8Array;
  readonly openedAt: Instant;
  readonly quantity: Decimal;
  readonly openShare: Decimal;
  readonly costBasis: Decimal | undefined;
  readonly missing: number;
}

export function openLotRowHash(row: OpenLotRow): string {
  record.begin(kinds.openLot);
  record.raw(1, row.open);
  record.integer(2, row.openedAt);
  record.decimal(3, row.quantity);
  record.decimal(4, row.openShare);
  record.optionalDecimal(5, row.costBasis);
  record.code(6, row.missing);
  return record.leaf();
}

/** SHA-256 over row hashes, in order of time and then of the hash's bytes; undefined of none. */
export function rowsHash(rowHashes: Iterable<Hash>): string | undefined {
  const writer = new RecordWriter();
  writer.beginBytes();
  let empty = true;
  for (const rowHash of rowHashes) {
    writer.putHash(rowHash);
    empty = false;
  }
  return empty ? undefined : writer.plainHash();
}

/** The digest of one UTC day of a book, of the `rowsHash` of its allocations and that of its open lots. */
export function dayDigest(allocations: Hash | undefined, openLots: Hash | undefined): string {
  record.begin(kinds.day);
  if (allocations !== undefined) record.hash(1, allocations);
  if (openLots !== undefined) record.hash(2, openLots);
  return record.leaf();
}

export interface DayDigest {
  /** Since 1970. */
  readonly day: number;
  readonly digest: Hash;
}

/** The digest of a book, of its days in order; undefined for a book without rows. */
export function bookDigest(
  portfolio: string,
  symbol: string,
  days: Iterable<DayDigest>,
): string | undefined {
  const writer = new RecordWriter();
  writer.begin(kinds.bookDigest);
  writer.text(1, portfolio);
  writer.text(2, symbol);
  writer.openField(3);
  let before = -1;
  for (const { day, digest } of days) {
    if (day <= before) fail("days out of order", day);
    writer.putInteger(day);
    writer.putHash(digest);
    before = day;
  }
  writer.closeField();
  return before < 0 ? undefined : writer.leaf();
}

export interface VersionPolicy {
  readonly method: string;
  readonly scope: string;
  readonly feePolicy: string;
  readonly engineVersion: number;
}

export interface BookDigest {
  readonly bookId: string;
  readonly digest: Hash;
}

/** The digest of a version, of its books that have one, in order of their ids. */
export function versionDigest(policy: VersionPolicy, books: Iterable<BookDigest>): string {
  const writer = new RecordWriter();
  writer.begin(kinds.versionDigest);
  writer.text(1, policy.method);
  writer.text(2, policy.scope);
  writer.text(3, policy.feePolicy);
  writer.integer(4, policy.engineVersion);
  writer.openField(5);
  let before = "";
  for (const { bookId, digest } of books) {
    if (bookId <= before) fail("books out of order", bookId);
    writer.putUuid(bookId);
    writer.putHash(digest);
    before = bookId;
  }
  writer.closeField();
  return writer.leaf();
}
