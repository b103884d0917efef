/**
 * Makes docs/spec/vectors.json, straight from docs/spec/hashing.md and checkpoint.md and with nothing of src,
 * so that the two can be held against each other: `node scripts/vectors.ts`. A change of any existing vector
 * would be a change of the scheme, which is not allowed.
 */
import { type Fields, encodeRecord, int64, root, sha256, text, uuid } from "./vectors/encode.ts";
import { fillVectors, otherFacts } from "./vectors/facts.ts";
import { noteVectors } from "./vectors/note.ts";
import { closing, firstBook, lot, opening, otherRecords, secondBook } from "./vectors/records.ts";

function recordVector(kind: string, name: string, fields: Fields): Fields {
  const encoding = encodeRecord(kind, fields);
  const hash = sha256(Buffer.from([0]), encoding).toString("hex");
  const book = kind === "book" ? { bookId: asUuid(hash.slice(0, 32)) } : {};
  return { kind, name, fields, encoding: encoding.toString("hex"), hash, ...book };
}

function asUuid(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const leaves = Array.from({ length: 9 }, (_, index) => sha256(text(`leaf ${index}`)));
const inputs = [
  { bookId: firstBook, computedEntry: 12 },
  { bookId: secondBook, computedEntry: "9007199254740993" },
];
const vectors = {
  about:
    "Golden vectors of docs/spec/hashing.md; integers beyond 2^53 are text. Never changed, only added to.",
  records: [
    ...fillVectors.map(([name, fields]) => recordVector("fill", name, fields)),
    ...otherFacts.map(([kind, name, fields]) => recordVector(kind, name, fields)),
    ...otherRecords.map(([kind, name, fields]) => recordVector(kind, name, fields)),
  ],
  identities: [
    { kind: "fill", venue: "coinbase", account: "main", id: "s-1", revision: 0, bytes: closing },
    { kind: "fill", venue: "coinbase", account: "main", id: "b-1", revision: 2, bytes: opening },
    { kind: "opening lot", venue: "биржа", account: "𝕏-1", id: "ключ", revision: 0, bytes: lot },
  ],
  roots: Array.from({ length: 10 }, (_, count) => ({
    leaves: leaves.slice(0, count).map((leaf) => leaf.toString("hex")),
    root: root(leaves.slice(0, count)).toString("hex"),
  })),
  inputs: [0, 1, 2].map((count) => ({
    books: inputs.slice(0, count),
    hash: sha256(
      ...inputs.slice(0, count).flatMap((book) => [uuid(book.bookId), int64(book.computedEntry)]),
    ).toString("hex"),
  })),
  notes: noteVectors,
};

process.stdout.write(`${JSON.stringify(vectors, undefined, 1)}\n`);
