/**
 * Every bit of what is hashed counts, docs/spec/hashing.md 1 to 6: with any of them changed, the bytes
 * have another hash, and what they say, if anything, has another one, up to the root and the seal. And
 * nothing else has it.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { record } from "../../src/seal/encoding.ts";
import { noHash, sealHash, telling } from "../../src/seal/leaf.ts";
import { RootBuilder } from "../../src/seal/merkle.ts";
import { tellTrials } from "../reliability.ts";
import { decode, type Fields, hashOf, joinFees, MalformedRecord, recordRules } from "./records.ts";

const test = "test/tamper/encoding.test.ts";

interface Vector {
  readonly kind: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly encoding: string;
  readonly hash: string;
}

const { records } = JSON.parse(
  readFileSync(new URL("../../docs/spec/vectors.json", import.meta.url), "utf8"),
) as { records: Vector[] };
/** A conflict's telling that agrees after all. */
function duplicate(): Vector {
  const conflict = records.find(({ fields }) => fields["outcome"] === "conflict")!;
  const fields = { ...conflict.fields, outcome: "duplicate" };
  const hash = hashOf({ name: "observation", fields })!;
  const encoding = Buffer.from(record.bytes()).toString("hex");
  return { kind: "observation", name: "duplicate", fields, encoding, hash };
}

/** A book's record is its name only; its hash is its id. */
const samples = [...records, duplicate()].filter(
  ({ kind, encoding }) => kind in recordRules && encoding.length < 2000,
);

const leafOf = (bytes: Buffer): string =>
  createHash("sha256").update(Buffer.of(0)).update(bytes).digest("hex");

const others = ["a", "b", "c", "d"].map((raw) => telling("source", raw));

/** The seal over some leaves, this among them: of facts or of observations. */
function sealOver(leaf: string, side: "factRoot" | "observationRoot"): string {
  const roots = { factRoot: noHash, observationRoot: noHash };
  const root = new RootBuilder();
  for (const each of [...others.slice(0, 2), leaf, ...others.slice(2)]) root.add(each);
  roots[side] = Buffer.from(root.root()).toString("hex");
  return sealHash({
    bookId: "0b6f6e0a-1111-4222-8333-a44455556666",
    number: 1,
    previous: noHash,
    batch: noHash,
    firstEntry: 1,
    factCount: 5,
    ...roots,
    firstObservation: 1,
    observationCount: 5,
  });
}

/** What the changed bytes say, hashed by src/seal: undefined where they say nothing it would hash. */
function hashOfChanged(bytes: Buffer): string | undefined {
  try {
    return hashOf(decode(bytes));
  } catch (error) {
    if (error instanceof MalformedRecord || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The bits of a record whose change goes unnoticed, and how many changed ones still said something. */
function tryBits(vector: Vector): { unnoticed: number[]; bits: number; read: number } {
  const bytes = Buffer.from(vector.encoding, "hex");
  const side = vector.kind === "observation" ? "observationRoot" : "factRoot";
  const seal = sealOver(vector.hash, side);
  const unnoticed: number[] = [];
  let read = 0;
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const leaf = leafOf(bytes);
    const said = hashOfChanged(bytes);
    if (said !== undefined) read += 1;
    if (leaf === vector.hash || said === vector.hash || sealOver(leaf, side) === seal)
      unnoticed.push(bit);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  return { unnoticed, bits: bytes.length * 8, read };
}

describe("every bit", () => {
  it("is of a sample of every kind of record, and of every outcome of an observation", () => {
    expect(new Set(samples.map(({ kind }) => kind))).toEqual(new Set(Object.keys(recordRules)));
    const told = samples.filter(({ kind }) => kind === "observation").map(({ fields }) => fields);
    expect(new Set(told.map(({ outcome }) => outcome))).toEqual(
      new Set(["recorded", "duplicate", "rounded copy", "conflict", "waiting", "decision"]),
    );
    expect(told.some((each) => each["outcome"] === "conflict" && "told" in each)).toBe(true);
  });

  it("of a record that is as it was made gives its hash", () => {
    for (const { kind, name, encoding, hash } of samples)
      expect(hashOf(decode(Buffer.from(encoding, "hex"))), `${kind}: ${name}`).toBe(hash);
  });

  it("changes the leaf, the root and the seal, and what is read", () => {
    const unnoticed: string[] = [];
    let [tried, read] = [0, 0];
    for (const vector of samples) {
      const result = tryBits(vector);
      tried += result.bits;
      read += result.read;
      for (const bit of result.unnoticed)
        unnoticed.push(`${vector.kind}, ${vector.name}: bit ${bit}`);
    }
    tellTrials({
      promise: "every bit of what is hashed counts",
      test,
      tried,
      unit: "bits",
      broken: unnoticed.length,
    });
    expect(unnoticed).toEqual([]);
    // Both ways of noticing are tried: most changed bytes still say something, else.
    expect(read).toBeGreaterThan(tried / 3);
    expect(read).toBeLessThan(tried);
  });
});

const text = fc.oneof(
  fc.constantFrom("", "a", "aa", "ab", "\u0001", "é", "e\u0301", "日", "𝕏", "\uFEFF"),
  fc.string({ unit: "binary", maxLength: 40 }).filter((each) => each.isWellFormed()),
);
const hexOf = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => Buffer.from(bytes).toString("hex"));
const decimal = fc.constantFrom("0", "1", "-1", "10", "0.1", "-0.000000000000000001");
const amount = fc.constantFrom("1", "-1", "0.5");

const arbitraries: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  text,
  decimal,
  integer: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  hash: hexOf(32),
  uuid: hexOf(16).map((hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")),
  code: fc.nat(255),
  bytes: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fees: fc
    .uniqueArray(fc.record({ asset: fc.constantFrom("A", "AB", "é", "zz"), amount }), {
      selector: ({ asset }) => asset,
      minLength: 1,
    })
    .map((fees) => fees.toSorted((one, other) => (one.asset < other.asset ? -1 : 1))),
};

/** What a record of that name may say, in no way held to what makes sense. */
function contentOf(name: string): fc.Arbitrary<Fields> {
  const fields = recordRules[name]!.fields;
  const symbol = fc.constantFrom("BTC-USD", "B-T-USD", "B-T-U");
  const values = fields.map((field) => {
    const fee = name === "fill" && (field.name === "quoteFee" || field.name === "baseFee");
    const value = field.name === "symbol" ? symbol : fee ? amount : arbitraries[field.type]!;
    return [field.name, value] as const;
  });
  const requiredKeys = fields.filter(({ optional }) => !optional).map((field) => field.name);
  const made = fc.record(Object.fromEntries(values), { requiredKeys, noNullPrototype: true });
  return name === "fill" ? made.map(joinFees) : made;
}

// Digests over lists are written apart, and their bytes are not kept.
const names = Object.keys(recordRules).filter((name) => !name.endsWith("digest"));

describe("what is said", () => {
  it("can be read back from its bytes: so no two contents share an encoding", () => {
    const tried = 5000;
    const content = fc
      .constantFrom(...names)
      .chain((name) => fc.tuple(fc.constant(name), contentOf(name)));
    fc.assert(
      fc.property(content, ([name, fields]) => {
        hashOf({ name, fields });
        expect(decode(Buffer.from(record.bytes()))).toEqual({ name, fields });
      }),
      { numRuns: tried },
    );
    tellTrials({
      promise: "different contents never share an encoding",
      test,
      tried,
      unit: "contents",
      broken: 0,
    });
  });
});
