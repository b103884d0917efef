/**
 * Reads a book's facts as movements, in ledger order, a page at a time. What is read stays below a
 * watermark (an entry number), so that facts recorded meanwhile are left for the next run and nothing that
 * commits late is missed.
 */
import {
  fillMovement,
  type Movement,
  openingLotMovement,
  type Scope,
} from "../../core/movement.ts";
import { compareLedgerOrder } from "../../core/order.ts";
import { type BinaryRow, readBinaryRows } from "../../store/copy-binary.ts";
import type { Database } from "../../store/database.ts";

/** How far a book is to be computed. */
export interface BookRange {
  readonly bookId: string;
  readonly portfolio: string;
  readonly symbol: string;
  readonly quote: string;
  /** Entries up to this one are taken. */
  readonly watermark: bigint;
}

/** A movement and the bytes that name its fact in row hashes, made when they are first needed. */
export interface StoredMovement extends Movement {
  identity: Uint8Array | undefined;
}

/** Facts a page: large enough that a query's fixed cost vanishes, small enough for memory. */
export const pageSize = 8_192;

export const literal = (text: string): string => `'${text}'`;

/** SQL of facts that no void within the watermark takes out. */
export const standing = (alias: string, watermark: string): string =>
  `${alias}.entry <= ${watermark} AND NOT EXISTS (SELECT FROM voids v
     WHERE v.book_id = ${alias}.book_id AND v.target_entry = ${alias}.entry AND v.entry <= ${watermark})`;

/** SQL over fills f: the known value of its third-asset fees, then whether one has none. */
const thirdFees = (watermark: string): string => {
  const values = `FROM fee_values t WHERE t.book_id = f.book_id AND t.target_entry = f.entry
    AND ${standing("t", watermark)}`;
  return `CASE WHEN f.third_fee_assets IS NOT NULL THEN (SELECT sum(t.value) ${values}) END,
    CASE WHEN f.third_fee_assets IS NOT NULL THEN
      cardinality(f.third_fee_assets) > (SELECT count(DISTINCT t.asset) ${values}) ELSE false END`;
};

/** SQL that gives movements' parts; `where` narrows facts by `${alias}.${time}`. */
export function movementsQuery(
  watermark: string,
  from: string,
  where: (alias: string, time: string) => string,
): string {
  return `
    SELECT f.book_id, f.entry, 'f' AS kind, f.venue, f.account, f.fill_id, f.revision,
      f.executed_at AS at, f.side, f.sequence,
      f.quantity, f.price, f.quote_fee, f.base_fee, ${thirdFees(watermark)}
    FROM ${from.replaceAll("@", "f")} WHERE ${where("f", "executed_at")} AND ${standing("f", watermark)}
    UNION ALL
    SELECT l.book_id, l.entry, 'l', l.venue, l.account, l.lot_key, l.revision, l.opened_at, NULL, NULL,
      l.quantity, l.cost, NULL, NULL, NULL, NULL
    FROM ${from.replaceAll("fills @", "opening_lots l").replaceAll("@", "l")}
    WHERE ${where("l", "opened_at")} AND ${standing("l", watermark)}`;
}

const columnCount = 16;
const letterF = 102;
const letterB = 98;

/** Makes movements of the rows of `movementsQuery`. */
class MovementReader {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  read(row: BinaryRow): StoredMovement {
    const movement = row.byte(2) === letterF ? this.#fill(row) : this.#openingLot(row);
    const stored = movement as StoredMovement;
    stored.identity = undefined;
    return stored;
  }

