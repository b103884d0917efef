/** What a proof file is made of, as it is stored: tables in order of book, and what they hold. */
import type { Connection, Row } from "../../store/database.ts";
import { factTableNames } from "../read-facts.ts";
import { OrderedRows } from "./ordered-rows.ts";

export interface BookHeadRow {
  readonly book_id: string;
  readonly portfolio: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly last_entry: bigint;
  readonly last_observation: bigint;
  readonly last_seal: bigint;
  readonly head: Uint8Array;
}

/** A row of a table of facts, with all its columns. */
export interface FactRow extends Row {
  readonly book_id: string;
  readonly entry: bigint;
  readonly leaf: Uint8Array;
}

export interface ObservationRow {
  readonly book_id: string;
  readonly number: bigint;
  readonly outcome: string;
  readonly entry: bigint | null;
  readonly telling: Uint8Array;
  readonly told: string | null;
}

/** A seal beside its batch. */
export interface SealRow {
  readonly book_id: string;
  readonly number: bigint;
  readonly batch_id: string;
  readonly recorded_micros: bigint;
  readonly source: string;
  readonly author: string;
  readonly inputs: string;
  readonly first_entry: bigint;
  readonly fact_count: bigint;
  readonly fact_root: Uint8Array;
  readonly first_observation: bigint;
  readonly observation_count: bigint;
  readonly observation_root: Uint8Array;
  readonly hash: Uint8Array;
}

export interface StateRow {
  readonly book_id: string;
  readonly revision: bigint;
  readonly computed_entry: bigint;
  readonly digest: Uint8Array | null;
}

export interface AllocationRow {
  readonly book_id: string;
  readonly close_entry: bigint;
  readonly slice: number;
  readonly open_entry: bigint | null;
  readonly quantity: string;
  readonly open_fee: string | null;
  readonly close_fee: string;
  readonly cost_basis: string | null;
  readonly proceeds: string;
  readonly pnl: string | null;
  readonly missing: number;
  readonly row_hash: Uint8Array;
}

export interface OpenLotRow {
  readonly book_id: string;
  readonly open_entry: bigint;
  readonly quantity: string;
  readonly open_fee: string;
  readonly cost_basis: string | null;
  readonly missing: number;
  readonly row_hash: Uint8Array;
}

export interface RevisionRow {
  readonly revision: bigint;
  readonly stamp_micros: bigint;
  readonly kind: string;
  readonly version: number;
  readonly book_id: string | null;
  readonly digest: Uint8Array | null;
  readonly inputs: Uint8Array;
  readonly hash: Uint8Array;
}

const micros = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint`;

export const books = `
SELECT book_id, portfolio, symbol, base_asset AS base, quote_asset AS quote, last_entry, last_observation,
  last_seal, head
FROM books ORDER BY book_id`;

const observations = `
SELECT book_id, number, outcome, entry, telling, told FROM observations ORDER BY book_id, number`;

const seals = `
SELECT s.book_id, s.number, s.batch_id, ${micros("b.recorded_at")} AS recorded_micros, b.source, b.author,
  b.inputs, s.first_entry, s.fact_count, s.fact_root, s.first_observation, s.observation_count,
  s.observation_root, s.hash
FROM seals s JOIN batches b USING (batch_id) ORDER BY s.book_id, s.number`;

export const revisions = `
SELECT revision, ${micros("stamp")} AS stamp_micros, kind, version, book_id, digest, inputs, hash
FROM revisions ORDER BY revision`;

/** What a run at work or a dead one has superseded, under a step that nobody sees, still stands. */
const stands = `(it.superseded IS NULL
  OR EXISTS (SELECT FROM steps gone WHERE gone.step = it.superseded AND gone.revision IS NULL))`;
const visible = `EXISTS (SELECT FROM steps made WHERE made.step = it.step AND made.revision IS NOT NULL)`;

/** Of each book the state of the first build, which its version's digest came from, and the current one. */
const states = `
SELECT it.book_id, made.revision, it.computed_entry, it.digest
FROM book_states it JOIN steps made USING (step)
WHERE it.version = $1 AND made.revision IS NOT NULL AND (made.book_id IS NULL OR ${stands})
ORDER BY it.book_id, made.revision`;

const text = (...columns: string[]): string =>
  columns.map((column) => `trim_scale(it.${column})::text AS ${column}`).join(", ");

const allocations = `
SELECT it.book_id, it.close_entry, it.slice, it.open_entry,
  ${text("quantity", "open_fee", "close_fee", "cost_basis", "proceeds", "pnl")}, it.missing, it.row_hash
FROM allocations it WHERE it.version = $1 AND ${visible} AND ${stands}
ORDER BY it.book_id, it.closed_at, it.close_entry, it.slice`;

const openLots = `
SELECT it.book_id, it.open_entry, ${text("quantity", "open_fee", "cost_basis")}, it.missing, it.row_hash
FROM open_lots it WHERE it.version = $1 AND ${visible} AND ${stands}
ORDER BY it.book_id, it.opened_at, it.open_entry`;

/** The digests that the version's own is made of. */
export const currentDigests = `
SELECT it.book_id AS "bookId", encode(it.digest, 'hex') AS digest FROM book_states it
WHERE it.version = $1 AND ${visible} AND ${stands} AND it.digest IS NOT NULL ORDER BY it.book_id`;

export interface Conclusions {
  readonly states: OrderedRows<StateRow>;
  readonly allocations: OrderedRows<AllocationRow>;
  readonly openLots: OrderedRows<OpenLotRow>;
}

export interface Stored {
  readonly facts: readonly { readonly table: string; readonly rows: OrderedRows<FactRow> }[];
  readonly observations: OrderedRows<ObservationRow>;
  readonly seals: OrderedRows<SealRow>;
  /** Undefined where nothing is published. */
  readonly conclusions: Conclusions | undefined;
}

async function openConclusions(connection: Connection, version: number): Promise<Conclusions> {
  return {
    states: await OrderedRows.open(connection, "states", states, [version]),
    allocations: await OrderedRows.open(connection, "allocations", allocations, [version]),
    openLots: await OrderedRows.open(connection, "open_lots", openLots, [version]),
  };
}

export async function openStored(
  connection: Connection,
  version: number | undefined,
): Promise<Stored> {
  const facts = [];
  for (const table of factTableNames) {
    const sql = `SELECT * FROM ${table} ORDER BY book_id, entry`;
    facts.push({ table, rows: await OrderedRows.open<FactRow>(connection, table, sql) });
  }
  return {
    facts,
    observations: await OrderedRows.open(connection, "observations", observations),
    seals: await OrderedRows.open(connection, "seals", seals),
    conclusions: version === undefined ? undefined : await openConclusions(connection, version),
  };
}
