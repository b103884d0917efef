import { type Fault, visible } from "./check.ts";
import * as i1 from "./checks/i1.ts";
import * as i3 from "./checks/i3.ts";
import * as i4 from "./checks/i4.ts";
import * as i5 from "./checks/i5.ts";
import * as i6 from "./checks/i6.ts";
import * as i7 from "./checks/i7.ts";
import { poolOf } from "./movements.ts";

/** All that is asked of a slice, by the stage at which its columns are there. */
const alone = [...i1.alone, ...i3.alone, ...i5.alone, ...i6.alone, ...i7.alone];
const alongClose = [...i1.alongClose, ...i4.alongClose, ...i6.alongClose, ...i7.alongClose];

/** The faults that were there and those of a stage, null where there is none: nearly always. */
const withFaults = (before: string, list: readonly Fault[]): string => `
  CASE WHEN ${list.map(({ when }) => `(${when})`).join("\n    OR ")}
  THEN coalesce(${before}, '[]'::jsonb) || (
    SELECT jsonb_agg(fault) FROM (
      ${list
        .map(
          ({ invariant, when, what, expected, found, of }) =>
            `SELECT '${invariant}' AS invariant, ${what} AS what, (${expected})::text AS expected,
        (${found})::text AS found, ${of === undefined ? "NULL" : `'${of}'`} AS of WHERE ${when}`,
        )
        .join("\n      UNION ALL ")}
    ) AS fault)
  ELSE ${before} END AS faults`;

/** The visible allocations beside the facts they name, null where there is no such fact. */
const paired = visible(
  "allocations",
  `it.book_id, it.close_entry, it.slice, it.open_entry, it.quantity, it.open_fee, it.close_fee,
  it.cost_basis, it.proceeds, it.pnl, it.missing, it.opened_at, it.closed_at,
  c.place AS close_place, c.at AS close_time, c.price AS close_price, c.fee AS close_total,
  c.quantity AS close_quantity, c.incomplete AS close_incomplete, c.opened AS opened_before,
  o.place AS open_place, o.at AS open_time, o.price AS open_price, o.fee AS open_total,
  o.quantity AS open_quantity, o.incomplete AS open_incomplete, o.opened AS opened_through`,
  `LEFT JOIN verify_books b ON b.book_id = it.book_id
  LEFT JOIN verify_movements c ON c.book = b.book AND c.entry = it.close_entry AND NOT c.opens
  LEFT JOIN verify_movements o ON o.book = b.book AND o.entry = it.open_entry AND o.opens`,
);

/**
 * What is sorted after this is narrow, so that it stays in memory: no times and prices, and the row's own
 * names only where a fault was found, as those of the others follow from their places. OFFSET 0: each is
 * computed once. bound is what the pool had opened where the slice must end at the latest.
 */
const judgedAlone = `
SELECT close_place, ${poolOf("close_place")} AS close_pool, close_total, close_quantity,
  open_place, open_total, open_quantity, slice, quantity, open_fee, close_fee, faults,
  open_entry IS NULL AS unmatched,
  CASE WHEN open_entry IS NULL THEN opened_before ELSE opened_through END AS bound,
  CASE WHEN faults IS NOT NULL THEN book_id END AS book_id,
  CASE WHEN faults IS NOT NULL THEN close_entry END AS close_entry,
  CASE WHEN faults IS NOT NULL THEN open_entry END AS open_entry
FROM (
  SELECT *, ${withFaults("NULL::jsonb", alone)}
  FROM (
    SELECT *, ${i3.derived}
    FROM (${paired}) AS paired
    OFFSET 0
  ) AS slice
  OFFSET 0
) AS slice`;

/**
 * The running sums go in ledger order: matched along the closes of a pool, close_through and close_shared
 * along the slices of a close. close_last marks the last slice of each close.
 */
const judgedAlongClose = `
SELECT book_id, close_entry, open_entry, slice, quantity, open_fee, close_place, open_place, open_total,
  open_quantity, close_last, ${withFaults("faults", alongClose)}
FROM (
  SELECT *,
    sum(CASE WHEN open_place IS NULL THEN 0 ELSE quantity END) OVER pool AS matched,
    sum(quantity) OVER close AS close_through,
    sum(close_fee) OVER close AS close_shared,
    row_number() OVER close AS number,
    row_number() OVER close > 1 AND lag(open_place) OVER close IS NOT DISTINCT FROM open_place AS again,
    close_place IS NOT NULL AND lead(close_place) OVER close IS NULL AS close_last
  FROM (${judgedAlone}) AS slice
  WINDOW
    pool AS (PARTITION BY close_pool ORDER BY close_place, open_place NULLS LAST, slice
      ROWS UNBOUNDED PRECEDING),
    close AS (PARTITION BY close_pool, close_place ORDER BY open_place NULLS LAST, slice
      ROWS UNBOUNDED PRECEDING)
) AS slice`;

