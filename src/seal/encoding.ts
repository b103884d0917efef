/**
 * The canonical encoding of records: docs/spec/hashing.md 1. Version byte, kind byte, then fields in
 * ascending tag order: tag byte, length in 4 bytes, value.
 *
 * A writer keeps one growing buffer: a million facts make a million hashes and next to no garbage. What
 * can't be encoded in one way only (ill-formed text, a decimal out of normal form, a tag out of order) is a
 * fault of the caller and throws: it must never become a hash.
 */
import { hash } from "node:crypto";
import type { Decimal } from "../core/decimal.ts";

/** A SHA-256 hash: 64 small hexadecimal digits, or 32 bytes. */
export type Hash = string | Uint8Array;

export const formatVersion = 1;

/** The kind byte of each record. */
export const kinds = {
  fill: 0x01,
  void: 0x02,
  openingLot: 0x03,
  feeValue: 0x04,
  adjustment: 0x05,
  telling: 0x10,
  observation: 0x11,
  batch: 0x20,
  seal: 0x21,
  revision: 0x22,
  checkpointBook: 0x23,
  book: 0x2f,
  allocation: 0x31,
  openLot: 0x32,
  day: 0x33,
  bookDigest: 0x34,
  versionDigest: 0x35,
} as const;

const hashLength = 32;
const uuidLength = 16;
const uuidShape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Where the record begins: the byte before it is the prefix `00` of a leaf. */
const recordStart = 1;
const fieldHead = 5;
/** Up to this length a loop beats a call into Node's encoder. */
const shortText = 24;

const zero = 48;
const nine = 57;
const minus = 45;
const point = 46;

export class RecordWriter {
  #buffer = Buffer.alloc(4096);
  #view = new DataView(this.#buffer.buffer);
  #end = recordStart;
  #valueStart = recordStart;
  #lastTag = 0;

  /** Starts a record; what was written before is gone. */
  begin(kind: number): void {
    this.#buffer[recordStart] = formatVersion;
    this.#buffer[recordStart + 1] = kind;
    this.#end = recordStart + 2;
    this.#lastTag = 0;
  }

  /** Starts bytes that are no record: an identity, or what is hashed plainly. */
  beginBytes(): void {
    this.#end = recordStart;
    this.#lastTag = 0;
  }

