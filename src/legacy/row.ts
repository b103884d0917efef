/** Rows of the old system's table, as text: columns and cells. docs/spec/legacy.md 1. */
import { expandExponent } from "../core/decimal.ts";

/** What a fact is made of. */
export const requiredColumns = [
  "order_id",
  "symbol",
  "side",
  "order_time",
  "price",
  "size",
  "total_fees_usd",
  "status",
] as const;

/** Concluded amounts, which are no part of any fact. */
export const amountColumns = [
  "pnl_usd",
  "cost_basis_usd",
  "sale_proceeds_usd",
  "net_sale_proceeds_usd",
  "remaining_size",
  "realized_profit",
] as const;

export const optionalColumns = [
  "parent_id",
  "parent_ids",
  ...amountColumns,
  "trigger",
  "order_type",
  "source",
  "ingest_via",
  "last_reconciled_at",
  "last_reconciled_via",
] as const;

export const legacyColumns = [...requiredColumns, ...optionalColumns] as const;
export type LegacyColumn = (typeof legacyColumns)[number];

/** Undefined is null, and so is an empty cell: a CSV can't tell the two apart. */
export type LegacyCells = Readonly<Record<LegacyColumn, string | undefined>>;

export interface LegacyRow {
  /** From 1, the header included. */
  readonly row: number;
  /** Undefined where the row can't be taken apart; `fault` says why. */
  readonly cells: LegacyCells | undefined;
  readonly fault: string | undefined;
}

/** A time as PostgreSQL prints it, with the minutes of its offset; other text as it is. */
export function zonedTime(text: string): string {
  return /[0-9][+-]\d\d$/.test(text) ? `${text}:00` : text;
}

/**
 * The number that a double's text says, without exponent; undefined where it is none. NaN and infinite ones
 * are kept as they are.
 */
export function doubleText(text: string): string | undefined {
  if (/^(?:NaN|-?Infinity)$/i.test(text)) return text;
  const expanded = expandExponent(text.startsWith("+") ? text.slice(1) : text);
  return /^-?\d{1,400}(?:\.\d{1,400})?$/.test(expanded) ? expanded : undefined;
}

/** The elements of an array of text in PostgreSQL's notation, nulls left out; undefined where it is none. */
export function arrayElements(text: string): readonly string[] | undefined {
  if (!/^\{[^]*\}$/.test(text)) return undefined;
  const inner = text.slice(1, -1);
  const elements: string[] = [];
  const element = /\s*(?:"((?:[^"\\]|\\[^])*)"|([^\s{}",\\](?:[^{}",\\]*[^\s{}",\\])?))\s*(,|$)/y;
  while (element.lastIndex < inner.length) {
    const match = element.exec(inner);
    if (match === null) return undefined;
    const [, quoted, bare, end] = match;
    if (quoted !== undefined) elements.push(quoted.replaceAll(/\\([^])/g, "$1"));
    else if (!/^null$/i.test(bare!)) elements.push(bare!);
    if (end === ",") {
      if (element.lastIndex === inner.length) return undefined;
    } else break;
  }
  return elements;
}
