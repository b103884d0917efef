/**
 * Recording a batch: the only way a fact gets into the ledger. In one transaction the tellings are staged,
 * judged, numbered under their books' locks, inserted and sealed. It computes no lot, no cost and no PnL.
 */
import { type Decision, decisionSource } from "../../core/decision.ts";
import type { Fact, FeeValue, Fill, Telling } from "../../core/fact.ts";
import type { Connection } from "../../store/database.ts";
import { bookId, factLeaf, observationLeaf, telling as tellingOf } from "../../seal/leaf.ts";
import { RootBuilder } from "../../seal/merkle.ts";
import type { Ports } from "../ports.ts";
import { contentId, isContentId } from "./content-id.ts";
import { judge } from "./judge.ts";
import { insertNumbered } from "./number.ts";
import { type BookRoots, rootsOfJudged, writeSeals } from "./seal-books.ts";
import type { FileSpace } from "./other-ids.ts";
import { RecentTellings, RepeatCounts } from "./recent.ts";
import { contentSpace, givenSpace, severalSources } from "./source-name.ts";
import { nameEqualRows } from "./unnamed.ts";
import { StagedRows, stagingCopy, stagingTables } from "./staging.ts";
import { type BatchOutcome, lockBooks, outcomes, countRepeats } from "./outcome.ts";

/** A telling of a fact. */
export interface SourcedTelling extends Pick<Telling, "row" | "raw" | "unnamed" | "feeValue"> {
  readonly fact: Fact;
  /** Who told it, where that is not the batch source that it comes with. */
  readonly source?: string;
}

/** A decision among the tellings of a batch source; its source is always `review`. */
export interface SourcedDecision {
  readonly row: number;
  readonly decision: Decision;
}

export type BatchItem = SourcedTelling | SourcedDecision;

export interface BatchSource {
  /** Names what told us, the same each time: `file:lotbook-csv`. */
  readonly source: string;
  /** Whose ids its fills have; `given` when left out; `decided`: not to be compared with other ids. */
  readonly idSpace?: string;
  readonly tellings: AsyncIterable<readonly BatchItem[]> | Iterable<readonly BatchItem[]>;
}

export interface BatchOptions {
  readonly sources: readonly BatchSource[];
  /**
   * Runs first in the batch's transaction: it may lock books (by id) and fill `sources` from what it reads
   * under the locks.
   */
  readonly prepare?: () => Promise<void>;
  readonly author: string;
  /** What the batch came from, as it is to be read later; called when all of it has been staged. */
  readonly inputs: () => string;
  /** Told of rows that are refused, some thousand at a time. */
  readonly onRejected: (rejected: readonly RejectedRow[]) => void;
  /** Asked after staging and after judging whether to go on; throws to record nothing. */
  readonly onJudged: () => void;
  readonly progress?: (phase: "reading" | "recording", done: number) => void;
}

/** A row that the ledger's rules refuse. */
export interface RejectedRow {
  readonly file: number;
  readonly row: number;
  readonly problem: string;
}

interface SaidFact {
  readonly file: number;
  readonly row: number;
  readonly source: string;
  readonly raw: string;
  readonly space: string | undefined;
}

interface StagedBook extends BookRoots {
  readonly portfolio: string;
  readonly symbol: string;
  count: number;
}

const chunkSize = 1 << 18;

/**
 * The rows of a batch on their way into the staging table, and what is known of them when the last has
 * passed.
 */
