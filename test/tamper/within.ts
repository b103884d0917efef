/** Verifying inside somebody's transaction, which is then rolled back: nothing has to be put back. */
import type { Connection, Database } from "../../src/store/database.ts";

/** All that verify's own transactions do is undone at their end; it writes nothing but temporary tables. */
class Nested implements Connection {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  readonly query: Connection["query"] = (text, values) => this.#connection.query(text, values);
  readonly execute: Connection["execute"] = (text, values) =>
    this.#connection.execute(text, values);
  readonly script: Connection["script"] = (text) => this.#connection.script(text);
  readonly copyIn: Connection["copyIn"] = (statement, chunks) =>
    this.#connection.copyIn(statement, chunks);
  readonly copyOut: Connection["copyOut"] = (statement) => this.#connection.copyOut(statement);

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.#connection.script("SAVEPOINT nested");
    try {
      return await work();
    } finally {
      await this.#connection.script("ROLLBACK TO SAVEPOINT nested; RELEASE SAVEPOINT nested");
    }
  }
}

/** The database as a connection sees it in the midst of its transaction. */
export function within(database: Database, connection: Connection): Database {
  const nested = new Nested(connection);
  return {
    engine: database.engine,
    location: database.location,
    serverVersion: database.serverVersion,
    parallelism: 1,
    connect: (work) => work(nested),
    durability: () => database.durability(),
    close: () => Promise.reject(new Error("this one is not for closing")),
  };
}

/** Changes something, looks, and takes it back. */
export async function withChange<T>(
  database: Database,
  connection: Connection,
  sql: string,
  look: (changed: Database) => Promise<T>,
): Promise<T> {
  // As verify asks for it: a level can't be set within a savepoint, but it may be named again.
  await connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    await connection.script(sql);
    return await look(within(database, connection));
  } finally {
    await connection.script("ROLLBACK");
  }
}
