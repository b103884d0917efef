/**
 * The databases of a simulation: one that is worked on and one that is copied to. An instance of the embedded
 * engine is dear to start, so seeds take turns on two, emptied in between.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenDatabase, openDatabase } from "../../src/store/open.ts";
import type { TestPlace } from "../engines.ts";
import { Clock } from "./clock.ts";

/** An open database that stays open when a command closes it. */
class Held implements OpenDatabase {
  readonly #inner: OpenDatabase;

  constructor(inner: OpenDatabase) {
    this.#inner = inner;
  }

  get engine(): OpenDatabase["engine"] {
    return this.#inner.engine;
  }

  get location(): string {
    return this.#inner.location;
  }

  get serverVersion(): number {
    return this.#inner.serverVersion;
  }

  get parallelism(): number {
    return this.#inner.parallelism;
  }

  get role(): OpenDatabase["role"] {
    return this.#inner.role;
  }

  get schemaVersion(): number {
    return this.#inner.schemaVersion;
  }

  connect: OpenDatabase["connect"] = (work) => this.#inner.connect(work);

  durability(): ReturnType<OpenDatabase["durability"]> {
    return this.#inner.durability();
  }

  announce(): void {}

  async close(): Promise<void> {}
}

/** Drops what versions concluded, and empties all tables: past the triggers, which stand again afterwards. */
const empty = `DO $$
DECLARE
  one record;
  names text;
BEGIN
  FOR one IN SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'lotbook'::regnamespace
    AND relkind = 'r' AND relname ~ '^(allocations|open_lots|day_digests|book_states)_[0-9]+$'
  LOOP EXECUTE format('DROP TABLE %s', one.name); END LOOP;
  CREATE TEMP TABLE guards ON COMMIT DROP AS
    SELECT tgrelid::regclass AS name, tgname, tgenabled FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'lotbook'::regnamespace AND NOT tgisinternal AND tgparentid = 0;
  IF EXISTS (SELECT FROM guards WHERE tgenabled <> 'A') THEN RAISE 'a trigger is not always on'; END IF;
  FOR one IN SELECT * FROM guards
  LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', one.name, one.tgname); END LOOP;
  SELECT string_agg(oid::regclass::text, ', ') INTO names FROM pg_class
    WHERE relnamespace = 'lotbook'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND relname <> 'migrations';
  EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY';
  INSERT INTO revision_counter DEFAULT VALUES;
  FOR one IN SELECT * FROM guards
  LOOP EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', one.name, one.tgname); END LOOP;
END $$`;

export class Store {
  readonly directory: string;
  #opened: OpenDatabase | undefined;
  #held: OpenDatabase | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The same object until the engine is started again: runs of one process wait for each other by it. */
  get database(): OpenDatabase {
    return this.#held!;
  }

  async open(): Promise<void> {
    this.#opened = await openDatabase(this.directory, { command: "simulation" });
    this.#held = new Held(this.#opened);
  }

  async close(): Promise<void> {
    await this.#opened?.close();
    this.#opened = undefined;
  }

  /** Closes the engine and opens it again on what is in its files. */
  async restart(): Promise<void> {
    await this.close();
    await this.open();
  }

  /** The files as they are now: what a process that died now would leave. */
  image(): string {
    const image = mkdtempSync(join(tmpdir(), "lotbook-image-"));
    cpSync(join(this.directory, "pgdata"), join(image, "pgdata"), { recursive: true });
    return image;
  }

  /** Goes on with an image, as if the process had died when it was taken. */
  async revive(image: string): Promise<void> {
    await this.close();
    for (const name of readdirSync(this.directory))
      rmSync(join(this.directory, name), { recursive: true, force: true });
    cpSync(image, this.directory, { recursive: true });
    rmSync(image, { recursive: true, force: true });
    await this.open();
  }

  async empty(): Promise<void> {
    await this.database.connect(async (connection) => {
      await connection.script("RESET ROLE");
      await connection.script(empty);
      await connection.script("SET ROLE lotbook_runtime");
    });
  }
}

export interface Stores {
  readonly main: Store;
  readonly other: Store;
  readonly clock: Clock;
  dispose(): Promise<void>;
}

/** Two stores on copies of a template; they go when they are disposed of. */
export async function openStores(places: readonly [TestPlace, TestPlace]): Promise<Stores> {
  const [main, other] = places.map(({ location }) => new Store(location)) as [Store, Store];
  const clock = new Clock();
  await main.open();
  await other.open();
  return {
    main,
    other,
    clock,
    dispose: async () => {
      await main.close();
      await other.close();
      clock.stop();
      for (const place of places) await place.remove();
    },
  };
}
