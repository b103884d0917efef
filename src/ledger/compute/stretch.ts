/** A book read in order of time, page by page, whole or in part. */
import type { Scope } from "../../core/movement.ts";
import type { Database } from "../../store/database.ts";
import {
  type BookRange,
  literal,
  movementsQuery,
  orderedMovements,
  pageSize,
  readBooks,
  readEntries,
  standing,
  type StoredMovement,
} from "./facts.ts";

/** What happened after `after` and up to `until`; undefined: to the end. */
export interface TimeRange {
  readonly after: bigint;
  readonly until: bigint | undefined;
}

/** The same with the facts of that time, in ledger order. */
export interface FactPage extends TimeRange {
  readonly movements: StoredMovement[];
}

export interface Stretch {
  /** Only what happened after this instant; -1: from the beginning. */
  readonly after?: bigint;
  /** Only what happened up to this instant. */
  readonly until?: bigint;
  /** Only opening facts. */
  readonly opensOnly?: boolean;
  /** Facts of the first page; each next one has as many as all before it, up to `pageSize`. */
  readonly firstPage?: number;
}

/** The time at which a page ends, so that no instant is cut; undefined when it is the stretch's last. */
async function pageEnd(
  database: Database,
  book: BookRange,
  { after, until }: TimeRange,
  size: number,
): Promise<bigint | undefined> {
  return database.connect(async (connection) => {
    const [row] = await connection.query<{ at: bigint }>(
      `SELECT executed_at AS at FROM fills WHERE book_id = $1 AND executed_at > $2
         AND executed_at <= coalesce($3, 9223372036854775807)
       ORDER BY executed_at OFFSET ${size} LIMIT 1`,
      [book.bookId, after, until ?? null],
    );
    return row?.at;
  });
}

/** The times of a book's pages. They leave no gap between them. */
export async function* pageTimes(
  database: Database,
  book: BookRange,
  { after = -1n, until, firstPage = pageSize }: Stretch,
): AsyncGenerator<TimeRange> {
  let size = firstPage;
  let facts = 0;
  for (let begin = after; ; size = Math.min(facts, pageSize)) {
    const end = await pageEnd(database, book, { after: begin, until }, size);
    if (end === undefined || end === until) {
      yield { after: begin, until };
      return;
    }
    yield { after: begin, until: end };
    begin = end;
    facts += size;
  }
}

/** The movements of one page of a book. */
export async function readPage(
  database: Database,
  scope: Scope,
  book: BookRange,
  { after, until }: TimeRange,
  opensOnly = false,
): Promise<StoredMovement[]> {
  const range = (alias: string, time: string): string =>
    `${alias}.book_id = ${literal(book.bookId)} AND ${alias}.${time} > ${after}` +
    (until === undefined ? "" : ` AND ${alias}.${time} <= ${until}`) +
    (opensOnly && alias === "f" ? " AND f.side = 'buy'" : "");
  const sql = movementsQuery(`${book.watermark}`, "fills @", range);
  return orderedMovements(database, scope, sql);
}

/** The movements of one book, page by page. */
export async function* readBook(
  database: Database,
  scope: Scope,
  book: BookRange,
  stretch: Stretch = {},
): AsyncGenerator<FactPage> {
  for await (const times of pageTimes(database, book, stretch)) {
    const movements = await readPage(database, scope, book, times, stretch.opensOnly);
    yield { ...times, movements };
  }
}

/** SQL of a table's last standing facts by time. */
const greatest = (table: string, time: string): string =>
  `(SELECT t.entry, t.${time} AS at FROM ${table} t WHERE t.book_id = $1 AND ${standing("t", "$2")}
      ORDER BY t.${time} DESC FETCH FIRST 1 ROWS WITH TIES)`;

/** The greatest of a book's standing facts in ledger order; undefined when none stands. */
export async function readLast(
  database: Database,
  scope: Scope,
  book: BookRange,
): Promise<StoredMovement | undefined> {
  const entries = await database.connect((connection) =>
    connection.query<{ entry: bigint }>(
      `SELECT entry FROM (${greatest("fills", "executed_at")} UNION ALL
         ${greatest("opening_lots", "opened_at")}) l ORDER BY at DESC FETCH FIRST 1 ROWS WITH TIES`,
      [book.bookId, book.watermark],
    ),
  );
  const tied = await readEntries(
    database,
    scope,
    book,
    entries.map((row) => row.entry),
  );
  return tied.at(-1);
}

/** Neighbouring small books are read by one query; a large one is read alone, page by page. */
function* groups(books: readonly BookRange[]): Generator<readonly BookRange[]> {
  let group: BookRange[] = [];
  let facts = 0n;
  for (const book of books) {
    if (group.length > 0 && (facts + book.watermark > BigInt(pageSize) || group.length >= 1000)) {
      yield group;
      group = [];
      facts = 0n;
    }
    group.push(book);
    facts += book.watermark;
  }
  if (group.length > 0) yield group;
}

/** A book, or a part of it, on its way through a walk. */
export interface BookPage {
  readonly book: BookRange;
  readonly movements: StoredMovement[];
  /** Whether it is the book's last. */
  readonly ends: boolean;
}

/**
 * The same pages, the first asked for at once and each next one while the one before is being walked: from
 * the page of number `begin` on, where it is likely that the reader stops sooner.
 */
export function readAhead<Page>(pages: AsyncGenerator<Page>, begin = 1): AsyncGenerator<Page> {
  const first = pages.next();
  // An error is met when it is this page's turn.
  first.catch(() => {});
  return aheadOf(pages, first, begin);
}

async function* aheadOf<Page>(
  pages: AsyncGenerator<Page>,
  first: Promise<IteratorResult<Page>>,
  begin: number,
): AsyncGenerator<Page> {
  let next = first;
  try {
    for (let number = 1; ; number += 1) {
      const { done, value } = await next;
      if (done === true) return;
      if (number >= begin) {
        next = pages.next();
        next.catch(() => {});
      }
      yield value;
      if (number < begin) next = pages.next();
    }
  } finally {
    await pages.return(undefined);
  }
}

/** All movements of many books: book by book, each in ledger order and ended by a page that says so. */
export async function* readAll(
  database: Database,
  scope: Scope,
  books: readonly BookRange[],
): AsyncGenerator<BookPage> {
  for (const group of groups(books)) {
    const [only] = group;
    if (group.length === 1 && only !== undefined && only.watermark > BigInt(pageSize)) {
      for await (const { movements, until } of readBook(database, scope, only))
        yield { book: only, movements, ends: until === undefined };
      continue;
    }
    const byBook = await readBooks(database, scope, group);
    for (const book of group) yield { book, movements: byBook.get(book.bookId) ?? [], ends: true };
  }
}
