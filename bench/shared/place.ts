/** Where benches keep their ledgers: a server's fresh databases, or directories of the embedded engine. */
import { join } from "node:path";
import { administer, type Binaries, startCluster } from "../../test/engine/cluster.ts";
import { binariesOf } from "../../test/servers.ts";

export type Engine = "postgres" | "pglite";

export interface Place {
  /** An empty database; one that an earlier run left under that name is dropped. */
  fresh(name: string): Promise<string>;
  end(): Promise<void>;
}

/** Debian's PostgreSQL 15 where it is installed, else the one from npm. */
async function serverBinaries(): Promise<Binaries> {
  return (await binariesOf("postgres-15")) ?? (await binariesOf("postgres-18"))!;
}

/** `LOTBOOK_BENCH_POSTGRES_URL` names a server; else one is started in `scratch`. */
export async function openPlace(engine: Engine, scratch: string): Promise<Place> {
  if (engine === "pglite") {
    return { fresh: async (name) => join(scratch, name), end: async () => {} };
  }
  const given = process.env["LOTBOOK_BENCH_POSTGRES_URL"];
  const cluster =
    given === undefined
      ? await startCluster(join(scratch, "server"), await serverBinaries())
      : undefined;
  const server = (given ?? cluster!.url).replace(/\/[^/]*$/, (tail) =>
    tail.includes("@") ? tail : "",
  );
  return {
    async fresh(name) {
      await administer(`${server}/postgres`, `DROP DATABASE IF EXISTS lotbook_bench_${name}`);
      await administer(`${server}/postgres`, `CREATE DATABASE lotbook_bench_${name}`);
      return `${server}/lotbook_bench_${name}`;
    },
    async end() {
      await cluster?.stop();
    },
  };
}
