-- The original plan's views, under its names, and what reports look up often. docs/reports.md tells of every column.

-- Publishing is rare and steps are many: without this the published version is searched for through the whole chain.
CREATE INDEX revisions_published ON revisions (revision) WHERE kind = 'publish';
-- A wall time of known at: the last revision stamped by then.
CREATE INDEX revisions_by_stamp ON revisions (stamp, revision);
-- Reports count third-asset fees; most ledgers have none or few.
CREATE INDEX fills_with_third_fees ON fills (book_id, executed_at) WHERE third_fee_assets IS NOT NULL;

-- The scale of 30 makes the division exact to well beyond the 18 digits kept: numeric division alone picks its own scale.
CREATE FUNCTION per_unit(total numeric, quantity numeric) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN trim_scale(round((total + 0.000000000000000000000000000000) / quantity, 18));

CREATE FUNCTION instant_time(nanoseconds bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN timestamptz '1970-01-01Z' + (nanoseconds / 60000000000) * interval '1 minute'
  + (nanoseconds % 60000000000 / 1000) * interval '1 microsecond';

CREATE VIEW fifo_allocations AS
SELECT
  coalesce(sale.order_id, sale.fill_id)::text AS sell_order_id,
  coalesce(buy.order_id, buy.fill_id, lot.lot_key)::text AS buy_order_id,
  book.symbol::text AS symbol,
  trim_scale(slice.quantity) AS allocated_size,
  trim_scale(buy.price) AS buy_price,
  trim_scale(sale.price) AS sell_price,
  CASE WHEN buy.entry IS NOT NULL THEN per_unit(slice.open_fee, slice.quantity) END AS buy_fees_per_unit,
  per_unit(slice.close_fee, slice.quantity) AS sell_fees_per_unit,
  trim_scale(slice.cost_basis) AS cost_basis_usd,
  trim_scale(slice.proceeds) AS proceeds_usd,
  trim_scale(slice.proceeds - slice.close_fee) AS net_proceeds_usd,
  trim_scale(slice.pnl) AS pnl_usd,
  instant_time(slice.opened_at) AS buy_time,
  instant_time(slice.closed_at) AS sell_time,
  slice.version AS allocation_version,
  made.run AS allocation_batch_id
FROM allocations slice
JOIN books book ON book.book_id = slice.book_id AND book.quote_asset = 'USD'
JOIN steps made ON made.step = slice.step AND made.revision IS NOT NULL
LEFT JOIN steps gone ON gone.step = slice.superseded
JOIN fills sale ON sale.book_id = slice.book_id AND sale.entry = slice.close_entry
LEFT JOIN fills buy ON buy.book_id = slice.book_id AND buy.entry = slice.open_entry
LEFT JOIN opening_lots lot ON lot.book_id = slice.book_id AND lot.entry = slice.open_entry
WHERE gone.revision IS NULL
  AND slice.version = (SELECT version FROM revisions WHERE kind = 'publish' ORDER BY revision DESC LIMIT 1);

CREATE VIEW fifo_computation_log AS
SELECT
  symbol,
  version AS allocation_version,
  run AS allocation_batch_id,
  started_at AS computation_start,
  ended_at AS computation_end,
  round(extract(epoch FROM ended_at - started_at) * 1000)::bigint AS computation_duration_ms,
  status,
  opens AS buys_processed,
  closes AS sells_processed,
  allocations AS allocations_created,
  error AS error_message,
  books AS symbols_processed,
  -- A sum over several quote assets is no amount of anything.
  (SELECT max(total.value)::numeric FROM jsonb_each_text(total_pnl) total HAVING count(*) = 1) AS total_pnl_computed,
  mode AS computation_mode,
  trigger AS triggered_by
FROM runs;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lotbook_runtime') THEN
    GRANT SELECT ON fifo_allocations, fifo_computation_log TO lotbook_runtime;
  END IF;
END $$;
