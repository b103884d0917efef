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
  trigger text COLLATE "C",
  order_type text COLLATE "C",
  source text COLLATE "C",
  ingest_via text COLLATE "C",
  last_reconciled_at timestamptz,
  last_reconciled_via text COLLATE "C",
  PRIMARY KEY (book_id, order_id, venue, account, taken)
);
CALL make_append_only('legacy_orders');

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lotbook_runtime') THEN
    GRANT SELECT, INSERT ON legacy_orders TO lotbook_runtime;
  END IF;
END $$;
