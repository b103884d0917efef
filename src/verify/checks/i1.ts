import type { Check } from "../check.ts";

/** Every part of a sale is more than nothing; together they are the sale. */
export const i1: Check = {
  id: "I1",
  title: "the slices of a closing fill add up to its quantity",
  lane: "matching",
  needsVersion: true,
  parts: [
    `
SELECT 'slices do not add up to the fill' AS what, b.book_id, m.entry, NULL::bigint AS opening,
  NULL::integer AS slice, m.quantity::text AS expected,
  trim_scale(coalesce(s.close_through, 0))::text AS found
FROM verify_movements m
JOIN verify_books b ON b.book = m.book
LEFT JOIN verify_slices s ON s.close_place = m.place AND s.close_last
WHERE NOT m.opens AND coalesce(s.close_through, 0) <> m.quantity
ORDER BY m.place`,
    `
SELECT 'a slice of nothing' AS what, book_id, close_entry AS entry, open_entry AS opening, slice,
  'more than 0' AS expected, trim_scale(quantity)::text AS found
FROM verify_slices
WHERE quantity <= 0
ORDER BY close_place, slice`,
  ],
};
