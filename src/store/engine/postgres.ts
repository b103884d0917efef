/** Any PostgreSQL 15 or later, by URL. */
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { Connection, Durability, Row, Value } from "../database.ts";
import { LotbookError } from "../../errors.ts";
import {
  LeasedConnection,
  type Session,
  type SessionResult,
  sessionSettings,
} from "./connection.ts";
import type { Engine } from "./engine.ts";
import { explainConnection, isConnectionLoss, locationOf, translated } from "./postgres-errors.ts";
import { type RoleMode, takeRuntimeRole } from "./role.ts";
import { decoderOf, encodeValue } from "./values.ts";

const connectionsDefault = 4;
const connectMilliseconds = 10_000;
const oldestDefault = 150_000;

export interface PostgresOptions {
  readonly connections?: number;
  /** The least `server_version_num`; 15 unless only to be read from. */
  readonly oldest?: number;
}

export async function openPostgres(
  url: string,
  options: PostgresOptions = {},
): Promise<PostgresDatabase> {
  const location = locationOf(url);
  const parallelism = options.connections ?? connectionsDefault;
  const pool = new pg.Pool({
    connectionString: url,
    max: parallelism,
    application_name: "lotbook",
    connectionTimeoutMillis: connectMilliseconds,
    keepAlive: true,
    types: { getTypeParser: (type: number) => decoderOf(type) } as unknown as pg.CustomTypesConfig,
  });
  // An idle connection that breaks is replaced at the next lease; unheard, this event would end the process.
  pool.on("error", () => {});
  const database = new PostgresDatabase(pool, location, parallelism);
  try {
    await database.greet(options.oldest ?? oldestDefault);
    return database;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

export class PostgresDatabase implements Engine {
  readonly engine = "postgres";
  readonly location: string;
  readonly parallelism: number;
  serverVersion = 0;
  role: RoleMode = "owner";
  readonly #pool: pg.Pool;
  /** As whom each connection's session was prepared. */
  readonly #prepared = new WeakMap<pg.PoolClient, RoleMode>();
  readonly #waiting: (() => void)[] = [];
  #leased = 0;
  #wanted: RoleMode = "owner";
  #closing: Promise<void> | undefined;

  constructor(pool: pg.Pool, location: string, parallelism: number) {
    this.#pool = pool;
    this.location = location;
    this.parallelism = parallelism;
  }

  async greet(oldest: number): Promise<void> {
    const [row] = await this.connect((connection) =>
      connection.query<{ version: number }>(
        "SELECT current_setting('server_version_num')::int AS version",
      ),
    );
    this.serverVersion = row!.version;
    if (this.serverVersion < oldest) {
      const [major, least] = [this.serverVersion, oldest].map((each) => Math.trunc(each / 10_000));
      throw new LotbookError(
        "ENVIRONMENT",
        `${this.location} is PostgreSQL ${major}; lotbook needs ${least} or later`,
      );
    }
  }

  async connect<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new LotbookError("INTERNAL", "the database is closed");
    const client = await this.#checkOut();
    const session = new PostgresSession(client, this.location);
    const connection = new LeasedConnection(session);
    // Without a listener, a connection that breaks between two statements would end the process.
    const onError = (): void => session.fail();
    client.on("error", onError);
    try {
      await this.#prepare(client, session);
      return await work(connection);
    } finally {
      connection.end();
      client.off("error", onError);
      client.release(session.broken);
      this.#checkIn();
    }
  }

  async enterRuntimeRole(): Promise<void> {
    this.#wanted = "runtime";
    await this.connect(async () => {});
  }

  async durability(): Promise<Durability> {
    const rows = await this.connect((connection) =>
      connection.query<{ name: string; setting: string }>(
        "SELECT name, setting FROM pg_settings WHERE name IN " +
          "('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name",
      ),
    );
    const short = rows.filter((row) => ["off", "false"].includes(row.setting));
    return {
      survives: short.length === 0 ? "power loss" : "process death",
      details: rows.map((row) => {
        const advice = short.includes(row) ? ": set it to on in the server's postgresql.conf" : "";
        return `${row.name}=${row.setting}${advice}`;
      }),
    };
  }

  announce(): void {}

  async close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    await this.#closing;
  }

  /** Waits here for a free connection: the pool's own wait ends like a server that does not answer. */
  async #checkOut(): Promise<pg.PoolClient> {
    while (this.#leased >= this.parallelism)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#leased += 1;
    try {
      return await this.#pool.connect();
    } catch (error) {
      this.#checkIn();
      throw explainConnection(this.location, error);
    }
  }

  #checkIn(): void {
    this.#leased -= 1;
    this.#waiting.shift()?.();
  }

  async #prepare(client: pg.PoolClient, session: PostgresSession): Promise<void> {
    const prepared = this.#prepared.get(client);
    if (prepared === this.#wanted) return;
    if (prepared === undefined) await session.script(sessionSettings);
    if (this.#wanted === "runtime") {
      this.role = await takeRuntimeRole(
        async (text, values) => (await session.run(text, values)).rows,
      );
    }
    this.#prepared.set(client, this.#wanted);
  }
}

class PostgresSession implements Session {
  readonly #client: pg.PoolClient;
  readonly #location: string;
  broken = false;

  constructor(client: pg.PoolClient, location: string) {
    this.#client = client;
    this.#location = location;
  }

  fail(): void {
    this.broken = true;
  }

  async run(text: string, values: readonly Value[]): Promise<SessionResult> {
    return await this.#attempt(async () => {
      const parameters = values.map(encodeValue);
      // Named so that a statement without parameters, too, goes as one statement and not as a script.
      const result = await this.#client.query<Row>({
        text,
        values: parameters,
        queryMode: "extended",
      } as pg.QueryConfig);
      return { rows: result.rows, count: result.rowCount ?? 0, command: result.command };
    });
  }

  async script(text: string): Promise<void> {
    await this.#attempt(async () => {
      await this.#client.query(text);
    });
  }

  async copyIn(
    statement: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<number> {
    return await this.#attempt(async () => {
      const stream = this.#client.query(copyFrom(statement));
      await pipeline(Readable.from(chunks, { objectMode: false }), stream);
      return stream.rowCount;
    });
  }

  async *copyOut(statement: string): AsyncIterable<Uint8Array> {
    const stream = this.#client.query(copyTo(statement));
    let ended = false;
    try {
      for await (const chunk of stream.iterator({ destroyOnReturn: false }))
        yield chunk as Uint8Array;
      ended = true;
    } catch (error) {
      ended = true;
      throw this.#explained(error);
    } finally {
      // The reader stopped early: what still comes must be taken off the connection before it is used again.
      if (!ended) await drained(stream);
    }
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    if (this.broken || isConnectionLoss(error)) {
      this.broken = true;
      return new LotbookError("DATABASE_UNREACHABLE", `the connection to ${this.#location} broke`, {
        advice:
          "What was acknowledged is recorded; the step that was running is not. Run it again.",
        cause: error,
      });
    }
    return translated(error);
  }
}

async function drained(stream: Readable): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once("close", resolve);
    stream.once("end", resolve);
    stream.once("error", () => resolve());
    stream.resume();
  });
}
