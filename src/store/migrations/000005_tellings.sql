-- What was told beside the facts: the content of tellings that say something else, other ids, decisions of persons.
-- docs/spec/telling.md says how a telling is judged, docs/spec/hashing.md 3 what its leaf covers.

-- The fact that was told, as a line of an export; null where it is the recorded fact just as it stands.
ALTER TABLE observations ADD COLUMN told text COLLATE "C";

-- A decision is a telling of a person, about a fact or about what waits.
ALTER TABLE observations DROP CONSTRAINT observations_outcome_check, DROP CONSTRAINT observations_check;
ALTER TABLE observations
  ADD CONSTRAINT observations_outcome_check
    CHECK (outcome IN ('recorded', 'duplicate', 'rounded copy', 'conflict', 'waiting', 'decision')),
  ADD CONSTRAINT observations_entry_check
    CHECK (CASE outcome WHEN 'waiting' THEN entry IS NULL WHEN 'decision' THEN true ELSE entry IS NOT NULL END),
  ADD CONSTRAINT observations_told_check CHECK (outcome NOT IN ('recorded', 'decision') OR told IS NULL);

-- What a person is asked about, and what persons said: few rows among many.
CREATE INDEX observations_for_review ON observations (book_id, number)
  WHERE outcome IN ('conflict', 'waiting', 'decision');

-- Another id under which a source told of a fill. It follows from the observation of that number.
CREATE TABLE aliases (
  book_id uuid NOT NULL,
  venue label NOT NULL,
  account label NOT NULL,
  fill_id label NOT NULL,
  number bigint NOT NULL CHECK (number > 0), -- the observation that says so
  entry bigint CHECK (entry > 0),            -- the fill; null while the telling waits for a person
  PRIMARY KEY (book_id, fill_id, venue, account, number)
);
CALL make_append_only('aliases');

-- How much may stay unmatched in an instrument before a person is asked. The last one said holds.
CREATE TABLE tolerances (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  symbol label NOT NULL,
  tolerance amount NOT NULL CHECK (tolerance >= 0),
  author label NOT NULL,
  reason note NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX tolerances_by_symbol ON tolerances (symbol, number);
CALL make_append_only('tolerances');

-- For `db copy`, whose rows bring their numbers.
CREATE OR REPLACE FUNCTION continue_numbers() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lotbook, pg_temp AS $$
  SELECT setval(pg_get_serial_sequence('runs', 'run'), coalesce(max(run), 0) + 1, false) FROM runs;
  SELECT setval(pg_get_serial_sequence('steps', 'step'), coalesce(max(step), 0) + 1, false) FROM steps;
  SELECT setval(pg_get_serial_sequence('tolerances', 'number'), coalesce(max(number), 0) + 1, false) FROM tolerances;
$$;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lotbook_runtime') THEN
    GRANT SELECT, INSERT ON aliases, tolerances TO lotbook_runtime;
  END IF;
END $$;
