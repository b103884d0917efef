/**
 * Reads a book's facts as movements, in ledger order, a page at a time. What is read stays below a watermark (an entry number), so
 * that facts recorded meanwhile are left for the next run and nothing that commits late is missed.
 */
import { toUnits } from "../../core/decimal.ts";
import {
  fillMovement,
  type Movement,
  openingLotMovement,
  type Scope,
} from "../../core/movement.ts";
import { compareLedgerOrder } from "../../core/order.ts";
import { copyLines } from "../../store/copy-lines.ts";
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
export const pageSize = 32_768;

const literal = (text: string): string => `'${text}'`;

/** SQL of facts that no void within the watermark takes out. */
const standing = (alias: string, watermark: string): string =>
  `${alias}.entry <= ${watermark} AND NOT EXISTS (SELECT FROM voids v
     WHERE v.book_id = ${alias}.book_id AND v.target_entry = ${alias}.entry AND v.entry <= ${watermark})`;

/** SQL over fills f: the known value of its third-asset fees, then whether one has none. */
const thirdFees = (watermark: string): string => {
  const values = `FROM fee_values t WHERE t.book_id = f.book_id AND t.target_entry = f.entry AND ${standing("t", watermark)}`;
  return `CASE WHEN f.third_fee_assets IS NOT NULL THEN (SELECT sum(t.value) ${values}) END,
    CASE WHEN f.third_fee_assets IS NOT NULL THEN
      cardinality(f.third_fee_assets) > (SELECT count(DISTINCT t.asset) ${values}) ELSE false END`;
};

/** SQL that gives movements' parts; `where` narrows facts by `${alias}.${time}`. */
function movementsQuery(
  watermark: string,
  from: string,
  where: (alias: string, time: string) => string,
): string {
  return `
    SELECT f.book_id, f.entry, 'f', f.venue, f.account, f.fill_id, f.revision, f.executed_at AS at, f.side, f.sequence,
      f.quantity, f.price, f.quote_fee, f.base_fee, ${thirdFees(watermark)}
    FROM ${from.replaceAll("@", "f")} WHERE ${where("f", "executed_at")} AND ${standing("f", watermark)}
    UNION ALL
    SELECT l.book_id, l.entry, 'l', l.venue, l.account, l.lot_key, l.revision, l.opened_at, NULL, NULL,
      l.quantity, l.cost, NULL, NULL, NULL, NULL
    FROM ${from.replaceAll("fills @", "opening_lots l").replaceAll("@", "l")}
    WHERE ${where("l", "opened_at")} AND ${standing("l", watermark)}`;
}

const absent = "\\N";

/** Undoes what COPY escapes in text. */
function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(
    /\\(.)/g,
    (_, code: string) => ({ t: "\t", n: "\n", r: "\r", b: "\b", f: "\f", v: "\v" })[code] ?? code,
  );
}

/** Text that repeats from row to row, kept once, so that lots left open share it. */
class Interned {
  #last = "";
  get(text: string): string {
    if (text !== this.#last) this.#last = unescape(text);
    return this.#last;
  }
}

/** Parses lines of `movementsQuery`. */
export class MovementReader {
  readonly #scope: Scope;
  readonly #venue = new Interned();
  readonly #account = new Interned();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  read(columns: readonly string[]): StoredMovement {
    const [
      ,
      entry,
      kind,
      venue,
      account,
      id,
      revision,
      at,
      side,
      sequence,
      quantity,
      price,
      quoteFee,
      baseFee,
      value,
      missing,
    ] = columns as unknown as readonly [string, string, ...string[]] & Record<number, string>;
    const common = {
      entry: parseInt(entry!, 10),
      venue: this.#venue.get(venue!),
      account: this.#account.get(account!),
      id: unescape(id!),
      revision: parseInt(revision!, 10),
      at: BigInt(at!),
      quantity: quantity!,
    };
    const movement =
      kind === "f"
        ? fillMovement(
            {
              entry: common.entry,
              venue: common.venue,
              account: common.account,
              id: common.id,
              revision: common.revision,
              at: common.at,
              side: side === "buy" ? "buy" : "sell",
              sequence: sequence === absent ? undefined : BigInt(sequence!),
              quantity: common.quantity,
              price: price!,
              quoteFee: quoteFee!,
              baseFee: baseFee!,
              thirdValue: value === absent ? 0n : toUnits(value!),
              valueMissing: missing === "t",
            },
            this.#scope,
          )
        : openingLotMovement(
            { ...common, cost: price === absent ? undefined : price! },
            this.#scope,
          );
    const stored = movement as StoredMovement;
    stored.identity = undefined;
    return stored;
  }
}

