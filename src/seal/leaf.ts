/**
 * Leaves of facts, tellings, batches, seals and revisions: docs/spec/hashing.md 2, 3, 4 and 6.
 * All hashes given are in hexadecimal.
 */
import type { Adjustment, Fact, Fee, FeeValue, Fill, OpeningLot, Void } from "../core/fact.ts";
import { type Hash, RecordWriter, fail, kinds, record } from "./encoding.ts";

/** The hash before the first of a chain. */
export const noHash = "0".repeat(64);

/** The leaf of a fact. */
export function factLeaf(fact: Fact): string {
  switch (fact.kind) {
    case "fill":
      writeFill(fact);
      break;
    case "void":
      writeVoid(fact);
      break;
    case "opening lot":
      writeOpeningLot(fact);
      break;
    case "fee value":
      writeFeeValue(fact);
      break;
    case "adjustment":
      writeAdjustment(fact);
      break;
  }
  return record.leaf();
}

function writeFill(fill: Fill): void {
  record.begin(kinds.fill);
  record.text(1, fill.portfolio);
  record.text(2, fill.symbol);
  record.text(3, fill.venue);
  record.text(4, fill.account);
  record.text(5, fill.fillId);
  record.integer(6, fill.revision);
  record.integer(7, fill.executedAt);
  record.text(8, fill.side);
  record.decimal(9, fill.quantity);
  record.decimal(10, fill.price);
  if (fill.fees.length > 0) writeFillFees(fill);
  record.optionalInteger(14, fill.sequence);
  record.optionalText(15, fill.orderId);
  record.optionalText(16, fill.strategy);
  record.optionalText(17, fill.tradeId);
  record.optionalDecimal(18, fill.quoteSize);
  record.optionalText(19, fill.grain);
}

function writeFillFees(fill: Fill): void {
  const dash = fill.symbol.lastIndexOf("-");
  const base = fill.symbol.slice(0, dash);
  const quote = fill.symbol.slice(dash + 1);
  let quoteFee: Fee | undefined;
  let baseFee: Fee | undefined;
  let thirdFees: Fee[] | undefined;
  for (const fee of fill.fees) {
    if (fee.asset === quote) quoteFee = onlyFee(quoteFee, fee);
    else if (fee.asset === base) baseFee = onlyFee(baseFee, fee);
    else (thirdFees ??= []).push(fee);
  }
  if (quoteFee !== undefined) record.decimal(11, quoteFee.amount);
  if (baseFee !== undefined) record.decimal(12, baseFee.amount);
  if (thirdFees !== undefined) writeFees(13, thirdFees);
}

function onlyFee(before: Fee | undefined, fee: Fee): Fee {
  if (before !== undefined) fail("two fees in one asset", fee.asset);
  if (fee.amount === "0") fail("a fee of 0", fee.asset);
  return fee;
}

function writeFees(tag: number, fees: readonly Fee[]): void {
  record.openField(tag);
  let before: Fee | undefined;
  for (const fee of fees) {
    if (fee.amount === "0") fail("a fee of 0", fee.asset);
    if (
      before !== undefined &&
      Buffer.compare(Buffer.from(before.asset), Buffer.from(fee.asset)) >= 0
    )
      fail("fees that are not by asset in byte order", fee.asset);
    record.putCountedText(fee.asset);
    record.putCountedDecimal(fee.amount);
    before = fee;
  }
  record.closeField();
}

function writeVoid(fact: Void): void {
  record.begin(kinds.void);
  record.text(1, fact.portfolio);
  record.text(2, fact.symbol);
  record.text(3, fact.targetKind);
  record.text(4, fact.venue);
  record.text(5, fact.account);
  record.text(6, fact.targetId);
  record.integer(7, fact.targetRevision);
  record.optionalText(8, fact.asset);
  record.text(9, fact.author);
  record.text(10, fact.reason);
  record.optionalInteger(11, fact.valueRevision);
}

function writeOpeningLot(lot: OpeningLot): void {
  record.begin(kinds.openingLot);
  record.text(1, lot.portfolio);
  record.text(2, lot.symbol);
  record.text(3, lot.venue);
  record.text(4, lot.account);
  record.text(5, lot.key);
  record.integer(6, lot.revision);
  record.integer(7, lot.openedAt);
  record.decimal(8, lot.quantity);
  record.optionalDecimal(9, lot.cost);
  record.text(10, lot.author);
  record.text(11, lot.note);
}

function writeFeeValue(fact: FeeValue): void {
  record.begin(kinds.feeValue);
  record.text(1, fact.portfolio);
  record.text(2, fact.symbol);
  record.text(3, fact.venue);
  record.text(4, fact.account);
  record.text(5, fact.fillId);
  record.integer(6, fact.fillRevision);
  record.text(7, fact.asset);
  record.decimal(8, fact.value);
  record.text(9, fact.source);
  record.integer(10, fact.revision);
}

function writeAdjustment(fact: Adjustment): void {
  record.begin(kinds.adjustment);
  record.text(1, fact.portfolio);
  record.text(2, fact.symbol);
  record.text(3, fact.venue);
  record.text(4, fact.account);
  record.text(5, fact.entryId);
  record.text(6, fact.tradeType);
  record.optionalText(7, fact.tradeId);
  record.integer(8, fact.executedAt);
  record.optionalText(9, fact.side);
  record.optionalDecimal(10, fact.quantity);
  record.optionalDecimal(11, fact.price);
  if (fact.fees.length > 0) writeFees(12, fact.fees);
  record.optionalText(13, fact.orderId);
}

