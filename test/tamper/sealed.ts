/**
 * Which tables and columns a change must be found in: all there are, but for those listed here with the
 * reason. The catalog of the migrated database is the list; a test holds this page to it.
 */
import type { Connection } from "../../src/store/database.ts";

/** What no hash and no conclusion covers: docs/spec/verify.md 4. */
export const uncoveredTables: Readonly<Record<string, string>> = {
  legacy_orders: "what an old system said of its orders, which nobody vouches for",
  migrations: "tells what was done to the schema",
  repeats: "counts what was heard again",
  runs: "a log; the digest of the last run is checked, and planted in ../verify",
  tolerances: "says when a person is asked, not what is so",
};

export const uncoveredColumns: Readonly<Record<string, string>> = {
  "revision_counter.singleton": "is true, or the rows are counted",
  "steps.run": "names a row of the log",
  "versions.created_at": "a log",
};

/** The columns that say where a row belongs: exchanging them exchanges two rows. */
export const places: Readonly<Record<string, readonly string[]>> = {
  books: ["book_id"],
  batches: ["batch_id"],
  fills: ["entry"],
  opening_lots: ["entry"],
  fee_values: ["entry"],
  voids: ["entry"],
  adjustments: ["entry"],
  observations: ["number"],
  aliases: ["number"],
  seals: ["number"],
  revisions: ["revision"],
  versions: ["version"],
  steps: ["step"],
  allocations: ["close_entry", "slice"],
  open_lots: ["open_entry"],
  day_digests: ["day"],
  book_states: ["book_id"],
};

export interface Column {
  readonly table: string;
  readonly name: string;
  /** As format_type tells it, of the domain's base. */
  readonly type: string;
  readonly nullable: boolean;
}

/** Of every table of the ledger, partitions under their parents' names, in a fixed order. */
export function readColumns(connection: Connection): Promise<Column[]> {
  return connection.query<Column & object>(
    `SELECT c.relname::text AS table, a.attname::text AS name, NOT a.attnotnull AS nullable,
       format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
     WHERE c.relnamespace = 'lotbook'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY c.relname::text COLLATE "C", a.attnum`,
  );
}

export const isCovered = ({ table, name }: Pick<Column, "table" | "name">): boolean =>
  !(table in uncoveredTables) && !(`${table}.${name}` in uncoveredColumns);

export const disableTriggers = (connection: Connection): Promise<void> =>
  connection.script(`DO $$
    DECLARE it record;
    BEGIN
      FOR it IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'lotbook'::regnamespace AND relkind IN ('r', 'p')
      LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', it.name); END LOOP;
    END $$`);

/** Takes away what a superuser can: triggers, keys, checks. What is left to find a change is `verify`. */
export async function disarm(connection: Connection): Promise<void> {
  await disableTriggers(connection);
  await connection.script(`DO $$
    DECLARE it record;
    BEGIN
      FOR it IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
        WHERE connamespace = 'lotbook'::regnamespace AND contype IN ('c', 'p', 'u') AND conrelid <> 0
          AND conparentid = 0 AND conname <> 'one_version' AND coninhcount = 0
      LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', it.name, it.conname); END LOOP;
      FOR it IN SELECT indexrelid::regclass AS name FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE relnamespace = 'lotbook'::regnamespace AND indisunique AND NOT c.relispartition
      LOOP EXECUTE format('DROP INDEX %s', it.name); END LOOP;
      FOR it IN SELECT attrelid::regclass AS name, attname
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'lotbook'::regnamespace AND attidentity <> ''
      LOOP EXECUTE format('ALTER TABLE %s ALTER %I DROP IDENTITY', it.name, it.attname); END LOOP;
    END $$`);
}
