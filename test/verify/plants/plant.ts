/**
 * Violations put into a clean fixture, each as the SQL of somebody who may do anything. `check` is the check
 * that must find it; others may as well. At least three a check: the last place of a number, a middle slice,
 * a row that is missing.
 */
import { bookId } from "../hashes.ts";

export interface Plant {
  readonly check: string;
  readonly title: string;
  readonly sql: string;
  /** Part of what one of the examples says, where several parts of a check may find it. */
  readonly what?: string;
  /** Of the version to verify; the published one by default. */
  readonly version?: number;
}

export const bitcoin = `book_id = '${bookId("default", "BTC-USD")}'`;
export const ether = `book_id = '${bookId("Größe", "ETH-USDC")}'`;
export const waiting = `'${bookId("waiting", "SOL-EUR")}'`;

/** Of the published version; sale 4 has three slices, sale 17 seven, the second of sale 18 is unmatched. */
export const slice = (sale: number, number: number): string =>
  `version = 1 AND ${bitcoin} AND close_entry = ${sale} AND slice = ${number} AND step =
    (SELECT max(step) FROM allocations a WHERE a.version = 1 AND a.${bitcoin} AND a.close_entry = ${sale})`;
export const change = (sale: number, number: number, set: string): string =>
  `UPDATE allocations SET ${set} WHERE ${slice(sale, number)}`;
export const lot = `version = 1 AND ${bitcoin} AND open_entry = 21 AND superseded IS NULL`;
export const state = `version = 1 AND ${bitcoin} AND superseded IS NULL`;
export const lastPlace = "0.000000000000000001";

export const plant = (check: string, title: string, sql: string): Plant => ({ check, title, sql });

/** A second row of one key: the unique index lets it pass as it is ended by a step without a revision. */
export const again = (table: string, columns: string, where: string): string =>
  `INSERT INTO ${table} (version, book_id, ${columns}, step, superseded)
   SELECT version, book_id, ${columns}, step, (SELECT max(step) FROM steps) FROM ${table} WHERE ${where}`;
