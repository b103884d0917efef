/** Facts as they are recorded, read back book by book, in entry order. */
import { parseDecimal } from "../core/decimal.ts";
import type { Adjustment, Fact, Fee, FeeValue, Fill, OpeningLot, Void } from "../core/fact.ts";
import { compareText } from "../core/order.ts";
import type { Connection, Row } from "../store/database.ts";

export interface BookNames {
  readonly portfolio: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
}

export interface BookRow extends BookNames {
  readonly bookId: string;
  readonly lastEntry: bigint;
}

export interface RecordedFact {
  readonly entry: bigint;
  /** Taken out by a void. */
  readonly voided: boolean;
  readonly fact: Fact;
}

/** The books, in the order of their ids; all of them, or those named. */
export async function readBookRows(
  connection: Connection,
  ids: readonly string[] | null = null,
): Promise<BookRow[]> {
  return connection.query<BookRow>(
    `SELECT book_id AS "bookId", portfolio, symbol, base_asset AS base, quote_asset AS quote,
       last_entry AS "lastEntry"
       FROM books WHERE $1::uuid[] IS NULL OR book_id = ANY ($1::uuid[]) ORDER BY book_id`,
    [ids],
  );
}

/** The database prints amounts as they were written; hashes and files want the normal form. */
const decimal = (value: unknown): string => parseDecimal(value as string)!;

/** The properties of an object that are given. */
function given<T extends object>(properties: T): { [K in keyof T]: NonNullable<T[K]> } {
  const entries = Object.entries(properties).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return Object.fromEntries(entries) as { [K in keyof T]: NonNullable<T[K]> };
}

function feeList(assets: unknown, amounts: unknown): Fee[] {
  if (assets === null) return [];
  return (assets as string[]).map((asset, index) => ({
    asset,
    amount: decimal((amounts as string[])[index]),
  }));
}

function fillOf(book: BookNames, row: Row): Fill {
  const fees = [
    { asset: book.quote, amount: decimal(row["quote_fee"]) },
    { asset: book.base, amount: decimal(row["base_fee"]) },
    ...feeList(row["third_fee_assets"], row["third_fee_amounts"]),
  ];
  return {
    kind: "fill",
    ...named(book, row),
    fillId: row["fill_id"] as string,
    revision: row["revision"] as number,
    executedAt: row["executed_at"] as bigint,
    side: row["side"] as Fill["side"],
    quantity: decimal(row["quantity"]),
    price: decimal(row["price"]),
    fees: fees.filter((fee) => fee.amount !== "0").sort((a, b) => compareText(a.asset, b.asset)),
    ...given({
      sequence: row["sequence"] as bigint | null,
      orderId: row["order_id"] as string | null,
      strategy: row["strategy"] as string | null,
      tradeId: row["trade_id"] as string | null,
      quoteSize: row["quote_size"] === null ? null : decimal(row["quote_size"]),
      grain: row["grain"] as "order" | null,
    }),
  } as Fill;
}

const named = (book: BookNames, row: Row) => ({
  portfolio: book.portfolio,
  symbol: book.symbol,
  venue: row["venue"] as string,
  account: row["account"] as string,
});

function openingLotOf(book: BookNames, row: Row): OpeningLot {
  return {
    kind: "opening lot",
    ...named(book, row),
    key: row["lot_key"] as string,
    revision: row["revision"] as number,
    openedAt: row["opened_at"] as bigint,
    quantity: decimal(row["quantity"]),
    ...given({ cost: row["cost"] === null ? null : decimal(row["cost"]) }),
    author: row["author"] as string,
    note: row["note"] as string,
  } as OpeningLot;
}

function feeValueOf(book: BookNames, row: Row): FeeValue {
  return {
    kind: "fee value",
    ...named(book, row),
    fillId: row["fill_id"] as string,
    fillRevision: row["fill_revision"] as number,
    asset: row["asset"] as string,
    revision: row["revision"] as number,
    value: decimal(row["value"]),
    source: row["source"] as string,
  };
}

