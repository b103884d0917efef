/**
 * Where each kind of fact goes: its table, and how a staged row becomes a row of it. All SQL about kinds is
 * made from this one table; the judging, numbering and sealing in this folder know no kind by name.
 */
import type { Fact } from "../../core/fact.ts";

/** SQL of a column's value in a staged row called `alias`. */
type Staged = (alias: string) => string;

export interface FactTable {
  readonly kind: Fact["kind"];
  readonly table: string;
  /** Columns of the table that tell which fact it is, beside book_id. */
  readonly identity: Readonly<Record<string, Staged>>;
  /** Columns that must agree between two tellings of one fact. */
  readonly content: Readonly<Record<string, Staged>>;
  /** Columns that must agree only where both tellings give them. */
  readonly optional: Readonly<Record<string, Staged>>;
  /** Columns that are kept from the first telling and never compared. */
  readonly said: Readonly<Record<string, Staged>>;
  /** The column of the identity that counts replacements, where the kind has them. */
  readonly revision?: string;
  /** Columns that point at another fact of the book: SQL over the staged row `s`. */
  readonly derived: Readonly<Record<string, string>>;
}

const own =
  (column: string): Staged =>
  (alias) =>
    `${alias}.${column}`;

/** The nth text of a staged row's extra values, as a type. */
const extra =
  (index: number, type: string): Staged =>
  (alias) =>
    `(${alias}.extra)[${index}]::${type}`;

const ownColumns = (...names: string[]): Record<string, Staged> =>
  Object.fromEntries(names.map((name) => [name, own(name)]));

const wallet = ownColumns("venue", "account");

/** Entry of the fill that a staged fee value or void names. */
const fillEntry = (revision: string): string =>
  `(SELECT f.entry FROM fills f WHERE f.book_id = s.book_id AND f.venue = s.venue AND f.account = s.account
      AND f.fill_id = s.id AND f.revision = ${revision})`;

export const fills: FactTable = {
  kind: "fill",
  table: "fills",
  identity: { ...wallet, fill_id: own("id"), revision: own("revision") },
  content: ownColumns(
    "executed_at",
    "side",
    "quantity",
    "price",
    "quote_fee",
    "base_fee",
    "third_fee_assets",
    "third_fee_amounts",
  ),
  optional: ownColumns("sequence", "order_id", "strategy", "trade_id", "quote_size", "grain"),
  said: {},
  revision: "revision",
  derived: {},
};

export const openingLots: FactTable = {
  kind: "opening lot",
  table: "opening_lots",
  identity: { ...wallet, lot_key: own("id"), revision: own("revision") },
  content: {
    opened_at: own("executed_at"),
    quantity: own("quantity"),
    cost: extra(1, "numeric"),
    author: extra(2, "text"),
    note: extra(3, "text"),
  },
  optional: {},
  said: {},
  revision: "revision",
  derived: {},
};

export const adjustments: FactTable = {
  kind: "adjustment",
  table: "adjustments",
  identity: { ...wallet, entry_id: own("id") },
  content: {
    trade_type: extra(1, "text"),
    executed_at: own("executed_at"),
    side: own("side"),
    quantity: own("quantity"),
    price: own("price"),
    fee_assets: own("third_fee_assets"),
    fee_amounts: own("third_fee_amounts"),
  },
  optional: ownColumns("trade_id", "order_id"),
  said: {},
  derived: {},
};

export const feeValues: FactTable = {
  kind: "fee value",
  table: "fee_values",
  identity: {
    ...wallet,
    fill_id: own("id"),
    fill_revision: own("revision"),
    asset: extra(1, "text"),
    revision: extra(2, "integer"),
  },
  content: { value: extra(3, "numeric") },
  optional: {},
  // Where a value is from is no part of it: two sources that state one value agree.
  said: { source: extra(4, "text") },
  revision: "revision",
  derived: { target_entry: fillEntry("s.revision") },
};

export const voids: FactTable = {
  kind: "void",
  table: "voids",
  identity: {
    target_kind: extra(1, "text"),
    ...wallet,
    target_id: own("id"),
    target_revision: own("revision"),
    asset: extra(2, "text"),
    value_revision: extra(3, "integer"),
  },
  content: { author: extra(4, "text"), reason: extra(5, "text") },
  optional: {},
  said: {},
  derived: {
    target_entry: `CASE (s.extra)[1]
      WHEN 'fill' THEN ${fillEntry("s.revision")}
      WHEN 'opening lot' THEN (SELECT l.entry FROM opening_lots l WHERE l.book_id = s.book_id
       AND l.venue = s.venue
        AND l.account = s.account AND l.lot_key = s.id AND l.revision = s.revision)
      ELSE (SELECT v.entry FROM fee_values v WHERE v.book_id = s.book_id AND v.venue = s.venue
        AND v.account = s.account AND v.fill_id = s.id AND v.fill_revision = s.revision
        AND v.asset = (s.extra)[2] AND v.revision = (s.extra)[3]::integer) END`,
  },
};

/** In the order they are inserted: what is pointed at comes before what points at it. */
export const factTables: readonly FactTable[] = [fills, openingLots, adjustments, feeValues, voids];
