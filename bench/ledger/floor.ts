/**
 * The floor: what the database itself takes to move the same rows. Everything is measured against it in the
 * same run, because absolute times don't repeat.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Connection } from "../../src/store/database.ts";

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/**
 * Copies a fills CSV into one table with a primary key, a unique identity and one index. The file has no
 * repeated rows.
 */
export async function floorOfImport(connection: Connection, file: string): Promise<number> {
  await connection.script(`
    DROP TABLE IF EXISTS floor_fills;
    CREATE TABLE floor_fills (
      fill_id text, executed_at timestamptz, portfolio text, account text, venue text, symbol text,
       side text,
      quantity numeric, price numeric, fee numeric, fee_asset text, order_id text, sequence bigint,
       strategy text,
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      UNIQUE (portfolio, symbol, venue, account, fill_id));
    CREATE INDEX ON floor_fills (symbol, executed_at)`);
  const columns =
    "fill_id, executed_at, portfolio, account, venue, symbol, side, quantity, price, fee, fee_asset, " +
    "order_id, sequence, strategy";
  const milliseconds = await timed(() =>
    connection.copyIn(
      `COPY floor_fills (${columns}) FROM STDIN (FORMAT csv, HEADER)`,
      createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>,
    ),
  );
  await connection.script("DROP TABLE floor_fills");
  return milliseconds;
}

export interface ComputeFloor {
  readonly factsOut: number;
  readonly allocationsIn: number;
  readonly indexes: number;
}

/**
 * Copies the sorted fills out, the allocations of the published version into an empty table, and builds its
 * indexes.
 */
export async function floorOfCompute(
  connection: Connection,
  version: number,
  spool: string,
): Promise<ComputeFloor> {
  const factsOut = await timed(async () => {
    const out = connection.copyOut(
      `COPY (SELECT book_id, entry, venue, account, fill_id, executed_at, side, quantity, price,
       quote_fee, base_fee, sequence
             FROM fills ORDER BY book_id, executed_at) TO STDOUT`,
    );
    for await (const chunk of out) if (chunk.length < 0) throw new Error("unreachable");
  });
  await pipeline(
    connection.copyOut(`COPY (SELECT * FROM allocations WHERE version = ${version}) TO STDOUT`),
    createWriteStream(spool),
  );
  await connection.script("CREATE TABLE floor_allocations (LIKE allocations)");
  const allocationsIn = await timed(() =>
    connection.copyIn(
      "COPY floor_allocations FROM STDIN",
      createReadStream(spool, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>,
    ),
  );
  const indexes = await timed(() =>
    connection.script(`
      CREATE UNIQUE INDEX ON floor_allocations (version, book_id, close_entry, slice)
       WHERE superseded IS NULL;
      CREATE INDEX ON floor_allocations (version, book_id, closed_at)`),
  );
  await connection.script("DROP TABLE floor_allocations");
  return { factsOut, allocationsIn, indexes };
}
