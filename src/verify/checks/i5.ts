import type { Check } from "../check.ts";

/** Places of one pool are in ledger order. Slices across pools are left to I6. */
export const i5: Check = {
  id: "I5",
  title: "nothing is consumed by a fill that sorts before it",
  lane: "matching",
  needsVersion: true,
  parts: [
    `
SELECT 'the opening fact sorts after the sale' AS what, book_id, close_entry AS entry,
  open_entry AS opening, slice, 'opened before ' || close_time AS expected,
  'opened at ' || open_time AS found
FROM verify_slices
WHERE close_pool = open_pool AND open_place >= close_place
ORDER BY close_place, slice`,
  ],
};