async function readLines(database: Database, sql: string): Promise<string[]> {
  return database.connect(async (connection) => {
    const lines: string[] = [];
    for await (const some of copyLines(connection.copyOut(`COPY (${sql}) TO STDOUT`))) {
      for (const line of some) lines.push(line);
    }
    return lines;
  });
}

/** Rows come by time; what is tied at one instant is put in order here, by the one rule of core/order.ts. */
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
  const lines = await readLines(
    database,
    `WITH w (book_id, watermark) AS (VALUES ${ids}) SELECT * FROM (${sql}) m ORDER BY book_id, at`,
  );
  const reader = new MovementReader(scope);
  const byBook = new Map<string, StoredMovement[]>();
  let current: StoredMovement[] = [];
  let bookId = "";
  for (const line of lines) {
    const columns = line.split("\t");
    if (columns[0] !== bookId) {
      bookId = columns[0]!;
      current = [];
      byBook.set(bookId, current);
    }
    current.push(reader.read(columns));
  }
  for (const [id, movements] of byBook) byBook.set(id, inLedgerOrder(movements));
  return byBook;
}

/** The time at which a page that begins after `after` ends, so that no instant is cut; undefined when it is the last. */
async function pageEnd(
  database: Database,
  book: BookRange,
  after: bigint,
): Promise<bigint | undefined> {
  return database.connect(async (connection) => {
    const [row] = await connection.query<{ at: bigint }>(
      `SELECT executed_at AS at FROM fills WHERE book_id = $1 AND executed_at > $2 ORDER BY executed_at
       OFFSET ${pageSize} LIMIT 1`,
      [book.bookId, after],
    );
    return row?.at;
  });
}

/** A stretch of a book: what happened after `after` and up to `until` (undefined: to the end), in ledger order. */
export interface FactPage {
  readonly after: bigint;
  readonly until: bigint | undefined;
  readonly movements: StoredMovement[];
}

/** The movements of one book, page by page, from those after an instant (-1: all). The pages' stretches leave no gap. */
export async function* readBook(
  database: Database,
  scope: Scope,
  book: BookRange,
  after = -1n,
): AsyncGenerator<FactPage> {
  const reader = new MovementReader(scope);
  let from: bigint = after;
  for (;;) {
    const until: bigint | undefined = await pageEnd(database, book, from);
    const range = (alias: string, time: string): string =>
      `${alias}.book_id = ${literal(book.bookId)} AND ${alias}.${time} > ${from}` +
      (until === undefined ? "" : ` AND ${alias}.${time} <= ${until}`);
    const sql = movementsQuery(`${book.watermark}`, "fills @", range);
    const lines = await readLines(database, `SELECT * FROM (${sql}) m ORDER BY at`);
    const movements = inLedgerOrder(lines.map((line) => reader.read(line.split("\t"))));
    yield { after: from, until, movements };
    if (until === undefined) return;
    from = until;
  }
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
  const reader = new MovementReader(scope);
  const lines = await readLines(database, `SELECT * FROM (${sql}) m ORDER BY at`);
  return inLedgerOrder(lines.map((line) => reader.read(line.split("\t"))));
}
