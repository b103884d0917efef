/** Makes a checkpoint of the ledger as it stands at one moment: docs/spec/checkpoint.md. */
import { access, open, rename, rm } from "node:fs/promises";
import { LotbookError } from "../../errors.ts";
import { checkpointLeaf, noHash } from "../../seal/leaf.ts";
import { RootBuilder } from "../../seal/merkle.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { readSigningKey, refuseInside } from "./key.ts";
import { keyId, noteText, signNote, type CheckpointHead } from "./note.ts";

export interface CheckpointOptions {
  /** File of the private key. */
  readonly key: string;
  /** Where the note goes, which may not be there already; the list of books goes beside it. */
  readonly file: string;
  /** For tests. */
  readonly now?: () => Date;
}

export interface CheckpointResult extends CheckpointHead {
  readonly file: string;
  readonly books_file: string;
  readonly key_id: string;
}

interface HeadRow {
  readonly book_id: string;
  readonly portfolio: string;
  readonly symbol: string;
  readonly last_entry: bigint;
  readonly last_observation: bigint;
  readonly last_seal: bigint;
  readonly head: string;
  readonly sealed: string;
}

const booksAPage = 1000;

/** A page of heads after a book, each beside the hash of the seal that it should be. */
const headsAfter = `
SELECT b.book_id, b.portfolio, b.symbol, b.last_entry, b.last_observation, b.last_seal,
  encode(b.head, 'hex') AS head, coalesce(encode(s.hash, 'hex'), '${noHash}') AS sealed
FROM books b LEFT JOIN seals s ON s.book_id = b.book_id AND s.number = b.last_seal
WHERE $1::uuid IS NULL OR b.book_id > $1::uuid
ORDER BY b.book_id LIMIT ${booksAPage}`;

type Totals = Omit<CheckpointHead, "time">;

async function summarize(
  connection: Connection,
  write: (lines: string) => Promise<unknown>,
): Promise<Totals> {
  const root = new RootBuilder();
  const sums = { facts: 0n, observations: 0n, seals: 0n };
  for (let last: string | null = null; ;) {
    const page: HeadRow[] = await connection.query<HeadRow>(headsAfter, [last]);
    for (const { sealed, ...row } of page) {
      if (row.head !== sealed) {
        throw new LotbookError(
          "REFUSED",
          `the head of ${row.symbol} of ${row.portfolio} is not its last seal`,
          { advice: "nothing was signed; `lotbook verify` says more" },
        );
      }
      root.add(
        checkpointLeaf({
          bookId: row.book_id,
          lastEntry: row.last_entry,
          lastObservation: row.last_observation,
          lastSeal: row.last_seal,
          head: row.head,
        }),
      );
      sums.facts += row.last_entry;
      sums.observations += row.last_observation;
      sums.seals += row.last_seal;
    }
    await write(page.map(bookLine).join(""));
    if (page.length < booksAPage) break;
    last = page.at(-1)!.book_id;
  }
  const [revision] = await connection.query<{ revision: bigint; hash: string }>(
    "SELECT revision, encode(hash, 'hex') AS hash FROM revisions ORDER BY revision DESC LIMIT 1",
  );
  return {
    ...sums,
    books: BigInt(root.count),
    root: Buffer.from(root.root()).toString("hex"),
    revision: revision?.revision ?? 0n,
    revision_hash: revision?.hash ?? noHash,
  };
}

function bookLine({ sealed: _sealed, ...row }: HeadRow): string {
  const texts = Object.entries(row).map(([name, value]) => [name, String(value)]);
  return `${JSON.stringify(Object.fromEntries(texts))}\n`;
}

const unfinished = (path: string): string => `${path}.unfinished`;

async function refuseExisting(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new LotbookError("BAD_USAGE", `${path} is there already`, {
      advice: "A checkpoint goes into a new file: name another.",
    });
}

/**
 * The note and its list of books: under their names when they are whole and on disk, the note last, so that
 * a list without a note is what a dead process left, and is replaced. Both go where the work fails.
 */
async function withNewFiles<T>(
  paths: readonly [note: string, books: string],
  ports: Ports,
  work: (write: ((text: string) => Promise<unknown>)[]) => Promise<T>,
): Promise<T> {
  await refuseExisting(paths[0]);
  const handles: Awaited<ReturnType<typeof open>>[] = [];
  try {
    for (const path of paths) handles.push(await open(unfinished(path), "w"));
    const result = await work(handles.map((handle) => (text) => handle.writeFile(text)));
    for (const handle of handles) await handle.sync();
    ports.failpoint("checkpoint.written");
    await rename(unfinished(paths[1]), paths[1]);
    ports.failpoint("checkpoint.named");
    await rename(unfinished(paths[0]), paths[0]);
    return result;
  } finally {
    for (const handle of handles) await handle.close();
    for (const path of paths) await rm(unfinished(path), { force: true });
  }
}

/**
 * Signs the heads of all books and the last revision. Throws REFUSED for a key or a file in the data
 * directory, a key that others can read, and a head that is not its book's last seal.
 */
export async function writeCheckpoint(
  database: Database,
  ports: Ports,
  // tidy: the default of an injected clock
  { key, file, now = () => new Date() }: CheckpointOptions,
): Promise<CheckpointResult> {
  const { privateKey, publicKey } = await readSigningKey(key, database);
  await refuseInside(database.location, file, "a checkpoint");
  const booksFile = `${file}.books`;
  return withNewFiles([file, booksFile], ports, async ([writeNote, writeBooks]) => {
    const totals = await database.connect((connection) =>
      connection.transaction(async () => {
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        return summarize(connection, writeBooks!);
      }),
    );
    const head = { ...totals, time: now().toISOString() };
    await writeNote!(signNote(noteText(head), privateKey, publicKey));
    return { ...head, file, books_file: booksFile, key_id: keyId(publicKey) };
  });
}
