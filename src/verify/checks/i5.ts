import { type Check, type Fault, faultsOf } from "../check.ts";
import { poolOf } from "../movements.ts";

/** Places of one pool are in ledger order. Slices across pools are left to I6. */
export const alone: readonly Fault[] = [
  {
    invariant: "I5",
    when: `open_place >= close_place AND ${poolOf("open_place")} = ${poolOf("close_place")}`,
    what: "'the opening fact sorts after the sale'",
    expected: "'opened before ' || close_time",
    found: "'opened at ' || open_time",
  },
];

export const i5: Check = {
  id: "I5",
  title: "nothing is consumed by a fill that sorts before it",
  lane: "matching",
  needsVersion: true,
  parts: [faultsOf("I5")],
};
