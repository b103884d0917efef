/** `report lots`: what is left of each opening fact, in the order they were opened. */
import type { Connection } from "../store/database.ts";
import { openKind } from "./allocations.ts";
import { column, quiet, selectList, toRow, type Column, type ReportRow } from "./column.ts";
import { readByCursor } from "./cursor.ts";
import { Parameters } from "./parameters.ts";
import type { ReportBody } from "./body.ts";
import { inRange, inView, ofFill, type Selection } from "./selection.ts";

const columns: readonly Column[] = [
  column("portfolio", "text", 5, "book.portfolio"),
  column("venue", "text", 6, "coalesce(buy.venue, lot.venue)"),
  column("account", "text", 4, "coalesce(buy.account, lot.account)"),
  column("symbol", "text", 0, "book.symbol"),
  column("quote", "text", 9, "book.quote_asset"),
  column("direction", "name", 9, "'long'"),
  column("open_fill_id", "text", 0, "coalesce(buy.fill_id, lot.lot_key)"),
  column("open_order_id", "text", 9, "buy.order_id"),
  quiet("strategy", "text", 7, "buy.strategy"),
  quiet("opening_lot", "flag", 2, "lot.entry IS NOT NULL"),
  column("open_kind", "name", 9, openKind),
  column("open_note", "text", 9, "lot.note"),
  column("open_price", "price", 2, "buy.price"),
  column("quantity", "quantity", 1, "coalesce(buy.quantity - buy.base_fee, lot.quantity)"),
  column("remaining", "quantity", 0, "rest.quantity"),
  quiet("open_fee", "money", 5, "rest.open_fee"),
  column("cost_basis", "money", 0, "rest.cost_basis"),
  column("complete", "flag", 9, "rest.missing = 0"),
  column("opened_at", "time", 0, "rest.opened_at"),
];

const totalColumns: readonly Column[] = [
  column("quote", "text", 0, "book.quote_asset"),
  column("cost_basis", "money", 0, "coalesce(sum(rest.cost_basis), 0)"),
  column(
    "remaining",
    "quantity",
    1,
    "CASE WHEN min(book.symbol) = max(book.symbol) THEN sum(rest.quantity) END",
  ),
  column("lots", "count", 1, "count(*)"),
  quiet("incomplete_lots", "count", 1, "count(*) FILTER (WHERE rest.missing <> 0)"),
  column("complete", "flag", 2, "bool_and(rest.missing = 0)"),
];

/**
 * What is left. Cut at T it is what the lots opened up to T hold now and what closes after T took from
 * them: shares are exact for every prefix, so that is, to the last digit, their total less what closes
 * up to T took.
 */
export function remainders(selection: Selection, parameters: Parameters): string {
  const { asOf } = selection.view;
  const open = `SELECT book_id, open_entry, quantity, open_fee, cost_basis, missing, opened_at
    FROM open_lots held WHERE ${inView(selection, parameters, "held")}
      AND ${inRange(selection, parameters, "held.opened_at")}`;
  if (asOf === undefined) return open;
  return `SELECT book_id, open_entry, sum(quantity) AS quantity, sum(open_fee) AS open_fee,
      CASE WHEN bit_or(missing) = 0 THEN sum(cost_basis) END AS cost_basis, bit_or(missing) AS missing,
      min(opened_at) AS opened_at
    FROM (${open} UNION ALL
      SELECT book_id, open_entry, quantity, open_fee, cost_basis, missing & 1::smallint, opened_at
      FROM allocations slice WHERE ${inView(selection, parameters, "slice")}
        AND slice.closed_at > ${parameters.add(asOf)}::bigint AND slice.open_entry IS NOT NULL
        AND ${inRange(selection, parameters, "slice.opened_at")}) piece
    GROUP BY book_id, open_entry`;
}

function fromLots(selection: Selection, parameters: Parameters): string {
  const rest = remainders(selection, parameters);
  const columnsOfFact = {
    account: "coalesce(buy.account, lot.account)",
    strategy: "buy.strategy",
  };
  return `FROM (${rest}) rest
    JOIN books book ON book.book_id = rest.book_id
    LEFT JOIN fills buy ON buy.book_id = rest.book_id AND buy.entry = rest.open_entry
    LEFT JOIN opening_lots lot ON lot.book_id = rest.book_id AND lot.entry = rest.open_entry
    WHERE ${ofFill(selection, parameters, columnsOfFact)}`;
}

async function* readRows(connection: Connection, selection: Selection): AsyncGenerator<ReportRow> {
  const parameters = new Parameters();
  const text = `SELECT ${selectList(columns)} ${fromLots(selection, parameters)}
    ORDER BY rest.opened_at, book.portfolio, book.symbol, lot.entry IS NULL, buy.sequence IS NOT NULL,
      coalesce(buy.venue, lot.venue), coalesce(buy.account, lot.account), buy.sequence,
      coalesce(buy.fill_id, lot.lot_key), coalesce(buy.revision, lot.revision)`;
  for await (const row of readByCursor<Record<string, unknown>>(connection, text, parameters))
    yield toRow(columns, row);
}

export function lots(connection: Connection, selection: Selection): ReportBody {
  return {
    key: "lots",
    title: "Open lots",
    columns,
    rows: readRows(connection, selection),
    totalColumns,
    totals: async () => {
      const parameters = new Parameters();
      const text = `SELECT ${selectList(totalColumns)} ${fromLots(selection, parameters)}
        GROUP BY book.quote_asset ORDER BY book.quote_asset`;
      const rows = await connection.query(text, parameters.values);
      return rows.map((row) => toRow(totalColumns, row));
    },
  };
}
