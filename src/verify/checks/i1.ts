import type { Check } from "../check.ts";

/** Every part of a sale is more than nothing, and together they are the sale. */
export const i1: Check = {
  id: "I1",
  title: "the slices of a closing fill add up to its quantity",
  lane: "matching",
  needsVersion: true,
  parts: [
    `
SELECT 'slices do not add up to the fill' AS what, book_id, entry, NULL::bigint AS opening,
  NULL::integer AS slice, quantity::text AS expected, trim_scale(used)::text AS found
FROM verify_totals
WHERE NOT opens AND used <> quantity
ORDER BY place`,
    `
SELECT 'a slice of nothing' AS what, book_id, close_entry AS entry, open_entry AS opening, slice,
  'more than 0' AS expected, trim_scale(quantity)::text AS found
FROM verify_slices
WHERE quantity <= 0
ORDER BY close_place, slice`,
  ],
};
