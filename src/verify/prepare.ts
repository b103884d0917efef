import { type Lane, visible } from "./check.ts";
import { identity } from "./encoding.ts";
import { leaves, tellings } from "./leaves.ts";

/**
 * Temporary tables that several checks read, made anew from the tables of facts and conclusions every time.
 *
 * verify_books      a small number for each book, and how far the version has come in it
 * verify_movements  the facts that take part: effective quantity, total fee, ledger order, pool
 * verify_slices     the visible allocations beside the facts they name (null where there is no such fact)
 * verify_openings   the same along the opening facts
 * verify_lots       the visible open lots, likewise
 * verify_identities the bytes by which row hashes name facts
 * verify_leaves     stored and recomputed leaves of the facts
 * verify_tellings   stored and recomputed tellings
 */
export interface Preparation {
  readonly name: string;
  readonly sql: string;
}

const table = (name: string, sql: string): Preparation => ({
  name,
  sql: `CREATE TEMPORARY TABLE ${name} ON COMMIT DROP AS ${sql}`,
});

const books = table(
  "verify_books",
  `
SELECT b.book_id, row_number() OVER (ORDER BY b.book_id)::integer AS book,
  coalesce(state.computed_entry, 0) AS computed_entry
FROM books b
LEFT JOIN (
  SELECT book_id, max(computed_entry) AS computed_entry
  FROM (${visible("book_states", "it.book_id, it.computed_entry")}) AS seen
  GROUP BY book_id
) AS state USING (book_id)`,
);

/** Under scope `account` each (venue, account) of a book is a pool; under `portfolio` no row is here. */
const pools = table(
  "verify_pools",
  `
SELECT book_id, venue, account, row_number() OVER (ORDER BY book_id, venue, account)::integer AS pool
FROM (
  SELECT book_id, venue::text COLLATE "C" AS venue, account::text COLLATE "C" AS account FROM fills
  UNION SELECT book_id, venue, account FROM opening_lots
) AS named
WHERE (SELECT scope FROM versions WHERE version = $1) = 'account'`,
);

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
const ledgerOrder = ledgerKeys.join(", ");

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
 * place numbers the movements of all pools at once: within a pool it is ledger order. opened is the quantity
 * opened in the pool up to and with this movement. unit is 10^s of numbers.md 4.
 */
const movements = table(
  "verify_movements",
  `
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
SELECT row_number() OVER (ORDER BY coalesce(p.pool, b.book), ${ledgerOrder}) AS place,
  b.book, fact.entry, coalesce(p.pool, b.book) AS pool, fact.opens, fact.at, fact.incomplete,
  trim_scale(fact.quantity) AS quantity, trim_scale(fact.price) AS price, trim_scale(fact.fee) AS fee,
  CASE WHEN scale(fact.fee) <= 18 THEN 1e18
    ELSE ('1e' || greatest(18, scale(trim_scale(fact.fee))))::numeric END AS unit,
  sum(CASE WHEN fact.opens THEN fact.quantity ELSE 0 END)
    OVER (PARTITION BY coalesce(p.pool, b.book) ORDER BY ${ledgerOrder} ROWS UNBOUNDED PRECEDING) AS opened
FROM (${facts}) AS fact
JOIN verify_books b ON b.book_id = fact.book_id AND fact.entry <= b.computed_entry
LEFT JOIN verify_pools p
  ON p.book_id = fact.book_id AND p.venue = fact.venue AND p.account = fact.account
WHERE ${notVoided("fact")}`,
);

/**
 * The running sums go in ledger order: matched along the closes of a pool, close_through and close_shared
 * along the slices of a close. close_last marks the last slice of each close.
 */
const slices = table(
  "verify_slices",
  `
SELECT *,
  sum(CASE WHEN open_place IS NULL THEN 0 ELSE quantity END) OVER pool AS matched,
  sum(quantity) OVER close AS close_through,
  sum(close_fee) OVER close AS close_shared,
  row_number() OVER close AS number,
  row_number() OVER close > 1 AND lag(open_place) OVER close IS NOT DISTINCT FROM open_place AS again,
  lead(close_place) OVER close IS NULL AS close_last
FROM (${visible(
    "allocations",
    `it.book_id, it.close_entry, it.slice, it.open_entry, it.quantity, it.open_fee, it.close_fee,
    it.cost_basis, it.proceeds, it.pnl, it.missing, it.opened_at, it.closed_at,
    c.place AS close_place, c.pool AS close_pool, c.at AS close_time, c.price AS close_price,
    c.fee AS close_total, c.unit AS close_unit, c.quantity AS close_quantity,
    c.incomplete AS close_incomplete, c.opened AS opened_before,
    o.place AS open_place, o.pool AS open_pool, o.at AS open_time, o.price AS open_price,
    o.fee AS open_total, o.unit AS open_unit, o.quantity AS open_quantity,
    o.incomplete AS open_incomplete, o.opened AS opened_through`,
    `LEFT JOIN verify_books b ON b.book_id = it.book_id
  LEFT JOIN verify_movements c ON c.book = b.book AND c.entry = it.close_entry AND NOT c.opens
  LEFT JOIN verify_movements o ON o.book = b.book AND o.entry = it.open_entry AND o.opens`,
  )}) AS slice
WINDOW
  pool AS (PARTITION BY close_pool ORDER BY close_place, open_place NULLS LAST, slice
    ROWS UNBOUNDED PRECEDING),
  close AS (PARTITION BY close_pool, close_place ORDER BY open_place NULLS LAST, slice
    ROWS UNBOUNDED PRECEDING)`,
);

/** The same slices along each opening fact. */
const openings = table(
  "verify_openings",
  `
SELECT book_id, open_entry, close_entry, slice, open_place, quantity, open_fee,
  open_total, open_unit, open_quantity,
  sum(quantity) OVER open AS open_through,
  sum(open_fee) OVER open AS open_shared,
  lead(open_place) OVER open IS NULL AS open_last
FROM verify_slices
WHERE open_place IS NOT NULL
WINDOW open AS (PARTITION BY open_place ORDER BY close_place, slice ROWS UNBOUNDED PRECEDING)`,
);

const lots = table(
  "verify_lots",
  visible(
    "open_lots",
    `it.book_id, it.open_entry, it.quantity, it.open_fee, it.cost_basis, it.missing, it.opened_at,
    o.place AS open_place, o.at AS open_time, o.price AS open_price, o.fee AS open_total,
    o.unit AS open_unit, o.quantity AS open_quantity, o.incomplete AS open_incomplete`,
    `LEFT JOIN verify_books b ON b.book_id = it.book_id
  LEFT JOIN verify_movements o ON o.book = b.book AND o.entry = it.open_entry AND o.opens`,
  ),
);

/** The bytes that stand for a fill or an opening lot inside a row's hash. */
const identities = table(
  "verify_identities",
  `
SELECT book_id, entry, ${identity("01", "fill_id")} AS identity FROM fills
UNION ALL
SELECT book_id, entry, ${identity("03", "lot_key")} FROM opening_lots`,
);

const factLeaves = table("verify_leaves", leaves);
const observationTellings = table("verify_tellings", tellings);

/** In the order they are made: later ones read earlier ones. */
export const preparations: Record<Lane, readonly Preparation[]> = {
  matching: [books, pools, movements, slices, openings, lots],
  digests: [identities],
  facts: [factLeaves, observationTellings],
};
