-- The ledger: facts, what told us of them, and the seals over both. Append-only by the database itself.
-- docs/spec/hashing.md says what each hash covers, docs/spec/time.md and numbers.md what each value may be.

-- Text compares by its UTF-8 bytes everywhere; the length limit keeps identities within what a unique index can hold.
CREATE DOMAIN label AS text COLLATE "C" CHECK (octet_length(VALUE) BETWEEN 1 AND 200);
CREATE DOMAIN note AS text COLLATE "C" CHECK (octet_length(VALUE) BETWEEN 1 AND 2000);
-- NaN and Infinity fail the second test: both compare as greater than any number.
CREATE DOMAIN amount AS numeric CHECK (scale(VALUE) <= 18 AND abs(VALUE) < 1e20);
CREATE DOMAIN instant AS bigint CHECK (VALUE >= 0 AND VALUE < 9214646400000000000); -- ns, 1970 to 2261
CREATE DOMAIN hash AS bytea CHECK (octet_length(VALUE) = 32);

-- One row a book: its head. The only mutable row of the ledger, and the lock under which facts are numbered.
CREATE TABLE books (
  book_id uuid PRIMARY KEY,
  portfolio label NOT NULL,
  symbol label NOT NULL,
  base_asset label NOT NULL,
  quote_asset label NOT NULL,
  last_entry bigint NOT NULL DEFAULT 0,
  last_observation bigint NOT NULL DEFAULT 0,
  last_seal bigint NOT NULL DEFAULT 0,
  head hash NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
  CHECK (base_asset <> quote_asset AND symbol = base_asset || '-' || quote_asset)
);

CREATE TABLE batches (
  batch_id uuid PRIMARY KEY,
  recorded_at timestamptz NOT NULL,
  source label NOT NULL,
  author label NOT NULL,
  inputs text COLLATE "C" NOT NULL
);

CREATE TABLE fills (
  book_id uuid NOT NULL,
  entry bigint NOT NULL CHECK (entry > 0),
  venue label NOT NULL,
  account label NOT NULL,
  fill_id label NOT NULL,
  revision integer NOT NULL DEFAULT 0 CHECK (revision >= 0),
  executed_at instant NOT NULL,
  side text COLLATE "C" NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity amount NOT NULL CHECK (quantity > 0),
  price amount NOT NULL CHECK (price >= 0),
  quote_fee amount NOT NULL DEFAULT 0,
  base_fee amount NOT NULL DEFAULT 0,
  third_fee_assets text[] COLLATE "C",   -- in byte order, none of them base or quote
  third_fee_amounts numeric[],           -- beside them; never 0
  sequence bigint CHECK (sequence >= 0),
  order_id label,
  strategy label,
  trade_id label,
  quote_size amount CHECK (quote_size > 0), -- given: the quantity is derived from it
  grain text COLLATE "C" CHECK (grain = 'order'),
  leaf hash NOT NULL,
  PRIMARY KEY (book_id, entry),
  UNIQUE (book_id, fill_id, venue, account, revision), -- the id first: it differs soonest
  CHECK (CASE side WHEN 'buy' THEN quantity - base_fee ELSE quantity + base_fee END > 0),
  CHECK (coalesce(cardinality(third_fee_assets), -1) = coalesce(cardinality(third_fee_amounts), -1)
    AND cardinality(third_fee_assets) IS DISTINCT FROM 0)
);
CREATE INDEX fills_by_time ON fills (book_id, executed_at);

CREATE TABLE opening_lots (
  book_id uuid NOT NULL,
  entry bigint NOT NULL CHECK (entry > 0),
  venue label NOT NULL,
  account label NOT NULL,
  lot_key label NOT NULL,
  revision integer NOT NULL DEFAULT 0 CHECK (revision >= 0),
  opened_at instant NOT NULL,
  quantity amount NOT NULL CHECK (quantity > 0),
  cost amount,                           -- null: unknown
  author label NOT NULL,
  note note NOT NULL,
  leaf hash NOT NULL,
  PRIMARY KEY (book_id, entry),
  UNIQUE (book_id, lot_key, venue, account, revision)
);
CREATE INDEX opening_lots_by_time ON opening_lots (book_id, opened_at);

CREATE TABLE fee_values (
  book_id uuid NOT NULL,
  entry bigint NOT NULL CHECK (entry > 0),
  venue label NOT NULL,
  account label NOT NULL,
  fill_id label NOT NULL,
  fill_revision integer NOT NULL CHECK (fill_revision >= 0),
  asset label NOT NULL,
  revision integer NOT NULL DEFAULT 0 CHECK (revision >= 0),
  value amount NOT NULL,                 -- the total, in the quote asset
  source label NOT NULL,
  target_entry bigint NOT NULL,          -- the fill's
  leaf hash NOT NULL,
  PRIMARY KEY (book_id, entry),
  UNIQUE (book_id, target_entry, asset, revision)
);

