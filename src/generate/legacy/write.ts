/** An old database as SQL that makes it, or as the dump of its table. */
import type { LegacyOptions } from "./orders.ts";
import { type MadeRow, runOldSystem } from "./system.ts";

export const legacyForms = ["sql", "csv"] as const;
export type LegacyForm = (typeof legacyForms)[number];

const columns =
  "order_id,parent_id,parent_ids,symbol,side,order_time,price,size,pnl_usd,total_fees_usd,cost_basis_usd," +
  "sale_proceeds_usd,net_sale_proceeds_usd,remaining_size,realized_profit,trigger,order_type,status,source," +
  "ingest_via,last_reconciled_at,last_reconciled_via";

const madeTable = `CREATE TABLE trade_records (
  order_id text PRIMARY KEY, parent_id text, parent_ids text[], symbol text, side text,
  order_time timestamptz, price double precision, size double precision, pnl_usd double precision,
  total_fees_usd double precision, cost_basis_usd double precision, sale_proceeds_usd double precision,
  net_sale_proceeds_usd double precision, remaining_size double precision, realized_profit double precision,
  trigger jsonb, order_type text, status text, source text, ingest_via text,
  last_reconciled_at timestamptz, last_reconciled_via text
);
`;

type CellText = string | undefined;

function timeText(micros: number): string {
  const time = new Date(Math.floor(micros / 1000)).toISOString().slice(0, 23).replace("T", " ");
  return `${time}${(micros % 1000).toString().padStart(3, "0")}+00`;
}

const double = (value: number | undefined): CellText => value?.toString();

/** The cells of a row, in the order of the columns; undefined is null. */
function cellsOf(row: MadeRow): readonly CellText[] {
  const { order, parents } = row;
  const filled = order.status === "FILLED";
  const reconciled = row.reconciledAt === undefined ? undefined : timeText(row.reconciledAt);
  return [
    order.orderId,
    parents[0],
    parents.length === 0 ? undefined : `{${parents.join(",")}}`,
    order.symbol,
    order.side.toUpperCase(),
    timeText(order.micros),
    filled ? order.price : undefined,
    order.size,
    double(row.pnl),
    filled ? order.fee : undefined,
    double(row.cost),
    double(row.proceeds),
    double(row.netProceeds),
    double(row.remaining),
    double(row.pnl),
    `{"trigger": "${order.trigger}"}`,
    "limit",
    order.status,
    "coinbase",
    "websocket",
    reconciled,
    reconciled === undefined ? undefined : "rest",
  ];
}

const csvCell = (text: CellText): string =>
  text === undefined ? "" : /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const sqlCell = (text: CellText): string =>
  text === undefined ? "NULL" : `'${text.replaceAll("'", "''")}'`;

const rowsAnInsert = 500;

/** An old database, in blocks of whole lines; gives the count of rows in the end. */
export function* legacyBlocks(options: LegacyOptions, form: LegacyForm): Generator<string, number> {
  const { rows } = runOldSystem(options);
  yield form === "csv" ? `${columns}\n` : madeTable;
  for (let from = 0; from < rows.length; from += rowsAnInsert) {
    const some = rows.slice(from, from + rowsAnInsert).map(cellsOf);
    if (form === "csv") yield some.map((cells) => `${cells.map(csvCell).join(",")}\n`).join("");
    else {
      const values = some.map((cells) => `(${cells.map(sqlCell).join(", ")})`);
      yield `INSERT INTO trade_records (${columns}) VALUES\n${values.join(",\n")};\n`;
    }
  }
  return rows.length;
}
