/** The embedded engine: PGlite on a directory, one process, one connection, on disk before it answers. */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import type { Connection, Durability } from "../database.ts";
import { explainPath, LotbookError } from "../../errors.ts";
import { makeDirectory } from "../directory.ts";
import { LeasedConnection, sessionSettings } from "./connection.ts";
import { acquireDirectoryLock, type DirectoryLock } from "./directory-lock.ts";
import { DurableFileSystem } from "./durable-file-system.ts";
import type { Engine } from "./engine.ts";
import { PgliteSession } from "./pglite-session.ts";
import { type RoleMode, runtimeRole, takeRuntimeRole } from "./role.ts";
import { spoolPattern } from "./spool.ts";

/** Inside the user's directory, beside the lock: the server's own data directory. */
const dataName = "pgdata";
const unfinishedPattern = /^pgdata-unfinished-\d+$/;

const startParameters = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"), // -F: don't sync
  "-c",
  "fsync=on",
  "-c",
  // Not fdatasync: that call never reaches the file system below.
  "wal_sync_method=fsync",
  "-c",
  "full_page_writes=on",
];

export interface PgliteOptions {
  readonly command?: string;
  /** For tests: what a sync of a file does. */
  readonly sync?: (descriptor: number) => void;
}

export async function openPglite(
  location: string,
  options: PgliteOptions = {},
): Promise<PgliteDatabase> {
  const directory = resolve(location);
  prepareDirectory(directory);
  const lock = await acquireDirectoryLock(directory, options.command ?? "lotbook").catch(
    (error: unknown) => {
      throw explainStart(directory, error);
    },
  );
  try {
    removeLeftovers(directory);
    const { engine, fileSystem } = await start(directory, options.sync);
    const session = new PgliteSession(engine, fileSystem, directory);
    await session.script(sessionSettings);
    const [version] = (
      await session.run("SELECT current_setting('server_version_num')::int AS number", [])
    ).rows;
    return new PgliteDatabase(
      location,
      Number(version?.["number"]),
      lock,
      engine,
      fileSystem,
      session,
    );
  } catch (error) {
    await lock.release();
    throw explainStart(directory, error);
  }
}

function prepareDirectory(directory: string): void {
  try {
    makeDirectory(directory, 0o700);
    const names = readdirSync(directory);
    const ours = (name: string): boolean =>
      name === dataName ||
      name.startsWith("lock") ||
      unfinishedPattern.test(name) ||
      spoolPattern.test(name);
    // Someone's home or a source tree, named by mistake.
    if (names.length > 0 && !names.some(ours)) {
      throw new LotbookError(
        "ENVIRONMENT",
        `${directory} is not empty and holds no lotbook database`,
        {
          advice: "Name an empty or a new directory with --db.",
        },
      );
    }
  } catch (error) {
    throw explainStart(directory, error);
  }
}

function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!unfinishedPattern.test(name) && !spoolPattern.test(name)) continue;
    rmSync(join(directory, name), { recursive: true, force: true });
  }
}

async function start(
  directory: string,
  sync: ((descriptor: number) => void) | undefined,
): Promise<{ engine: PGlite; fileSystem: DurableFileSystem }> {
  const data = join(directory, dataName);
  if (readdirSync(directory).includes(dataName)) {
    // The engine would make a new database there, over what is left of this one.
    if (statSync(join(data, "PG_VERSION"), { throwIfNoEntry: false }) === undefined)
      throw new LotbookError("ENVIRONMENT", `the database in ${directory} is damaged`, {
        advice: `${data} has lost files: go back to a backup, or name another directory.`,
      });
    return await startServer(data, sync);
  }
  // Made under another name and given its own when it is complete and on disk: whenever the process or the
  // machine dies, the directory holds a whole database or none.
  const unfinished = join(directory, `${dataName}-unfinished-${process.pid}`);
  mkdirSync(unfinished, { mode: 0o700 });
  const started = await startServer(unfinished, sync);
  syncTree(unfinished);
  renameSync(unfinished, data);
  started.fileSystem.movedTo(data);
  syncPath(directory);
  return started;
}

