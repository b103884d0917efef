import type { Check } from "../check.ts";

export const i2: Check = {
  id: "I2",
  title: "the slices of an opening fact and its open lot add up to its quantity",
  lane: "matching",
  needsVersion: true,
  parts: [
    {
      sql: `
SELECT 'slices and open lot do not add up to the opening fact' AS what, b.book_id, m.entry,
  NULL::bigint AS opening, NULL::integer AS slice, m.quantity::text AS expected,
  trim_scale(coalesce(used.quantity, 0))::text AS found
FROM verify_movements m
JOIN verify_books b ON b.book = m.book
LEFT JOIN (
  SELECT open_place, sum(quantity) AS quantity
  FROM (
    SELECT open_place, quantity FROM verify_slices WHERE open_place IS NOT NULL
    UNION ALL
    SELECT open_place, quantity FROM verify_lots WHERE open_place IS NOT NULL
  ) AS row GROUP BY open_place
) AS used ON used.open_place = m.place
WHERE m.opens AND coalesce(used.quantity, 0) <> m.quantity
ORDER BY m.place`,
    },
  ],
};