  #fill(row: BinaryRow): Movement {
    return fillMovement(
      {
        entry: row.safeInteger(1),
        venue: row.text(3),
        account: row.text(4),
        id: row.text(5),
        revision: row.int4(6),
        at: row.bigint(7),
        side: row.byte(8) === letterB ? "buy" : "sell",
        sequence: row.isNull(9) ? undefined : row.bigint(9),
        quantity: row.units(10),
        price: row.units(11),
        quoteFee: row.units(12),
        baseFee: row.units(13),
        thirdValue: row.isNull(14) ? 0n : row.units(14),
        valueMissing: row.byte(15) === 1,
      },
      this.#scope,
    );
  }

  #openingLot(row: BinaryRow): Movement {
    return openingLotMovement(
      {
        entry: row.safeInteger(1),
        venue: row.text(3),
        account: row.text(4),
        id: row.text(5),
        revision: row.int4(6),
        at: row.bigint(7),
        quantity: row.units(10),
        cost: row.isNull(11) ? undefined : row.units(11),
      },
      this.#scope,
    );
  }
}

async function readMovements(
  database: Database,
  scope: Scope,
  sql: string,
  take: (movement: StoredMovement, row: BinaryRow) => void,
): Promise<void> {
  const reader = new MovementReader(scope);
  const statement = `COPY (${sql}) TO STDOUT (FORMAT binary)`;
  await database.connect((connection) =>
    readBinaryRows(connection.copyOut(statement), columnCount, (row) =>
      take(reader.read(row), row),
    ),
  );
}

export async function orderedMovements(
  database: Database,
  scope: Scope,
  sql: string,
): Promise<StoredMovement[]> {
  const movements: StoredMovement[] = [];
  await readMovements(database, scope, `SELECT * FROM (${sql}) m ORDER BY at`, (movement) => {
    movements.push(movement);
  });
  return inLedgerOrder(movements);
}

/**
 * Rows come by time; what is tied at one instant is put in order here, by the one rule of core/order.ts.
 */
function inLedgerOrder(movements: StoredMovement[]): StoredMovement[] {
  for (let index = 1; index < movements.length; index += 1) {
    if (movements[index - 1]!.at === movements[index]!.at)
      return movements.sort(compareLedgerOrder);
  }
  return movements;
}

/** The movements of many small books: each book's in ledger order. Books without any are left out. */
export async function readBooks(
  database: Database,
  scope: Scope,
  books: readonly BookRange[],
): Promise<Map<string, StoredMovement[]>> {
  const ids = books
    .map((book) => `(${literal(book.bookId)}::uuid, ${book.watermark}::bigint)`)
    .join(",");
  const sql = movementsQuery(
    "w.watermark",
    `fills @ JOIN w ON w.book_id = @.book_id`,
    () => "true",
  );
  const byBook = new Map<string, StoredMovement[]>();
  let current: StoredMovement[] = [];
  let bookId: Uint8Array = new Uint8Array(16);
  await readMovements(
    database,
    scope,
    `WITH w (book_id, watermark) AS (VALUES ${ids}) SELECT * FROM (${sql}) m ORDER BY book_id, at`,
    (movement, row) => {
      if (!row.sameUuid(0, bookId)) {
        bookId = row.copyOf(0);
        current = [];
        byBook.set(row.uuid(0), current);
      }
      current.push(movement);
    },
  );
  for (const [id, movements] of byBook) byBook.set(id, inLedgerOrder(movements));
  return byBook;
}

/** The movements of some facts of a book, by entry number, in ledger order. */
export async function readEntries(
  database: Database,
  scope: Scope,
  book: BookRange,
  entries: readonly (number | bigint)[],
): Promise<StoredMovement[]> {
  if (entries.length === 0) return [];
  const list = entries.join(",");
  const sql = movementsQuery(
    `${book.watermark}`,
    "fills @",
    (alias) => `${alias}.book_id = ${literal(book.bookId)} AND ${alias}.entry IN (${list})`,
  );
  return orderedMovements(database, scope, sql);
}

/** The movements of the facts recorded after an entry, in ledger order. */
export async function readEntryRange(
  database: Database,
  scope: Scope,
  book: BookRange,
  after: bigint,
): Promise<StoredMovement[]> {
  const sql = movementsQuery(
    `${book.watermark}`,
    "fills @",
    (alias) => `${alias}.book_id = ${literal(book.bookId)} AND ${alias}.entry > ${after}`,
  );
  return orderedMovements(database, scope, sql);
}
