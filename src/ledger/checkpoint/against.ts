/** Whether a ledger extends a checkpoint: docs/spec/checkpoint.md 3, all but I9, which `verify` proves. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { explainPath, LotbookError } from "../../errors.ts";
import { bookId, checkpointLeaf } from "../../seal/leaf.ts";
import { RootBuilder } from "../../seal/merkle.ts";
import type { Connection, Database } from "../../store/database.ts";
import { readPublicKey } from "./key.ts";
import { type CheckpointHead, isSignedBy, parseNote } from "./note.ts";

export interface AgainstOptions {
  /** The note; its list of books stands beside it. */
  readonly file: string;
  /** File of the public key, or of the private one. */
  readonly key: string;
}

export interface Difference {
  readonly what: string;
  /** The book's, where it is about one. */
  readonly portfolio?: string;
  readonly symbol?: string;
  /** The seal's, or the revision's. */
  readonly number?: string;
  readonly expected: string;
  readonly found: string;
}

export interface Extension {
  readonly ok: boolean;
  readonly checkpoint: CheckpointHead;
  readonly violations: number;
  /** The first few. */
  readonly differences: readonly Difference[];
}

type Book = Readonly<
  Record<
    "book_id" | "portfolio" | "symbol" | "last_entry" | "last_observation" | "last_seal" | "head",
    string
  >
>;

const booksAPage = 1000;
const differencesShown = 20;
const bookShape = { head: /^[0-9a-f]{64}$/, number: /^(?:0|[1-9][0-9]{0,18})$/ };

function parseBook(line: string, place: string): Book {
  let book: Book | undefined;
  try {
    book = JSON.parse(line) as Book;
    const numbers = [book.last_entry, book.last_observation, book.last_seal];
    const sound =
      bookShape.head.test(book.head) &&
      numbers.every((each) => typeof each === "string" && bookShape.number.test(each)) &&
      bookId(book.portfolio, book.symbol) === book.book_id;
    if (sound) return book;
  } catch {
    // Falls to the error below.
  }
  throw new LotbookError("BAD_INPUT", `${place}: this is no line of a checkpoint's list of books`);
}

async function* readBooks(file: string): AsyncGenerator<Book[], void, void> {
  let page: Book[] = [];
  let number = 0;
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  try {
    for await (const line of lines) {
      page.push(parseBook(line, `${file}:${(number += 1)}`));
      if (page.length < booksAPage) continue;
      yield page;
      page = [];
    }
  } catch (error) {
    throw explainPath(file, error);
  }
  if (page.length > 0) yield page;
}

/** The list must give the signed root and counts before a word of it is believed. */
async function proveList(file: string, head: CheckpointHead): Promise<void> {
  const root = new RootBuilder();
  const sums = { facts: 0n, observations: 0n, seals: 0n };
  for await (const page of readBooks(file)) {
    for (const book of page) {
      sums.facts += BigInt(book.last_entry);
      sums.observations += BigInt(book.last_observation);
      sums.seals += BigInt(book.last_seal);
      root.add(
        checkpointLeaf({
          bookId: book.book_id,
          lastEntry: BigInt(book.last_entry),
          lastObservation: BigInt(book.last_observation),
          lastSeal: BigInt(book.last_seal),
          head: book.head,
        }),
      );
    }
  }
  const same =
    Buffer.from(root.root()).toString("hex") === head.root &&
    BigInt(root.count) === head.books &&
    sums.facts === head.facts &&
    sums.observations === head.observations &&
    sums.seals === head.seals;
  if (same) return;
  throw new LotbookError("BAD_INPUT", `${file} is not the list of books that was signed`, {
    advice: "take it from where the checkpoint was kept",
  });
}

interface Found {
  readonly seal: string | null;
  readonly entry: string | null;
  readonly observation: string | null;
  readonly last_seal: string | null;
}

/** What the ledger has at the seals of a page of books, in the order of the page. */
const foundAt = `
SELECT encode(s.hash, 'hex') AS seal, (s.first_entry + s.fact_count - 1)::text AS entry,
  (s.first_observation + s.observation_count - 1)::text AS observation, b.last_seal::text AS last_seal
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS c (book_id, number, place)
LEFT JOIN books b ON b.book_id = c.book_id
LEFT JOIN seals s ON s.book_id = c.book_id AND s.number = c.number
ORDER BY c.place`;

function compare(book: Book, found: Found): Difference | undefined {
  const { portfolio, symbol, last_seal: number } = book;
  const named = { portfolio, symbol, number };
  if (found.last_seal === null)
    return { what: "the book is gone", ...named, expected: book.head, found: "none" };
  if (number === "0") return undefined;
  if (found.seal === null) {
    const last = `last seal ${found.last_seal}`;
    return { what: "the book's end was cut off", ...named, expected: book.head, found: last };
  }
  if (found.seal !== book.head)
    return { what: "the seal is another", ...named, expected: book.head, found: found.seal };
  const expected = `entry ${book.last_entry}, observation ${book.last_observation}`;
  const ends = `entry ${found.entry}, observation ${found.observation}`;
  if (expected === ends) return undefined;
  return { what: "the seal ends elsewhere", ...named, expected, found: ends };
}

async function compareRevision(
  connection: Connection,
  head: CheckpointHead,
): Promise<Difference | undefined> {
  if (head.revision === 0n) return undefined;
  const [row] = await connection.query<{ hash: string }>(
    "SELECT encode(hash, 'hex') AS hash FROM revisions WHERE revision = $1",
    [head.revision],
  );
  if (row?.hash === head.revision_hash) return undefined;
  const what = row === undefined ? "the revision is gone" : "the revision is another";
  const number = String(head.revision);
  return { what, number, expected: head.revision_hash, found: row?.hash ?? "none" };
}

/**
 * Checks the signature and that every book and the revisions go on from the checkpoint. Throws BAD_INPUT
 * where the files are no checkpoint or not signed with the key.
 */
export async function compareWithCheckpoint(
  database: Database,
  { file, key }: AgainstOptions,
): Promise<Extension> {
  const note = await readFile(file, "utf8").catch((error: unknown) => {
    throw explainPath(file, error);
  });
  const { text, head } = parseNote(note);
  if (!isSignedBy(note, text, await readPublicKey(key))) {
    throw new LotbookError("BAD_INPUT", `${file} is not signed with the key of ${key}`, {
      advice: "take the key from where you keep it; if it is the right one, the note was changed",
    });
  }
  await proveList(`${file}.books`, head);
  let violations = 0;
  const differences: Difference[] = [];
  const take = (difference: Difference | undefined): void => {
    if (difference === undefined) return;
    violations += 1;
    if (differences.length < differencesShown) differences.push(difference);
  };
  await database.connect((connection) =>
    connection.transaction(async () => {
      await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
      for await (const page of readBooks(`${file}.books`)) {
        const ids = page.map((book) => book.book_id);
        const numbers = page.map((book) => BigInt(book.last_seal));
        const found = await connection.query<Found>(foundAt, [ids, numbers]);
        page.forEach((book, index) => take(compare(book, found[index]!)));
      }
      take(await compareRevision(connection, head));
    }),
  );
  return { ok: violations === 0, checkpoint: head, violations, differences };
}