/** What makes the same bytes from the same source known again. */
export function telling(source: string, raw: string): string {
  record.begin(kinds.telling);
  record.text(1, source);
  record.text(2, raw);
  return record.leaf();
}

export interface ObservationFields {
  readonly telling: Hash;
  readonly outcome: string;
  /** The leaf of the fact it tells of; undefined while it waits for a person. */
  readonly fact: Hash | undefined;
  /** The fact that was told, as a line of an export, where it is not the recorded one as it stands. */
  readonly told?: string | undefined;
}

export function observationLeaf(observation: ObservationFields): string {
  record.begin(kinds.observation);
  record.hash(1, observation.telling);
  record.text(2, observation.outcome);
  if (observation.fact !== undefined) record.hash(3, observation.fact);
  record.optionalText(4, observation.told);
  return record.leaf();
}

export interface BatchFields {
  /** A UUID in its canonical text. */
  readonly batchId: string;
  /** Microseconds since 1970. */
  readonly recordedAt: bigint;
  readonly source: string;
  readonly author: string;
  readonly inputs: string;
}

export function batchLeaf(batch: BatchFields): string {
  record.begin(kinds.batch);
  record.uuid(1, batch.batchId);
  record.integer(2, batch.recordedAt);
  record.text(3, batch.source);
  record.text(4, batch.author);
  record.text(5, batch.inputs);
  return record.leaf();
}

export interface SealFields {
  readonly bookId: string;
  readonly number: number | bigint;
  /** `noHash` for a book's first seal. */
  readonly previous: Hash;
  readonly batch: Hash;
  /** Where it adds no facts: the next entry number to be given. Observations likewise. */
  readonly firstEntry: number | bigint;
  readonly factCount: number | bigint;
  readonly factRoot: Hash;
  readonly firstObservation: number | bigint;
  readonly observationCount: number | bigint;
  readonly observationRoot: Hash;
}

export function sealHash(seal: SealFields): string {
  record.begin(kinds.seal);
  record.uuid(1, seal.bookId);
  record.integer(2, seal.number);
  record.hash(3, seal.previous);
  record.hash(4, seal.batch);
  record.integer(5, seal.firstEntry);
  record.integer(6, seal.factCount);
  record.hash(7, seal.factRoot);
  record.integer(8, seal.firstObservation);
  record.integer(9, seal.observationCount);
  record.hash(10, seal.observationRoot);
  return record.leaf();
}

export interface RevisionFields {
  readonly number: number | bigint;
  /** `noHash` for the first revision. */
  readonly previous: Hash;
  /** Microseconds since 1970. */
  readonly stamp: bigint;
  readonly kind: "step" | "publish" | "drop";
  readonly version: number;
  /** Undefined when it is about all books. */
  readonly bookId: string | undefined;
  /** The book's digest, or the version's when it is about all books; undefined where there is none. */
  readonly digest: Hash | undefined;
  /** What `inputsHash` gives. */
  readonly inputs: Hash;
}

export function revisionHash(revision: RevisionFields): string {
  record.begin(kinds.revision);
  record.integer(1, revision.number);
  record.hash(2, revision.previous);
  record.integer(3, revision.stamp);
  record.text(4, revision.kind);
  record.integer(5, revision.version);
  if (revision.bookId !== undefined) record.uuid(6, revision.bookId);
  record.hash(7, revision.digest ?? noHash);
  record.hash(8, revision.inputs);
  return record.leaf();
}

export interface BookHead {
  readonly bookId: string;
  readonly lastEntry: number | bigint;
  readonly lastObservation: number | bigint;
  readonly lastSeal: number | bigint;
  /** Hash of that seal; `noHash` where there is none. */
  readonly head: Hash;
}

/** A book's leaf in a checkpoint: docs/spec/checkpoint.md 1. */
export function checkpointLeaf(book: BookHead): string {
  record.begin(kinds.checkpointBook);
  record.uuid(1, book.bookId);
  record.integer(2, book.lastEntry);
  record.integer(3, book.lastObservation);
  record.integer(4, book.lastSeal);
  record.hash(5, book.head);
  return record.leaf();
}

export interface BookInput {
  readonly bookId: string;
  readonly computedEntry: number | bigint;
}

/** Which facts a step took in: its books in order of their ids. */
export function inputsHash(books: Iterable<BookInput>): string {
  const writer = new RecordWriter();
  writer.beginBytes();
  let before = "";
  for (const { bookId: id, computedEntry } of books) {
    if (id <= before) fail("books out of order", id);
    writer.putUuid(id);
    writer.putInteger(computedEntry);
    before = id;
  }
  return writer.plainHash();
}

/** The id of a book: it follows from its name, so no counter is needed. */
export function bookId(portfolio: string, symbol: string): string {
  record.begin(kinds.book);
  record.text(1, portfolio);
  record.text(2, symbol);
  const hex = record.leaf();
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join("-");
}

/** The bytes that name a fill (id: its fill id) or an opening lot (id: its key) within its book. */
export function identity(
  kind: "fill" | "opening lot",
  venue: string,
  account: string,
  id: string,
  revision: number,
): Uint8Array {
  record.beginBytes();
  record.putByte(kind === "fill" ? kinds.fill : kinds.openingLot);
  record.putCountedText(venue);
  record.putCountedText(account);
  record.putCountedText(id);
  record.putInteger(revision);
  return record.bytes();
}
