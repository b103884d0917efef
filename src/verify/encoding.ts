/**
 * The canonical encoding of hashing.md 1 as SQL expressions, built from PostgreSQL's own functions only.
 * Shares nothing with src/seal: the two must agree by the specification alone.
 */

/** A tag, record kind or prefix byte, in hex: "0c". */
type Byte = string;

const bytes = (hex: string): string => `'\\x${hex}'::bytea`;

/**
 * The UTF-8 bytes of a text with their length before them. textsend writes in the client's encoding, which a
 * check sets to UTF8; convert_to does the same at four times the price, a dozen times a fact.
 */
export const counted = (text: string): string =>
  `int4send(octet_length(${text})) || textsend(${text})`;

/** The normal form of a number: numeric has no exponent and no "-0", trim_scale drops trailing zeros. */
export const normal = (number: string): string => `trim_scale(${number})::text`;

export const textField = (tag: Byte, text: string): string => `${bytes(tag)} || ${counted(text)}`;
export const decimalField = (tag: Byte, number: string): string => textField(tag, normal(number));
export const integerField = (tag: Byte, integer: string): string =>
  `${bytes(`${tag}00000008`)} || int8send(${integer})`;
export const hashField = (tag: Byte, hash: string): string =>
  `${bytes(`${tag}00000020`)} || ${hash}`;
export const bookField = (tag: Byte, book: string): string =>
  `${bytes(`${tag}00000010`)} || uuid_send(${book})`;
/** The low byte of a smallint. */
export const codeField = (tag: Byte, smallint: string): string =>
  `${bytes(`${tag}00000001`)} || substring(int2send(${smallint}) FROM 2)`;
export const bytesField = (tag: Byte, value: string): string =>
  `${bytes(tag)} || int4send(octet_length(${value})) || ${value}`;

/** A field that is left out when its value is null: concatenation with a null is null. */
export const optional = (field: string): string => `coalesce(${field}, '')`;

/** SHA-256 over the leaf prefix, format version, record kind and fields. */
export const leaf = (kind: Byte, fields: readonly string[]): string =>
  `sha256(${[bytes(`0001${kind}`), ...fields].join("\n      || ")})`;

export const node = (left: string, right: string): string =>
  `sha256(${bytes("01")} || ${left} || ${right})`;

export const emptyRoot = "sha256('')";
export const zeroHash = bytes("00".repeat(32));

/** Microseconds since 1970 of a timestamptz; extract gives exact numeric. */
export const microseconds = (time: string): string =>
  `(extract(epoch FROM ${time}) * 1000000)::bigint`;

/** hashing.md 1, "identity". */
export const identity = (kind: "01" | "03", id: string): string =>
  [
    bytes(kind),
    counted("venue"),
    counted("account"),
    counted(id),
    "int8send(revision::bigint)",
  ].join(" || ");

/** Both in one dimension, numbered from 1, equally long, without nulls. */
export const arePlainLists = (assets: string, amounts: string): string =>
  `(array_dims(${assets}) = '[1:' || cardinality(${assets}) || ']'
        AND array_dims(${amounts}) = array_dims(${assets})
        AND array_position(${assets}, NULL) IS NULL AND array_position(${amounts}, NULL) IS NULL)`;

/** The fees of one row: two arrays side by side, in the order they are stored in. */
export const feeList = (assets: string, amounts: string): string =>
  `(SELECT
        string_agg(${counted("asset")} || ${counted(normal("amount"))}, ''::bytea ORDER BY ordinal)
        FROM unnest(${assets}, ${amounts}) WITH ORDINALITY AS fee (asset, amount, ordinal))`;
