-- The role that sessions run as: it owns nothing, so it can neither drop a trigger nor a table. Where the role may not be made
-- (a database owner without CREATEROLE), lotbook goes on as owner and `lotbook db status` says so.
DO $$
BEGIN
  BEGIN
    CREATE ROLE lotbook_runtime NOLOGIN;
  EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- made for another database of this server
    WHEN insufficient_privilege THEN RAISE NOTICE 'lotbook: the role lotbook_runtime may not be made; going on as owner';
  END;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lotbook_runtime') THEN RETURN; END IF;
  BEGIN
    EXECUTE format('GRANT lotbook_runtime TO %I', current_user);
  EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation THEN NULL;
  END;
  GRANT USAGE ON SCHEMA lotbook TO lotbook_runtime;
  GRANT SELECT ON ALL TABLES IN SCHEMA lotbook TO lotbook_runtime;
  GRANT INSERT ON batches, fills, opening_lots, fee_values, voids, adjustments, observations, seals, revisions TO lotbook_runtime;
  GRANT INSERT, UPDATE ON books, repeats, runs TO lotbook_runtime;
  GRANT UPDATE ON revision_counter TO lotbook_runtime;
  GRANT INSERT, DELETE ON versions TO lotbook_runtime;
  GRANT INSERT, UPDATE, DELETE ON steps, allocations, open_lots, day_digests, book_states TO lotbook_runtime;
  GRANT EXECUTE ON FUNCTION continue_numbers, create_version_partitions, attach_version_partitions, drop_version_partitions TO lotbook_runtime;
END $$;