async function startServer(
  data: string,
  sync: ((descriptor: number) => void) | undefined,
): Promise<{ engine: PGlite; fileSystem: DurableFileSystem }> {
  const fileSystem = new DurableFileSystem(data, sync);
  const engine = new PGlite({ fs: fileSystem, startParams: startParameters });
  try {
    await engine.waitReady;
  } catch (error) {
    fileSystem.abandon();
    // What the engine says is of its own workings, and seldom names the file.
    throw new LotbookError("ENVIRONMENT", `the database in ${dirname(data)} does not start`, {
      advice:
        "Its files may be damaged or closed to this user, or the disk full. See to that, or go back to a " +
        "backup; nothing was recorded.",
      cause: error,
    });
  }
  return { engine, fileSystem };
}

function syncTree(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) syncPath(path);
  }
  syncPath(directory);
}

function syncPath(path: string): void {
  const isWindows = process.platform === "win32";
  let descriptor: number;
  try {
    descriptor = openSync(path, isWindows ? "r+" : "r");
  } catch (error) {
    if (isWindows) return; // directories can't be opened there
    throw error;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function explainStart(directory: string, error: unknown): unknown {
  return explainPath(`the database directory ${directory}`, error, "ENVIRONMENT");
}

/** The lease that the running code holds, to find a lease asked for within it: that would wait for itself. */
const currentLease = new AsyncLocalStorage<{ readonly owner: PgliteDatabase; active: boolean }>();

export class PgliteDatabase implements Engine {
  readonly engine = "pglite";
  readonly location: string;
  readonly serverVersion: number;
  readonly parallelism = 1;
  role: RoleMode = "owner";
  readonly #lock: DirectoryLock;
  readonly #engine: PGlite;
  readonly #fileSystem: DurableFileSystem;
  readonly #session: PgliteSession;
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(
    location: string,
    serverVersion: number,
    lock: DirectoryLock,
    engine: PGlite,
    fileSystem: DurableFileSystem,
    session: PgliteSession,
  ) {
    this.location = location;
    this.serverVersion = serverVersion;
    this.#lock = lock;
    this.#engine = engine;
    this.#fileSystem = fileSystem;
    this.#session = session;
  }

  /** How often the server has had something synced; for the tests that prove that it does. */
  get fsyncCount(): number {
    return this.#fileSystem.fsyncCount;
  }

  async connect<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new LotbookError("INTERNAL", "the database is closed");
    const outer = currentLease.getStore();
    if (outer?.owner === this && outer.active) {
      throw new LotbookError(
        "INTERNAL",
        "a connection was asked for by work that already holds the only one",
      );
    }
    return await this.#inTurn(() => this.#lease(work));
  }

  async enterRuntimeRole(): Promise<void> {
    await this.#inTurn(async () => {
      this.role = await takeRuntimeRole(
        async (text, values) => (await this.#session.run(text, values)).rows,
      );
      this.#session.role = this.role === "runtime" ? runtimeRole : undefined;
    });
  }

  async durability(): Promise<Durability> {
    const rows = await this.connect((connection) =>
      connection.query<{ name: string; setting: string }>(
        "SELECT name, setting FROM pg_settings WHERE name IN " +
          "('fsync', 'full_page_writes', 'synchronous_commit', 'wal_sync_method') ORDER BY name",
      ),
    );
    const settings = Object.fromEntries(rows.map((row) => [row.name, row.setting]));
    const safe =
      settings["fsync"] === "on" &&
      settings["full_page_writes"] === "on" &&
      settings["synchronous_commit"] === "on" &&
      settings["wal_sync_method"] === "fsync";
    return {
      survives: safe ? "power loss" : "process death",
      details: rows.map((row) => `${row.name}=${row.setting}`),
    };
  }

  announce(address: string): void {
    this.#lock.announce(address);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#inTurn(() => this.#shutDown());
    await this.#closing;
  }

  async #lease<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = new LeasedConnection(this.#session);
    const lease = { owner: this, active: true };
    try {
      return await currentLease.run(lease, () => work(connection));
    } finally {
      lease.active = false;
      connection.end();
    }
  }

  /** First come, first served. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return await result;
  }

  async #shutDown(): Promise<void> {
    try {
      // Closing writes a checkpoint: a server that could not sync its log must not say it is done with it.
      if (this.#session.broken) this.#fileSystem.abandon();
      else await this.#engine.close();
    } finally {
      await this.#lock.release();
    }
    if (!this.#session.broken && this.#fileSystem.failure !== undefined) {
      throw new LotbookError("ENVIRONMENT", "the disk refused to sync while the database closed", {
        cause: this.#fileSystem.failure,
      });
    }
  }
}
