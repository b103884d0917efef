-- Conclusions: computed, versioned, superseded, never written onto a fact.

-- A policy applied to a growing set of facts.
CREATE TABLE versions (
  version integer PRIMARY KEY CHECK (version > 0),
  method text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('portfolio', 'account')),
  fee_policy text NOT NULL,
  engine_version integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The computation log: one row an execution of the engine. Written before the work, so a failed run leaves its row.
CREATE TABLE runs (
  run bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version integer NOT NULL,
  mode text NOT NULL CHECK (mode IN ('full', 'incremental')),
  trigger text NOT NULL,                 -- what asked for it: command, schedule, arrival
  portfolio text,                        -- the range: null is all
  symbol text,
  worker text NOT NULL,                  -- host and pid
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'failed')),
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  books bigint NOT NULL DEFAULT 0,
  opens bigint NOT NULL DEFAULT 0,       -- facts taken in
  closes bigint NOT NULL DEFAULT 0,
  allocations bigint NOT NULL DEFAULT 0, -- rows written
  superseded bigint NOT NULL DEFAULT 0,  -- rows superseded
  total_pnl jsonb,                       -- quote asset to realized PnL (text) of the version's complete slices after the run
  digest hash,
  revision bigint,
  error text
);

-- A step is one atomic change to conclusions; its revision is null while its pieces are being written.
CREATE TABLE steps (
  step bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL,
  version integer NOT NULL,
  book_id uuid,                          -- null: all books, a version's first build
  revision bigint UNIQUE
);
CREATE INDEX steps_unfinished ON steps (step) WHERE revision IS NULL;

-- The counter under whose row lock revisions are numbered and stamped.
CREATE TABLE revision_counter (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  last bigint NOT NULL DEFAULT 0,
  stamp timestamptz NOT NULL DEFAULT '1970-01-01Z',
  head hash NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
);
INSERT INTO revision_counter DEFAULT VALUES;

-- The chain of revisions. The published version is the one of the last 'publish'.
CREATE TABLE revisions (
  revision bigint PRIMARY KEY,
  stamp timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('step', 'publish', 'drop')),
  version integer NOT NULL,
  book_id uuid,
  digest hash,
  inputs hash NOT NULL,
  hash hash NOT NULL
);
CALL make_append_only('revisions');

-- Rows carry the step that made them and the one that superseded them. A partition a version.
CREATE TABLE allocations (
  version integer NOT NULL,
  book_id uuid NOT NULL,
  close_entry bigint NOT NULL,
  slice integer NOT NULL,                -- 1, 2 … in ledger order of the opening facts, the unmatched one last
  open_entry bigint,                     -- null: unmatched
  quantity numeric NOT NULL,
  open_fee numeric,                      -- shares; the cost of an opening lot is such a share
  close_fee numeric NOT NULL,
  cost_basis numeric,
  proceeds numeric NOT NULL,
  pnl numeric,
  missing smallint NOT NULL,             -- 1 opening cost, 2 value of a closing fee, 4 unmatched; 0 is complete
  opened_at bigint,
  closed_at bigint NOT NULL,
  row_hash bytea NOT NULL,
  step bigint NOT NULL,
  superseded bigint
) PARTITION BY LIST (version);
CREATE UNIQUE INDEX allocations_current ON allocations (version, book_id, close_entry, slice) WHERE superseded IS NULL;
CREATE INDEX allocations_by_time ON allocations (version, book_id, closed_at);

CREATE TABLE open_lots (
  version integer NOT NULL,
  book_id uuid NOT NULL,
  open_entry bigint NOT NULL,
  quantity numeric NOT NULL CHECK (quantity > 0), -- what is left, as are the next two
  open_fee numeric NOT NULL,
  cost_basis numeric,
  missing smallint NOT NULL,
  opened_at bigint NOT NULL,
  row_hash bytea NOT NULL,
  step bigint NOT NULL,
  superseded bigint
) PARTITION BY LIST (version);
CREATE UNIQUE INDEX open_lots_current ON open_lots (version, book_id, open_entry) WHERE superseded IS NULL;
CREATE INDEX open_lots_by_time ON open_lots (version, book_id, opened_at);

