import { fetchRows } from "../store/cursor.ts";
import type { Connection } from "../store/database.ts";
import type { Parameters } from "./parameters.ts";

/** Reads a statement's rows by a server cursor. Within a transaction only. */
export async function* readByCursor<R extends object>(
  connection: Connection,
  text: string,
  parameters: Parameters,
): AsyncGenerator<R, void, void> {
  for await (const rows of fetchRows<R>(connection, text, parameters.values)) yield* rows;
}
