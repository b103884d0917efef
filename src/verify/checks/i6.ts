import { type Check, type Fault, faultsOf } from "../check.ts";
import { poolOf } from "../movements.ts";

export const alone: readonly Fault[] = [
  {
    invariant: "I6",
    when: `${poolOf("open_place")} <> ${poolOf("close_place")}`,
    what: "'the lot is of another pool'",
    expected: "NULL",
    found: "NULL",
  },
];

/**
 * Lay all that a pool opened end to end, in ledger order: each opening fact is an interval. Lay all that its
 * sales matched end to end, in ledger order of the sales. First in, first out says exactly that each slice
 * lies inside the interval of the fact it names; then none goes back and none is skipped. And a sale is
 * unmatched exactly where the slices have reached the end of all that was opened before it.
 */
export const alongClose: readonly Fault[] = [
  {
    invariant: "I6",
    when: "close_place IS NOT NULL AND unmatched AND matched <> bound",
    what: "'unmatched although a lot was left'",
    expected: "'matched up to ' || trim_scale(bound)",
    found: "'matched up to ' || trim_scale(matched)",
  },
  {
    invariant: "I6",
    when: `close_place IS NOT NULL AND open_place IS NOT NULL
      AND (matched > bound OR matched - quantity < bound - open_quantity)`,
    what: "'not the first lot that was left'",
    expected: "trim_scale(bound - open_quantity) || ' to ' || trim_scale(bound)",
    found: "trim_scale(matched - quantity) || ' to ' || trim_scale(matched)",
  },
];

export const i6: Check = {
  id: "I6",
  title: "lots are consumed first in, first out, and a sale is unmatched only when none is left",
  lane: "matching",
  needsVersion: true,
  parts: [faultsOf("I6")],
};