class Staging {
  readonly kinds = new Set<string>();
  readonly repeats = new RepeatCounts();
  readonly #recent = new RecentTellings();
  readonly books = new Map<string, StagedBook>();
  rows = 0;
  replaces = false;
  /** Rows without an id. */
  unnamed = 0;
  /** Facts that a row states beside its fill. */
  beside = 0;
  /** Whose ids the fills of each file have. */
  readonly spaces: FileSpace[] = [];
  #lastSpace: FileSpace | undefined;
  readonly #options: BatchOptions;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  async *lines(): AsyncGenerator<Uint8Array> {
    const staged = new StagedRows();
    for (const [file, { source, idSpace, tellings }] of this.#options.sources.entries()) {
      for await (const chunk of tellings) {
        for (const told of chunk) {
          if ("decision" in told) this.#addDecision(staged, file, told);
          else this.#add(staged, file, told.source ?? source, idSpace, told);
          if (staged.length >= chunkSize) yield staged.take();
        }
        this.#options.progress?.("reading", this.rows);
      }
    }
    if (staged.length > 0) yield staged.take();
  }

  #add(
    staged: StagedRows,
    file: number,
    source: string,
    idSpace: string | undefined,
    { row, raw, fact: said, unnamed, feeValue }: SourcedTelling,
  ): void {
    if (unnamed !== true && feeValue === undefined)
      return this.#addFact(staged, { file, row, source, raw, space: idSpace }, said);
    const fill = said as Fill;
    const fact = unnamed === true ? { ...fill, fillId: contentId(fill) } : fill;
    const space = unnamed === true ? "unnamed" : idSpace;
    this.#addFact(staged, { file, row, source, raw, space }, fact);
    if (feeValue === undefined) return;
    const { fillId } = fact;
    const beside = { file, row, source, raw, space: "beside" };
    this.#addFact(staged, beside, { ...feeValue, fillId, source });
  }

  #addFact(staged: StagedRows, said: SaidFact, fact: Fact): void {
    const { file, row, source, raw } = said;
    const book = this.#book(fact.portfolio, fact.symbol);
    const told = tellingOf(source, raw);
    const leaf = factLeaf(fact);
    const space =
      said.space === undefined && fact.kind === "fill" && isContentId(fact.fillId)
        ? contentSpace
        : said.space;
    // One text may tell of several facts: a message with two fills, or the rows of files with other
    // headers. Equal rows without ids are as many fills.
    const counts =
      space === "unnamed" || (space === "beside" && isContentId((fact as FeeValue).fillId));
    if (!counts && this.#recent.heard(told.slice(48) + leaf.slice(48)))
      return space === "beside" ? undefined : this.repeats.add(book.bookId, source, file);
    // Right if all of the batch turns out to be new; else the roots are taken again from what was judged.
    book.facts.add(leaf);
    book.observations.add(observationLeaf({ telling: told, outcome: "recorded", fact: leaf }));
    book.count += 1;
    this.rows += 1;
    this.kinds.add(fact.kind);
    if ("revision" in fact && fact.revision > 0) this.replaces = true;
    if (fact.kind === "fill") this.#noteSpace(file, space ?? givenSpace);
    if (space === "beside") this.beside += 1;
    staged.add(fact, leaf, { ...this.#place(book, file, row), source, telling: told, raw, space });
  }

  #addDecision(staged: StagedRows, file: number, { row, decision }: SourcedDecision): void {
    const book = this.#book(decision.portfolio, decision.symbol);
    book.count += 1;
    this.rows += 1;
    this.kinds.add("decision");
    const { raw } = decision;
    const telling = tellingOf(decisionSource, raw);
    staged.addDecision(decision, {
      ...this.#place(book, file, row),
      source: decisionSource,
      telling,
      raw,
    });
  }

  #noteSpace(file: number, space: string): void {
    if (space === "unnamed") this.unnamed += 1;
    if (space === this.#lastSpace?.space && file === this.#lastSpace.file) return;
    this.#lastSpace = { file, space };
    if (!this.spaces.some((known) => known.file === file && known.space === space))
      this.spaces.push(this.#lastSpace);
  }

  #place({ bookId: id, count }: StagedBook, file: number, row: number) {
    return { ordinal: this.rows, file, row, bookId: id, bookOrdinal: count };
  }

  #book(portfolio: string, symbol: string): StagedBook {
    const name = `${symbol}\0${portfolio}`;
    let book = this.books.get(name);
    if (book === undefined) {
      const id = bookId(portfolio, symbol);
      book = {
        bookId: id,
        portfolio,
        symbol,
        count: 0,
        facts: new RootBuilder(),
        observations: new RootBuilder(),
      };
      this.books.set(name, book);
    }
    return book;
  }
}

/**
 * Records a batch, or nothing where `onRejected` throws or anything fails. Call it outside a transaction.
 */
export async function recordBatch(
  connection: Connection,
  ports: Ports,
  options: BatchOptions,
): Promise<BatchOutcome> {
  await connection.script(stagingTables);
  const outcome = await connection.transaction(async () => {
    await options.prepare?.();
    const staging = new Staging(options);
    await connection.copyIn(stagingCopy, staging.lines());
    options.onJudged();
    ports.failpoint("record.staged");
    if (staging.rows === 0) return outcomes(connection, staging, 0, null);
    if (staging.rows > 10_000) await connection.execute("ANALYZE staged");
    options.progress?.("recording", staging.rows);
    const heads = await lockBooks(connection, [...staging.books.values()]);
    // Behind the books: rows are read back with the names of theirs, which this batch may have made.
    const renamed = staging.unnamed > 0 ? await nameEqualRows(connection) : 0;
    const exceptions = await judge(connection, {
      kinds: staging.kinds,
      known: heads.filter((head) => head.lastEntry > 0n).map((head) => head.bookId),
      replaces: staging.replaces,
      spaces: staging.spaces,
    });
    // With rows named anew or apart, the roots and numbers counted while staging are not those of the facts.
    const straight = exceptions === 0 && renamed === 0;
    if (exceptions > 0) await tellRejected(connection, options.onRejected);
    options.onJudged();
    await insertNumbered(connection, staging.kinds, straight);
    ports.failpoint("record.inserted");
    const roots = straight ? [...staging.books.values()] : await rootsOfJudged(connection);
    const batch = {
      source: batchSource(options.sources),
      author: options.author,
      inputs: options.inputs(),
    };
    const batchId = await writeSeals(connection, ports, batch, heads, roots);
    await countRepeats(connection, staging.repeats, exceptions);
    ports.failpoint("record.sealed");
    return outcomes(connection, staging, exceptions, batchId);
  });
  ports.failpoint("record.committed");
  return outcome;
}

/** The names of all sources; a batch has one line of 200 bytes for them. */
function batchSource(sources: readonly BatchSource[]): string {
  const names = [...new Set(sources.map((each) => each.source))].join(" ");
  return Buffer.byteLength(names) <= 200 ? names : severalSources;
}

/** All of them, some thousand at a time. */
async function tellRejected(
  connection: Connection,
  onRejected: BatchOptions["onRejected"],
): Promise<void> {
  for (let after = 0n; ;) {
    const rows = await connection.query<{
      ordinal: bigint;
      file: number;
      place: bigint;
      problem: string;
    }>(
      `SELECT s.ordinal, s.file, s.place, x.problem FROM exceptions x JOIN staged s USING (ordinal)
       WHERE x.outcome = 'rejected' AND s.ordinal > $1 ORDER BY s.ordinal LIMIT 5000`,
      [after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    onRejected(rows.map(({ file, place, problem }) => ({ file, row: Number(place), problem })));
    after = last.ordinal;
  }
}
