import type { Connection, Value } from "./database.ts";

const rowsAFetch = 2000;

/**
 * Reads a statement's rows by a server cursor, some thousand at a time, so that memory does not grow with
 * them. Within a transaction only, and one at a time under a name.
 */
export async function* fetchRows<R extends object>(
  connection: Connection,
  text: string,
  values: readonly Value[],
  name = "fetched_rows",
): AsyncGenerator<R[], void, void> {
  await connection.execute(`DECLARE ${name} NO SCROLL CURSOR FOR ${text}`, values);
  for (;;) {
    const rows = await connection.query<R>(`FETCH FORWARD ${rowsAFetch} FROM ${name}`);
    if (rows.length > 0) yield rows;
    if (rows.length < rowsAFetch) break;
  }
  await connection.execute(`CLOSE ${name}`);
}
