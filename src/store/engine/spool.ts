/**
 * Bytes on their way into or out of a COPY of the embedded engine. That engine runs a COPY in one synchronous
 * call, so what it reads must be there before, and what it writes must go somewhere: up to some MB in memory,
 * beyond them into a file without a name in the data directory.
 */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { LotbookError } from "../../errors.ts";

const memoryBytesMax = 8 * 1024 * 1024;
const windowBytes = 1024 * 1024;

export const spoolPattern: RegExp = /^spool-[0-9a-f]{16}$/;

export class Spool {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #buffered = 0;
  #written = 0;
  #file: number | undefined;
  #path: string;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;

  constructor(directory: string) {
    this.#path = join(directory, `spool-${randomBytes(8).toString("hex")}`);
  }

  get length(): number {
    return this.#written + this.#buffered;
  }

  append(bytes: Uint8Array): void {
    if (this.#buffered + bytes.length > memoryBytesMax) this.#flush();
    if (bytes.length > memoryBytesMax) {
      this.#write(bytes);
      return;
    }
    if (this.#buffered + bytes.length > this.#buffer.length) {
      const size = Math.max(this.#buffer.length * 2, this.#buffered + bytes.length);
      const larger = Buffer.allocUnsafe(Math.min(size, memoryBytesMax));
      this.#buffer.copy(larger, 0, 0, this.#buffered);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /** Exactly the bytes from `offset` to `end`; they are good until the next call. */
  read(offset: number, end: number): Uint8Array {
    if (end > this.length)
      throw new RangeError(`a spool of ${this.length} bytes has no byte ${end}`);
    const first = this.#readSome(offset, end);
    if (first.length === end - offset) return first;
    const whole = Buffer.allocUnsafe(end - offset);
    let filled = 0;
    for (let part = first; ; part = this.#readSome(offset + filled, end)) {
      whole.set(part, filled);
      filled += part.length;
      if (filled === whole.length) return whole;
    }
  }

  *chunks(): Iterable<Uint8Array> {
    for (let offset = 0; offset < this.length;) {
      const chunk = this.#readSome(offset, Math.min(offset + windowBytes, this.length));
      offset += chunk.length;
      yield Buffer.from(chunk);
    }
  }

  close(): void {
    this.#buffer = Buffer.alloc(0);
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    rmSync(this.#path, { force: true });
  }

  /** At least one byte: as many as lie together. */
  #readSome(offset: number, end: number): Uint8Array {
    if (offset >= this.#written) {
      return this.#buffer.subarray(
        offset - this.#written,
        Math.min(end, this.length) - this.#written,
      );
    }
    const windowEnd = this.#windowStart + this.#window.length;
    if (offset < this.#windowStart || offset >= windowEnd) this.#fillWindow(offset);
    return this.#window.subarray(offset - this.#windowStart, end - this.#windowStart);
  }

  #fillWindow(offset: number): void {
    const size = Math.min(windowBytes, this.#written - offset);
    if (this.#window.length !== size) this.#window = Buffer.allocUnsafe(size);
    let filled = 0;
    while (filled < size) {
      const count = readSync(this.#file!, this.#window, filled, size - filled, offset + filled);
      if (count === 0) throw new Error("a spool file ended early");
      filled += count;
    }
    this.#windowStart = offset;
  }

  #flush(): void {
    this.#write(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#writeOut(bytes);
    } catch (error) {
      const { message } = error as Error;
      throw new LotbookError("ENVIRONMENT", `the database directory took no more: ${message}`, {
        advice:
          "Nothing of this step was recorded. See to the disk (full? failing?), run it again.",
        cause: error,
      });
    }
  }

  #writeOut(bytes: Uint8Array): void {
    if (this.#file === undefined) {
      this.#file = openSync(this.#path, "wx+", 0o600);
      // Without a name it goes with the process, however that ends. Windows can't: there close() removes it.
      if (process.platform !== "win32") unlinkSync(this.#path);
    }
    let done = 0;
    while (done < bytes.length) {
      done += writeSync(this.#file, bytes, done, bytes.length - done, this.#written + done);
    }
    this.#written += bytes.length;
  }
}
