import { type Check, namedByPlace } from "../check.ts";

export const i2: Check = {
  id: "I2",
  title: "the slices of an opening fact and its open lot add up to its quantity",
  lane: "matching",
  needsVersion: true,
  parts: [
    `
SELECT 'slices and open lot do not add up to the opening fact' AS what, fact.book_id, fact.entry,
  NULL::bigint AS opening, NULL::integer AS slice, open_quantity::text AS expected,
  trim_scale(through + lot_quantity)::text AS found
FROM verify_opened
${namedByPlace}
WHERE through + lot_quantity <> open_quantity
ORDER BY place`,
    `
SELECT 'slices and open lot do not add up to the opening fact' AS what, book_id, entry,
  NULL::bigint AS opening, NULL::integer AS slice, quantity::text AS expected, '0' AS found
FROM verify_absent
WHERE opens AND quantity <> 0
ORDER BY place`,
  ],
};
