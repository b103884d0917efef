/**
 * Writes the text format of COPY into a buffer that is used again: nothing is left for the garbage
 * collector but what is sent.
 */

const tab = 9;
const newline = 10;
const backslash = 92;

/** The letter behind the backslash that COPY escapes a character with; 0 for one that stands for itself. */
function escapeLetter(code: number): number {
  if (code === backslash) return backslash;
  return code >= 8 && code <= 13 ? "btnvfr".charCodeAt(code - 8) : 0;
}

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

  /** Any text, with what COPY reads as its own escaped. */
  text(text: string): void {
    this.#escaped(text, 1);
  }

  /** Raw text as a bytea column: bytea's own escape format doubles a backslash, and COPY doubles both. */
  raw(text: string): void {
    this.#escaped(text, 3);
  }

  #escaped(text: string, extraBackslashes: number): void {
    const { length } = text;
    // One UTF-16 unit makes at most four bytes: three of UTF-8, or a backslash escaped twice.
    if (this.#end + 4 * length + 1 > this.#buffer.length) this.#grow(4 * length + 1);
    const buffer = this.#buffer;
    let end = this.#end;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        end = this.#writeWide(text.slice(index), end, extraBackslashes);
        break;
      }
      const letter = code > 13 && code !== backslash ? 0 : escapeLetter(code);
      if (letter === 0) {
        buffer[end++] = code;
        continue;
      }
      buffer[end++] = backslash;
      buffer[end++] = letter;
      if (code === backslash)
        for (let extra = 1; extra < extraBackslashes; extra += 1) buffer[end++] = backslash;
    }
    buffer[end] = tab;
    this.#end = end + 1;
  }

  /** The rest of a text from its first character beyond ASCII. */
  #writeWide(rest: string, end: number, extraBackslashes: number): number {
    const escaped = rest.replaceAll(/[\\\b\t\n\v\f\r]/g, (character) =>
      character === "\\"
        ? "\\".repeat(1 + extraBackslashes)
        : `\\${String.fromCharCode(escapeLetter(character.charCodeAt(0)))}`,
    );
    return end + this.#buffer.write(escaped, end, "utf8");
  }

  /** Plain ASCII, or a null. */
  optional(text: string | undefined): void {
    if (text === undefined) this.nothing();
    else this.plain(text);
  }

  /** Any text, or a null. */
  optionalText(text: string | undefined): void {
    if (text === undefined) this.nothing();
    else this.text(text);
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
