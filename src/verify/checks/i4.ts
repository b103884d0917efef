import type { Check } from "../check.ts";

/**
 * numbers.md 4. div() is the truncating integer division of numeric, so trunc(A x c / Q) in units of 10^-s
 * is div(A x 10^s x c, Q): the plain division operator would choose a scale of its own.
 */
const prefix = (side: "open" | "close", consumed: string): string =>
  `div(${side}_total * ${side}_unit * (${consumed}), nullif(${side}_quantity, 0))`;

/** A count of units as an amount, for people: 1e-18 x count, exact. */
const shown = (count: string, unit: string): string =>
  `trim_scale((${count}) * ('1e-' || (length(${unit}::text) - 1))::numeric)::text`;

const shares = (side: "open" | "close", rows: string): string => `
SELECT '${side} share' AS what, book_id, close_entry AS entry, open_entry AS opening, slice,
  ${shown("units", `${side}_unit`)} AS expected, trim_scale(${side}_fee)::text AS found
FROM (
  SELECT *, CASE WHEN ${side}_total = 0 THEN 0
    ELSE ${prefix(side, `${side}_through`)} - ${prefix(side, `${side}_through - quantity`)} END AS units
  FROM ${rows} WHERE ${side}_place IS NOT NULL
) AS share
WHERE ${side}_fee * ${side}_unit IS DISTINCT FROM units
ORDER BY book_id, close_entry, slice`;

/** The last slice of each opening fact holds what was consumed of it, and the sum of its shares. */
const lotShares = `
SELECT 'share left in an open lot' AS what, book_id, open_entry AS entry, NULL::bigint AS opening,
  NULL::integer AS slice, ${shown("units", "open_unit")} AS expected, trim_scale(open_fee)::text AS found
FROM (
  SELECT *, open_total * open_unit - ${prefix("open", "consumed")} AS units
  FROM (
    SELECT l.*, coalesce(o.open_through, 0) AS consumed
    FROM verify_lots l
    LEFT JOIN verify_openings o ON o.open_place = l.open_place AND o.open_last
    WHERE l.open_place IS NOT NULL
  ) AS left_over
) AS lot
WHERE open_fee * open_unit IS DISTINCT FROM units
ORDER BY open_place`;

/** It follows from the shares and the quantities; proven apart all the same, by nothing but addition. */
const closeSums = `
SELECT 'the shares do not add up to the fee' AS what, book_id, close_entry AS entry, NULL::bigint AS opening,
  NULL::integer AS slice, close_total::text AS expected, trim_scale(close_shared)::text AS found
FROM verify_slices
WHERE close_last AND close_place IS NOT NULL AND close_shared IS DISTINCT FROM close_total
ORDER BY close_place`;

const openSums = `
SELECT 'the shares do not add up to the fee' AS what, coalesce(o.book_id, l.book_id) AS book_id,
  coalesce(o.open_entry, l.open_entry) AS entry, NULL::bigint AS opening, NULL::integer AS slice,
  coalesce(o.open_total, l.open_total)::text AS expected,
  trim_scale(coalesce(o.open_shared, 0) + coalesce(l.open_fee, 0))::text AS found
FROM (SELECT * FROM verify_openings WHERE open_last) AS o
FULL JOIN (SELECT * FROM verify_lots WHERE open_place IS NOT NULL) AS l ON l.open_place = o.open_place
WHERE coalesce(o.open_shared, 0) + coalesce(l.open_fee, 0) <> coalesce(o.open_total, l.open_total)
ORDER BY coalesce(o.open_place, l.open_place)`;

export const i4: Check = {
  id: "I4",
  title: "shares of fees follow the rule of prefixes and add up to the fee",
  lane: "matching",
  needsVersion: true,
  parts: [
    shares("open", "verify_openings"),
    shares("close", "verify_slices"),
    lotShares,
    closeSums,
    openSums,
  ],
};
