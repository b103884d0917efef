/**
 * `export --proof`: a ledger as one file that can be checked without lotbook, docs/spec/proof.md. What is
 * stored is written as it is stored: whether it fits together is for the reader to find.
 */
import { explainNewFile } from "../../errors.ts";
import { versionDigest } from "../../seal/digest.ts";
import { fetchRows } from "../../store/cursor.ts";
import type { Connection, Database } from "../../store/database.ts";
import { readSigningKey, refuseInside, type SigningKey } from "../checkpoint/key.ts";
import { type CheckpointHead, keyId, noteText, signNote } from "../checkpoint/note.ts";
import { summarize } from "../checkpoint/write.ts";
import { publishedVersion, type Version } from "../compute/policy.ts";
import { WholeFile } from "../export.ts";
import { refuseExisting } from "../new-file.ts";
import { factOfRow } from "../read-facts.ts";
import {
  allocationLine,
  bookLine,
  checkpointLine,
  factLine,
  observationLine,
  openLotLine,
  proofLine,
  revisionLine,
  sealLine,
  stateLine,
  versionLine,
} from "./lines.ts";
import {
  type BookHeadRow,
  books,
  type Conclusions,
  currentDigests,
  openStored,
  type RevisionRow,
  revisions,
  type Stored,
} from "./stored.ts";

export interface ProofOptions {
  /** File of the private key that signs the note; without it the note is unsigned. */
  readonly key?: string | undefined;
  /** How many facts are written, of how many. */
  readonly progress?: (done: number, total: number) => void;
  /** For tests. */
  readonly now?: () => Date;
}

/** What the last line's note says of the ledger, and what was published. */
export interface ProofResult extends CheckpointHead {
  readonly lines: number;
  /** Null where nothing is published; so is the next. */
  readonly version: number | null;
  readonly digest: string | null;
  /** Null where the note is unsigned. */
  readonly key_id: string | null;
}

export interface ProofFileResult extends ProofResult {
  readonly file: string;
}

/** Where text goes, at the reader's pace. */
export type WriteText = (text: string) => Promise<unknown>;

const piece = 1 << 16;

/** Lines gathered to pieces. */
class Lines {
  count = 0;
  readonly #write: WriteText;
  #pending = "";

  constructor(write: WriteText) {
    this.#write = write;
  }

  async add(line: string): Promise<void> {
    this.count += 1;
    this.#pending += line;
    if (this.#pending.length >= piece) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "") await this.#write(text);
  }
}

class BookWriter {
  readonly #lines: Lines;
  readonly #stored: Stored;
  readonly #factWritten: () => void;

  constructor(lines: Lines, stored: Stored, factWritten: () => void) {
    this.#lines = lines;
    this.#stored = stored;
    this.#factWritten = factWritten;
  }

  async write(book: BookHeadRow): Promise<void> {
    const { seals, conclusions } = this.#stored;
    await this.#lines.add(bookLine(book));
    for (;;) {
      const seal = await seals.peek(book.book_id);
      if (seal === undefined) break;
      seals.take();
      await this.#facts(book, seal.first_entry + seal.fact_count - 1n);
      await this.#observations(book, seal.first_observation + seal.observation_count - 1n);
      await this.#lines.add(sealLine(seal));
    }
    // What no seal covers, if someone put it there.
    await this.#facts(book, undefined);
    await this.#observations(book, undefined);
    if (conclusions !== undefined) await this.#conclusions(book, conclusions);
  }

  /** The facts of all kinds up to an entry, in order of entry. */
  async #facts(book: BookHeadRow, until: bigint | undefined): Promise<void> {
    for (;;) {
      let next;
      for (const { table, rows } of this.#stored.facts) {
        const row = await rows.peek(book.book_id);
        if (row !== undefined && (next === undefined || row.entry < next.row.entry))
          next = { table, rows, row };
      }
      if (next === undefined || (until !== undefined && next.row.entry > until)) return;
      next.rows.take();
      const fact = factOfRow(next.table, book, next.row);
      await this.#lines.add(factLine(next.row.entry, fact, next.row.leaf));
      this.#factWritten();
    }
  }

