/** `import`: files of fills into one batch, whole or not at all. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Problem, Telling } from "../core/fact.ts";
import type { Rounding } from "../core/rounding.ts";
import { LotbookError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { findFiles, type InputFile, openInput, readInput } from "./input-file.ts";
import type { Ports } from "./ports.ts";
import {
  type BatchSource,
  recordBatch,
  type RejectedRow,
  type SourcedTelling,
} from "./record/batch.ts";
import {
  type BatchOutcome,
  type ConflictExample,
  noRows,
  type WaitingExample,
} from "./record/outcome.ts";
import { fileSource } from "./record/source-name.ts";

export interface ImportOptions {
  /** A format's name; else it is detected, file by file. */
  readonly from?: string;
  /** Record the good rows and leave the bad ones out. */
  readonly skipBadRows?: boolean;
  readonly author?: string;
  /** How the files round what they say, beyond what is known of their formats. */
  readonly rounding?: Rounding;
  readonly progress?: (progress: ImportProgress) => void;
  /** Told of each bad row as it is met. */
  readonly onProblem?: (problem: Problem) => void;
}

export interface ImportProgress {
  readonly phase: "reading" | "recording";
  /** Bytes while reading, rows while recording. */
  readonly done: number;
  readonly total: number;
}

export interface ImportedFile {
  readonly file: string;
  readonly format: string;
  readonly rows: number;
  readonly recorded: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly rejected: number;
  readonly roundedCopies: number;
  /** Tellings that wait for a person. */
  readonly waiting: number;
}

export interface ImportResult {
  readonly files: readonly ImportedFile[];
  readonly recorded: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly rejected: number;
  readonly roundedCopies: number;
  readonly waiting: number;
  /** Conflicts that were not told in the same words before: what a person has to look at. */
  readonly newConflicts: number;
  /** Tellings that wait and did not before: for a person, too. */
  readonly newWaiting: number;
  readonly books: number;
  /** Null when nothing was new. */
  readonly batch: string | null;
  /** The first hundred bad rows. */
  readonly problems: readonly Problem[];
  /** The first twenty tellings that disagree with what the ledger has. */
  readonly conflictExamples: readonly (Omit<ConflictExample, "file"> & { readonly file: string })[];
  /** The first twenty that wait. */
  readonly waitingExamples: readonly (Omit<WaitingExample, "file"> & { readonly file: string })[];
}

/** The error of an import that recorded nothing because of bad rows. */
export class BadRowsError extends LotbookError {
  readonly problems: readonly Problem[];
  readonly count: number;

  constructor(problems: readonly Problem[], count: number) {
    super("BAD_INPUT", `${count} bad ${count === 1 ? "row" : "rows"}; nothing was recorded`, {
      advice:
        "Mend the rows, or record the good ones and leave the bad ones out with --skip-bad-rows.",
    });
    this.problems = problems;
    this.count = count;
  }
}

const problemsKept = 100;

/** A file on its way in: its bytes counted and hashed, its problems set aside. */
class FileReader {
  readonly file: string;
  format = "";
  idSpace: string | undefined;
  rows = 0;
  bad = 0;
  bytes = 0;
  digest = "";
  readonly #input: InputFile;
  readonly #import: Import;
  #told: AsyncIterable<readonly Telling[]> = (async function* () {})();

  private constructor(input: InputFile, owner: Import) {
    this.file = input.name;
    this.#input = input;
    this.#import = owner;
  }