CREATE TABLE day_digests (
  version integer NOT NULL,
  book_id uuid NOT NULL,
  day integer NOT NULL,                  -- UTC, days since 1970
  digest bytea NOT NULL,
  step bigint NOT NULL,
  superseded bigint
) PARTITION BY LIST (version);
CREATE UNIQUE INDEX day_digests_current ON day_digests (version, book_id, day) WHERE superseded IS NULL;

-- How far a version has come in a book.
CREATE TABLE book_states (
  version integer NOT NULL,
  book_id uuid NOT NULL,
  computed_entry bigint NOT NULL,
  last_place bigint,                     -- entry of the greatest fact in ledger order among what was taken; null: none
  digest bytea,                          -- null: no rows
  step bigint NOT NULL,
  superseded bigint
) PARTITION BY LIST (version);
CREATE UNIQUE INDEX book_states_current ON book_states (version, book_id) WHERE superseded IS NULL;

-- Partitions are made apart, loaded without indexes, indexed, and only then attached. Only an owner can do that, and the
-- runtime role owns nothing, hence these functions.
CREATE FUNCTION create_version_partitions(new_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lotbook, pg_temp AS $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['allocations', 'open_lots', 'day_digests', 'book_states'] LOOP
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CONSTRAINT one_version CHECK (version = %s))',
      name || '_' || new_version, name, new_version);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO CURRENT_USER', name || '_' || new_version);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lotbook_runtime') THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO lotbook_runtime', name || '_' || new_version);
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION attach_version_partitions(new_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lotbook, pg_temp SET maintenance_work_mem = '256MB' AS $$
BEGIN
  EXECUTE format('CREATE UNIQUE INDEX ON allocations_%s (version, book_id, close_entry, slice) WHERE superseded IS NULL', new_version);
  EXECUTE format('CREATE INDEX ON allocations_%s (version, book_id, closed_at)', new_version);
  EXECUTE format('CREATE UNIQUE INDEX ON open_lots_%s (version, book_id, open_entry) WHERE superseded IS NULL', new_version);
  EXECUTE format('CREATE INDEX ON open_lots_%s (version, book_id, opened_at)', new_version);
  EXECUTE format('CREATE UNIQUE INDEX ON day_digests_%s (version, book_id, day) WHERE superseded IS NULL', new_version);
  EXECUTE format('CREATE UNIQUE INDEX ON book_states_%s (version, book_id) WHERE superseded IS NULL', new_version);
  EXECUTE format('ALTER TABLE allocations ATTACH PARTITION allocations_%s FOR VALUES IN (%s)', new_version, new_version);
  EXECUTE format('ALTER TABLE open_lots ATTACH PARTITION open_lots_%s FOR VALUES IN (%s)', new_version, new_version);
  EXECUTE format('ALTER TABLE day_digests ATTACH PARTITION day_digests_%s FOR VALUES IN (%s)', new_version, new_version);
  EXECUTE format('ALTER TABLE book_states ATTACH PARTITION book_states_%s FOR VALUES IN (%s)', new_version, new_version);
END $$;

CREATE FUNCTION drop_version_partitions(old_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lotbook, pg_temp AS $$
DECLARE name text;
BEGIN
  IF old_version = (SELECT version FROM revisions WHERE kind = 'publish' ORDER BY revision DESC LIMIT 1) THEN
    RAISE EXCEPTION 'lotbook: version % is the published one; publish another first', old_version USING ERRCODE = 'LB002';
  END IF;
  FOREACH name IN ARRAY ARRAY['allocations', 'open_lots', 'day_digests', 'book_states'] LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I', name || '_' || old_version);
  END LOOP;
END $$;
-- After rows were copied in with their numbers: new ones go on behind them.
CREATE FUNCTION continue_numbers() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lotbook, pg_temp AS $$
  SELECT setval(pg_get_serial_sequence('runs', 'run'), coalesce(max(run), 0) + 1, false) FROM runs;
  SELECT setval(pg_get_serial_sequence('steps', 'step'), coalesce(max(step), 0) + 1, false) FROM steps;
$$;
REVOKE ALL ON FUNCTION continue_numbers, create_version_partitions, attach_version_partitions, drop_version_partitions FROM PUBLIC;
