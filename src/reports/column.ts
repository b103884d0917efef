/** Columns of reports: what they are called, what kind of value they hold and where it comes from. */
import { formatInstant } from "../core/time.ts";

/**
 * text: from outside, as it came; name: a word of lotbook's own; money, gain (money whose sign matters),
 * price, quantity: decimal text; time: RFC 3339; count; flag; names: words of lotbook's own; amounts:
 * decimal text by asset.
 */
export type ColumnKind =
  | "text"
  | "name"
  | "money"
  | "gain"
  | "price"
  | "quantity"
  | "time"
  | "count"
  | "flag"
  | "names"
  | "amounts";

export type Cell =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | Readonly<Record<string, string>>;

export type ReportRow = Readonly<Record<string, Cell>>;

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** How soon the column leaves a table that is too wide: 0 never, 8 first; 9 is in no table at all. */
  readonly rank: number;
  /** The expression it is selected by. */
  readonly sql: string;
  /** Leaves a table in which it is empty, no or zero throughout. */
  readonly quiet?: boolean;
}

export function column(name: string, kind: ColumnKind, rank: number, sql: string = name): Column {
  return { name, kind, rank, sql };
}

/** A column that says nothing where it is empty, no or zero throughout. */
export function quiet(name: string, kind: ColumnKind, rank: number, sql: string = name): Column {
  return { name, kind, rank, sql, quiet: true };
}

function expression({ kind, sql }: Column): string {
  switch (kind) {
    case "money":
    case "gain":
    case "price":
    case "quantity":
      return `trim_scale(${sql})::text`;
    case "text":
    case "name":
    case "amounts":
      return `(${sql})::text`;
    default:
      return sql;
  }
}

/** The select list of columns: amounts in normal form, text as text. */
export function selectList(columns: readonly Column[]): string {
  return columns.map((each) => `${expression(each)} AS ${each.name}`).join(", ");
}

function cell(kind: ColumnKind, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (kind === "time") return formatInstant(value as bigint);
  if (kind === "count") return Number(value);
  if (kind === "amounts") return JSON.parse(value as string) as Record<string, string>;
  return value as Cell;
}

/** A row as the database gave it, in the report's values and order. */
export function toRow(columns: readonly Column[], record: Record<string, unknown>): ReportRow {
  const row: Record<string, Cell> = {};
  for (const { name, kind } of columns) row[name] = cell(kind, record[name]);
  return row;
}
