/** What every engine's connection has in common, over the little that differs. */
import type { Connection, Row, Value } from "../database.ts";
import { LotbookError } from "../../errors.ts";

/** One session of an engine: speaks to the server and throws a ServerError for what the server refuses. */
export interface Session {
  run(text: string, values: readonly Value[]): Promise<SessionResult>;
  script(text: string): Promise<void>;
  copyIn(
    statement: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<number>;
  copyOut(statement: string): AsyncIterable<Uint8Array>;
}

export interface SessionResult {
  readonly rows: Row[];
  readonly count: number;
  /** The command tag's first word: `COMMIT` that ended in a rollback says `ROLLBACK`. */
  readonly command: string;
}

/** A connection for the time of one lease; `end` makes later use of it a plain error. */
export class LeasedConnection implements Connection {
  #session: Session;
  #ended = false;
  #inTransaction = false;

  constructor(session: Session) {
    this.#session = session;
  }

  end(): void {
    this.#ended = true;
  }

  async query<R extends object = Row>(text: string, values: readonly Value[] = []): Promise<R[]> {
    const { rows } = await this.#live().run(text, values);
    return rows as R[];
  }

  async execute(text: string, values: readonly Value[] = []): Promise<number> {
    const { count } = await this.#live().run(text, values);
    return count;
  }

  async script(text: string): Promise<void> {
    await this.#live().script(text);
  }

  async copyIn(
    statement: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<number> {
    return await this.#live().copyIn(statement, chunks);
  }

  copyOut(statement: string): AsyncIterable<Uint8Array> {
    return this.#live().copyOut(statement);
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const session = this.#live();
    if (this.#inTransaction)
      throw new LotbookError("INTERNAL", "a transaction inside a transaction");
    this.#inTransaction = true;
    try {
      await session.run("BEGIN ISOLATION LEVEL READ COMMITTED", []);
      let result: T;
      try {
        result = await work();
      } catch (error) {
        // The reason matters; that a broken connection can't roll back follows from it.
        await session.run("ROLLBACK", []).catch(() => {});
        throw error;
      }
      const { command } = await session.run("COMMIT", []);
      // A statement failed and its error was swallowed: the server rolls back and reports no error.
      if (command !== "COMMIT") {
        throw new LotbookError(
          "INTERNAL",
          "the transaction was rolled back: a statement in it had failed",
        );
      }
      return result;
    } finally {
      this.#inTransaction = false;
    }
  }

  #live(): Session {
    if (this.#ended) throw new LotbookError("INTERNAL", "a connection was used after its lease");
    return this.#session;
  }
}

/** What every session begins with. Kept apart from the role: that comes after the migration made it. */
export const sessionSettings =
  "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; " +
  "SET bytea_output = 'hex'; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; " +
  "SET synchronous_commit = on; SET search_path = lotbook, pg_temp; " +
  // Compiling a statement takes longer than all it does with a page of facts.
  "SET jit = off";