CREATE TABLE voids (
  book_id uuid NOT NULL,
  entry bigint NOT NULL CHECK (entry > 0),
  target_kind text COLLATE "C" NOT NULL CHECK (target_kind IN ('fill', 'opening lot', 'fee value')),
  venue label NOT NULL,
  account label NOT NULL,
  target_id label NOT NULL,
  target_revision integer NOT NULL CHECK (target_revision >= 0), -- of the fill or the opening lot
  asset label,                           -- of a fee value, as is the next
  value_revision integer CHECK (value_revision >= 0),
  target_entry bigint NOT NULL,
  author label NOT NULL,
  reason note NOT NULL,
  leaf hash NOT NULL,
  PRIMARY KEY (book_id, entry),
  UNIQUE (book_id, target_entry),        -- one void a fact
  CHECK ((target_kind = 'fee value') = (asset IS NOT NULL) AND (asset IS NULL) = (value_revision IS NULL))
);

CREATE TABLE adjustments (
  book_id uuid NOT NULL,
  entry bigint NOT NULL CHECK (entry > 0),
  venue label NOT NULL,
  account label NOT NULL,
  entry_id label NOT NULL,
  trade_type label NOT NULL,
  trade_id label,
  executed_at instant NOT NULL,
  side text COLLATE "C" CHECK (side IN ('buy', 'sell')),
  quantity amount,
  price amount,
  fee_assets text[] COLLATE "C",
  fee_amounts numeric[],
  order_id label,
  leaf hash NOT NULL,
  PRIMARY KEY (book_id, entry),
  UNIQUE (book_id, entry_id, venue, account),
  CHECK (coalesce(cardinality(fee_assets), -1) = coalesce(cardinality(fee_amounts), -1)
    AND cardinality(fee_assets) IS DISTINCT FROM 0)
);

-- What a source said, byte for byte. entry is the fact it tells of; null while it waits for a person.
CREATE TABLE observations (
  book_id uuid NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  entry bigint,
  outcome text COLLATE "C" NOT NULL
    CHECK (outcome IN ('recorded', 'duplicate', 'rounded copy', 'conflict', 'waiting')),
  source label NOT NULL,
  raw bytea NOT NULL,
  telling hash NOT NULL,
  PRIMARY KEY (book_id, number),
  UNIQUE (book_id, entry, telling),
  CHECK ((entry IS NULL) = (outcome = 'waiting'))
);
CREATE UNIQUE INDEX observations_waiting ON observations (book_id, telling) WHERE entry IS NULL;

CREATE TABLE seals (
  book_id uuid NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  batch_id uuid NOT NULL,
  first_entry bigint NOT NULL,
  fact_count bigint NOT NULL CHECK (fact_count >= 0),
  fact_root hash NOT NULL,
  first_observation bigint NOT NULL,
  observation_count bigint NOT NULL CHECK (observation_count >= 0),
  observation_root hash NOT NULL,
  hash hash NOT NULL,
  PRIMARY KEY (book_id, number)
);

-- Tellings heard again: counted, not sealed, so that overlapping polls don't grow the ledger.
CREATE TABLE repeats (
  book_id uuid NOT NULL,
  source label NOT NULL,
  count bigint NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (book_id, source)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'lotbook: % on % is refused: it is append-only; record a correction instead', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'LB001';
END $$;

-- A book's head moves forward only, and its name never changes.
CREATE FUNCTION guard_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE'
    OR (OLD.book_id, OLD.portfolio, OLD.symbol, OLD.base_asset, OLD.quote_asset)
      IS DISTINCT FROM (NEW.book_id, NEW.portfolio, NEW.symbol, NEW.base_asset, NEW.quote_asset)
    OR NEW.last_entry < OLD.last_entry OR NEW.last_observation < OLD.last_observation OR NEW.last_seal < OLD.last_seal THEN
    RAISE EXCEPTION 'lotbook: % on books is refused: a book only grows', TG_OP USING ERRCODE = 'LB001';
  END IF;
  RETURN NEW;
END $$;

-- ENABLE ALWAYS: ordinary triggers are skipped under session_replication_role = replica.
CREATE PROCEDURE make_append_only(name text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', name);
  EXECUTE format('CREATE TRIGGER append_only_table BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_rows', name);
  EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_table', name);
END $$;

CALL make_append_only('batches');
CALL make_append_only('fills');
CALL make_append_only('opening_lots');
CALL make_append_only('fee_values');
CALL make_append_only('voids');
CALL make_append_only('adjustments');
CALL make_append_only('observations');
CALL make_append_only('seals');

CREATE TRIGGER book_grows BEFORE UPDATE OR DELETE ON books FOR EACH ROW EXECUTE FUNCTION guard_book();
CREATE TRIGGER book_stays BEFORE TRUNCATE ON books FOR EACH STATEMENT EXECUTE FUNCTION guard_book();
ALTER TABLE books ENABLE ALWAYS TRIGGER book_grows;
ALTER TABLE books ENABLE ALWAYS TRIGGER book_stays;
