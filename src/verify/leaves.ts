import {
  arePlainLists,
  bytesField,
  feeList,
  integerField,
  leaf,
  normal,
  optional,
  textField,
} from "./encoding.ts";
import { observation, telling } from "./records.ts";

/** Leaves of the facts, hashing.md 2: for each kind its table and the record's fields. */
export interface FactRecord {
  readonly table: string;
  /** The leaf over a row of `writtenFacts`. */
  readonly leaf: string;
  /** The columns that it reads; of those in `decimals` the numbers as text. */
  readonly columns: readonly string[];
  readonly decimals: readonly string[];
}

const text = (tag: string, column: string): string => textField(tag, column);
const integer = (tag: string, column: string): string => integerField(tag, `${column}::bigint`);

/** Lists of another shape hash to nothing, which no leaf is: unfolded they would pass for plain ones. */
const fees = (tag: string, assets: string, amounts: string): string =>
  `CASE WHEN ${assets} IS NULL AND ${amounts} IS NULL THEN ''
    WHEN ${arePlainLists(assets, amounts)} THEN ${bytesField(tag, feeList(assets, amounts))} END`;

/** place holds the first two fields of each. A decimal is text here, in normal form. */
const record = (kind: string, fields: readonly string[]): string =>
  leaf(kind, ["place", ...fields]);

export const factRecords: readonly FactRecord[] = [
  {
    table: "fills",
    leaf: record("01", [
      text("03", "venue"),
      text("04", "account"),
      text("05", "fill_id"),
      integer("06", "revision"),
      integer("07", "executed_at"),
      text("08", "side"),
      text("09", "quantity"),
      text("0a", "price"),
      optional(text("0b", "nullif(quote_fee, '0')")),
      optional(text("0c", "nullif(base_fee, '0')")),
      fees("0d", "third_fee_assets", "third_fee_amounts"),
      optional(integer("0e", "sequence")),
      optional(text("0f", "order_id")),
      optional(text("10", "strategy")),
      optional(text("11", "trade_id")),
      optional(text("12", "quote_size")),
      optional(text("13", "grain")),
    ]),
    columns: [
      "venue",
      "account",
      "fill_id",
      "revision",
      "executed_at",
      "side",
      "third_fee_assets",
      "third_fee_amounts",
      "sequence",
      "order_id",
      "strategy",
      "trade_id",
      "grain",
    ],
    decimals: ["quantity", "price", "quote_fee", "base_fee", "quote_size"],
  },
  {
    table: "voids",
    leaf: record("02", [
      text("03", "target_kind"),
      text("04", "venue"),
      text("05", "account"),
      text("06", "target_id"),
      integer("07", "target_revision"),
      optional(text("08", "asset")),
      text("09", "author"),
      text("0a", "reason"),
      optional(integer("0b", "value_revision")),
    ]),
    columns: [
      "target_kind",
      "venue",
      "account",
      "target_id",
      "target_revision",
      "asset",
      "author",
      "reason",
      "value_revision",
    ],
    decimals: [],
  },
  {
    table: "opening_lots",
    leaf: record("03", [
      text("03", "venue"),
      text("04", "account"),
      text("05", "lot_key"),
      integer("06", "revision"),
      integer("07", "opened_at"),
      text("08", "quantity"),
      optional(text("09", "cost")),
      text("0a", "author"),
      text("0b", "note"),
    ]),
    columns: ["venue", "account", "lot_key", "revision", "opened_at", "author", "note"],
    decimals: ["quantity", "cost"],
  },
  {
    table: "fee_values",
    leaf: record("04", [
      text("03", "venue"),
      text("04", "account"),
      text("05", "fill_id"),
      integer("06", "fill_revision"),
      text("07", "asset"),
      text("08", "value"),
      text("09", "source"),
      integer("0a", "revision"),
    ]),
    columns: ["venue", "account", "fill_id", "fill_revision", "asset", "source", "revision"],
    decimals: ["value"],
  },
  {
    table: "adjustments",
    leaf: record("05", [
      text("03", "venue"),
      text("04", "account"),
      text("05", "entry_id"),
      text("06", "trade_type"),
      optional(text("07", "trade_id")),
      integer("08", "executed_at"),
      optional(text("09", "side")),
      optional(text("0a", "quantity")),
      optional(text("0b", "price")),
      fees("0c", "fee_assets", "fee_amounts"),
      optional(text("0d", "order_id")),
    ]),
    columns: [
      "venue",
      "account",
      "entry_id",
      "trade_type",
      "trade_id",
      "executed_at",
      "side",
      "fee_assets",
      "fee_amounts",
      "order_id",
    ],
    decimals: ["quantity", "price"],
  },
];

/**
 * A record's rows as its leaf reads them: the book's part once for each book, and each number written once,
 * not for its length and again for its text. OFFSET 0 keeps the planner from undoing that.
 */
export const writtenFacts = (
  { columns, decimals }: FactRecord,
  facts: string,
  books: string,
  keys: readonly string[],
): string => `
  SELECT ${[
    ...[...keys, ...columns].map((column) => `f.${column}`),
    ...decimals.map((column) => `${normal(`f.${column}`)} AS ${column}`),
  ].join(", ")}, b.place
  FROM ${facts} f
  LEFT JOIN (
    SELECT *, ${text("01", "portfolio")} || ${text("02", "symbol")} AS place FROM ${books} OFFSET 0
  ) AS b USING (book_id)
  OFFSET 0`;

/**
 * Facts of all kinds: the stored leaf, the recomputed one where it differs, and the number each should have
 * as an entry. Right hashes are not kept twice: these rows are sorted and joined.
 */
export const leaves = `
SELECT book_id, entry, row_number() OVER (PARTITION BY book_id ORDER BY entry) AS number, leaf,
  expected IS DISTINCT FROM leaf AS wrong, nullif(expected, leaf) AS expected
FROM (
  ${factRecords
    .map(
      (fact) => `SELECT book_id, entry, leaf::bytea AS leaf, ${fact.leaf} AS expected
  FROM (${writtenFacts(fact, fact.table, "books", ["book_id", "entry", "leaf"])}) AS written`,
    )
    .join("\n  UNION ALL ")}
) AS fact`;

/**
 * Observations: stored and recomputed telling, the leaf over the stored one and over the leaf of the fact it
 * tells of, and the number each should have.
 */
export const tellings = `
SELECT book_id, number, row_number() OVER (PARTITION BY book_id ORDER BY number) AS place, entry,
  wrong, CASE WHEN wrong THEN telling END AS telling, CASE WHEN wrong THEN expected END AS expected, leaf
FROM (
  SELECT book_id, number, entry, telling, expected, leaf, expected <> telling AS wrong
  FROM (
    SELECT book_id, number, entry, telling, ${telling} AS expected, ${observation} AS leaf
    FROM (
      SELECT o.book_id, o.number, o.entry, o.telling::bytea AS telling, o.outcome, o.source, o.raw,
        o.told, CASE WHEN fact.entry = fact.number THEN fact.leaf END AS fact_leaf
      FROM observations o
      LEFT JOIN verify_leaves fact ON fact.book_id = o.book_id AND fact.number = o.entry
    ) AS told
    OFFSET 0
  ) AS hashed
) AS judged`;