  async #observations(book: BookHeadRow, until: bigint | undefined): Promise<void> {
    const { observations } = this.#stored;
    for (;;) {
      const row = await observations.peek(book.book_id);
      if (row === undefined || (until !== undefined && row.number > until)) return;
      observations.take();
      await this.#lines.add(observationLine(row));
    }
  }

  async #conclusions(book: BookHeadRow, conclusions: Conclusions): Promise<void> {
    const { states, allocations, openLots } = conclusions;
    for (let row; (row = await states.peek(book.book_id)) !== undefined; states.take())
      await this.#lines.add(stateLine(row));
    for (let row; (row = await allocations.peek(book.book_id)) !== undefined; allocations.take())
      await this.#lines.add(allocationLine(row));
    for (let row; (row = await openLots.peek(book.book_id)) !== undefined; openLots.take())
      await this.#lines.add(openLotLine(row));
  }
}

async function digestOf(connection: Connection, version: Version): Promise<string> {
  const digests = await connection.query<{ bookId: string; digest: string }>(currentDigests, [
    version.version,
  ]);
  return versionDigest(version, digests);
}

interface Written extends Omit<CheckpointHead, "time"> {
  readonly version: number | null;
  readonly digest: string | null;
}

/** All lines but the last, of the state that the transaction sees. */
async function writeLedger(
  connection: Connection,
  lines: Lines,
  progress: ProofOptions["progress"],
): Promise<Written> {
  // First: what can't be signed should not take the time of a whole file.
  const totals = await summarize(connection, async () => {});
  const version = await publishedVersion(connection);
  const digest = version === undefined ? undefined : await digestOf(connection, version);
  const stored = await openStored(connection, version?.version);
  await lines.add(proofLine());
  if (version !== undefined && digest !== undefined) await lines.add(versionLine(version, digest));
  let done = 0;
  const total = Number(totals.facts);
  const writer = new BookWriter(lines, stored, () => progress?.((done += 1), total));
  for await (const page of fetchRows<BookHeadRow>(connection, books, [], "proof_books")) {
    for (const book of page) await writer.write(book);
  }
  for await (const page of fetchRows<RevisionRow>(connection, revisions, [], "proof_revisions"))
    for (const row of page) await lines.add(revisionLine(row));
  return { ...totals, version: version?.version ?? null, digest: digest ?? null };
}

/**
 * Writes the ledger as it stands at one moment, piece by piece. Throws REFUSED for a key in the data
 * directory or one that others can read, and where a book's head is not its last seal.
 */
export async function writeProof(
  database: Database,
  write: WriteText,
  // tidy: the default of an injected clock
  { key, progress, now = () => new Date() }: ProofOptions = {},
): Promise<ProofResult> {
  const signing: SigningKey | undefined =
    key === undefined ? undefined : await readSigningKey(key, database);
  const lines = new Lines(write);
  const written = await database.connect((connection) =>
    connection.transaction(async () => {
      await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
      return writeLedger(connection, lines, progress);
    }),
  );
  const { version, digest, ...totals } = written;
  const head = { ...totals, time: now().toISOString() };
  const text = noteText(head);
  const note = signing === undefined ? text : signNote(text, signing.privateKey, signing.publicKey);
  await lines.add(checkpointLine(note));
  await lines.flush();
  const key_id = signing === undefined ? null : keyId(signing.publicKey);
  return { lines: lines.count, version, digest, ...head, key_id };
}

/** Into a new file, which has its name only when it is whole. */
export async function writeProofFile(
  database: Database,
  file: string,
  options: ProofOptions = {},
): Promise<ProofFileResult> {
  await refuseInside(database.location, file, "a proof");
  await refuseExisting(file);
  const whole = new WholeFile(file);
  try {
    const result = await writeProof(database, (text) => whole.write([text]), options);
    await whole.end();
    await whole.name();
    return { file, ...result };
  } catch (error) {
    await whole.abandon();
    throw explainNewFile(file, error);
  }
}
