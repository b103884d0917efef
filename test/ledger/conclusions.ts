/** The conclusions of a version as its tables hold them, in the naive model's text, book by book. */
import type { Connection } from "../../src/store/database.ts";
import type { ModelResult } from "../../src/testing/naive-model.ts";
import { visible } from "../../src/verify/check.ts";

const nameOf = (kind: string, id: string, alias: string): string =>
  `'${kind} ' || concat_ws('/', ${alias}.venue, ${alias}.account, ${alias}.${id}, ${alias}.revision)`;
const fillName = (alias: string): string =>
  `CASE WHEN ${alias}.entry IS NOT NULL THEN ${nameOf("fill", "fill_id", alias)} END`;
const lotName = `CASE WHEN lot.entry IS NOT NULL THEN ${nameOf("lot", "lot_key", "lot")} END`;
const text = (value: string): string => `coalesce(trim_scale(${value})::text, '-')`;

const joins = `
  JOIN books book ON book.book_id = it.book_id
  LEFT JOIN fills buy ON buy.book_id = it.book_id AND buy.entry = it.open_entry
  LEFT JOIN opening_lots lot ON lot.book_id = it.book_id AND lot.entry = it.open_entry`;
const openName = `coalesce(${fillName("buy")}, ${lotName}, '-')`;
const bookColumns = "book.portfolio, book.symbol";

const allocationLine = `concat_ws(' ', ${fillName("sale")}, ${openName},
  ${text("it.quantity")}, ${text("it.open_fee")}, ${text("it.close_fee")}, ${text("it.cost_basis")},
  ${text("it.proceeds")}, ${text("it.proceeds - it.close_fee")}, ${text("it.pnl")}, it.missing) AS line`;
const openLotLine = `concat_ws(' ', ${openName}, ${text("it.quantity")}, ${text("it.open_fee")},
  ${text("it.cost_basis")}, it.missing) AS line`;

/** Ledger order: of the closes, all of them sales; of what opens: lots before fills, all of them buys. */
const allocations = `${visible("allocations", `${bookColumns}, ${allocationLine}`, joins).replace(
  "WHERE",
  "JOIN fills sale ON sale.book_id = it.book_id AND sale.entry = it.close_entry WHERE",
)}
  ORDER BY ${bookColumns}, it.closed_at, sale.sequence IS NOT NULL, sale.venue, sale.account, sale.sequence,
    sale.fill_id, sale.revision, it.slice`;
const openLots = `${visible("open_lots", `${bookColumns}, ${openLotLine}`, joins)}
  ORDER BY ${bookColumns}, it.opened_at, buy.entry IS NOT NULL, lot.venue, lot.account, lot.lot_key,
    lot.revision, buy.sequence IS NOT NULL, buy.venue, buy.account, buy.sequence,
    buy.fill_id, buy.revision`;

export type BookConclusions = { [Key in keyof ModelResult]: string[] };

/** By portfolio, a newline and symbol. */
export async function conclusions(
  connection: Connection,
  version: number,
  revision?: bigint,
): Promise<Map<string, BookConclusions>> {
  const books = new Map<string, BookConclusions>();
  const at = revision ?? 9_223_372_036_854_775_807n;
  for (const [key, sql] of [
    ["allocations", allocations],
    ["openLots", openLots],
  ] as const) {
    const rows = await connection.query<{ portfolio: string; symbol: string; line: string }>(sql, [
      version,
      at,
    ]);
    for (const { portfolio, symbol, line } of rows) {
      const name = `${portfolio}\n${symbol}`;
      const book = books.get(name) ?? { allocations: [], openLots: [] };
      books.set(name, book);
      book[key].push(line);
    }
  }
  return books;
}

/** Digests of the books of a version as they stand, by portfolio, a newline and symbol. */
export async function bookDigests(
  connection: Connection,
  version: number,
): Promise<Map<string, string | null>> {
  const rows = await connection.query<{ name: string; digest: string | null }>(
    `SELECT portfolio || E'\\n' || symbol AS name, encode(digest, 'hex') AS digest
     FROM book_states JOIN books USING (book_id)
     WHERE version = $1 AND superseded IS NULL`,
    [version],
  );
  return new Map(rows.map((row) => [row.name, row.digest]));
}
