import {
  bookField,
  bytesField,
  codeField,
  hashField,
  integerField,
  leaf,
  microseconds,
  node,
  optional,
  textField,
  zeroHash,
} from "./encoding.ts";

/** The records of hashing.md 1 and 3 to 6 over columns of these names; numbers as text in normal form. */

/** Its first 16 bytes are the book id. */
export const book = leaf("2f", [textField("01", "portfolio"), textField("02", "symbol")]);

export const telling = leaf("10", [textField("01", "source"), bytesField("02", "raw")]);

/** fact_leaf is null where the observation has no entry; told where the fact says it all. */
export const observation = leaf("11", [
  hashField("01", "telling"),
  textField("02", "outcome"),
  optional(hashField("03", "fact_leaf")),
  optional(textField("04", "told")),
]);

export const batch = leaf("20", [
  bookField("01", "batch_id"),
  integerField("02", microseconds("recorded_at")),
  textField("03", "source"),
  textField("04", "author"),
  textField("05", "inputs"),
]);

/** previous is null for the first, as it is for the first revision. */
export const seal = leaf("21", [
  bookField("01", "book_id"),
  integerField("02", "number"),
  hashField("03", `coalesce(previous, ${zeroHash})`),
  hashField("04", "batch_leaf"),
  integerField("05", "first_entry"),
  integerField("06", "fact_count"),
  hashField("07", "fact_root"),
  integerField("08", "first_observation"),
  integerField("09", "observation_count"),
  hashField("0a", "observation_root"),
]);

export const revision = leaf("22", [
  integerField("01", "revision"),
  hashField("02", `coalesce(previous, ${zeroHash})`),
  integerField("03", microseconds("stamp")),
  textField("04", "kind"),
  integerField("05", "version::bigint"),
  optional(bookField("06", "book_id")),
  hashField("07", `coalesce(digest, ${zeroHash})`),
  hashField("08", "inputs"),
]);

/** closing and opening are identities. */
export const allocation = leaf("31", [
  bytesField("01", "closing"),
  integerField("02", "closed_at"),
  optional(bytesField("03", "opening")),
  optional(integerField("04", "opened_at")),
  textField("05", "quantity"),
  optional(textField("06", "open_fee")),
  textField("07", "close_fee"),
  optional(textField("08", "cost_basis")),
  textField("09", "proceeds"),
  optional(textField("0a", "pnl")),
  codeField("0b", "missing"),
]);

export const openLot = leaf("32", [
  bytesField("01", "opening"),
  integerField("02", "opened_at"),
  textField("03", "quantity"),
  textField("04", "open_fee"),
  optional(textField("05", "cost_basis")),
  codeField("06", "missing"),
]);

/** closes and opens are hashes of the hashes of a day's rows, null where there are none. */
export const day = leaf("33", [
  optional(hashField("01", "closes")),
  optional(hashField("02", "opens")),
]);

export const bookDigest = leaf("34", [
  textField("01", "portfolio"),
  textField("02", "symbol"),
  bytesField("03", "days"),
]);

/** A version without books has an empty list, which is a field and not an absent one. */
export const versionDigest = leaf("35", [
  textField("01", "method"),
  textField("02", "scope"),
  textField("03", "fee_policy"),
  integerField("04", "engine_version::bigint"),
  bytesField("05", "books"),
]);

/** How many leaves of a tree are reduced to one node by a single expression. A power of two. */
export const leavesAtOnce = 8;

/** The RFC 6962 root of 1 to 8 hashes that stand one after another in `hashes`. */
export const smallRoot = (hashes: string): string =>
  [
    `CASE octet_length(${hashes}) >> 5`,
    ...Array.from(
      { length: leavesAtOnce },
      (_, index) => `WHEN ${index + 1} THEN ${rootOf(hashes, 0, index + 1)}`,
    ),
    "END",
  ].join("\n    ");

function rootOf(hashes: string, from: number, count: number): string {
  if (count === 1) return `substring(${hashes} FROM ${from * 32 + 1} FOR 32)`;
  let left = 1;
  while (left * 2 < count) left *= 2;
  return node(rootOf(hashes, from, left), rootOf(hashes, from + left, count - left));
}
