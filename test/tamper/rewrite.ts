/**
 * What the owner of the database can do: change what was recorded and hash everything after it again, with
 * the ledger's own code, until all of it agrees. Fit for small ledgers of one version.
 */
import type { Fact } from "../../src/core/fact.ts";
import { type BookRow, readBookRows, readFacts } from "../../src/ledger/read-facts.ts";
import {
  batchLeaf,
  factLeaf,
  noHash,
  observationLeaf,
  revisionHash,
  sealHash,
  telling,
} from "../../src/seal/leaf.ts";
import { RootBuilder } from "../../src/seal/merkle.ts";
import type { Connection } from "../../src/store/database.ts";

const tables: Record<Fact["kind"], string> = {
  fill: "fills",
  "opening lot": "opening_lots",
  "fee value": "fee_values",
  void: "voids",
  adjustment: "adjustments",
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The root of so many leaves from a number on, which begins with 1. */
function rootOf(leaves: readonly string[], first: bigint, count: bigint): string {
  const root = new RootBuilder();
  for (const leaf of leaves.slice(Number(first) - 1, Number(first + count) - 1)) root.add(leaf);
  return hex(root.root());
}

/** The leaves of a book's facts, written to their rows. */
async function hashFacts(connection: Connection, book: BookRow): Promise<string[]> {
  const leaves: string[] = [];
  for await (const page of readFacts(connection, book)) {
    for (const { fact, entry } of page) {
      const leaf = factLeaf(fact);
      leaves.push(leaf);
      await connection.execute(
        `UPDATE ${tables[fact.kind]} SET leaf = decode($3, 'hex') WHERE book_id = $1 AND entry = $2`,
        [book.bookId, entry, leaf],
      );
    }
  }
  return leaves;
}

interface Told {
  readonly number: bigint;
  readonly entry: bigint | null;
  readonly outcome: string;
  readonly source: string;
  readonly raw: string;
  readonly told: string | null;
}

async function hashObservations(
  connection: Connection,
  { bookId }: BookRow,
  facts: readonly string[],
): Promise<string[]> {
  const rows = await connection.query<Told>(
    `SELECT number, entry, outcome, source, convert_from(raw, 'UTF8') AS raw, told
     FROM observations WHERE book_id = $1 ORDER BY number`,
    [bookId],
  );
  const leaves: string[] = [];
  for (const { number, entry, outcome, source, raw, told } of rows) {
    const hash = telling(source, raw);
    await connection.execute(
      "UPDATE observations SET telling = decode($3, 'hex') WHERE book_id = $1 AND number = $2",
      [bookId, number, hash],
    );
    const fact = entry === null ? undefined : facts[Number(entry) - 1];
    leaves.push(observationLeaf({ telling: hash, outcome, fact, told: told ?? undefined }));
  }
  return leaves;
}

interface Seal {
  readonly number: bigint;
  readonly batchId: string;
  readonly first: bigint;
  readonly facts: bigint;
  readonly firstTold: bigint;
  readonly told: bigint;
  readonly recordedAt: bigint;
  readonly source: string;
  readonly author: string;
  readonly inputs: string;
}

async function hashBook(connection: Connection, book: BookRow): Promise<void> {
  const facts = await hashFacts(connection, book);
  const told = await hashObservations(connection, book, facts);
  const seals = await connection.query<Seal>(
    `SELECT s.number, b.batch_id AS "batchId", s.first_entry AS first, s.fact_count AS facts,
       s.first_observation AS "firstTold", s.observation_count AS told, b.source, b.author, b.inputs,
       (extract(epoch FROM b.recorded_at) * 1000000)::bigint AS "recordedAt"
     FROM seals s JOIN batches b USING (batch_id) WHERE s.book_id = $1 ORDER BY s.number`,
    [book.bookId],
  );
  let previous = noHash;
  for (const seal of seals) {
    const factRoot = rootOf(facts, seal.first, seal.facts);
    const observationRoot = rootOf(told, seal.firstTold, seal.told);
    previous = sealHash({
      bookId: book.bookId,
      number: seal.number,
      previous,
      batch: batchLeaf(seal),
      firstEntry: seal.first,
      factCount: seal.facts,
      factRoot,
      firstObservation: seal.firstTold,
      observationCount: seal.told,
      observationRoot,
    });
    await connection.execute(
      `UPDATE seals SET fact_root = decode($3, 'hex'), observation_root = decode($4, 'hex'),
         hash = decode($5, 'hex') WHERE book_id = $1 AND number = $2`,
      [book.bookId, seal.number, factRoot, observationRoot, previous],
    );
  }
  await connection.execute("UPDATE books SET head = decode($2, 'hex') WHERE book_id = $1", [
    book.bookId,
    previous,
  ]);
}

/** Leaves, tellings, seals and heads of all books, anew. */
export async function hashFactsAgain(connection: Connection): Promise<void> {
  for (const book of await readBookRows(connection)) await hashBook(connection, book);
}

export interface Stamp {
  readonly revision: bigint;
  readonly stamp: string;
}

export const readStamps = (connection: Connection): Promise<Stamp[]> =>
  connection.query<Stamp & object>("SELECT revision, stamp FROM revisions ORDER BY revision");

/** So that the ledger's own `compute` makes the first version and the first revisions once more. */
export async function forgetConclusions(connection: Connection): Promise<void> {
  const [last] = await connection.query<{ version: number }>("SELECT version FROM versions");
  await connection.script(`
    TRUNCATE revisions, steps, runs, versions RESTART IDENTITY;
    SELECT drop_version_partitions(${last!.version});
    UPDATE revision_counter SET last = 0, stamp = '1970-01-01Z', head = decode('${noHash}', 'hex')`);
}

interface Link {
  readonly number: bigint;
  readonly kind: "step" | "publish" | "drop";
  readonly version: number;
  readonly bookId: string | null;
  readonly digest: string | null;
  readonly inputs: string;
}

/** Gives the revisions the stamps that they had, and chains them anew. */
export async function hashRevisionsAgain(
  connection: Connection,
  stamps: readonly Stamp[],
): Promise<void> {
  for (const { revision, stamp } of stamps) {
    await connection.execute("UPDATE revisions SET stamp = $2 WHERE revision = $1", [
      revision,
      stamp,
    ]);
  }
  const links = await connection.query<Link & { micros: bigint }>(
    `SELECT revision AS number, kind, version, book_id AS "bookId", encode(digest, 'hex') AS digest,
       encode(inputs, 'hex') AS inputs, (extract(epoch FROM stamp) * 1000000)::bigint AS micros
     FROM revisions ORDER BY revision`,
  );
  let previous = noHash;
  for (const { micros, bookId, digest, ...link } of links) {
    const names = { bookId: bookId ?? undefined, digest: digest ?? undefined };
    previous = revisionHash({ ...link, ...names, stamp: micros, previous });
    await connection.execute("UPDATE revisions SET hash = decode($2, 'hex') WHERE revision = $1", [
      link.number,
      previous,
    ]);
  }
  await connection.execute(
    `UPDATE revision_counter SET head = decode($1, 'hex'),
       (last, stamp) = (SELECT max(revision), max(stamp) FROM revisions)`,
    [previous],
  );
}