function voidOf(book: BookNames, row: Row): Void {
  return {
    kind: "void",
    ...named(book, row),
    targetKind: row["target_kind"] as Void["targetKind"],
    targetId: row["target_id"] as string,
    targetRevision: row["target_revision"] as number,
    ...given({
      asset: row["asset"] as string | null,
      valueRevision: row["value_revision"] as number | null,
    }),
    author: row["author"] as string,
    reason: row["reason"] as string,
  } as Void;
}

function adjustmentOf(book: BookNames, row: Row): Adjustment {
  return {
    kind: "adjustment",
    ...named(book, row),
    entryId: row["entry_id"] as string,
    tradeType: row["trade_type"] as string,
    executedAt: row["executed_at"] as bigint,
    fees: feeList(row["fee_assets"], row["fee_amounts"]),
    ...given({
      tradeId: row["trade_id"] as string | null,
      side: row["side"] as Fill["side"] | null,
      quantity: row["quantity"] === null ? null : decimal(row["quantity"]),
      price: row["price"] === null ? null : decimal(row["price"]),
      orderId: row["order_id"] as string | null,
    }),
  } as Adjustment;
}

type FactOf = (book: BookNames, row: Row) => Fact;

const tables: readonly [string, FactOf][] = [
  ["fills", fillOf],
  ["opening_lots", openingLotOf],
  ["fee_values", feeValueOf],
  ["voids", voidOf],
  ["adjustments", adjustmentOf],
];

/** The tables of facts, a kind each. */
export const factTableNames: readonly string[] = tables.map(([name]) => name);

/** The fact in a row of a table, or in a row with that table's columns. */
export function factOfRow(table: string, book: BookNames, row: Row): Fact {
  return tables.find(([name]) => name === table)![1](book, row);
}

const pageEntries = 5000n;

/** A book's facts of all kinds, in the order they were recorded, some thousand at a time. */
export async function* readFacts(
  connection: Connection,
  book: BookRow,
): AsyncGenerator<RecordedFact[]> {
  for (let from = 0n; from < book.lastEntry; from += pageEntries) {
    const page: RecordedFact[] = [];
    for (const [table, factOf] of tables) {
      const rows = await connection.query(
        `SELECT t.*, v.entry IS NOT NULL AS voided
         FROM ${table} t LEFT JOIN voids v ON v.book_id = t.book_id AND v.target_entry = t.entry
         WHERE t.book_id = $1 AND t.entry > $2 AND t.entry <= $3`,
        [book.bookId, from, from + pageEntries],
      );
      for (const row of rows) {
        page.push({
          entry: row["entry"] as bigint,
          voided: row["voided"] as boolean,
          fact: factOf(book, row),
        });
      }
    }
    yield page.sort((a, b) => (a.entry < b.entry ? -1 : 1));
  }
}

/** Facts of any books by their entry numbers, in no order: one query a kind, however many they are. */
export async function readFactsAt(
  connection: Connection,
  places: readonly { readonly bookId: string; readonly entry: bigint }[],
): Promise<(RecordedFact & { readonly book: BookRow })[]> {
  const ids = places.map((place) => place.bookId);
  const entries = places.map((place) => place.entry);
  const books = new Map((await readBookRows(connection, ids)).map((book) => [book.bookId, book]));
  const found: (RecordedFact & { readonly book: BookRow })[] = [];
  for (const [table, factOf] of tables) {
    const rows = await connection.query(
      `SELECT t.*, v.entry IS NOT NULL AS voided
       FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::bigint[]) AS given (book_id, entry)) place
       JOIN ${table} t USING (book_id, entry)
       LEFT JOIN voids v ON v.book_id = t.book_id AND v.target_entry = t.entry`,
      [ids, entries],
    );
    for (const row of rows) {
      const book = books.get(row["book_id"] as string)!;
      const entry = row["entry"] as bigint;
      found.push({ book, entry, voided: row["voided"] as boolean, fact: factOf(book, row) });
    }
  }
  return found;
}
