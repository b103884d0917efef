import {
  decimalField,
  feeList,
  integerField,
  leaf,
  bytesField,
  optional,
  textField,
} from "./encoding.ts";
import { observation, telling } from "./records.ts";

/** Leaves of the facts, hashing.md 2: for each kind its table and the record's fields. */
const place = [textField("01", "b.portfolio"), textField("02", "b.symbol")];
const text = (tag: string, column: string): string => textField(tag, `f.${column}`);
const decimal = (tag: string, column: string): string => decimalField(tag, `f.${column}`);
const integer = (tag: string, column: string): string => integerField(tag, `f.${column}::bigint`);

const fees = (tag: string, assets: string, amounts: string): string =>
  `CASE WHEN ${assets} IS NULL THEN '' ELSE ${bytesField(tag, feeList(assets, amounts))} END`;

export const factRecords: readonly { table: string; leaf: string }[] = [
  {
    table: "fills",
    leaf: leaf("01", [
      ...place,
      text("03", "venue"),
      text("04", "account"),
      text("05", "fill_id"),
      integer("06", "revision"),
      integer("07", "executed_at"),
      text("08", "side"),
      decimal("09", "quantity"),
      decimal("0a", "price"),
      optional(decimalField("0b", "nullif(f.quote_fee, 0)")),
      optional(decimalField("0c", "nullif(f.base_fee, 0)")),
      fees("0d", "f.third_fee_assets", "f.third_fee_amounts"),
      optional(integer("0e", "sequence")),
      optional(text("0f", "order_id")),
      optional(text("10", "strategy")),
      optional(text("11", "trade_id")),
      optional(decimal("12", "quote_size")),
      optional(text("13", "grain")),
    ]),
  },
  {
    table: "voids",
    leaf: leaf("02", [
      ...place,
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
  },
  {
    table: "opening_lots",
    leaf: leaf("03", [
      ...place,
      text("03", "venue"),
      text("04", "account"),
      text("05", "lot_key"),
      integer("06", "revision"),
      integer("07", "opened_at"),
      decimal("08", "quantity"),
      optional(decimal("09", "cost")),
      text("0a", "author"),
      text("0b", "note"),
    ]),
  },
  {
    table: "fee_values",
    leaf: leaf("04", [
      ...place,
      text("03", "venue"),
      text("04", "account"),
      text("05", "fill_id"),
      integer("06", "fill_revision"),
      text("07", "asset"),
      decimal("08", "value"),
      text("09", "source"),
      integer("0a", "revision"),
    ]),
  },
  {
    table: "adjustments",
    leaf: leaf("05", [
      ...place,
      text("03", "venue"),
      text("04", "account"),
      text("05", "entry_id"),
      text("06", "trade_type"),
      optional(text("07", "trade_id")),
      integer("08", "executed_at"),
      optional(text("09", "side")),
      optional(decimal("0a", "quantity")),
      optional(decimal("0b", "price")),
      fees("0c", "f.fee_assets", "f.fee_amounts"),
      optional(text("0d", "order_id")),
    ]),
  },
];

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
      ({
        table,
        leaf: expected,
      }) => `SELECT f.book_id, f.entry, f.leaf::bytea AS leaf, ${expected} AS expected
  FROM ${table} f LEFT JOIN books b ON b.book_id = f.book_id`,
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
        o.told, fact.leaf AS fact_leaf
      FROM observations o
      LEFT JOIN verify_leaves fact ON fact.book_id = o.book_id AND fact.number = o.entry
        AND fact.entry = fact.number
    ) AS told
    OFFSET 0
  ) AS hashed
) AS judged`;
