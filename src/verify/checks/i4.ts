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

/** `quantities` of the slices along one side; `through` is what was consumed up to and with each. */
const shares = (side: "open" | "close", order: string): string => `
SELECT '${side} share' AS what, book_id, close_entry AS entry, open_entry AS opening, slice,
  ${shown("units", `${side}_unit`)} AS expected, trim_scale(${side}_fee)::text AS found
FROM (
  SELECT *, CASE WHEN ${side}_total = 0 THEN 0
    ELSE ${prefix(side, "through")} - ${prefix(side, "through - quantity")} END AS units
  FROM (
    SELECT book_id, close_entry, open_entry, slice, quantity, ${side}_fee, ${side}_total, ${side}_unit,
      ${side}_quantity,
      sum(quantity) OVER (PARTITION BY ${side}_place ORDER BY ${order} ROWS UNBOUNDED PRECEDING) AS through
    FROM verify_slices WHERE ${side}_place IS NOT NULL
  ) AS running
) AS share
WHERE ${side}_fee * ${side}_unit IS DISTINCT FROM units
ORDER BY book_id, close_entry, slice`;

const lotShares = `
SELECT 'share left in an open lot' AS what, book_id, open_entry AS entry, NULL::bigint AS opening,
  NULL::integer AS slice, ${shown("units", "open_unit")} AS expected, trim_scale(open_fee)::text AS found
FROM (
  SELECT l.*, l.open_total * l.open_unit - ${prefix("open", "t.consumed")} AS units
  FROM verify_lots l
  JOIN verify_totals t ON t.place = l.open_place
) AS lot
WHERE open_fee * open_unit IS DISTINCT FROM units
ORDER BY open_place`;

/** It follows from the shares and the quantities; proven apart all the same, by nothing but addition. */
const sums = `
SELECT 'the shares do not add up to the fee' AS what, book_id, entry, NULL::bigint AS opening,
  NULL::integer AS slice, fee::text AS expected, trim_scale(shared)::text AS found
FROM verify_totals
WHERE rows > 0 AND shared IS DISTINCT FROM fee
ORDER BY place`;

export const i4: Check = {
  id: "I4",
  title: "shares of fees follow the rule of prefixes and add up to the fee",
  lane: "matching",
  needsVersion: true,
  parts: [
    shares("open", "close_place, slice"),
    shares("close", "open_place NULLS LAST, slice"),
    lotShares,
    sums,
  ],
};
