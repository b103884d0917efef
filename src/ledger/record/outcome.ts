/** What became of a batch, and the heads of the books it touches. */
import type { Connection } from "../../store/database.ts";
import { parseSymbol } from "../../core/instrument.ts";
import type { RepeatCounts } from "./recent.ts";

/** A book's head as it stood when the batch took its lock. */
export interface BookHead {
  readonly bookId: string;
  readonly lastEntry: bigint;
  readonly lastObservation: bigint;
  readonly lastSeal: bigint;
  /** The last seal's hash, in hexadecimal. */
  readonly head: string;
}

interface BookNames {
  readonly bookId: string;
  readonly portfolio: string;
  readonly symbol: string;
}

/** Makes the books that are new and locks all of them, by id: the one order of locks everywhere. */
export async function lockBooks(
  connection: Connection,
  books: readonly BookNames[],
): Promise<BookHead[]> {
  const sorted = books.toSorted((a, b) => (a.bookId < b.bookId ? -1 : 1));
  const heads: BookHead[] = [];
  for (let from = 0; from < sorted.length; from += 5000) {
    heads.push(...(await lockSome(connection, sorted.slice(from, from + 5000))));
  }
  return heads;
}

async function lockSome(connection: Connection, books: readonly BookNames[]): Promise<BookHead[]> {
  const ids = books.map((book) => book.bookId);
  const instruments = books.map((book) => parseSymbol(book.symbol)!);
  await connection.execute(
    `INSERT INTO books (book_id, portfolio, symbol, base_asset, quote_asset)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS t (id, p, s, b, q)
     WHERE NOT EXISTS (SELECT FROM books WHERE book_id = id) ORDER BY id ON CONFLICT DO NOTHING`,
    [
      ids,
      books.map((book) => book.portfolio),
      books.map((book) => book.symbol),
      instruments.map((each) => each.base),
      instruments.map((each) => each.quote),
    ],
  );
  const rows = await connection.query<{
    book_id: string;
    e: bigint;
    o: bigint;
    s: bigint;
    head: string;
  }>(
    `SELECT book_id, last_entry AS e, last_observation AS o, last_seal AS s, encode(head, 'hex') AS head
     FROM books WHERE book_id = ANY ($1::uuid[]) ORDER BY book_id FOR NO KEY UPDATE`,
    [ids],
  );
  return rows.map((row) => ({
    bookId: row.book_id,
    lastEntry: row.e,
    lastObservation: row.o,
    lastSeal: row.s,
    head: row.head,
  }));
}

/** A telling that waits for a person. */
export interface WaitingExample {
  readonly file: number;
  readonly row: number;
  readonly kind: string;
  readonly id: string;
  readonly told: string;
}

/** A telling whose content is not what the ledger has. */
export interface ConflictExample extends WaitingExample {
  readonly recorded: string;
}

export interface FileOutcome {
  recorded: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  roundedCopies: number;
  waiting: number;
  decisions: number;
}

export const noRows: FileOutcome = {
  recorded: 0,
  duplicates: 0,
  conflicts: 0,
  rejected: 0,
  roundedCopies: 0,
  waiting: 0,
  decisions: 0,
};

/** Where each outcome of a staged row is counted. */
const counted: Readonly<Record<string, keyof FileOutcome>> = {
  recorded: "recorded",
  duplicate: "duplicates",
  conflict: "conflicts",
  rejected: "rejected",
  "rounded copy": "roundedCopies",
  waiting: "waiting",
  decision: "decisions",
};

export interface BatchOutcome {
  /** By index of the batch's sources. */
  readonly files: readonly FileOutcome[];
  /** Null when nothing was new: then there is no batch and no seal. */
  readonly batchId: string | null;
  readonly books: number;
  /** Conflicts that were not told in the same words before. */
  readonly newConflicts: number;
  /** Tellings that wait for a person and were not told before. */
  readonly newWaiting: number;
  /** Up to 20. */
  readonly conflicts: readonly ConflictExample[];
  readonly waiting: readonly WaitingExample[];
}

const addRepeats = `ON CONFLICT (book_id, source) DO UPDATE SET count = repeats.count + excluded.count,
    last_at = excluded.last_at`;

/** Counts the tellings that were heard before. The counts are not sealed. */
export async function countRepeats(
  connection: Connection,
  early: RepeatCounts,
  exceptions: number,
): Promise<void> {
  if (exceptions > 0) {
    await connection.execute(
      `INSERT INTO repeats (book_id, source, count, last_at)
       SELECT s.book_id, s.source, count(*), clock_timestamp() FROM staged s JOIN numbered n USING (ordinal)
       WHERE NOT EXISTS (SELECT FROM told t WHERE t.ordinal = s.ordinal)
       GROUP BY s.book_id, s.source ORDER BY s.book_id, s.source ${addRepeats}`,
    );
  }
  const counts = early.all;
  if (counts.length === 0) return;
  await connection.execute(
    `INSERT INTO repeats (book_id, source, count, last_at)
     SELECT b, s, sum(n), clock_timestamp() FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS t (b, s, n)
     GROUP BY b, s ORDER BY b, s ${addRepeats}`,
    [
      counts.map((each) => each.bookId),
      counts.map((each) => each.source),
      counts.map((each) => each.count),
    ],
  );
}

