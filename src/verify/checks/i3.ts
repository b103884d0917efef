import type { Check } from "../check.ts";

/**
 * Amounts, marks and times of each row from the facts it names. The shares are taken as stored here: I4
 * proves them. Rows that name no fact are left to I7.
 */
const sliceAmounts = `
SELECT book_id, close_entry, open_entry, slice, close_place,
  opened_at, closed_at, open_time, close_time,
  missing, expected_missing,
  cost_basis, CASE WHEN expected_missing & 5 = 0 THEN cost END AS expected_cost,
  proceeds, gross AS expected_proceeds,
  pnl, CASE WHEN expected_missing = 0 THEN (close_price - open_price) * quantity - open_fee - close_fee END
    AS expected_pnl,
  (open_fee IS NULL) <> (open_entry IS NULL) AS wrong_share
FROM (
  SELECT *, open_price * quantity + open_fee AS cost, close_price * quantity AS gross,
    CASE WHEN open_entry IS NULL THEN 4 WHEN open_incomplete THEN 1 ELSE 0 END
      + CASE WHEN close_incomplete THEN 2 ELSE 0 END AS expected_missing
  FROM verify_slices
  WHERE close_place IS NOT NULL AND (open_entry IS NULL OR open_place IS NOT NULL)
) AS slice`;

const sliceTest = (what: string, expected: string, found: string): string => `
  SELECT '${what}', ${expected}::text, ${found}::text WHERE ${expected} IS DISTINCT FROM ${found}`;

const amount = (name: string): string => `trim_scale(${name})`;

export const i3: Check = {
  id: "I3",
  title: "amounts, marks and times of every row follow from its facts and shares",
  lane: "matching",
  needsVersion: true,
  parts: [
    // The filter looks for rows that are wrong in anything, the rest says in what: nearly always none is.
    `
SELECT wrong.what, book_id, close_entry AS entry, open_entry AS opening, slice, wrong.expected, wrong.found
FROM (
  SELECT * FROM (${sliceAmounts}) AS judged
  WHERE pnl IS DISTINCT FROM expected_pnl OR cost_basis IS DISTINCT FROM expected_cost
    OR proceeds <> expected_proceeds OR missing <> expected_missing OR opened_at IS DISTINCT FROM open_time
    OR closed_at <> close_time OR wrong_share
  OFFSET 0
) AS bad, LATERAL (
  ${[
    sliceTest("pnl", amount("expected_pnl"), amount("pnl")),
    sliceTest("cost basis", amount("expected_cost"), amount("cost_basis")),
    sliceTest("proceeds", amount("expected_proceeds"), amount("proceeds")),
    sliceTest("missing", "expected_missing", "missing"),
    sliceTest("opening time", "open_time", "opened_at"),
    sliceTest("closing time", "close_time", "closed_at"),
    "SELECT 'open share present or absent against the opening side', NULL, NULL WHERE wrong_share",
  ].join("\n  UNION ALL ")}
) AS wrong (what, expected, found)
ORDER BY close_place, slice`,
    `
SELECT wrong.what, book_id, open_entry AS entry, NULL::bigint AS opening, NULL::integer AS slice,
  wrong.expected, wrong.found
FROM (
  SELECT *, CASE WHEN open_incomplete THEN 1 ELSE 0 END AS expected_missing,
    CASE WHEN NOT open_incomplete THEN open_price * quantity + open_fee END AS expected_cost
  FROM verify_lots WHERE open_place IS NOT NULL
) AS lot, LATERAL (
  ${[
    sliceTest("cost basis of an open lot", amount("expected_cost"), amount("cost_basis")),
    sliceTest("missing of an open lot", "expected_missing", "missing"),
    sliceTest("opening time of an open lot", "open_time", "opened_at"),
  ].join("\n  UNION ALL ")}
) AS wrong (what, expected, found)
WHERE cost_basis IS DISTINCT FROM expected_cost OR missing <> expected_missing OR opened_at <> open_time
ORDER BY open_place`,
  ],
};
