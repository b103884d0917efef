/** Staged rows read back as the facts they would be, and as rows of their tables. */
import type { Fact, Fill } from "../../core/fact.ts";
import type { Row } from "../../store/database.ts";
import { type BookNames, factOfRow } from "../read-facts.ts";
import { type FactTable, fills } from "./fact-table.ts";

/** SQL: the columns of a kind's table from a staged row, behind the names of its book. */
export function stagedColumns(table: FactTable, staged = "s", book = "b"): string {
  const columns = { ...table.identity, ...table.content, ...table.optional, ...table.said };
  const values = Object.entries(columns).map(([name, value]) => `${value(staged)} AS ${name}`);
  return [bookColumns(book), ...values].join(", ");
}

/** SQL: the same from a row of the table. */
export function recordedColumns(table: FactTable, recorded: string, book = "b"): string {
  const columns = { ...table.identity, ...table.content, ...table.optional, ...table.said };
  return [bookColumns(book), ...Object.keys(columns).map((name) => `${recorded}.${name}`)].join(
    ", ",
  );
}

const bookColumns = (book: string): string =>
  `${book}.portfolio, ${book}.symbol, ${book}.base_asset AS base, ${book}.quote_asset AS quote`;

/** The fact in a row with those columns. */
export function factIn(table: FactTable, row: Row): Fact {
  return factOfRow(table.table, row as Row & BookNames, row);
}

export const fillIn = (row: Row): Fill => factIn(fills, row) as Fill;
