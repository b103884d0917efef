/**
 * Seals: one hash a touched book, over what a batch added to it, chained to the book's last.
 * docs/spec/hashing.md 4.
 */
import type { Connection } from "../../store/database.ts";
import { copyLines } from "../../store/copy-lines.ts";
import { batchLeaf, observationLeaf, sealHash } from "../../seal/leaf.ts";
import { RootBuilder } from "../../seal/merkle.ts";
import type { Ports } from "../ports.ts";
import type { BookHead } from "./outcome.ts";

/** What a batch adds to a book. */
export interface BookRoots {
  readonly bookId: string;
  readonly facts: RootBuilder;
  readonly observations: RootBuilder;
}

export interface BatchText {
  readonly source: string;
  readonly author: string;
  readonly inputs: string;
}

type Columns = [bookId: string, telling: string, fact: string, outcome: string, told: string];

/** The roots by book of what was judged new, read back in the order it was numbered. */
export async function rootsOfJudged(connection: Connection): Promise<BookRoots[]> {
  const books = new Map<string, BookRoots>();
  const rootsOf = (bookId: string): BookRoots => {
    let roots = books.get(bookId);
    if (roots === undefined) {
      roots = { bookId, facts: new RootBuilder(), observations: new RootBuilder() };
      books.set(bookId, roots);
    }
    return roots;
  };
  const facts = connection.copyOut(
    `COPY (SELECT s.book_id, encode(s.leaf, 'hex') FROM staged s JOIN numbered n USING (ordinal)
           WHERE n.outcome = 'recorded' ORDER BY s.book_id, n.entry) TO STDOUT`,
  );
  for await (const lines of copyLines(facts)) {
    for (const line of lines) rootsOf(line.slice(0, 36)).facts.add(line.slice(37));
  }
  const observations = connection.copyOut(
    `COPY (SELECT s.book_id, encode(s.telling, 'hex'), coalesce(encode(n.leaf, 'hex'), ''), n.outcome,
             coalesce(l.line, '')
           FROM staged s JOIN told t USING (ordinal) JOIN numbered n USING (ordinal)
           LEFT JOIN told_lines l USING (ordinal)
           ORDER BY s.book_id, t.number) TO STDOUT`,
  );
  for await (const lines of copyLines(observations)) {
    for (const line of lines) {
      const [bookId, telling, fact, outcome, told] = line.split("\t") as Columns;
      const leaf = observationLeaf({
        telling,
        fact: fact === "" ? undefined : fact,
        outcome,
        // COPY doubles the backslashes of JSON, which has no tab or line end of its own.
        told: told === "" ? undefined : told.replaceAll("\\\\", "\\"),
      });
      rootsOf(bookId).observations.add(leaf);
    }
  }
  return [...books.values()];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/**
 * Writes the batch, a seal for each book that it added to, and the books' new heads. Gives the batch id;
 * null if it added nothing.
 */
export async function writeSeals(
  connection: Connection,
  ports: Ports,
  text: BatchText,
  heads: readonly BookHead[],
  roots: readonly BookRoots[],
): Promise<string | null> {
  if (roots.length === 0) return null;
  const batchId = ports.newBatchId();
  const [stamp] = await connection.query<{ recorded_at: string; micros: bigint }>(
    `SELECT t::text AS recorded_at, (extract(epoch FROM t) * 1000000)::bigint AS micros
      FROM clock_timestamp() t`,
  );
  await connection.execute("INSERT INTO batches VALUES ($1, $2, $3, $4, $5)", [
    batchId,
    stamp!.recorded_at,
    text.source,
    text.author,
    text.inputs,
  ]);
  const batch = batchLeaf({ batchId, recordedAt: stamp!.micros, ...text });
  const byId = new Map(heads.map((head) => [head.bookId, head]));
  for (let from = 0; from < roots.length; from += 5000) {
    await writeSealsOf(connection, batchId, batch, byId, roots.slice(from, from + 5000));
  }
  return batchId;
}

async function writeSealsOf(
  connection: Connection,
  batchId: string,
  batch: string,
  heads: ReadonlyMap<string, BookHead>,
  roots: readonly BookRoots[],
): Promise<void> {
  const seals = roots.map(({ bookId, facts, observations }) => {
    const head = heads.get(bookId)!;
    const seal = {
      bookId,
      number: head.lastSeal + 1n,
      previous: head.head,
      batch,
      firstEntry: head.lastEntry + 1n,
      factCount: facts.count,
      factRoot: hex(facts.root()),
      firstObservation: head.lastObservation + 1n,
      observationCount: observations.count,
      observationRoot: hex(observations.root()),
    };
    return { ...seal, hash: sealHash(seal) };
  });
  await connection.execute(
    `INSERT INTO seals (book_id, number, batch_id, first_entry, fact_count, fact_root, first_observation,
      observation_count,
       observation_root, hash)
     SELECT b, n, $1::uuid, e, f, decode(fr, 'hex'), o, c, decode(cr, 'hex'), decode(h, 'hex')
     FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
       $8::bigint[], $9::text[],
       $10::text[]) AS t (b, n, e, f, fr, o, c, cr, h)`,
    [
      batchId,
      seals.map((seal) => seal.bookId),
      seals.map((seal) => seal.number),
      seals.map((seal) => seal.firstEntry),
      seals.map((seal) => seal.factCount),
      seals.map((seal) => seal.factRoot),
      seals.map((seal) => seal.firstObservation),
      seals.map((seal) => seal.observationCount),
      seals.map((seal) => seal.observationRoot),
      seals.map((seal) => seal.hash),
    ],
  );
  await connection.execute(
    `UPDATE books SET last_entry = last_entry + f, last_observation = last_observation + c,
      last_seal = last_seal + 1,
       head = decode(h, 'hex')
     FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[]) AS t (b, f, c, h) WHERE book_id = b`,
    [
      seals.map((seal) => seal.bookId),
      seals.map((seal) => seal.factCount),
      seals.map((seal) => seal.observationCount),
      seals.map((seal) => seal.hash),
    ],
  );
}
