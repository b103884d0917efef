import type { Check } from "../check.ts";

/**
 * Lay all that a pool opened end to end, in ledger order: each opening fact is an interval. Lay all that its
 * sales matched end to end, in ledger order of the sales. First in, first out says exactly that each slice
 * lies inside the interval of the fact it names; then none goes back and none is skipped. And a sale is
 * unmatched exactly where the slices have reached the end of all that was opened before it.
 */
const intervals = `
SELECT
  CASE WHEN open_entry IS NULL THEN 'unmatched although a lot was left'
    ELSE 'not the first lot that was left' END AS what,
  book_id, close_entry AS entry, open_entry AS opening, slice,
  CASE WHEN open_entry IS NULL THEN 'matched up to ' || trim_scale(opened_before)
    ELSE trim_scale(opened_through - open_quantity) || ' to ' || trim_scale(opened_through)
    END AS expected,
  CASE WHEN open_entry IS NULL THEN 'matched up to ' || trim_scale(matched)
    ELSE trim_scale(matched - quantity) || ' to ' || trim_scale(matched) END AS found
FROM verify_slices
WHERE CASE
  WHEN close_place IS NULL THEN false
  WHEN open_entry IS NULL THEN matched <> opened_before
  WHEN open_place IS NOT NULL
    THEN matched > opened_through OR matched - quantity < opened_through - open_quantity
END
ORDER BY close_place, slice`;

const pools = `
SELECT 'the lot is of another pool' AS what, book_id, close_entry AS entry, open_entry AS opening, slice,
  NULL::text AS expected, NULL::text AS found
FROM verify_slices
WHERE close_pool <> open_pool
ORDER BY close_place, slice`;

export const i6: Check = {
  id: "I6",
  title: "lots are consumed first in, first out, and a sale is unmatched only when none is left",
  lane: "matching",
  needsVersion: true,
  parts: [intervals, pools],
};
