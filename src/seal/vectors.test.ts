/** Holds src/seal against docs/spec/vectors.json, which was made apart from it by scripts/vectors.ts. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Fact } from "../core/fact.ts";
import {
  type AllocationRow,
  type BookDigest,
  type DayDigest,
  type OpenLotRow,
  type VersionPolicy,
  allocationRowHash,
  bookDigest,
  dayDigest,
  openLotRowHash,
  rowsHash,
  versionDigest,
} from "./digest.ts";
import { kinds, record } from "./encoding.ts";
import {
  type BatchFields,
  type BookHead,
  type BookInput,
  type ObservationFields,
  type RevisionFields,
  type SealFields,
  batchLeaf,
  bookId,
  checkpointLeaf,
  factLeaf,
  identity,
  inputsHash,
  observationLeaf,
  revisionHash,
  sealHash,
  telling,
} from "./leaf.ts";
import { RootBuilder } from "./merkle.ts";

type Fields = Record<string, unknown>;

interface RecordVector {
  readonly kind: string;
  readonly name: string;
  readonly fields: Fields;
  readonly encoding: string;
  readonly hash: string;
  readonly bookId?: string;
}

interface Vectors {
  readonly records: readonly RecordVector[];
  readonly identities: readonly {
    readonly kind: "fill" | "opening lot";
    readonly venue: string;
    readonly account: string;
    readonly id: string;
    readonly revision: number;
    readonly bytes: string;
  }[];
  readonly roots: readonly { readonly leaves: readonly string[]; readonly root: string }[];
  readonly inputs: readonly {
    readonly books: readonly { readonly bookId: string; readonly computedEntry: number | string }[];
    readonly hash: string;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../../docs/spec/vectors.json", import.meta.url), "utf8"),
) as Vectors;

const instants = new Set(["executedAt", "openedAt", "closedAt", "recordedAt", "stamp", "sequence"]);
const wide = new Set(["number", "firstEntry"]);

/** JSON has no bigint and no bytes: gives the fields that need them their types. */
function revive(fields: Fields): Fields {
  const revived = { ...fields };
  for (const [name, value] of Object.entries(fields)) {
    if (instants.has(name) || (wide.has(name) && typeof value === "string"))
      revived[name] = BigInt(value as string);
    if (name === "open" || name === "close") revived[name] = Buffer.from(value as string, "hex");
  }
  return revived;
}

const rowsHashOf = (rows: unknown): string | undefined => rowsHash((rows ?? []) as string[]);

const hashers: Record<string, (fields: Fields) => string | undefined> = {
  telling: (fields) => telling(fields["source"] as string, fields["raw"] as string),
  observation: (fields) => observationLeaf(fields as unknown as ObservationFields),
  batch: (fields) => batchLeaf(fields as unknown as BatchFields),
  seal: (fields) => sealHash(fields as unknown as SealFields),
  revision: (fields) => revisionHash(fields as unknown as RevisionFields),
  "checkpoint book": (fields) => checkpointLeaf(fields as unknown as BookHead),
  book: (fields) => {
    bookId(fields["portfolio"] as string, fields["symbol"] as string);
    return record.leaf();
  },
  allocation: (fields) => allocationRowHash(fields as unknown as AllocationRow),
  "open lot": (fields) => openLotRowHash(fields as unknown as OpenLotRow),
  day: (fields) => dayDigest(rowsHashOf(fields["allocations"]), rowsHashOf(fields["openLots"])),
  "book digest": (fields) =>
    bookDigest(
      fields["portfolio"] as string,
      fields["symbol"] as string,
      fields["days"] as DayDigest[],
    ),
  "version digest": (fields) =>
    versionDigest(fields as unknown as VersionPolicy, fields["books"] as BookDigest[]),
};

function hashOf(vector: RecordVector): string | undefined {
  const hasher = hashers[vector.kind];
  const fields = revive(vector.fields);
  return hasher === undefined
    ? factLeaf({ kind: vector.kind, ...fields } as unknown as Fact)
    : hasher(fields);
}

/** Kinds whose list has a writer of its own, so that the shared one does not hold them. */
const listKinds = new Set(["book digest", "version digest"]);

describe("golden vectors", () => {
  for (const vector of vectors.records) {
    it(`${vector.kind}: ${vector.name}`, () => {
      const bytes = Buffer.from(vector.encoding, "hex");
      const leaf = createHash("sha256").update(Buffer.of(0)).update(bytes).digest("hex");
      expect(leaf).toBe(vector.hash);
      expect(hashOf(vector)).toBe(vector.hash);
      if (!listKinds.has(vector.kind))
        expect(Buffer.from(record.bytes()).toString("hex")).toBe(vector.encoding);
    });
  }

  it("has several of each kind of record", () => {
    const codes = vectors.records.map((vector) => Buffer.from(vector.encoding, "hex")[1]);
    for (const code of Object.values(kinds))
      expect(codes.filter((each) => each === code).length).toBeGreaterThan(1);
  });

  it("has no encoding twice", () => {
    const encodings = vectors.records.map((vector) => vector.encoding);
    expect(new Set(encodings).size).toBe(encodings.length);
  });

  it("gives the ids of books", () => {
    for (const { kind, fields, bookId: expected } of vectors.records) {
      if (kind === "book")
        expect(bookId(fields["portfolio"] as string, fields["symbol"] as string)).toBe(expected);
    }
  });

  it("gives identities", () => {
    for (const { kind, venue, account, id, revision, bytes } of vectors.identities) {
      const made = Buffer.from(identity(kind, venue, account, id, revision));
      expect(made.toString("hex")).toBe(bytes);
    }
  });

  it("gives roots of 0 to 9 leaves", () => {
    expect(vectors.roots.map(({ leaves }) => leaves.length)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    for (const { leaves, root } of vectors.roots) {
      const builder = new RootBuilder();
      for (const leaf of leaves) builder.add(leaf);
      expect(Buffer.from(builder.root()).toString("hex")).toBe(root);
    }
  });

  it("gives hashes of inputs", () => {
    for (const { books, hash } of vectors.inputs) {
      const inputs: BookInput[] = books.map((book) => ({
        bookId: book.bookId,
        computedEntry: BigInt(book.computedEntry),
      }));
      expect(inputsHash(inputs)).toBe(hash);
    }
  });
});

describe("a hash", () => {
  it("changes with every single bit of an encoding", () => {
    for (const vector of vectors.records.filter(({ encoding }) => encoding.length < 2000)) {
      const bytes = Buffer.from(`00${vector.encoding}`, "hex");
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        if (createHash("sha256").update(bytes).digest("hex") === vector.hash)
          expect.fail(`${vector.kind} ${vector.name}: bit ${bit}`);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
    }
  });
});