/**
 * The same along the slices of an opening fact. A slice that is the last of neither side and has no fault is
 * not asked for again.
 */
export const slices = `
SELECT * FROM (
  SELECT book_id, close_entry, open_entry, slice, close_place, open_place, open_total, open_quantity,
    close_last, open_last, open_through, open_shared, ${withFaults("faults", i4.alongOpen)}
  FROM (
    SELECT *,
      sum(quantity) OVER open AS open_through,
      sum(open_fee) OVER open AS open_shared,
      open_place IS NOT NULL AND lead(open_place) OVER open IS NULL AS open_last
    FROM (${judgedAlongClose}) AS slice
    WINDOW open AS (PARTITION BY open_place ORDER BY close_place, slice ROWS UNBOUNDED PRECEDING)
  ) AS slice
  OFFSET 0
) AS slice
WHERE close_last OR open_last OR faults IS NOT NULL`;

export const faults = `
SELECT coalesce(s.book_id, b.book_id) AS book_id, coalesce(s.close_entry, c.entry) AS close_entry,
  coalesce(s.open_entry, o.entry) AS open_entry, s.slice, s.close_place, s.open_place, fault.*
FROM (SELECT * FROM verify_slices WHERE faults IS NOT NULL) AS s
LEFT JOIN verify_movements c ON c.place = s.close_place
LEFT JOIN verify_movements o ON o.place = s.open_place
LEFT JOIN verify_books b ON b.book = c.book
CROSS JOIN LATERAL jsonb_to_recordset(s.faults)
  AS fault(invariant text, what text, expected text, found text, of text)`;

export const lots = visible(
  "open_lots",
  `it.book_id, it.open_entry, it.quantity, it.open_fee, it.cost_basis, it.missing, it.opened_at,
  o.place AS open_place, o.at AS open_time, o.price AS open_price, o.fee AS open_total,
  o.quantity AS open_quantity, o.incomplete AS open_incomplete`,
  `LEFT JOIN verify_books b ON b.book_id = it.book_id
  LEFT JOIN verify_movements o ON o.book = b.book AND o.entry = it.open_entry AND o.opens`,
);

/**
 * Opening facts that have an open lot, or whose slices are not exactly all of them: of the others nothing is
 * left to prove. Two lots of one fact give two rows.
 */
export const opened = `
SELECT coalesce(s.open_place, l.open_place) AS place,
    coalesce(s.open_quantity, l.open_quantity) AS open_quantity,
    coalesce(s.open_total, l.open_total) AS open_total,
    coalesce(s.open_through, 0) AS through, coalesce(s.open_shared, 0) AS shared,
    s.open_place IS NOT NULL AS sliced, l.open_place IS NOT NULL AS has_lot,
    coalesce(l.quantity, 0) AS lot_quantity, l.open_fee AS lot_fee
FROM (SELECT * FROM verify_slices WHERE open_last) AS s
FULL JOIN (SELECT * FROM verify_lots WHERE open_place IS NOT NULL) AS l ON l.open_place = s.open_place
WHERE l.open_place IS NOT NULL OR s.open_through <> s.open_quantity
  OR s.open_shared IS DISTINCT FROM s.open_total`;

/**
 * Facts without a row. Rows name places of movements only, a sale's by its last slice, an opening fact's by
 * its last slice or, untouched, by its lot: where they are as many as the movements none is missing, and
 * nothing has to be looked for.
 */
export const absent = `
SELECT b.book_id, m.entry, m.place, m.opens, m.quantity
FROM verify_movements m
JOIN verify_books b ON b.book = m.book
WHERE (SELECT count(*) FROM verify_movements) <>
    (SELECT count(*) FILTER (WHERE close_last) + count(*) FILTER (WHERE open_last) FROM verify_slices)
    + (SELECT count(DISTINCT place) FROM verify_opened WHERE NOT sliced)
  AND NOT EXISTS (SELECT FROM verify_slices s WHERE s.close_place = m.place AND s.close_last)
  AND NOT EXISTS (SELECT FROM verify_slices s WHERE s.open_place = m.place AND s.open_last)
  AND NOT EXISTS (SELECT FROM verify_lots l WHERE l.open_place = m.place)`;
