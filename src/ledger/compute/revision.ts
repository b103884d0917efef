/**
 * Revisions: numbered, stamped and chained under one counter's lock, so that they commit in order.
 * docs/spec/hashing.md 6.
 */
import type { Connection } from "../../store/database.ts";
import { type BookInput, inputsHash, revisionHash } from "../../seal/leaf.ts";

export interface RevisionText {
  readonly kind: "step" | "publish" | "drop";
  readonly version: number;
  /** Null when it is about all books. */
  readonly bookId: string | null;
  /** In hexadecimal; null where there is none. */
  readonly digest: string | null;
  /** What the step took in, by book id. */
  readonly inputs: readonly BookInput[];
  /** The step that it completes: the step's rows become visible to readers at this revision. */
  readonly step?: bigint;
}

/**
 * Takes the next revision. The last thing a transaction does: the counter stays locked until it commits.
 */
export async function takeRevision(connection: Connection, text: RevisionText): Promise<bigint> {
  const [counter] = await connection.query<{
    last: bigint;
    head: string;
    stamp: string;
    micros: bigint;
  }>(
    `SELECT last, encode(head, 'hex') AS head, t::text AS stamp, (extract(epoch
      FROM t) * 1000000)::bigint AS micros
     FROM (SELECT last, head, stamp FROM revision_counter FOR NO KEY UPDATE) c,
       LATERAL (SELECT greatest(c.stamp, clock_timestamp()) AS t) s`,
  );
  const { last, head, stamp, micros } = counter!;
  const revision = last + 1n;
  const inputs = inputsHash(text.inputs);
  const hash = revisionHash({
    number: revision,
    previous: head,
    stamp: micros,
    kind: text.kind,
    version: text.version,
    bookId: text.bookId ?? undefined,
    digest: text.digest ?? undefined,
    inputs,
  });
  await connection.execute(
    `WITH counted AS (UPDATE revision_counter SET last = $1, stamp = $2, head = decode($8, 'hex')),
       completed AS (UPDATE steps SET revision = $1 WHERE step = $9)
     INSERT INTO revisions (revision, stamp, kind, version, book_id, digest, inputs, hash)
     VALUES ($1, $2, $3, $4, $5, decode($6, 'hex'), decode($7, 'hex'), decode($8, 'hex'))`,
    [
      revision,
      stamp,
      text.kind,
      text.version,
      text.bookId,
      text.digest,
      inputs,
      hash,
      text.step ?? null,
    ],
  );
  return revision;
}
