import type { Check } from "../check.ts";

export const i2: Check = {
  id: "I2",
  title: "the slices of an opening fact and its open lot add up to its quantity",
  lane: "matching",
  needsVersion: true,
  parts: [
    `
SELECT 'slices and open lot do not add up to the opening fact' AS what, b.book_id, m.entry,
  NULL::bigint AS opening, NULL::integer AS slice, m.quantity::text AS expected,
  trim_scale(coalesce(o.open_through, 0) + coalesce(l.quantity, 0))::text AS found
FROM verify_movements m
JOIN verify_books b ON b.book = m.book
LEFT JOIN verify_openings o ON o.open_place = m.place AND o.open_last
LEFT JOIN verify_lots l ON l.open_place = m.place
WHERE m.opens AND coalesce(o.open_through, 0) + coalesce(l.quantity, 0) <> m.quantity
ORDER BY m.place`,
  ],
};
