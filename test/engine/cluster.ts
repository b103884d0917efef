/**
 * A PostgreSQL server for one test run: on the loopback, in a temporary directory, without syncing.
 * A shell watches the run's end of a pipe and stops the server when the run ends, however it ends.
 */
import { execFile, execFileSync, spawn } from "node:child_process";
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

export interface Cluster {
  /** As its superuser, without a database's name. */
  readonly url: string;
  /** Its data directory. */
  readonly data: string;
  /** Stops at once, as in a crash (`pg_ctl stop -m immediate`), and starts again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const password = "only-for-tests";
const startSecondsMax = 60;

/** $1 is the directory to remove, the rest the server's command line; each line it reads is a restart. */
const watchdog = `
directory=$1; shift
"$@" & server=$!
while read -r line; do kill -QUIT "$server"; wait "$server"; "$@" & server=$!; done
kill -QUIT "$server"; wait "$server"
rm -rf "$directory"`;

export async function startCluster(directory: string, binaries: Binaries): Promise<Cluster> {
  const user = unprivilegedUser();
  mkdirSync(directory);
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const passwordFile = join(directory, "password");
  writeFileSync(passwordFile, password);
  const data = join(directory, "data");
  const initialise = [
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "scram-sha-256",
    `--pwfile=${passwordFile}`,
  ];
  const settings = ["-E", "UTF8", "--locale=C", "--no-sync", "--data-checksums"];
  await promisify(execFile)(binaries.initdb, [...initialise, ...settings], {
    ...user,
    cwd: directory,
  });
  const port = await freePort();
  const log = join(directory, "log");
  const server = [binaries.postgres, "-D", data, "-p", String(port), ...serverSettings(log)];
  const child = spawn("/bin/sh", ["-c", watchdog, "watchdog", directory, ...server], {
    ...user,
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  const url = `postgres://postgres:${password}@127.0.0.1:${port}`;
  try {
    await answered(url);
  } catch (error) {
    const said = readFileSync(`${log}.log`, "utf8").slice(-2000);
    await stop();
    throw new Error(`${binaries.postgres} did not start: ${said}`, { cause: error });
  }
  const restart = async (): Promise<void> => {
    const before = await answered(url);
    child.stdin.write("again\n");
    while ((await answered(url)) === before) await sleep(20);
  };
  return { url, data, restart, stop };
}

function serverSettings(log: string): string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    full_page_writes: "off",
    max_connections: "200",
    shared_buffers: "128MB",
    max_wal_size: "2GB",
    logging_collector: "on",
    log_directory: join(log, ".."),
    log_filename: "log.log",
    log_min_messages: "fatal",
    log_min_error_statement: "panic",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** The server refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return { uid: postgresId("-u"), gid: postgresId("-g") };
}

function postgresId(flag: "-u" | "-g"): number {
  return Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

/** Waits until it answers; gives when it was started. */
async function answered(url: string): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ connectionString: `${url}/postgres` });
    client.on("error", () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ at: string }>(
        "SELECT pg_postmaster_start_time()::text AS at",
      );
      return rows[0]!.at;
    } catch (error) {
      if (attempt > startSecondsMax * 10) throw error;
      await sleep(100);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/** Runs one statement that can't be in a transaction, such as CREATE DATABASE. */
export async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The same server, another database. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.toString();
}
