/** Every engine there is to test on, each giving a fresh migrated database for the asking. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, inject } from "vitest";
import type { Connection } from "../src/store/database.ts";
import { openPostgres } from "../src/store/engine/postgres.ts";
import { type OpenDatabase, openDatabase, type OpenOptions } from "../src/store/open.ts";
import { administer, withDatabase } from "./engine/cluster.ts";
import type { ProvidedEngine } from "./servers.ts";

export interface TestOpenOptions extends OpenOptions {
  /** Nothing in it: to be migrated by the opening itself. */
  readonly empty?: boolean;
}

export interface TestDatabase {
  readonly database: OpenDatabase;
  /** What `openDatabase` takes, password included. */
  readonly location: string;
  /** Closes it and removes it. */
  dispose(): Promise<void>;
}

export interface TestEngine {
  /** `pglite`, `postgres-18`, `postgres-15` or `postgres-url`. */
  readonly name: string;
  readonly kind: "pglite" | "postgres";
  open(options?: TestOpenOptions): Promise<TestDatabase>;
  /** A place for a database that is not open: a copy of the template, or an empty one. */
  place(options?: { readonly empty?: boolean }): Promise<TestPlace>;
  /** Runs `work` with all rights, as someone who tampers: past the role, on the database of the test. */
  superuser<T>(test: TestDatabase, work: (connection: Connection) => Promise<T>): Promise<T>;
}

export interface TestPlace {
  readonly location: string;
  remove(): Promise<void>;
}

export const engines: readonly TestEngine[] = inject("engines").map((provided) =>
  provided.url === undefined ? pgliteEngine(provided) : postgresEngine(provided, provided.url),
);

/** One `describe` an engine: `lock (postgres-15)`. */
export function describeEngines(title: string, suite: (engine: TestEngine) => void): void {
  for (const engine of engines) describe(`${title} (${engine.name})`, () => suite(engine));
}

function pgliteEngine(provided: ProvidedEngine): TestEngine {
  const place: TestEngine["place"] = async ({ empty = false } = {}) => {
    const location = join(provided.scratch, `copy-${randomBytes(6).toString("hex")}`);
    if (empty) await mkdir(location);
    else
      await cp(provided.template, location, { recursive: true, mode: constants.COPYFILE_FICLONE });
    return {
      location,
      remove: () => rm(location, { recursive: true, force: true, maxRetries: 5 }),
    };
  };
  return {
    name: provided.name,
    kind: "pglite",
    place,
    open: (options) => openAt(place, options),
    superuser: ({ database }, work) =>
      database.connect(async (connection) => {
        await connection.script("RESET ROLE");
        try {
          return await work(connection);
        } finally {
          if (database.role === "runtime") await connection.script("SET ROLE lotbook_runtime");
        }
      }),
  };
}

function postgresEngine(provided: ProvidedEngine, url: string): TestEngine {
  const place: TestEngine["place"] = async ({ empty = false } = {}) => {
    const name = `lotbook_test_${randomBytes(6).toString("hex")}`;
    await administer(
      url,
      `CREATE DATABASE ${name}${empty ? "" : ` TEMPLATE ${provided.template}`}`,
    );
    return {
      location: withDatabase(url, name),
      remove: () => administer(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    };
  };
  return {
    name: provided.name,
    kind: "postgres",
    place,
    open: (options) => openAt(place, options),
    superuser: async ({ location }, work) => {
      const database = await openPostgres(location, { connections: 1 });
      try {
        return await database.connect(work);
      } finally {
        await database.close();
      }
    },
  };
}

async function openAt(
  place: TestEngine["place"],
  options: TestOpenOptions = {},
): Promise<TestDatabase> {
  const { empty = false, ...openOptions } = options;
  const { location, remove } = await place({ empty });
  try {
    const database = await openDatabase(location, openOptions);
    const dispose = async (): Promise<void> => {
      await database.close();
      await remove();
    };
    return { database, location, dispose };
  } catch (error) {
    await remove();
    throw error;
  }
}
