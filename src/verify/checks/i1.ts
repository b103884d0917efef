import { type Check, type Fault, faultsOf } from "../check.ts";

/** Every part of a sale is more than nothing; together they are the sale. */
export const alone: readonly Fault[] = [
  {
    invariant: "I1",
    when: "quantity <= 0",
    what: "'a slice of nothing'",
    expected: "'more than 0'",
    found: "trim_scale(quantity)",
  },
];
export const alongClose: readonly Fault[] = [
  {
    invariant: "I1",
    when: "close_last AND close_through <> close_quantity",
    what: "'slices do not add up to the fill'",
    expected: "close_quantity",
    found: "trim_scale(close_through)",
    of: "close",
  },
];

export const i1: Check = {
  id: "I1",
  title: "the slices of a closing fill add up to its quantity",
  lane: "matching",
  needsVersion: true,
  parts: [
    faultsOf("I1"),
    `
SELECT 'slices do not add up to the fill' AS what, book_id, entry, NULL::bigint AS opening,
  NULL::integer AS slice, quantity::text AS expected, '0' AS found
FROM verify_absent
WHERE NOT opens AND quantity <> 0
ORDER BY place`,
  ],
};