  /** SHA-256 of `00` and the record, in hexadecimal. */
  leaf(): string {
    return hash("sha256", this.#buffer.subarray(0, this.#end), "hex");
  }

  /** SHA-256 of what was written, without a prefix. */
  plainHash(): string {
    return hash("sha256", this.#buffer.subarray(recordStart, this.#end), "hex");
  }

  /** A copy of what was written. */
  bytes(): Uint8Array {
    // Buffer.from draws on Node's pool: a typed array of more than 64 bytes costs five times as much.
    return Buffer.from(this.#buffer.subarray(recordStart, this.#end));
  }

  text(tag: number, value: string): void {
    this.openField(tag);
    this.putText(value);
    this.closeField();
  }

  optionalText(tag: number, value: string | undefined): void {
    if (value !== undefined) this.text(tag, value);
  }

  decimal(tag: number, value: Decimal): void {
    this.openField(tag);
    this.putDecimal(value);
    this.closeField();
  }

  optionalDecimal(tag: number, value: Decimal | undefined): void {
    if (value !== undefined) this.decimal(tag, value);
  }

  integer(tag: number, value: number | bigint): void {
    this.openField(tag);
    this.putInteger(value);
    this.closeField();
  }

  optionalInteger(tag: number, value: number | bigint | undefined): void {
    if (value !== undefined) this.integer(tag, value);
  }

  code(tag: number, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 255) fail("a code that is no byte", value);
    this.openField(tag);
    this.#buffer[this.#end] = value;
    this.#end += 1;
    this.closeField();
  }

  hash(tag: number, value: Hash): void {
    this.openField(tag);
    this.putHash(value);
    this.closeField();
  }

  uuid(tag: number, uuid: string): void {
    this.openField(tag);
    this.putUuid(uuid);
    this.closeField();
  }

  raw(tag: number, value: Uint8Array): void {
    this.openField(tag);
    this.putBytes(value);
    this.closeField();
  }

  /** Begins a field whose value is put together by the `put` methods; `closeField` writes its length. */
  openField(tag: number): void {
    if (tag <= this.#lastTag) fail("a tag out of order", tag);
    this.#lastTag = tag;
    this.#reserve(fieldHead);
    this.#buffer[this.#end] = tag;
    this.#end += fieldHead;
    this.#valueStart = this.#end;
    // A value of up to 8 bytes needs no test of its own.
    this.#reserve(8);
  }

  closeField(): void {
    this.#putLength(this.#valueStart - 4, this.#end - this.#valueStart);
  }

  putText(value: string): void {
    const length = value.length;
    // A UTF-16 unit makes at most three bytes of UTF-8.
    this.#reserve(length * 3);
    if (length > shortText || !this.#putShortAscii(value)) {
      const written = this.#buffer.write(value, this.#end, "utf8");
      // More bytes than units: not ASCII. Lone surrogates would all become the same replacement character.
      if (written !== length && !value.isWellFormed()) fail("text that is not well-formed", value);
      this.#end += written;
    }
  }

  putDecimal(value: Decimal): void {
    const length = value.length;
    this.#reserve(length);
    const buffer = this.#buffer;
    const end = this.#end;
    let pointAt = -1;
    let last = 0;
    for (let index = 0; index < length; index += 1) {
      last = value.charCodeAt(index);
      if (last === point && pointAt < 0) pointAt = index;
      else if ((last < zero || last > nine) && (last !== minus || index > 0)) last = -1;
      if (last < 0) break;
      buffer[end + index] = last;
    }
    const first = value.charCodeAt(0) === minus ? 1 : 0;
    const wholeDigits = (pointAt < 0 ? length : pointAt) - first;
    if (
      last < zero ||
      wholeDigits < 1 ||
      (pointAt >= 0 && last === zero) ||
      (value.charCodeAt(first) === zero && (wholeDigits > 1 || (first === 1 && pointAt < 0)))
    )
      fail("a decimal out of normal form", value);
    this.#end = end + length;
  }

  /** 8 bytes, big-endian, two's complement. */
  putInteger(value: number | bigint): void {
    this.#reserve(8);
    if (typeof value === "bigint") {
      if (BigInt.asIntN(64, value) !== value) fail("an integer of more than 64 bits", value);
      this.#view.setBigInt64(this.#end, value);
    } else {
      if (!Number.isSafeInteger(value)) fail("a number that is no safe integer", value);
      this.#view.setInt32(this.#end, Math.floor(value / 0x1_0000_0000));
      this.#view.setInt32(this.#end + 4, value | 0);
    }
    this.#end += 8;
  }

  putHash(value: Hash): void {
    this.#reserve(hashLength);
    writeHash(this.#buffer, this.#end, value);
    this.#end += hashLength;
  }

  /** 16 bytes of a UUID in its canonical text. */
  putUuid(uuid: string): void {
    this.#reserve(uuidLength);
    if (!uuidShape.test(uuid)) fail("a malformed UUID", uuid);
    this.#buffer.write(uuid.replaceAll("-", ""), this.#end, "hex");
    this.#end += uuidLength;
  }

  putBytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#end);
    this.#end += value.length;
  }

  putByte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#end] = value;
    this.#end += 1;
  }

  /** Text with its length in 4 bytes before it, as in identities and fees. */
  putCountedText(value: string): void {
    this.#reserve(4);
    this.#end += 4;
    const start = this.#end;
    this.putText(value);
    this.#putLength(start - 4, this.#end - start);
  }

  putCountedDecimal(value: Decimal): void {
    this.#reserve(4);
    this.#putLength(this.#end, value.length);
    this.#end += 4;
    this.putDecimal(value);
  }

  #putLength(at: number, length: number): void {
    this.#buffer[at] = length >>> 24;
    this.#buffer[at + 1] = length >>> 16;
    this.#buffer[at + 2] = length >>> 8;
    this.#buffer[at + 3] = length;
  }

  #putShortAscii(value: string): boolean {
    const buffer = this.#buffer;
    const end = this.#end;
    const length = value.length;
    for (let index = 0; index < length; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 127) return false;
      buffer[end + index] = unit;
    }
    this.#end = end + length;
    return true;
  }

  #reserve(length: number): void {
    if (this.#end + length > this.#buffer.length) this.#grow(this.#end + length);
  }

  #grow(needed: number): void {
    const larger = Buffer.alloc(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** The value of each hexadecimal digit by its character code; a bit above them for all else. */
const noDigit = 0x100;
const digitValues = new Uint16Array(128).fill(noDigit);
for (let value = 0; value < 16; value += 1) digitValues[value.toString(16).charCodeAt(0)] = value;

/** Writes the 32 bytes of a hash into a buffer. */
export function writeHash(buffer: Buffer, at: number, value: Hash): void {
  if (typeof value !== "string") {
    if (value.length !== hashLength) fail("a hash of another length", value.length);
    buffer.set(value, at);
    return;
  }
  // Node's own decoder takes half as long again, and takes capitals.
  let seen = value.length === 2 * hashLength ? 0 : noDigit;
  for (let index = 0; index < hashLength; index += 1) {
    const high = digitValues[value.charCodeAt(2 * index)] ?? noDigit;
    const low = digitValues[value.charCodeAt(2 * index + 1)] ?? noDigit;
    seen |= high | low;
    buffer[at + index] = (high << 4) | low;
  }
  if (seen >= noDigit) fail("a malformed hash", value);
}

export function fail(what: string, value: unknown): never {
  throw new TypeError(`lotbook can't encode ${what}: ${String(value)}`);
}

/**
 * The writer that all records of fixed shape share. Nothing else may run between `begin` and `leaf`, so a
 * list that a caller iterates for us is written by a writer of its own.
 */
export const record = new RecordWriter();
