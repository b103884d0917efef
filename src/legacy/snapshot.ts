/** Old rows as they stood, kept beside the facts. docs/spec/legacy.md 4. */
import { bookId } from "../seal/leaf.ts";
import { CopyText } from "../store/copy-text.ts";
import type { Connection } from "../store/database.ts";
import type { LegacyOrder } from "./fact.ts";
import {
  amountColumns,
  doubleText,
  legacyColumns,
  type LegacyCells,
  type LegacyColumn,
  zonedTime,
} from "./row.ts";

const key = ["book_id", "venue", "account", "order_id"];
const said: readonly LegacyColumn[] = legacyColumns.filter((column) => column !== "order_id");

/** Made once a session; emptied by every commit. */
export const snapshotTable = `CREATE TEMP TABLE IF NOT EXISTS legacy_staged (place bigint, LIKE legacy_orders)
  ON COMMIT DELETE ROWS;
  ALTER TABLE legacy_staged ALTER taken DROP NOT NULL, ALTER taken_at DROP NOT NULL`;

const snapshotCopy = `COPY legacy_staged (place, ${key.join(", ")}, ${said.join(", ")}) FROM STDIN`;

const chunkSize = 1 << 18;

/** Copies orders into the staging table, in constant memory. */
export function stageOrders(
  connection: Connection,
  orders: AsyncIterable<LegacyOrder>,
): Promise<number> {
  return connection.copyIn(snapshotCopy, lines(orders));
}

async function* lines(orders: AsyncIterable<LegacyOrder>): AsyncGenerator<Uint8Array> {
  const copy = new CopyText();
  const books = new Map<string, string>();
  for await (const order of orders) {
    const { portfolio, symbol, venue, account, fillId } = order.fact;
    let book = books.get(symbol);
    if (book === undefined) books.set(symbol, (book = bookId(portfolio, symbol)));
    copy.whole(order.row);
    copy.plain(book);
    for (const text of [venue, account, fillId]) copy.text(text);
    for (const column of said) copy.optionalText(cellText(column, order));
    copy.endRow();
    if (copy.length >= chunkSize) yield copy.take();
  }
  if (copy.length > 0) yield copy.take();
}

const times: ReadonlySet<LegacyColumn> = new Set(["order_time", "last_reconciled_at"]);
const amounts: ReadonlySet<LegacyColumn> = new Set([
  ...(["price", "size", "total_fees_usd"] as const),
  ...amountColumns,
]);

function cellText(column: LegacyColumn, { cells, parents }: LegacyOrder): string | undefined {
  const text = (cells as LegacyCells)[column];
  if (text === undefined) return undefined;
  if (column === "parent_ids") return arrayText(parents!);
  if (times.has(column)) return zonedTime(text);
  return amounts.has(column) ? doubleText(text) : text;
}

/** An array of text in PostgreSQL's own notation. */
function arrayText(elements: readonly string[]): string {
  const quoted = elements.map(
    (each) => `"${each.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
  );
  return `{${quoted.join(",")}}`;
}

/** A row with an order id that an earlier one has. */
export interface Repeated {
  readonly row: number;
  readonly first: number;
  readonly orderId: string;
}

/** Takes rows out of the staging table whose order an earlier row has, and gives them. */
export async function takeRepeated(connection: Connection): Promise<Repeated[]> {
  const rows = await connection.query<{ place: bigint; first: bigint; order_id: string }>(
    `WITH placed AS (
       SELECT place, min(place) OVER (PARTITION BY book_id, venue, account, order_id) AS first
       FROM legacy_staged
     ), gone AS (
       DELETE FROM legacy_staged s USING placed p WHERE s.place = p.place AND p.place > p.first
       RETURNING s.place, p.first, s.order_id
     ) SELECT * FROM gone ORDER BY place`,
  );
  return rows.map(({ place, first, order_id: orderId }) => ({
    row: Number(place),
    first: Number(first),
    orderId,
  }));
}

export interface SnapshotCount {
  /** Orders that were not in the snapshot. */
  readonly taken: number;
  /** Orders of which the old system says something else than the last time. */
  readonly changed: number;
}

/** Keeps the staged rows that are new, or say something else than the last of the order. */
export async function keepSnapshot(connection: Connection): Promise<SnapshotCount> {
  const columns = (alias: string): string => said.map((each) => `${alias}.${each}`).join(", ");
  const join = key.map((each) => `l.${each} = s.${each}`).join(" AND ");
  const [row] = await connection.query<{ taken: bigint; changed: bigint }>(
    `WITH last AS (
       SELECT DISTINCT ON (${key.join(", ")}) * FROM legacy_orders
       WHERE book_id IN (SELECT DISTINCT book_id FROM legacy_staged)
       ORDER BY ${key.join(", ")}, taken DESC
     ), kept AS (
       INSERT INTO legacy_orders (${key.join(", ")}, taken, ${said.join(", ")})
       SELECT ${key.map((each) => `s.${each}`).join(", ")}, coalesce(l.taken, 0) + 1, ${columns("s")}
       FROM legacy_staged s LEFT JOIN last l ON ${join}
       WHERE l.taken IS NULL OR ROW(${columns("l")}) IS DISTINCT FROM ROW(${columns("s")})
       ORDER BY s.book_id, s.place
       RETURNING taken
     ) SELECT count(*) FILTER (WHERE taken = 1) AS taken,
       count(*) FILTER (WHERE taken > 1) AS changed FROM kept`,
  );
  return { taken: Number(row!.taken), changed: Number(row!.changed) };
}
