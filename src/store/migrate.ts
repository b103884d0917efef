/**
 * Brings the schema up to date: numbered SQL files, each run once in a transaction of its own, in order, and
 * recorded with its digest. An applied file never changes; what must change comes in the next one.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Connection, Database } from "./database.ts";
import { LotbookError } from "../errors.ts";

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
  readonly text: string;
}

export interface SchemaState {
  readonly state: "empty" | "older" | "current";
  /** The last migration applied, and the last that this lotbook has. */
  readonly version: number;
  readonly latest: number;
}

/** Beside this module, in src as in dist. */
export const migrationsDirectory: URL = new URL("./migrations/", import.meta.url);

const filePattern = /^(\d{6})_([a-z0-9_]+)\.sql$/;
/** Two that open an empty server at once: one migrates, the other waits for it. Any number, ours alone. */
const advisoryLock = 7_238_190_455_126_001n;

export function readMigrations(directory: URL = migrationsDirectory): readonly Migration[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".sql"));
  const migrations = names.toSorted().map((name) => {
    const [, digits, title] = filePattern.exec(name) ?? [];
    if (digits === undefined || title === undefined) {
      throw new LotbookError("INTERNAL", `${name} is no name for a migration`);
    }
    // A checkout with other line ends is the same migration.
    const text = readFileSync(new URL(name, directory), "utf8").replaceAll("\r\n", "\n");
    const sha256 = createHash("sha256").update(text).digest("hex");
    return { number: Number(digits), name: title, sha256, text };
  });
  for (const [index, migration] of migrations.entries()) {
    if (migration.number !== index + 1) {
      throw new LotbookError("INTERNAL", `migration ${index + 1} is missing or there twice`);
    }
  }
  return migrations;
}

/** Where the schema stands; a newer one, or one whose history is not ours, is thrown. */
export async function readSchemaState(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<SchemaState> {
  const latest = migrations.length;
  const [found] = await connection.query<{ there: boolean }>(
    "SELECT to_regclass('lotbook.migrations') IS NOT NULL AS there",
  );
  if (found?.there !== true) return { state: "empty", version: 0, latest };
  const applied = await connection.query<{ number: number; name: string; sha256: string }>(
    "SELECT number, name, sha256 FROM lotbook.migrations ORDER BY number",
  );
  const version = applied.at(-1)?.number ?? 0;
  if (version > latest) {
    throw new LotbookError(
      "SCHEMA_NEWER",
      `the database has schema ${version}; this lotbook knows schemas up to ${latest}`,
      { advice: "Use the lotbook that made it, or a newer one." },
    );
  }
  for (const [index, row] of applied.entries()) {
    const own = migrations[index];
    if (own?.number === row.number && own.name === row.name && own.sha256 === row.sha256) continue;
    throw new LotbookError(
      "ENVIRONMENT",
      `the database's schema was made by another migration ${row.number} (${row.name}) than this lotbook's`,
      { advice: "Use the release of lotbook that made it; applied migrations never change." },
    );
  }
  return {
    state: version === 0 ? "empty" : version < latest ? "older" : "current",
    version,
    latest,
  };
}

/** Applies what is missing; gives the numbers applied here. Sessions must run as the owner. */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = readMigrations(),
): Promise<readonly number[]> {
  return await alone(database, async (connection) => {
    const { version } = await readSchemaState(connection, migrations);
    const missing = migrations.slice(version);
    for (const migration of missing) await apply(connection, migration);
    return missing.map((migration) => migration.number);
  });
}

/** Where the schema stands when nobody is migrating: waits for one who is. */
export async function readSettledState(
  database: Database,
  migrations: readonly Migration[],
): Promise<SchemaState> {
  return await alone(database, (connection) => readSchemaState(connection, migrations));
}

async function alone<T>(
  database: Database,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return await database.connect(async (connection) => {
    await connection.execute("SELECT pg_advisory_lock($1)", [advisoryLock]);
    try {
      return await work(connection);
    } finally {
      // On a connection that broke the server has let go of it by itself.
      await connection.execute("SELECT pg_advisory_unlock($1)", [advisoryLock]).catch(() => {});
    }
  });
}

const ledgerOfMigrations = `
  CREATE SCHEMA IF NOT EXISTS lotbook;
  CREATE TABLE IF NOT EXISTS lotbook.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
  )`;

async function apply(connection: Connection, migration: Migration): Promise<void> {
  try {
    await connection.transaction(async () => {
      if (migration.number === 1) await connection.script(ledgerOfMigrations);
      await connection.script(migration.text);
      await connection.execute(
        "INSERT INTO lotbook.migrations (number, name, sha256) VALUES ($1, $2, $3)",
        [migration.number, migration.name, migration.sha256],
      );
    });
  } catch (error) {
    if (error instanceof LotbookError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LotbookError(
      "ENVIRONMENT",
      `migration ${migration.number} (${migration.name}) failed and was undone: ${reason}`,
      {
        advice: "Migrate as the owner of the database, who may create schemas and tables in it.",
        cause: error,
      },
    );
  }
}