  /** Opens a file and finds its format by its first bytes, unless it is named. */
  static async open(
    input: InputFile,
    from: string | undefined,
    owner: Import,
  ): Promise<FileReader> {
    const reader = new FileReader(input, owner);
    const opened = await openInput(input, reader.#chunks(), from);
    reader.format = opened.format.name;
    reader.idSpace = opened.format.idSpace;
    reader.#told = opened.tellings;
    return reader;
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    for await (const bytes of readInput(this.#input)) {
      hash.update(bytes);
      this.bytes += bytes.length;
      this.#import.advance(bytes.length);
      yield bytes;
    }
    this.digest = hash.digest("hex");
  }

  async *tellings(ports: Ports): AsyncGenerator<SourcedTelling[]> {
    for await (const chunk of this.#told) {
      this.rows += chunk.length;
      const good: SourcedTelling[] = [];
      for (const told of chunk) if (this.#isGood(told)) good.push(told as SourcedTelling);
      yield good;
      ports.failpoint("import.reading");
    }
  }

  #isGood(told: Telling): boolean {
    if (told.fact !== undefined) return true;
    this.bad += 1;
    this.#import.problem(told.problem!);
    return false;
  }
}

class Import {
  readonly problems: Problem[] = [];
  problemCount = 0;
  readonly #options: ImportOptions;
  readonly #total: number;
  #done = 0;

  constructor(options: ImportOptions, total: number) {
    this.#options = options;
    this.#total = total;
  }

  advance(bytes: number): void {
    this.#done += bytes;
    this.#options.progress?.({ phase: "reading", done: this.#done, total: this.#total });
  }

  problem(problem: Problem): void {
    this.problemCount += 1;
    if (this.problems.length < problemsKept) this.problems.push(problem);
    this.#options.onProblem?.(problem);
  }

  /** Ends an import that may not leave rows out. */
  stopAtProblems(): void {
    if (this.problemCount === 0 || this.#options.skipBadRows === true) return;
    throw new BadRowsError(this.problems, this.problemCount);
  }
}

export async function importFiles(
  database: Database,
  ports: Ports,
  files: readonly string[],
  options: ImportOptions = {},
): Promise<ImportResult> {
  const found = await findFiles(files);
  const job = new Import(
    options,
    found.reduce((sum, { size }) => sum + size, 0),
  );
  const readers: FileReader[] = [];
  for (const input of found) readers.push(await FileReader.open(input, options.from, job));
  const onRejected = (rejected: readonly RejectedRow[]): void => {
    for (const row of rejected) {
      const file = readers[row.file]!.file;
      job.problem({
        file,
        row: row.row,
        column: undefined,
        value: undefined,
        message: row.problem,
      });
    }
  };
  const onJudged = (): void => job.stopAtProblems();
  const sources: BatchSource[] = readers.map((reader) => ({
    source: fileSource(reader.format, options.rounding),
    ...(reader.idSpace === undefined ? {} : { idSpace: reader.idSpace }),
    tellings: reader.tellings(ports),
  }));
  const inputs = (): string =>
    JSON.stringify(
      readers.map((reader) => ({
        file: basename(reader.file),
        format: reader.format,
        bytes: reader.bytes,
        sha256: reader.digest,
      })),
    );
  const progress = (phase: "reading" | "recording", done: number): void => {
    if (phase === "recording") options.progress?.({ phase, done, total: done });
  };
  const author = options.author ?? "import";
  const outcome = await database.connect((connection) =>
    recordBatch(connection, ports, { sources, author, inputs, onRejected, onJudged, progress }),
  );
  return resultOf(readers, job, outcome);
}

function resultOf(
  readers: readonly FileReader[],
  job: Import,
  outcome: BatchOutcome,
): ImportResult {
  const imported = readers.map((reader, index) => {
    const { decisions: _none, ...counts } = outcome.files[index] ?? noRows;
    const { file, rows, bad } = reader;
    return { file, format: reader.format, rows, ...counts, rejected: counts.rejected + bad };
  });
  const named = <Example extends WaitingExample>(example: Example) => ({
    ...example,
    file: readers[example.file]!.file,
  });
  const sum = (key: Exclude<keyof typeof noRows, "decisions">): number =>
    imported.reduce((total, file) => total + file[key], 0);
  return {
    files: imported,
    recorded: sum("recorded"),
    duplicates: sum("duplicates"),
    conflicts: sum("conflicts"),
    rejected: sum("rejected"),
    roundedCopies: sum("roundedCopies"),
    waiting: sum("waiting"),
    newConflicts: outcome.newConflicts,
    newWaiting: outcome.newWaiting,
    books: outcome.books,
    batch: outcome.batchId,
    problems: job.problems,
    conflictExamples: outcome.conflicts.map(named),
    waitingExamples: outcome.waiting.map(named),
  };
}
