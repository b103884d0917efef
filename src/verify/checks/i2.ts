import type { Check } from "../check.ts";

export const i2: Check = {
  id: "I2",
  title: "the slices of an opening fact and its open lot add up to its quantity",
  lane: "matching",
  needsVersion: true,
  parts: [
    `
SELECT 'slices and open lot do not add up to the opening fact' AS what, book_id, entry,
  NULL::bigint AS opening, NULL::integer AS slice, quantity::text AS expected,
  trim_scale(used)::text AS found
FROM verify_totals
WHERE opens AND used <> quantity
ORDER BY place`,
  ],
};
