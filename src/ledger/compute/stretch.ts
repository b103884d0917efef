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

/** What happened after `after` and up to `until` (undefined: to the end), in ledger order. */
export interface FactPage {
  readonly after: bigint;
  readonly until: bigint | undefined;
  readonly movements: StoredMovement[];
}

export interface Stretch {
  /** Only what happened after this instant; -1: from the beginning. */
  readonly after?: bigint;
  /** Only what happened up to this instant. */
  readonly until?: bigint;
  /** Only opening facts. */
  readonly opensOnly?: boolean;
  /** Facts of the first page; each is twice as large as the one before, up to `pageSize`. */
  readonly firstPage?: number;
}

/** The time at which a page ends, so that no instant is cut; undefined when it is the book's last. */
async function pageEnd(
  database: Database,
  book: BookRange,
  after: bigint,
  size: number,
): Promise<bigint | undefined> {
  return database.connect(async (connection) => {
    const [row] = await connection.query<{ at: bigint }>(
      `SELECT executed_at AS at FROM fills WHERE book_id = $1 AND executed_at > $2 ORDER BY executed_at
       OFFSET ${size} LIMIT 1`,
      [book.bookId, after],
    );
    return row?.at;
  });
}

/** The movements of one book, page by page. The pages leave no gap between them. */
export async function* readBook(
  database: Database,
  scope: Scope,
  book: BookRange,
  stretch: Stretch = {},
): AsyncGenerator<FactPage> {
  let after = stretch.after ?? -1n;
  let size = stretch.firstPage ?? pageSize;
  const side = stretch.opensOnly === true ? " AND f.side = 'buy'" : "";
  for (;;) {
    const end = await pageEnd(database, book, after, size);
    const isLast = end === undefined || (stretch.until !== undefined && end >= stretch.until);
    const until = isLast ? stretch.until : end;
    const from = after;
    const range = (alias: string, time: string): string =>
      `${alias}.book_id = ${literal(book.bookId)} AND ${alias}.${time} > ${from}` +
      (until === undefined ? "" : ` AND ${alias}.${time} <= ${until}`) +
      (alias === "f" ? side : "");
    const sql = movementsQuery(`${book.watermark}`, "fills @", range);
    yield { after, until, movements: await orderedMovements(database, scope, sql) };
    if (isLast || until === undefined) return;
    after = until;
    size = Math.min(2 * size, pageSize);
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

/** The same pages, the next one asked for while the one before is being walked. */
export async function* readAhead<Page>(pages: AsyncGenerator<Page>): AsyncGenerator<Page> {
  let next = pages.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = pages.next();
      // An error is met when it is this page's turn.
      next.catch(() => {});
      yield value;
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
