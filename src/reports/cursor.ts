import type { Connection } from "../store/database.ts";
import type { Parameters } from "./parameters.ts";

const rowsAFetch = 2000;

/**
 * Reads a statement's rows by a server cursor, so that memory does not grow with them. Within a
 * transaction only.
 */
export async function* readByCursor<R extends object>(
  connection: Connection,
  text: string,
  parameters: Parameters,
): AsyncGenerator<R, void, void> {
  await connection.execute(`DECLARE report_rows NO SCROLL CURSOR FOR ${text}`, parameters.values);
  for (;;) {
    const rows = await connection.query<R>(`FETCH FORWARD ${rowsAFetch} FROM report_rows`);
    yield* rows;
    if (rows.length < rowsAFetch) break;
  }
  await connection.execute("CLOSE report_rows");
}
