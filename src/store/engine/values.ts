/**
 * Values to and from the server's text format, by the rules of the port. One table for all engines: that they
 * agree is then no matter of two drivers' defaults.
 */
import type { Value } from "../database.ts";

type Decode = (text: string) => unknown;

const scalars: Readonly<Record<number, Decode>> = {
  16: (text) => text === "t",
  17: decodeBytes,
  20: BigInt,
  21: Number,
  23: Number,
};

/** Array types by the type of their elements; 25 (text) stands for all that stay as they are printed. */
const elementOf: Readonly<Record<number, number>> = {
  1000: 16, // bool
  1001: 17, // bytea
  1005: 21, // int2
  1007: 23, // int4
  1016: 20, // int8
  1002: 25, // "char"
  1003: 25, // name
  1009: 25, // text
  1014: 25, // bpchar
  1015: 25, // varchar
  1028: 25, // oid
  1115: 25, // timestamp
  1182: 25, // date
  1185: 25, // timestamptz
  1231: 25, // numeric
  199: 25, // json
  3807: 25, // jsonb
  2951: 25, // uuid
};

const asPrinted: Decode = (text) => text;

/** How text of this type becomes a value. */
export function decoderOf(type: number): Decode {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  const element = elementOf[type];
  if (element === undefined) return asPrinted;
  const decode = scalars[element] ?? asPrinted;
  return (text) => decodeArray(text, decode);
}

function decodeBytes(text: string): Uint8Array {
  if (!text.startsWith("\\x"))
    throw new Error("bytea in a format other than hex: set bytea_output = hex");
  return new Uint8Array(Buffer.from(text.slice(2), "hex"));
}

/** Reads `{1,2,NULL,"quoted \" text",{nested}}`, with or without bounds before it (`[0:1]={1,2}`). */
export function decodeArray(text: string, decode: Decode): unknown[] {
  let at = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  const read = (): unknown[] => {
    const items: unknown[] = [];
    at += 1; // {
    while (text[at] !== "}") {
      if (text[at] === ",") at += 1;
      if (text[at] === "{") items.push(read());
      else if (text[at] === '"') items.push(decode(readQuoted()));
      else items.push(readBare());
    }
    at += 1; // }
    return items;
  };
  const readQuoted = (): string => {
    let item = "";
    at += 1;
    while (text[at] !== '"') {
      if (text[at] === "\\") at += 1;
      item += text[at];
      at += 1;
    }
    at += 1;
    return item;
  };
  const readBare = (): unknown => {
    const start = at;
    while (text[at] !== "," && text[at] !== "}") at += 1;
    const item = text.slice(start, at);
    return item === "NULL" ? null : decode(item);
  };
  return read();
}

/** A parameter as the server reads it from text; null stays null. */
export function encodeValue(value: Value): string | null {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return encodeNumber(value);
  if (value instanceof Uint8Array) return encodeBytes(value);
  return `{${value.map(encodeElement).join(",")}}`;
}

function encodeNumber(value: number): string {
  // Amounts are text or bigint; a fraction here is a mistake of the caller, and NaN would become a value.
  if (!Number.isSafeInteger(value))
    throw new TypeError(`a number parameter must be a safe integer, not ${value}`);
  return value.toString();
}

function encodeBytes(value: Uint8Array): string {
  return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`;
}

function encodeElement(value: Value): string {
  if (value === null) return "NULL";
  const text = encodeValue(value) ?? "NULL";
  if (Array.isArray(value)) return text;
  if (typeof value === "string" || value instanceof Uint8Array)
    return `"${text.replace(/["\\]/g, "\\$&")}"`;
  return text;
}
