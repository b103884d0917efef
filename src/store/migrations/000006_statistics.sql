-- Statistics of what the computation reads. Without them the planner takes a book of a million rows for one of a few, and goes
-- through all of it to find its last. Nothing else takes them on the embedded engine, and a server's autovacuum comes late.

CREATE FUNCTION version_partitions(of_version integer) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = lotbook, pg_temp
RETURN ARRAY['allocations_' || of_version, 'open_lots_' || of_version, 'day_digests_' || of_version, 'book_states_' || of_version];

-- Takes them again where a table is more than twice as large as when they were last taken. Only an owner can.
CREATE FUNCTION refresh_statistics(of_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lotbook, pg_temp AS $$
DECLARE name text;
BEGIN
  FOR name IN
    SELECT relname FROM pg_class
    WHERE relnamespace = 'lotbook'::regnamespace AND relname = ANY ('{fills,opening_lots,voids,fee_values}' || version_partitions(of_version))
      AND pg_relation_size(oid) > 2 * (greatest(relpages, 8)::bigint * current_setting('block_size')::bigint)
  LOOP
    EXECUTE format('ANALYZE %I', name);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION attach_version_partitions(new_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lotbook, pg_temp SET maintenance_work_mem = '256MB' AS $$
DECLARE name text;
BEGIN
  EXECUTE format('CREATE UNIQUE INDEX ON allocations_%s (version, book_id, close_entry, slice) WHERE superseded IS NULL', new_version);
  EXECUTE format('CREATE INDEX ON allocations_%s (version, book_id, closed_at)', new_version);
  EXECUTE format('CREATE UNIQUE INDEX ON open_lots_%s (version, book_id, open_entry) WHERE superseded IS NULL', new_version);
  EXECUTE format('CREATE INDEX ON open_lots_%s (version, book_id, opened_at)', new_version);
  EXECUTE format('CREATE UNIQUE INDEX ON day_digests_%s (version, book_id, day) WHERE superseded IS NULL', new_version);
  EXECUTE format('CREATE UNIQUE INDEX ON book_states_%s (version, book_id) WHERE superseded IS NULL', new_version);
  -- Making an index counts the table's rows but takes no statistics of its columns.
  FOREACH name IN ARRAY version_partitions(new_version) LOOP EXECUTE format('ANALYZE %I', name); END LOOP;
  EXECUTE format('ALTER TABLE allocations ATTACH PARTITION allocations_%s FOR VALUES IN (%s)', new_version, new_version);
  EXECUTE format('ALTER TABLE open_lots ATTACH PARTITION open_lots_%s FOR VALUES IN (%s)', new_version, new_version);
  EXECUTE format('ALTER TABLE day_digests ATTACH PARTITION day_digests_%s FOR VALUES IN (%s)', new_version, new_version);
  EXECUTE format('ALTER TABLE book_states ATTACH PARTITION book_states_%s FOR VALUES IN (%s)', new_version, new_version);
END $$;

-- What a run looks for before it begins: runs that died, and versions that were never begun.
CREATE INDEX runs_running ON runs (run) WHERE status = 'running';
CREATE INDEX steps_by_version ON steps (version);

REVOKE ALL ON FUNCTION refresh_statistics FROM PUBLIC;
-- An empty table is left alone: once told that it has no rows, the planner tries each fact against it by a scan.
DO $$
DECLARE of_version integer; name text; has_rows boolean;
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lotbook_runtime') THEN
    GRANT EXECUTE ON FUNCTION refresh_statistics TO lotbook_runtime;
  END IF;
  FOREACH name IN ARRAY '{fills,opening_lots,voids,fee_values}'::text[] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO has_rows;
    IF has_rows THEN EXECUTE format('ANALYZE %I', name); END IF;
  END LOOP;
  FOR of_version IN SELECT version FROM versions LOOP
    FOREACH name IN ARRAY version_partitions(of_version) LOOP
      IF to_regclass(name) IS NOT NULL THEN EXECUTE format('ANALYZE %I', name); END IF;
    END LOOP;
  END LOOP;
END $$;
