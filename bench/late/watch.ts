/** A database that counts what is asked of it: on a real server each statement is a way there and back. */
import type { Connection, Database } from "../../src/store/database.ts";

export interface Watch {
  /** Statements sent, with those that begin and end a transaction. */
  statements: number;
  /** Of the longest transaction. */
  longestMilliseconds: number;
  /** Told of each statement and what it took, where someone asks. */
  onStatement: ((text: string, milliseconds: number) => void) | undefined;
}

function watchConnection(connection: Connection, watch: Watch): Connection {
  const counted = async <T>(text: string, work: () => Promise<T>): Promise<T> => {
    watch.statements += 1;
    const begin = performance.now();
    try {
      return await work();
    } finally {
      watch.onStatement?.(text, performance.now() - begin);
    }
  };
  return {
    query: (text, values) => counted(text, () => connection.query(text, values)),
    execute: (text, values) => counted(text, () => connection.execute(text, values)),
    script: (text) => counted(text, () => connection.script(text)),
    copyIn: (text, chunks) => counted(text, () => connection.copyIn(text, chunks)),
    async *copyOut(text) {
      watch.statements += 1;
      const begin = performance.now();
      yield* connection.copyOut(text);
      watch.onStatement?.(text, performance.now() - begin);
    },
    async transaction(work) {
      watch.statements += 2;
      const begin = performance.now();
      try {
        return await connection.transaction(work);
      } finally {
        const took = performance.now() - begin;
        watch.longestMilliseconds = Math.max(watch.longestMilliseconds, took);
        watch.onStatement?.("transaction", took);
      }
    },
  };
}

/** The same database, watched. */
export function watched(database: Database): { database: Database; watch: Watch } {
  const watch: Watch = { statements: 0, longestMilliseconds: 0, onStatement: undefined };
  const { engine, location, serverVersion, parallelism } = database;
  return {
    watch,
    database: {
      engine,
      location,
      serverVersion,
      parallelism,
      connect: (work) => database.connect((connection) => work(watchConnection(connection, watch))),
      durability: () => database.durability(),
      close: () => database.close(),
    },
  };
}
