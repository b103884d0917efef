/** Writes the text format of COPY into a buffer that is used again: nothing is left for the garbage collector but what is sent. */

const tab = 9;
const newline = 10;
const backslash = 92;

export class CopyText {
  #buffer = Buffer.allocUnsafe(1 << 16);
  #end = 0;

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#end;
  }

  /** A column of plain ASCII without tab, newline or backslash: numbers, uuids. Ends the column. */
  plain(text: string): void {
    const { length } = text;
    if (this.#end + length + 1 > this.#buffer.length) this.#grow(length + 1);
    const buffer = this.#buffer;
    let end = this.#end;
    if (length > 24) end += buffer.write(text, end, "latin1");
    else for (let index = 0; index < length; index += 1) buffer[end++] = text.charCodeAt(index);
    buffer[end] = tab;
    this.#end = end + 1;
  }

  whole(value: number): void {
    this.plain(value.toString());
  }

  /** A null, unless the text is given. */
  optional(text: string | undefined): void {
    if (text === undefined) this.nothing();
    else this.plain(text);
  }

  nothing(): void {
    if (this.#end + 3 > this.#buffer.length) this.#grow(3);
    this.#buffer[this.#end] = backslash;
    this.#buffer[this.#end + 1] = 78;
    this.#buffer[this.#end + 2] = tab;
    this.#end += 3;
  }

  /** A bytea column, from hexadecimal. */
  hex(hex: string): void {
    if (this.#end + hex.length + 4 > this.#buffer.length) this.#grow(hex.length + 4);
    const buffer = this.#buffer;
    buffer[this.#end] = backslash;
    buffer[this.#end + 1] = backslash;
    buffer[this.#end + 2] = 120;
    const end = this.#end + 3 + buffer.write(hex, this.#end + 3, "latin1");
    buffer[end] = tab;
    this.#end = end + 1;
  }

  /** Ends the row: the last column's tab becomes the line's end. */
  endRow(): void {
    this.#buffer[this.#end - 1] = newline;
  }

  /** What was written; the writer starts again. */
  take(): Uint8Array {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#end));
    this.#end = 0;
    return bytes;
  }

  #grow(by: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#end + by));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
