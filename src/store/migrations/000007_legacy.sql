-- What an old system said of its orders, row by row as it was read, its conclusions included. docs/spec/legacy.md 4.
-- Amounts are equal in value to the text that was read, whatever it was: the domain of facts would refuse some.
CREATE TABLE legacy_orders (
  book_id uuid NOT NULL,
  venue label NOT NULL,
  account label NOT NULL,
  order_id label NOT NULL,
  taken integer NOT NULL CHECK (taken > 0), -- 1, and one more each time the old system said something else
  taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  symbol text COLLATE "C" NOT NULL,
  side text COLLATE "C" NOT NULL,
  order_time timestamptz NOT NULL,
  price numeric NOT NULL,
  size numeric NOT NULL,
  total_fees_usd numeric,
  status text COLLATE "C",
  parent_id text COLLATE "C",
  parent_ids text[] COLLATE "C",
  pnl_usd numeric,
  cost_basis_usd numeric,
  sale_proceeds_usd numeric,
  net_sale_proceeds_usd numeric,
  remaining_size numeric,
  realized_profit numeric,
  trigger jsonb,
  order_type text COLLATE "C",
  source text COLLATE "C",
  ingest_via text COLLATE "C",
  last_reconciled_at timestamptz,
  last_reconciled_via text COLLATE "C",
  PRIMARY KEY (book_id, order_id, venue, account, taken)
);
CALL make_append_only('legacy_orders');

-- The old table's shape for the queries of old reports: a row an order, its conclusions those of the published version. Amounts
-- are numeric, and of quotes in USD only, as the names of the columns say. docs/guide/legacy.md.
CREATE VIEW trade_records AS
WITH published AS MATERIALIZED (
  SELECT version FROM revisions WHERE kind = 'publish' ORDER BY revision DESC LIMIT 1
), visible AS MATERIALIZED (
  SELECT step FROM steps WHERE revision IS NOT NULL AND version = (SELECT version FROM published)
), executed AS (
  SELECT fill.book_id, fill.venue, fill.account, coalesce(fill.order_id, fill.fill_id)::text AS order_id, fill.side,
    min(fill.executed_at) AS executed_at, sum(fill.quantity) AS size,
    per_unit(sum(fill.price * fill.quantity), sum(fill.quantity)) AS price,
    sum(fill.quote_fee + fill.base_fee * fill.price) AS fees, min(fill.strategy)::text AS strategy
  FROM fills fill
  WHERE NOT EXISTS (SELECT FROM voids void WHERE void.book_id = fill.book_id AND void.target_entry = fill.entry)
  GROUP BY 1, 2, 3, 4, 5
), concluded AS (
  SELECT slice.book_id, sale.venue, sale.account, coalesce(sale.order_id, sale.fill_id)::text AS order_id,
    array_agg(coalesce(buy.order_id, buy.fill_id, lot.lot_key)::text ORDER BY slice.closed_at, slice.slice)
      FILTER (WHERE slice.open_entry IS NOT NULL) AS parents,
    sum(slice.pnl) FILTER (WHERE slice.missing = 0) AS pnl,
    sum(slice.cost_basis) FILTER (WHERE slice.missing = 0) AS cost_basis,
    sum(slice.proceeds) FILTER (WHERE slice.missing = 0) AS proceeds,
    sum(slice.proceeds - slice.close_fee) FILTER (WHERE slice.missing = 0) AS net_proceeds
  FROM allocations slice
  JOIN fills sale ON sale.book_id = slice.book_id AND sale.entry = slice.close_entry
  LEFT JOIN fills buy ON buy.book_id = slice.book_id AND buy.entry = slice.open_entry
  LEFT JOIN opening_lots lot ON lot.book_id = slice.book_id AND lot.entry = slice.open_entry
  WHERE slice.version = (SELECT version FROM published) AND slice.step IN (SELECT step FROM visible)
    AND (slice.superseded IS NULL OR slice.superseded NOT IN (SELECT step FROM visible))
  GROUP BY 1, 2, 3, 4
), left_open AS (
  SELECT fill.book_id, fill.venue, fill.account, coalesce(fill.order_id, fill.fill_id)::text AS order_id, sum(lot.quantity) AS remaining
  FROM open_lots lot JOIN fills fill ON fill.book_id = lot.book_id AND fill.entry = lot.open_entry
  WHERE lot.version = (SELECT version FROM published) AND lot.step IN (SELECT step FROM visible)
    AND (lot.superseded IS NULL OR lot.superseded NOT IN (SELECT step FROM visible))
  GROUP BY 1, 2, 3, 4
), old AS (
  SELECT DISTINCT ON (book_id, order_id, venue, account) * FROM legacy_orders
  ORDER BY book_id, order_id, venue, account, taken DESC
)
SELECT
  executed.order_id,
  concluded.parents[1] AS parent_id,
  concluded.parents AS parent_ids,
  book.symbol::text AS symbol,
  upper(executed.side) AS side,
  instant_time(executed.executed_at) AS order_time,
  executed.price,
  trim_scale(executed.size) AS size,
  trim_scale(concluded.pnl) AS pnl_usd,
  trim_scale(executed.fees) AS total_fees_usd,
  trim_scale(concluded.cost_basis) AS cost_basis_usd,
  trim_scale(concluded.proceeds) AS sale_proceeds_usd,
  trim_scale(concluded.net_proceeds) AS net_sale_proceeds_usd,
  CASE executed.side WHEN 'buy' THEN trim_scale(coalesce(left_open.remaining, 0)) END AS remaining_size,
  trim_scale(concluded.pnl) AS realized_profit,
  coalesce(old.trigger, CASE WHEN executed.strategy IS NOT NULL THEN jsonb_build_object('trigger', executed.strategy) END) AS trigger,
  old.order_type,
  coalesce(old.status, 'FILLED') AS status,
  coalesce(old.source, executed.venue::text) AS source,
  old.ingest_via,
  old.last_reconciled_at,
  old.last_reconciled_via
FROM executed
JOIN books book USING (book_id)
LEFT JOIN concluded USING (book_id, venue, account, order_id)
LEFT JOIN left_open USING (book_id, venue, account, order_id)
LEFT JOIN old USING (book_id, venue, account, order_id)
WHERE book.quote_asset = 'USD';

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lotbook_runtime') THEN
    GRANT SELECT, INSERT ON legacy_orders TO lotbook_runtime;
    GRANT SELECT ON trade_records TO lotbook_runtime;
  END IF;
END $$;
