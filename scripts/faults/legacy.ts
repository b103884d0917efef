/** Faults of taking over an old system: docs/spec/legacy.md. */
import { type Fault, faultsOf } from "./fault.ts";

const compared = "test/legacy/compare.test.ts";

export const legacyFaults: readonly Fault[] = [
  ...faultsOf(
    "src/legacy/cause.ts",
    compared,
    {
      "old system: a parent of which nothing is left counts as any other": [
        "left !== undefined && left.units <= 0n)) return causes[0];",
        "left !== undefined && left.units < 0n)) return causes[0];",
      ],
      "old system: parents that fall short together are not seen": [
        "if (allKnown && isAbove(computed.size, left) && (!same || isOvercharged(old, computed)))",
        "if (allKnown && isAbove(left, computed.size) && (!same || isOvercharged(old, computed)))",
      ],
      "old system: a fee counted twice is no fee mistake": [
        "[Exact.zero, fee, fee.plus(fee)]",
        "[Exact.zero, fee]",
      ],
      "old system: any difference is a drift of doubles": [
        "const leastApart = new Exact(1n, 8);",
        "const leastApart = new Exact(1n, 0);",
      ],
    },
    "a |no |all |one |too |the |more |an ",
  ),
  ...faultsOf("src/legacy/import.ts", "test/legacy/import.test.ts", {
    "old system: bad rows are left out unasked": [
      "if (this.bad === 0 || this.#options.skipBadRows === true) return;",
      "if (this.bad >= 0) return;",
    ],
    "old system: an order that is there twice is told twice": [
      '!("order" in reading) || this.#repeated.has(reading.order.row)',
      '!("order" in reading)',
    ],
  }),
  ...faultsOf("src/legacy/snapshot.ts", "test/legacy/import.test.ts", {
    "old system: what it says later is not kept": [
      "WHERE l.taken IS NULL OR ROW(",
      "WHERE l.taken IS NULL AND ROW(",
    ],
  }),
  ...faultsOf("src/ledger/record/source-name.ts", "test/legacy/import.test.ts", {
    "old system: executions are counted beside their order": [
      "  { source: legacySource, idSpace: legacySpace },\n",
      "",
    ],
  }),
  ...faultsOf("src/legacy/compared-sales.ts", "test/legacy/truth.test.ts", {
    "old system: a sale uses its own parents up before it comes": [
      "AND slice.place < named.place",
      "AND slice.place <= named.place",
    ],
  }),
];