const countAllNew =
  "SELECT file, 'recorded' AS outcome, count(*)::integer AS n FROM staged GROUP BY file";
const countJudged = `
  SELECT file, coalesce(x.outcome, 'recorded') AS outcome, count(*)::integer AS n
  FROM staged LEFT JOIN exceptions x USING (ordinal) GROUP BY 1, 2`;

/** Where rows tell of more than one fact, each counts once, by what needs attention first. */
const countByRow = `
  SELECT file, outcome, count(*)::integer AS n FROM (
    SELECT DISTINCT ON (file, place) file, coalesce(x.outcome, 'recorded') AS outcome
    FROM staged LEFT JOIN exceptions x USING (ordinal)
    ORDER BY file, place, array_position(ARRAY['rejected', 'conflict', 'waiting', 'recorded', 'rounded copy'],
      coalesce(x.outcome, 'recorded'))) judged
  GROUP BY file, outcome`;

/** The counts by file, in the transaction that recorded them. */
export async function outcomes(
  connection: Connection,
  staging: {
    readonly books: ReadonlyMap<string, unknown>;
    readonly repeats: RepeatCounts;
    readonly beside: number;
  },
  exceptions: number,
  batchId: string | null,
): Promise<BatchOutcome> {
  const rows = await connection.query<{ file: number; outcome: string; n: number }>(
    staging.beside > 0 ? countByRow : exceptions > 0 ? countJudged : countAllNew,
  );
  const files: FileOutcome[] = [];
  for (const { file, outcome, n } of rows) {
    (files[file] ??= { ...noRows })[counted[outcome]!] = n;
  }
  for (const { file, count } of staging.repeats.all) {
    (files[file] ??= { ...noRows }).duplicates += count;
  }
  const conflicts = exceptions === 0 ? [] : await examples<ConflictExample>(connection, "conflict");
  const waiting = exceptions === 0 ? [] : await examples<WaitingExample>(connection, "waiting");
  const isNew = exceptions === 0 ? noNews : await countNews(connection);
  return { files, batchId, books: staging.books.size, ...isNew, conflicts, waiting };
}

/** SQL of a fill's content in one line, for a person. */
const content = (alias: string): string => {
  const of = (column: string): string => `${alias}.${column}`;
  const named = (name: string, column: string): string => `'${name} ' || ${of(column)}`;
  const seconds = `timestamp 'epoch' + (${of("executed_at")} / 1000000000) * interval '1 second'`;
  return `concat_ws(' ', ${of("side")}, trim_scale(${of("quantity")}), '@', trim_scale(${of("price")}), 'at',
    to_char(${seconds}, 'YYYY-MM-DD"T"HH24:MI:SS')
      || '.' || lpad((${of("executed_at")} % 1000000000)::text, 9, '0') || 'Z',
    'fee ' || trim_scale(nullif(${of("quote_fee")}, 0)),
    'base fee ' || trim_scale(nullif(${of("base_fee")}, 0)),
    'fees ' || array_to_string(${of("third_fee_assets")}, ' ') || ' '
      || array_to_string(${of("third_fee_amounts")}, ' '),
    ${named("sequence", "sequence")}, ${named("order", "order_id")}, ${named("strategy", "strategy")},
    ${named("trade", "trade_id")})`;
};

type News = Pick<BatchOutcome, "newConflicts" | "newWaiting">;
const noNews: News = { newConflicts: 0, newWaiting: 0 };

/** SQL: rows, each once, though they may tell of more than one fact. */
const newRows = (outcome: string): string =>
  `(count(DISTINCT (s.file, s.place)) FILTER (WHERE x.outcome = '${outcome}'))::integer`;

async function countNews(connection: Connection): Promise<News> {
  const [row] = await connection.query<News>(
    `SELECT ${newRows("conflict")} AS "newConflicts", ${newRows("waiting")} AS "newWaiting"
     FROM told JOIN exceptions x USING (ordinal) JOIN staged s USING (ordinal)`,
  );
  return row!;
}

async function examples<Example extends WaitingExample>(
  connection: Connection,
  outcome: "conflict" | "waiting",
): Promise<Example[]> {
  const rows = await connection.query<Example & { place?: bigint }>(
    `SELECT s.file, s.place, s.kind, s.id,
       CASE s.kind WHEN 'fill' THEN ${content("s")} ELSE array_to_string(s.extra, ' ') END AS told,
       coalesce(${content("f")}, 'something else') AS recorded
     FROM exceptions x JOIN staged s USING (ordinal) JOIN numbered n USING (ordinal)
     LEFT JOIN fills f ON f.book_id = s.book_id AND f.entry = n.entry
     WHERE x.outcome = $1 ORDER BY s.ordinal LIMIT 20`,
    [outcome],
  );
  return rows.map(({ place, ...row }) => ({ ...row, row: Number(place) }) as unknown as Example);
}
