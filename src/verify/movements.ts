import { visible } from "./check.ts";

/** A small number for each book, and how far the version has come in it. */
export const books = `
SELECT b.book_id, row_number() OVER (ORDER BY b.book_id)::integer AS book,
  coalesce(state.computed_entry, 0) AS computed_entry
FROM books b
LEFT JOIN (
  SELECT book_id, max(computed_entry) AS computed_entry
  FROM (${visible("book_states", "it.book_id, it.computed_entry")}) AS seen
  GROUP BY book_id
) AS state USING (book_id)`;

/** Under scope `account` each (venue, account) of a book is a pool; under `portfolio` no row is here. */
export const pools = `
SELECT book_id, venue, account, row_number() OVER (ORDER BY book_id, venue, account)::integer AS pool
FROM (
  SELECT book_id, venue::text COLLATE "C" AS venue, account::text COLLATE "C" AS account FROM fills
  UNION SELECT book_id, venue, account FROM opening_lots
) AS named
WHERE (SELECT scope FROM versions WHERE version = $1) = 'account'`;

/** The order of time.md 2 as sort keys: class 0 opening lots, 1 fills without a sequence, 2 with one. */
export const ledgerKeys: readonly string[] = [
  "fact.at",
  "fact.class",
  "CASE fact.class WHEN 1 THEN NOT fact.opens END",
  "fact.venue",
  "fact.account",
  "fact.sequence",
  "CASE fact.class WHEN 2 THEN NOT fact.opens END",
  "fact.id",
  "fact.revision",
];

/** All fills and opening lots as they would take part, voided or not (numbers.md 3). */
const facts = `
  SELECT f.book_id, f.entry, f.venue::text COLLATE "C" AS venue, f.account::text COLLATE "C" AS account,
    f.fill_id::text COLLATE "C" AS id, f.revision, f.executed_at::bigint AS at, f.side = 'buy' AS opens,
    CASE WHEN f.sequence IS NULL THEN 1 ELSE 2 END AS class, f.sequence,
    CASE f.side WHEN 'buy' THEN f.quantity - f.base_fee ELSE f.quantity + f.base_fee END AS quantity,
    f.price::numeric AS price, f.quote_fee + f.base_fee * f.price + coalesce(t.value, 0) AS fee,
    coalesce(t.incomplete, false) AS incomplete
  FROM fills f
  LEFT JOIN third t ON t.book_id = f.book_id AND t.entry = f.entry
  UNION ALL
  SELECT book_id, entry, venue, account, lot_key, revision, opened_at, true, 0, NULL, quantity, 0,
    coalesce(cost, 0), cost IS NULL
  FROM opening_lots`;

const notVoided = (fact: string): string => `NOT EXISTS (
    SELECT FROM voids x
    JOIN verify_books known ON known.book_id = x.book_id AND x.entry <= known.computed_entry
    WHERE x.book_id = ${fact}.book_id AND x.target_entry = ${fact}.entry)`;

/**
 * place is the pool in its upper half and the movement's number in ledger order in its lower, so places tell
 * pools apart and order what is in one. opened is the quantity opened in the pool up to and with this
 * movement.
 */
export const movements = `
WITH live AS (
  SELECT DISTINCT ON (v.book_id, v.target_entry, v.asset) v.book_id, v.target_entry, v.asset, v.value
  FROM fee_values v
  JOIN verify_books b ON b.book_id = v.book_id AND v.entry <= b.computed_entry
  WHERE ${notVoided("v")}
  ORDER BY v.book_id, v.target_entry, v.asset, v.revision DESC
), third AS (
  SELECT fee.book_id, fee.entry, sum(live.value) AS value, bool_or(live.value IS NULL) AS incomplete
  FROM (
    SELECT book_id, entry, unnest(third_fee_assets) AS asset FROM fills WHERE third_fee_assets IS NOT NULL
  ) AS fee
  LEFT JOIN live
    ON live.book_id = fee.book_id AND live.target_entry = fee.entry AND live.asset = fee.asset
  GROUP BY fee.book_id, fee.entry
)
SELECT (coalesce(p.pool, b.book)::bigint << 32) + row_number() OVER pool AS place,
  b.book, fact.entry, fact.opens, fact.at, fact.incomplete,
  trim_scale(fact.quantity) AS quantity, trim_scale(fact.price) AS price, trim_scale(fact.fee) AS fee,
  sum(CASE WHEN fact.opens THEN fact.quantity ELSE 0 END) OVER pool AS opened
FROM (${facts}) AS fact
JOIN verify_books b ON b.book_id = fact.book_id AND fact.entry <= b.computed_entry
LEFT JOIN verify_pools p
  ON p.book_id = fact.book_id AND p.venue = fact.venue AND p.account = fact.account
WHERE ${notVoided("fact")}
WINDOW pool AS (
  PARTITION BY coalesce(p.pool, b.book) ORDER BY ${ledgerKeys.join(", ")} ROWS UNBOUNDED PRECEDING)`;

/** The pool of a place. */
export const poolOf = (place: string): string => `(${place} >> 32)::integer`;
