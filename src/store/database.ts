/**
 * The port to the database: all that the rest of lotbook knows of PostgreSQL, embedded or not.
 *
 * Values come back by these rules, the same on every engine: int2, int4 → number; int8 → bigint;
 * numeric → string; bool → boolean; bytea → Uint8Array; arrays → arrays of those; everything else
 * (text, uuid, timestamptz, json) → string, as the server prints it (sessions run in UTC).
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly (string | number | bigint | boolean | null)[];

export type Row = Record<string, unknown>;

export interface Connection {
  /** Runs one statement with parameters; gives its rows. */
  query<R extends object = Row>(text: string, values?: readonly Value[]): Promise<R[]>;
  /** Runs one statement; gives the number of rows it touched. */
  execute(text: string, values?: readonly Value[]): Promise<number>;
  /** Runs several statements without parameters. */
  script(text: string): Promise<void>;
  /**
   * `COPY … FROM STDIN`: feeds it the chunks (text or binary, as the statement says); gives the rows
   * copied.
   */
  copyIn(
    statement: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<number>;
  /** `COPY … TO STDOUT`: the raw stream, in chunks cut anywhere. */
  copyOut(statement: string): AsyncIterable<Uint8Array>;
  /**
   * Runs `work` in one transaction (READ COMMITTED); commits when it resolves, rolls back when it throws.
   * Not nested.
   */
  transaction<T>(work: () => Promise<T>): Promise<T>;
}

export interface Durability {
  /** `power loss`: an acknowledged write is on disk; `process death`: only in the kernel's memory. */
  readonly survives: "power loss" | "process death";
  /** The settings that say so, and what to do where they fall short. */
  readonly details: readonly string[];
}

export interface Database {
  readonly engine: "pglite" | "postgres";
  /** How the user named it, without a password: a directory or a `postgres://` URL. */
  readonly location: string;
  /** As `server_version_num`: 150020. */
  readonly serverVersion: number;
  /** How many connections may be leased at once: 1 on the embedded engine. */
  readonly parallelism: number;
  /**
   * Leases a connection for the time of `work`. On the embedded engine the next lease waits for this one.
   */
  connect<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  durability(): Promise<Durability>;
  close(): Promise<void>;
}
