/** Differences between two ends, book by book, with what caused them. docs/spec/diff.md. */
import { attribute, type Attribution } from "../core/diff/attribution.ts";
import { pnlOf } from "../core/diff/sale.ts";
import type { Movement } from "../core/movement.ts";
import { readAll } from "../ledger/compute/stretch.ts";
import { filtersOf, readRange } from "../reports/selection.ts";
import { readTransaction, type Revision } from "../reports/view.ts";
import type { Database } from "../store/database.ts";
import { digestOf } from "./digest.ts";
import {
  type BookEnds,
  booksBetween,
  type End,
  type EndRequest,
  lastRun,
  resolveEnd,
} from "./ends.ts";
import { type FactChange, readChanges } from "./facts.ts";
import { changeOf, type CauseRow, rowsOf, type SaleRow, wide } from "./rows.ts";

export interface DiffRequest {
  /** Both ends or none: the published version before its last run and now. */
  readonly ends?: { readonly before: EndRequest; readonly after: EndRequest } | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly tz?: string | undefined;
  readonly portfolio?: string | undefined;
  readonly account?: string | undefined;
  readonly symbol?: string | undefined;
  readonly strategy?: string | undefined;
}

/** An end, as every answer names it. */
export interface DiffEnd {
  readonly version: number;
  readonly method: string;
  readonly scope: string;
  readonly known_at: Revision;
}

export interface DiffTotal {
  readonly quote: string;
  readonly changed_sales: number;
  readonly pnl_before: string;
  readonly pnl_after: string;
  readonly pnl_change: string;
}

export interface BookDiff {
  readonly portfolio: string;
  readonly symbol: string;
  readonly quote: string;
  /** Facts between the ends, those included that changed no sale. */
  readonly facts: number;
  /** Ends whose stored digest is not that of the facts: `before`, `after`. */
  readonly disagrees: readonly ("before" | "after")[];
  readonly causes: readonly CauseRow[];
  readonly sales: readonly SaleRow[];
}

export interface Diff {
  readonly before: DiffEnd;
  readonly after: DiffEnd;
  readonly filters: Readonly<Record<string, string>>;
  /** To be read once, to its end, before the totals. */
  readonly books: AsyncIterable<BookDiff>;
  /** By quote asset, of the sales that changed. */
  readonly totals: () => readonly DiffTotal[];
}

interface Selected {
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly account: string | undefined;
  readonly strategy: string | undefined;
}

/** Sums by quote asset, in units of 10^-36. */
class Totals {
  readonly #sums = new Map<string, { sales: number; before: bigint; after: bigint }>();

  add(quote: string, { sales }: Attribution<FactChange>): void {
    if (sales.length === 0) return;
    const sum = this.#sums.get(quote) ?? { sales: 0, before: 0n, after: 0n };
    this.#sums.set(quote, sum);
    for (const sale of sales) {
      sum.sales += 1;
      sum.before += pnlOf(sale.before);
      // By way of its causes, so that a cause forgotten would show.
      sum.after += pnlOf(sale.before) + changeOf(sale);
    }
  }

  rows(): DiffTotal[] {
    const byName = [...this.#sums].toSorted(([left], [right]) => (left < right ? -1 : 1));
    return byName.map(([quote, { sales, before, after }]) => ({
      quote,
      changed_sales: sales,
      pnl_before: wide(before),
      pnl_after: wide(after),
      pnl_change: wide(after - before),
    }));
  }
}

/** Entries of the sales of a strategy; undefined when none is asked for. */
async function salesOfStrategy(
  database: Database,
  bookId: string,
  strategy: string | undefined,
): Promise<Set<number> | undefined> {
  if (strategy === undefined) return undefined;
  const rows = await database.connect((connection) =>
    connection.query<{ entry: bigint }>(
      "SELECT entry FROM fills WHERE book_id = $1 AND strategy = $2 AND side = 'sell'",
      [bookId, strategy],
    ),
  );
  return new Set(rows.map(({ entry }) => Number(entry)));
}

async function* booksOf(
  database: Database,
  ends: { before: End; after: End },
  books: readonly BookEnds[],
  selected: Selected,
  totals: Totals,
): AsyncGenerator<BookDiff> {
  const ranges = books.map((book) => ({ ...book, watermark: book.before }));
  const byId = new Map(books.map((book) => [book.bookId, book]));
  let movements: Movement[] = [];
  for await (const page of readAll(database, ends.before.policy.scope, ranges)) {
    for (const movement of page.movements) movements.push(movement);
    if (!page.ends) continue;
    yield await diffBook(database, ends, byId.get(page.book.bookId)!, movements, selected, totals);
    movements = [];
  }
}

async function diffBook(
  database: Database,
  { before, after }: { before: End; after: End },
  book: BookEnds,
  movements: readonly Movement[],
  selected: Selected,
  totals: Totals,
): Promise<BookDiff> {
  const { bookId, portfolio, symbol, quote } = book;
  const takenOut = book.after < book.before;
  const [low, high] = takenOut ? [book.after, book.before] : [book.before, book.after];
  const { scope } = after.policy;
  const changes = await database.connect((connection) =>
    readChanges(connection, { bookId, scope, low, high, movements, takenOut }),
  );
  const ofStrategy = await salesOfStrategy(database, bookId, selected.strategy);
  const { from = -1n, to, account } = selected;
  const disagrees: ("before" | "after")[] = [];
  const attribution = attribute<FactChange>({
    movements,
    before: before.policy,
    after: after.policy,
    changes,
    selects: (close) =>
      close.at >= from &&
      (to === undefined || close.at < to) &&
      (account === undefined || close.account === account) &&
      (ofStrategy === undefined || ofStrategy.has(close.entry)),
    onStart: (start) => {
      if (digestOf(book, start) !== book.digestBefore) disagrees.push("before");
    },
    onEnd: (end) => {
      if (digestOf(book, end) !== book.digestAfter) disagrees.push("after");
    },
  });
  totals.add(quote, attribution);
  return { portfolio, symbol, quote, facts: changes.length, disagrees, ...rowsOf(attribution) };
}

const endOf = ({ view: { version, method, scope, knownAt } }: End): DiffEnd => ({
  version,
  method,
  scope,
  known_at: knownAt,
});

/**
 * Finds what differs between two ends. Facts and stored digests don't change, so the books are read one after
 * another while the caller takes them; one is in memory at a time. Throws where an end does not exist or
 * can't be computed again.
 */
export async function readDiff(database: Database, request: DiffRequest): Promise<Diff> {
  const { tz, account, strategy } = request;
  const found = await database.connect((connection) =>
    readTransaction(connection, async () => {
      const asked = request.ends ?? (await lastRun(connection));
      const before = await resolveEnd(connection, asked.before, tz);
      const after = await resolveEnd(connection, asked.after, tz);
      const range = await readRange(connection, request, tz ?? "UTC");
      const books = await booksBetween(connection, before, after, request);
      return { before, after, range, books };
    }),
  );
  const totals = new Totals();
  return {
    before: endOf(found.before),
    after: endOf(found.after),
    filters: filtersOf(request, found.range),
    books: booksOf(database, found, found.books, { ...found.range, account, strategy }, totals),
    totals: () => totals.rows(),
  };
}
