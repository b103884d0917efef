/** The statement that puts old sales beside computed ones: one pass of the database over a version. */
import type { Parameters } from "../reports/parameters.ts";
import { civilDate } from "../reports/pnl.ts";
import { inRange, inView, type Selection } from "../reports/selection.ts";

/** A sale as the database gives it: amounts as decimal text, null where there is none. */
export interface SaleRecord {
  readonly portfolio: string;
  readonly symbol: string;
  readonly quote: string;
  readonly venue: string;
  readonly account: string;
  readonly order_id: string;
  readonly closed_at: bigint;
  readonly month: string;
  readonly size: string;
  readonly unmatched: string;
  readonly some_complete: boolean;
  readonly some_incomplete: boolean;
  readonly proceeds: string;
  readonly cost: string;
  readonly open_fees: string;
  readonly close_fees: string;
  readonly pnl: string;
  readonly new_parents: readonly string[];
  readonly old_pnl: string | null;
  readonly old_cost: string | null;
  readonly old_proceeds: string | null;
  readonly old_parents: readonly string[];
  /** Beside them: what was left of each; null for one that the book doesn't have. */
  readonly old_left: readonly (string | null)[];
}

const amount = (sql: string, name: string): string => `trim_scale(${sql})::text AS ${name}`;
/** A number that can be added up. */
const finite = (column: string): string =>
  `CASE WHEN told.${column} NOT IN ('NaN', 'Infinity', '-Infinity') THEN told.${column} END`;

const complete = "FILTER (WHERE missing = 0)";

/** By order: its executions are one sale. The cost of an opening lot stands in the place of its fee. */
const concluded = `SELECT book_id, sale_order, min(place) AS place, min(closed_at) AS closed_at,
    sum(quantity) AS size, coalesce(sum(quantity) FILTER (WHERE parent IS NULL), 0) AS unmatched,
    bool_or(missing = 0) AS some_complete, bool_or(missing <> 0 AND parent IS NOT NULL) AS some_incomplete,
    coalesce(sum(proceeds) ${complete}, 0) AS proceeds,
    coalesce(sum(CASE WHEN from_lot THEN cost_basis ELSE cost_basis - open_fee END) ${complete}, 0) AS cost,
    coalesce(sum(CASE WHEN from_lot THEN 0 ELSE open_fee END) ${complete}, 0) AS open_fees,
    coalesce(sum(close_fee) ${complete}, 0) AS close_fees, coalesce(sum(pnl) ${complete}, 0) AS pnl,
    coalesce(array_agg(DISTINCT parent::text) FILTER (WHERE parent IS NOT NULL), '{}') AS parents
  FROM slice GROUP BY book_id, sale_order`;

const parentName = "coalesce(buy.order_id, buy.fill_id, lot.lot_key)";
const parentJoins = (alias: string): string =>
  `LEFT JOIN fills buy ON buy.book_id = ${alias}.book_id AND buy.entry = ${alias}.open_entry
   LEFT JOIN opening_lots lot ON lot.book_id = ${alias}.book_id AND lot.entry = ${alias}.open_entry`;

/** Old sales as they were taken last. */
export function toldSales(selection: Selection, parameters: Parameters): string {
  const { books, account } = selection;
  const conditions = [
    "lower(side) = 'sell'",
    ...(books === undefined ? [] : [`book_id = ANY (${parameters.add(books)}::uuid[])`]),
    ...(account === undefined ? [] : [`account = ${parameters.add(account)}::text`]),
  ];
  return `SELECT DISTINCT ON (book_id, order_id, venue, account) * FROM legacy_orders
    WHERE ${conditions.join(" AND ")} ORDER BY book_id, order_id, venue, account, taken DESC`;
}

const amounts =
  "size unmatched proceeds cost open_fees close_fees pnl old_pnl old_cost old_proceeds".split(" ");

/**
 * SQL of the sales, in order of time. What was left of a parent is all that ever came out of it, and what
 * still is open, less the slices of sales before.
 */
export function comparedSales(selection: Selection, parameters: Parameters): string {
  const month = `to_char(${civilDate(selection, parameters, "sale.closed_at")}, 'YYYY-MM')`;
  return `WITH slice AS MATERIALIZED (
    SELECT slice.*, coalesce(sale.order_id, sale.fill_id) AS sale_order, ${parentName} AS parent,
      lot.entry IS NOT NULL AS from_lot,
      dense_rank() OVER (PARTITION BY slice.book_id ORDER BY slice.closed_at, sale.sequence IS NOT NULL,
        sale.venue, sale.account, sale.sequence, sale.fill_id, sale.revision) AS place
    FROM allocations slice
    JOIN fills sale ON sale.book_id = slice.book_id AND sale.entry = slice.close_entry
    ${parentJoins("slice")} WHERE ${inView(selection, parameters, "slice")}
  ), told AS MATERIALIZED (${toldSales(selection, parameters)}
  ), sale AS MATERIALIZED (
    SELECT told.venue, told.account, told.order_id, told.parent_id, told.parent_ids, concluded.*,
      ${finite("pnl_usd")} AS old_pnl, ${finite("cost_basis_usd")} AS old_cost,
      ${finite("sale_proceeds_usd")} AS old_proceeds
    FROM told JOIN (${concluded}) concluded
      ON concluded.book_id = told.book_id AND concluded.sale_order = told.order_id
    WHERE ${inRange(selection, parameters, "concluded.closed_at")}
  ), lots AS MATERIALIZED (
    SELECT book_id, parent, sum(quantity) AS quantity FROM (
      SELECT book_id, parent, quantity FROM slice WHERE parent IS NOT NULL
      UNION ALL SELECT open.book_id, ${parentName}, open.quantity FROM open_lots open
        ${parentJoins("open")} WHERE ${inView(selection, parameters, "open")}) each
    GROUP BY book_id, parent
  ), named AS MATERIALIZED (
    SELECT DISTINCT book_id, venue, account, order_id, place, each.parent FROM sale,
      unnest(coalesce(parent_ids, '{}') || parent_id) AS each (parent) WHERE each.parent <> ''
  ), used AS (
    SELECT named.*, sum(slice.quantity) AS quantity FROM named
    LEFT JOIN slice ON slice.book_id = named.book_id AND slice.parent = named.parent
      AND slice.place < named.place
    GROUP BY 1, 2, 3, 4, 5, 6
  ), old AS (
    SELECT used.book_id, used.venue, used.account, used.order_id,
      array_agg(used.parent ORDER BY used.parent) AS ids,
      array_agg(trim_scale(lots.quantity - coalesce(used.quantity, 0))::text ORDER BY used.parent) AS remains
    FROM used LEFT JOIN lots USING (book_id, parent) GROUP BY 1, 2, 3, 4
  )
  SELECT book.portfolio, book.symbol, book.quote_asset AS quote, sale.venue, sale.account, sale.order_id,
    sale.closed_at, ${month} AS month, some_complete, some_incomplete, sale.parents AS new_parents,
    ${amounts.map((name) => amount(`sale.${name}`, name)).join(", ")},
    coalesce(old.ids, '{}') AS old_parents, coalesce(old.remains, '{}') AS old_left
  FROM sale JOIN books book USING (book_id)
  LEFT JOIN old USING (book_id, venue, account, order_id)
  ORDER BY sale.closed_at, book.portfolio, book.symbol, sale.place`;
}
