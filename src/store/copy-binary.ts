/**
 * Reads a binary COPY stream. Values are taken from the bytes as they are needed, numerics as whole
 * numbers: no text is made of what stays a number, which is most of the work of reading many rows.
 */

const headLength = 19; // signature, flags, length of the extension (always 0 from a server)

/** The columns of the row being read: valid until the next one. */
export class BinaryRow {
  bytes: Buffer = Buffer.alloc(0);
  readonly #starts: Int32Array;
  /** -1: null. */
  readonly #lengths: Int32Array;

  constructor(columns: number) {
    this.#starts = new Int32Array(columns);
    this.#lengths = new Int32Array(columns);
  }

  /**
   * Finds the columns of the row at `at`; gives where the next one starts, -1 where the bytes end before,
   * -2 at the end mark.
   */
  find(at: number): number {
    const { bytes } = this;
    if (at + 2 > bytes.length) return -1;
    const count = bytes.readInt16BE(at);
    if (count < 0) return -2;
    if (count !== this.#starts.length)
      throw new Error(`a row of ${count} columns, not ${this.#starts.length}`);
    let next = at + 2;
    for (let column = 0; column < count; column += 1) {
      if (next + 4 > bytes.length) return -1;
      const length = bytes.readInt32BE(next);
      this.#starts[column] = next + 4;
      this.#lengths[column] = length;
      next += length < 0 ? 4 : 4 + length;
    }
    return next > bytes.length ? -1 : next;
  }

  isNull(column: number): boolean {
    return this.#lengths[column]! < 0;
  }

  /** The first byte: of a boolean (0 or 1) or a short code. */
  byte(column: number): number {
    return this.bytes[this.#starts[column]!]!;
  }

  int4(column: number): number {
    return this.bytes.readInt32BE(this.#starts[column]!);
  }

  bigint(column: number): bigint {
    return this.bytes.readBigInt64BE(this.#starts[column]!);
  }

  /** An int8 known to be a safe whole number: an entry number. */
  safeInteger(column: number): number {
    const at = this.#starts[column]!;
    return this.bytes.readInt32BE(at) * 0x1_0000_0000 + this.bytes.readUInt32BE(at + 4);
  }

  text(column: number): string {
    const start = this.#starts[column]!;
    const end = start + this.#lengths[column]!;
    for (let index = start; index < end; index += 1) {
      if (this.bytes[index]! > 127) return this.bytes.toString("utf8", start, end);
    }
    return this.bytes.toString("latin1", start, end);
  }

  /** A uuid as text: for where it is needed as a key, not for comparing row by row. */
  uuid(column: number): string {
    const start = this.#starts[column]!;
    const hex = this.bytes.toString("hex", start, start + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(
      16,
      20,
    )}-${hex.slice(20)}`;
  }

  /** Whether two rows' values of 16 bytes are the same: cheaper than making text of both. */
  sameUuid(column: number, other: Uint8Array): boolean {
    const start = this.#starts[column]!;
    return this.bytes.compare(other, 0, 16, start, start + 16) === 0;
  }

  copyOf(column: number): Uint8Array {
    const start = this.#starts[column]!;
    return Uint8Array.prototype.slice.call(this.bytes, start, start + this.#lengths[column]!);
  }

  /** Bytes in hexadecimal. */
  hex(column: number): string {
    const start = this.#starts[column]!;
    return this.bytes.toString("hex", start, start + this.#lengths[column]!);
  }

  /** A numeric of at most 18 decimals as a whole number of 10^-18. */
  units(column: number): bigint {
    return numericUnits(this.bytes, this.#starts[column]!);
  }
}

const negative = 0x4000;
const powers: readonly bigint[] = Array.from({ length: 64 }, (_, power) => 10n ** BigInt(power));

/**
 * PostgreSQL's numeric: count of base-10000 digits, weight of the first, sign, scale, digits. Groups of
 * three digits are gathered in a double, which holds 10^12 exactly, before they become a bigint.
 */
function numericUnits(bytes: Buffer, at: number): bigint {
  const count = bytes.readInt16BE(at);
  if (count === 0) return 0n;
  const weight = bytes.readInt16BE(at + 2);
  const sign = bytes.readInt16BE(at + 4);
  let units = 0n;
  for (let from = 0; from < count; from += 3) {
    const to = from + 3 < count ? from + 3 : count;
    let group = 0;
    for (let index = from; index < to; index += 1)
      group = group * 10_000 + bytes.readInt16BE(at + 8 + 2 * index);
    // The last digit of the group stands for 10^(4 x (weight - its index)).
    const exponent = 18 + 4 * (weight - to + 1);
    const whole = BigInt(group);
    // Below 10^-18 there are only the zeros that fill up a digit of four.
    units += exponent >= 0 ? whole * powers[exponent]! : whole / powers[-exponent]!;
  }
  return sign === negative ? -units : units;
}

/** Calls `take` for each row of a binary COPY stream with that many columns; chunks may be cut anywhere. */
export async function readBinaryRows(
  chunks: AsyncIterable<Uint8Array>,
  columns: number,
  take: (row: BinaryRow) => void,
): Promise<void> {
  const row = new BinaryRow(columns);
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  let begun = false;
  for await (const chunk of chunks) {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    row.bytes = at < rest.length ? Buffer.concat([rest.subarray(at), fresh]) : fresh;
    at = 0;
    if (!begun) {
      if (row.bytes.length < headLength) {
        rest = row.bytes;
        continue;
      }
      at = headLength;
      begun = true;
    }
    for (;;) {
      const next = row.find(at);
      if (next < 0) break;
      take(row);
      at = next;
    }
    rest = row.bytes;
  }
}
