/** Old databases for tests: rows of trade_records, as a CSV or on a server. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Connection } from "../../src/store/database.ts";
import { openPostgres } from "../../src/store/engine/postgres.ts";
import { engines, type TestEngine } from "../engines.ts";

export const oldTable = `CREATE TABLE trade_records (
  order_id text PRIMARY KEY, parent_id text, parent_ids text[], symbol text, side text,
  order_time timestamptz, price double precision, size double precision, pnl_usd double precision,
  total_fees_usd double precision, cost_basis_usd double precision, sale_proceeds_usd double precision,
  net_sale_proceeds_usd double precision, remaining_size double precision, realized_profit double precision,
  trigger jsonb, order_type text, status text, source text, ingest_via text,
  last_reconciled_at timestamptz, last_reconciled_via text
)`;

export type OldRow = Readonly<Record<string, string | null>>;

const usual: OldRow = { symbol: "DOGE-USD", status: "FILLED", total_fees_usd: "0" };
const columns = (
  "order_id symbol side order_time price size total_fees_usd status parent_id parent_ids pnl_usd " +
  "cost_basis_usd sale_proceeds_usd net_sale_proceeds_usd remaining_size trigger last_reconciled_at"
).split(" ");

/** An old order: its id begins with b for a buy; `minute` is of 1 December 2025. */
export function old(
  id: string,
  minute: number,
  size: string,
  price: string,
  more: OldRow = {},
): OldRow {
  const time = new Date(Date.UTC(2025, 11, 1) + minute * 60_000).toISOString();
  const side = id.startsWith("b") ? "BUY" : "SELL";
  return { ...usual, order_id: id, side, order_time: time, size, price, ...more };
}

const quoted = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** A dump of the rows; `header` may leave columns out or name others. */
export async function dump(
  directory: string,
  rows: readonly OldRow[],
  { header = columns, name = "dump.csv" }: { header?: readonly string[]; name?: string } = {},
): Promise<string> {
  const lines = rows.map((row) => header.map((column) => quoted(row[column] ?? "")).join(","));
  const path = join(directory, name);
  await writeFile(path, [header.join(","), ...lines, ""].join("\n"));
  return path;
}

export const oldServer: TestEngine | undefined = engines.find(({ kind }) => kind === "postgres");

export interface OldDatabase {
  readonly location: string;
  run<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
}

/** Runs `work` with an old database on a server, the table empty. */
export async function withOldDatabase(work: (old: OldDatabase) => Promise<void>): Promise<void> {
  const { location, remove } = await oldServer!.place({ empty: true });
  const run: OldDatabase["run"] = async (inside) => {
    const database = await openPostgres(location, { connections: 1 });
    try {
      return await database.connect(async (connection) => {
        await connection.script("SET search_path = public");
        return inside(connection);
      });
    } finally {
      await database.close();
    }
  };
  try {
    await run((connection) => connection.script(oldTable));
    await work({ location, run });
  } finally {
    await remove();
  }
}

export async function fill({ run }: OldDatabase, rows: readonly OldRow[]): Promise<void> {
  await run(async (connection) => {
    for (const row of rows) {
      const names = Object.keys(row);
      const values = names.map((_, index) => `$${index + 1}`);
      const types = names.map((name, index) =>
        name === "parent_ids" ? `${values[index]}::text::text[]` : values[index]!,
      );
      await connection.execute(
        `INSERT INTO trade_records (${names.join(", ")}) VALUES (${types.join(", ")})`,
        names.map((name) => row[name]!),
      );
    }
  });
}

/** Everything of the old table, its row versions included. */
export async function fingerprint({ run }: OldDatabase): Promise<string> {
  const [row] = await run((connection) =>
    connection.query<{ print: string }>(
      `SELECT md5(string_agg(concat_ws(' ', t.ctid, t.xmin, t.xmax, t::text), E'\\n' ORDER BY t.ctid))
         || ' ' || pg_relation_size('trade_records') AS print FROM trade_records t`,
    ),
  );
  return row!.print;
}
