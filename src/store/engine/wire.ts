/**
 * The part of PostgreSQL's protocol that the embedded engine is spoken to with: what we send, and what it
 * answers, message by message. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import type { ServerErrorFields } from "./server-error.ts";

function message(type: string, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(5 + body.length);
  bytes.write(type, 0, "latin1");
  bytes.writeInt32BE(4 + body.length, 1);
  bytes.set(body, 5);
  return bytes;
}

function terminated(text: string): Buffer {
  // The server would stop reading there, and run half a statement.
  if (text.includes("\0")) throw new TypeError("a statement with a zero character");
  return Buffer.from(`${text}\0`, "utf8");
}

/** Simple query: one message, any number of statements. */
export function simpleQuery(text: string): Buffer {
  return message("Q", terminated(text));
}

/** Extended query: Parse, Bind, Describe, Execute and Sync in one go, all parameters and results as text. */
export function extendedQuery(text: string, values: readonly (string | null)[]): Buffer {
  if (values.length > 65_535) throw new RangeError("a statement with more than 65,535 parameters");
  const parse = Buffer.concat([Buffer.from([0]), terminated(text), int16(0)]);
  return Buffer.concat([
    message("P", parse),
    message("B", bindBody(values)),
    message("D", Buffer.from("P\0")),
    message("E", Buffer.alloc(5)),
    message("S", Buffer.alloc(0)),
  ]);
}

function bindBody(values: readonly (string | null)[]): Buffer {
  const parts: Buffer[] = [Buffer.from([0, 0]), int16(0), int16(values.length)];
  for (const value of values) {
    if (value === null) {
      parts.push(int32(-1));
      continue;
    }
    const bytes = Buffer.from(value, "utf8");
    parts.push(int32(bytes.length), bytes);
  }
  parts.push(int16(0));
  return Buffer.concat(parts);
}

export function copyDataHeader(length: number): Buffer {
  const header = Buffer.alloc(5);
  header.write("d", 0, "latin1");
  header.writeInt32BE(4 + length, 1);
  return header;
}

export function copyDone(): Buffer {
  return message("c", Buffer.alloc(0));
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Cuts the server's bytes, which may be cut anywhere, into its messages. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);
  #receive: (type: string, body: Buffer) => void;

  constructor(receive: (type: string, body: Buffer) => void) {
    this.#receive = receive;
  }

  /** `bytes` must be the reader's to keep. */
  push(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= 5) {
      const end = at + 1 + all.readInt32BE(at + 1);
      if (end > all.length) break;
      this.#receive(String.fromCharCode(all[at]!), all.subarray(at + 5, end));
      at = end;
    }
    this.#rest = all.subarray(at);
  }
}

export interface Field {
  readonly name: string;
  readonly type: number;
}

export function readRowDescription(body: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 2;
  for (let index = 0; index < body.readUInt16BE(0); index += 1) {
    const end = body.indexOf(0, at);
    // After the name: table (4), column (2), type (4), its length (2), its modifier (4), format (2).
    fields.push({ name: body.toString("utf8", at, end), type: body.readUInt32BE(end + 7) });
    at = end + 19;
  }
  return fields;
}

export function readDataRow(body: Buffer): (string | null)[] {
  const values: (string | null)[] = [];
  let at = 2;
  for (let index = 0; index < body.readUInt16BE(0); index += 1) {
    const length = body.readInt32BE(at);
    at += 4;
    if (length < 0) {
      values.push(null);
      continue;
    }
    values.push(body.toString("utf8", at, at + length));
    at += length;
  }
  return values;
}

/** `INSERT 0 5` → INSERT, 5; `CREATE TABLE` → CREATE, 0. */
export function readCommandTag(body: Buffer): { command: string; count: number } {
  const words = body.toString("utf8", 0, body.length - 1).split(" ");
  const last = words.at(-1) ?? "";
  return { command: words[0] ?? "", count: /^\d+$/.test(last) ? Number(last) : 0 };
}

const errorFields: Readonly<Record<string, keyof ServerErrorFields>> = {
  M: "message",
  C: "code",
  D: "detail",
  H: "hint",
  W: "where",
  s: "schema",
  t: "table",
  c: "column",
  n: "constraint",
};

export function readError(body: Buffer): ServerErrorFields {
  const fields: { -readonly [Key in keyof ServerErrorFields]: string } = {};
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const end = body.indexOf(0, at + 1);
    const name = errorFields[String.fromCharCode(body[at]!)];
    if (name !== undefined) fields[name] = body.toString("utf8", at + 1, end);
    at = end + 1;
  }
  return fields;
}
