import type { Connection, Value } from "../../src/store/database.ts";

export async function insert(
  connection: Connection,
  table: string,
  row: Record<string, Value>,
): Promise<void> {
  const columns = Object.keys(row);
  const holders = columns.map((column, index) =>
    row[column] instanceof Uint8Array ? `$${index + 1}::bytea` : `$${index + 1}`,
  );
  await connection.execute(
    `INSERT INTO ${table} (${columns.join(", ")}) OVERRIDING SYSTEM VALUE VALUES (${holders.join(", ")})`,
    columns.map((column) => row[column] ?? null),
  );
}
