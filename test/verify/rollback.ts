import type { Connection, Database } from "../../src/store/database.ts";
import type { TestDatabase, TestEngine } from "../engines.ts";

export interface Lease {
  readonly connection: Connection;
  end(): Promise<void>;
}

/** A connection with all rights, until it is ended. On the embedded engine everything else waits. */
export async function superuserLease(engine: TestEngine, test: TestDatabase): Promise<Lease> {
  let free: (() => void) | undefined;
  let leased: Promise<void> | undefined;
  const connection = await new Promise<Connection>((resolve, reject) => {
    leased = engine.superuser(test, (given) => {
      resolve(given);
      return new Promise<void>((ended) => {
        free = ended;
      });
    });
    leased.catch(reject);
  });
  return {
    connection,
    async end() {
      free?.();
      await leased;
    },
  };
}

/**
 * Runs `work` in one transaction that is rolled back, with a database that sees what is done in it: its only
 * connection is this one, and its transactions are savepoints, undone at their ends like the temporary tables
 * that a commit would drop. All is REPEATABLE READ from the start, as a savepoint can't become it.
 */
export async function rolledBack<T>(
  database: Database,
  connection: Connection,
  work: (within: Database) => Promise<T>,
): Promise<T> {
  const nested: Connection = {
    query: connection.query.bind(connection),
    execute: connection.execute.bind(connection),
    script: connection.script.bind(connection),
    copyIn: connection.copyIn.bind(connection),
    copyOut: connection.copyOut.bind(connection),
    async transaction(inner) {
      await connection.script("SAVEPOINT nested");
      try {
        return await inner();
      } finally {
        await connection.script("ROLLBACK TO SAVEPOINT nested; RELEASE SAVEPOINT nested");
      }
    },
  };
  const within: Database = {
    engine: database.engine,
    location: database.location,
    serverVersion: database.serverVersion,
    parallelism: 1,
    connect: (inner) => inner(nested),
    durability: () => database.durability(),
    close: async () => {},
  };
  await connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    return await work(within);
  } finally {
    await connection.script("ROLLBACK");
  }
}
