/** The one door to a database, wherever it is. */
import type { Database, Durability } from "./database.ts";
import type { Engine } from "./engine/engine.ts";
import type { RoleMode } from "./engine/role.ts";
import { LotbookError } from "../errors.ts";
import {
  type Migration,
  migrate,
  readMigrations,
  readSchemaState,
  readSettledState,
} from "./migrate.ts";

export interface OpenOptions {
  /** What this process does with it, for one that finds the directory locked: `import`. */
  readonly command?: string;
  /** Bring an older schema up to date on a server, too; embedded that is always done. */
  readonly migrate?: boolean;
  /** Stay the owner: for migrations and for tests that tamper. */
  readonly asOwner?: boolean;
  /** How many connections to a server at most. */
  readonly connections?: number;
  /** For tests: other migrations than lotbook's own. */
  readonly migrations?: readonly Migration[];
}

export interface OpenDatabase extends Database {
  /** Whether sessions run as the role that owns nothing, or as the owner, as that role could not be had. */
  readonly role: RoleMode;
  readonly schemaVersion: number;
  /** Tells other processes that find the directory locked where this one serves. */
  announce(address: string): void;
}

export interface DatabaseStatus {
  readonly engine: Database["engine"];
  readonly location: string;
  readonly serverVersion: number;
  readonly schemaVersion: number;
  readonly role: RoleMode;
  readonly durability: Durability;
}

export function isServerLocation(location: string): boolean {
  return /^postgres(ql)?:\/\//i.test(location);
}

/** How a location begins that is meant as a URL. Two letters at least: one is a drive. */
export function schemeOf(location: string): string | undefined {
  return /^(?:[a-z][a-z0-9+.-]+:\/\/|postgres(?:ql)?:)/i.exec(location)?.[0];
}

export async function openDatabase(
  location: string,
  options: OpenOptions = {},
): Promise<OpenDatabase> {
  const engine = await openEngine(location, options);
  try {
    const version = await bringUpToDate(engine, options);
    if (options.asOwner !== true) await engine.enterRuntimeRole();
    return new DatabaseAtVersion(engine, version);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

export async function status(database: OpenDatabase): Promise<DatabaseStatus> {
  const { engine, location, serverVersion, schemaVersion, role } = database;
  return {
    engine,
    location,
    serverVersion,
    schemaVersion,
    role,
    durability: await database.durability(),
  };
}

/** Each engine is loaded only where it is used: together they are most of the time lotbook takes to start. */
async function openEngine(location: string, options: OpenOptions): Promise<Engine> {
  const { command, connections } = options;
  if (isServerLocation(location)) {
    const { openPostgres } = await import("./engine/postgres.ts");
    return await openPostgres(location, connections === undefined ? {} : { connections });
  }
  // The rest is not shown: it may hold a password.
  const scheme = schemeOf(location);
  if (scheme !== undefined)
    throw new LotbookError("BAD_USAGE", `${scheme} is no database that lotbook knows`, {
      advice: "Name a directory, or a URL like postgres://user@host/name.",
    });
  const { openPglite } = await import("./engine/pglite.ts");
  return await openPglite(location, command === undefined ? {} : { command });
}

async function bringUpToDate(engine: Engine, options: OpenOptions): Promise<number> {
  const migrations = options.migrations ?? readMigrations();
  const mayMigrate = engine.engine === "pglite" || options.migrate === true;
  let schema = await engine.connect((connection) => readSchemaState(connection, migrations));
  // It may be older only because another process is at work on it, be it the first use or an upgrade.
  if (schema.state === "older" && !mayMigrate) schema = await readSettledState(engine, migrations);
  if (schema.state === "older" && !mayMigrate) {
    const message = `the database has schema ${schema.version}; this lotbook needs ${schema.latest}`;
    throw new LotbookError("SCHEMA_OLDER", message, { advice: "Run: lotbook db migrate" });
  }
  if (schema.state !== "current") await migrate(engine, migrations);
  return schema.latest;
}

class DatabaseAtVersion implements OpenDatabase {
  readonly schemaVersion: number;
  readonly #engine: Engine;

  constructor(engine: Engine, schemaVersion: number) {
    this.#engine = engine;
    this.schemaVersion = schemaVersion;
  }

  get engine(): Database["engine"] {
    return this.#engine.engine;
  }

  get location(): string {
    return this.#engine.location;
  }

  get serverVersion(): number {
    return this.#engine.serverVersion;
  }

  get parallelism(): number {
    return this.#engine.parallelism;
  }

  get role(): RoleMode {
    return this.#engine.role;
  }

  connect: Database["connect"] = (work) => this.#engine.connect(work);

  durability(): Promise<Durability> {
    return this.#engine.durability();
  }

  announce(address: string): void {
    this.#engine.announce(address);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
