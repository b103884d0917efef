/**
 * hashing.md once more, for the verifier's fixture alone: written from the page, sharing nothing with
 * src/seal or the verifier's SQL. A clean report means that three readings of the page agree.
 */
import { createHash } from "node:crypto";

export const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export const zeros = Buffer.alloc(32);

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export const int64 = (value: bigint | number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};

export const withLength = (text: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(text as string);
  return Buffer.concat([int32(bytes.length), bytes]);
};

/** Text or bytes, an integer, a one-byte code, or nothing. */
export type Field = [number, string | Uint8Array | bigint | undefined | null];

export const record = (kind: number, fields: readonly Field[]): Buffer =>
  Buffer.concat([
    Buffer.from([1, kind]),
    ...fields.flatMap(([tag, value]) => {
      if (value === undefined || value === null) return [];
      return [Buffer.from([tag]), withLength(typeof value === "bigint" ? int64(value) : value)];
    }),
  ]);

export const leaf = (kind: number, fields: readonly Field[]): Buffer =>
  sha256(Buffer.from([0]), record(kind, fields));

export function root(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.from([1]), root(leaves.slice(0, split)), root(leaves.slice(split)));
}

export const identity = (
  kind: 1 | 3,
  fact: { venue: string; account: string; id: string; revision: number },
): Buffer =>
  Buffer.concat([
    Buffer.from([kind]),
    withLength(fact.venue),
    withLength(fact.account),
    withLength(fact.id),
    int64(fact.revision),
  ]);

export const uuidBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll("-", ""), "hex");

export function bookId(portfolio: string, symbol: string): string {
  const hex = leaf(0x2f, [
    [1, portfolio],
    [2, symbol],
  ]).toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join("-");
}
