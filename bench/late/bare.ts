/**
 * The bare cost of a step: superseding and inserting the very rows that it superseded and inserted, in the
 * same tables, under a version that was built for that and that nobody reads.
 */
import type { Connection } from "../../src/store/database.ts";

/** The tables that a step writes, with what names a row in them. */
const tables = {
  allocations: ["close_entry", "slice"],
  open_lots: ["open_entry"],
  day_digests: ["day"],
  book_states: [],
} as const;

interface TableRows {
  readonly table: string;
  readonly columns: string;
  readonly keys: readonly string[];
  readonly values: readonly (readonly bigint[])[];
  readonly copied: readonly Uint8Array[];
}

export interface StepRows {
  readonly tables: readonly TableRows[];
  readonly bookId: string;
  readonly step: bigint;
  /** Of the version that the bare cost is measured on. */
  readonly version: number;
}

async function rowsOfTable(
  connection: Connection,
  table: keyof typeof tables,
  keys: readonly string[],
  { step, version, published }: { step: bigint; version: number; published: number },
): Promise<TableRows> {
  const named = await connection.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0
     AND attname NOT IN ('version', 'superseded') ORDER BY attnum`,
  );
  const names = named.map(({ name }) => name).join(", ");
  const gone = await connection.query<Record<string, bigint>>(
    `SELECT ${keys.map((key) => `${key}::bigint`).join(", ") || "0::bigint AS nothing"}
     FROM ${table} WHERE version = ${published} AND superseded = ${step}`,
  );
  const copied: Uint8Array[] = [];
  const out = connection.copyOut(
    `COPY (SELECT ${version}, ${names} FROM ${table} WHERE version = ${published} AND step = ${step})
     TO STDOUT`,
  );
  for await (const chunk of out) copied.push(chunk.slice());
  const values = keys.map((key) => gone.map((row) => row[key]!));
  return { table, columns: `version, ${names}`, keys, values, copied };
}

/** What the last step of the published version wrote. */
export async function rowsOfLastStep(
  connection: Connection,
  published: number,
  version: number,
): Promise<StepRows> {
  const [last] = await connection.query<{ step: bigint; book_id: string }>(
    "SELECT step, book_id FROM steps WHERE version = $1 ORDER BY step DESC LIMIT 1",
    [published],
  );
  const { step, book_id: bookId } = last!;
  const rows: TableRows[] = [];
  for (const [table, keys] of Object.entries(tables)) {
    const name = table as keyof typeof tables;
    rows.push(await rowsOfTable(connection, name, keys, { step, version, published }));
  }
  return { tables: rows, bookId, step, version };
}

/** Writes them, in one transaction. */
export async function writeBare(
  connection: Connection,
  { tables: all, bookId, step, version }: StepRows,
): Promise<void> {
  await connection.transaction(async () => {
    for (const { table, columns, keys, values, copied } of all) {
      if (keys.length === 0 || values[0]!.length > 0) {
        const from =
          keys.length === 0
            ? ""
            : `FROM unnest(${keys.map((_, index) => `$${index + 4}::bigint[]`).join(", ")})
               AS k (${keys.map((key) => `k_${key}`).join(", ")})`;
        const same = keys.map((key) => ` AND t.${key} = k.k_${key}`).join("");
        await connection.execute(
          `UPDATE ${table} t SET superseded = $3 ${from}
           WHERE t.version = $1 AND t.book_id = $2${same} AND t.superseded IS NULL`,
          [version, bookId, step, ...values],
        );
      }
      if (copied.length > 0)
        await connection.copyIn(`COPY ${table} (${columns}) FROM STDIN`, copied);
    }
  });
}
