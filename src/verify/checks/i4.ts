import type { Check } from "../check.ts";

/**
 * numbers.md 4. div() is the truncating integer division of numeric, so trunc(A x c / Q) in units of 10^-s is
 * div(A x 10^s x c, Q): the plain division operator would choose a scale of its own.
 */
const prefix = (side: "open" | "close", consumed: string): string =>
  `div(${side}_total * ${side}_unit * (${consumed}), nullif(${side}_quantity, 0))`;

/** A count of units as an amount, for people: 1e-18 x count, exact. */
const shown = (count: string, unit: string): string =>
  `trim_scale((${count}) * ('1e-' || (length(${unit}::text) - 1))::numeric)::text`;

const shares = (side: "open" | "close", order: string): string => `
SELECT '${side} share' AS what, book_id, close_entry AS entry, open_entry AS opening, slice,
  ${shown("units", `${side}_unit`)} AS expected, trim_scale(${side}_fee)::text AS found
FROM (
  SELECT *, CASE WHEN ${side}_total = 0 THEN 0
    ELSE ${prefix(side, "through")} - ${prefix(side, "through - quantity")} END AS units
  FROM (
    SELECT book_id, close_entry, open_entry, slice, quantity, ${side}_fee, ${side}_total, ${side}_unit, ${side}_quantity,
      sum(quantity) OVER (PARTITION BY ${side}_place ORDER BY ${order} ROWS UNBOUNDED PRECEDING) AS through
    FROM verify_slices WHERE ${side}_place IS NOT NULL
  ) AS running
) AS row
WHERE ${side}_fee * ${side}_unit IS DISTINCT FROM units
ORDER BY book_id, close_entry, slice`;

const total = (side: "open" | "close", rows: string): string => `
SELECT 'the ${side} shares do not add up to the fee' AS what, b.book_id, m.entry, NULL::bigint AS opening,
  NULL::integer AS slice, m.fee::text AS expected, trim_scale(shared.fee)::text AS found
FROM (SELECT place, sum(fee) AS fee FROM (${rows}) AS row GROUP BY place) AS shared
JOIN verify_movements m ON m.place = shared.place
JOIN verify_books b ON b.book = m.book
WHERE shared.fee IS DISTINCT FROM m.fee
ORDER BY m.place`;

export const i4: Check = {
  id: "I4",
  title: "shares of fees follow the rule of prefixes and add up to the fee",
  lane: "matching",
  needsVersion: true,
  parts: [
    { sql: shares("open", "close_place, slice") },
    { sql: shares("close", "open_place NULLS LAST, slice") },
    {
      sql: `
SELECT 'share left in an open lot' AS what, book_id, open_entry AS entry, NULL::bigint AS opening,
  NULL::integer AS slice, ${shown("units", "open_unit")} AS expected, trim_scale(open_fee)::text AS found
FROM (
  SELECT l.*, l.open_total * l.open_unit - ${prefix("open", "coalesce(used.quantity, 0)")} AS units
  FROM verify_lots l
  LEFT JOIN (
    SELECT open_place, sum(quantity) AS quantity FROM verify_slices WHERE open_place IS NOT NULL GROUP BY open_place
  ) AS used ON used.open_place = l.open_place
  WHERE l.open_place IS NOT NULL
) AS row
WHERE open_fee * open_unit IS DISTINCT FROM units
ORDER BY open_place`,
    },
    {
      sql: total(
        "open",
        `SELECT open_place AS place, open_fee AS fee FROM verify_slices WHERE open_place IS NOT NULL
    UNION ALL SELECT open_place, open_fee FROM verify_lots WHERE open_place IS NOT NULL`,
      ),
    },
    {
      sql: total(
        "close",
        "SELECT close_place AS place, close_fee AS fee FROM verify_slices WHERE close_place IS NOT NULL",
      ),
    },
  ],
};
