import { type Check, type Fault, faultsOf } from "../check.ts";

/**
 * Amounts, marks and times of each row from the facts it names. The shares are taken as stored here: I4
 * proves them. Rows that name no fact are left to I7: placed is false.
 */
export const derived = `open_price * quantity + open_fee AS cost, close_price * quantity AS gross,
    CASE WHEN open_entry IS NULL THEN 4 WHEN open_incomplete THEN 1 ELSE 0 END
      + CASE WHEN close_incomplete THEN 2 ELSE 0 END AS expected_missing,
    close_place IS NOT NULL AND (open_entry IS NULL OR open_place IS NOT NULL) AS placed`;

const amount = (name: string): string => `trim_scale(${name})`;

const fault = (
  what: string,
  expected: string,
  found: string,
  shown = (name: string) => name,
): Fault => ({
  invariant: "I3",
  when: `placed AND ${expected} IS DISTINCT FROM ${found}`,
  what: `'${what}'`,
  expected: shown(expected),
  found: shown(found),
});

/** An incomplete slice has nulls where matching.md 4 says so. */
const profit = "CASE WHEN expected_missing = 0 THEN gross - close_fee - cost END";
const cost = "CASE WHEN expected_missing & 5 = 0 THEN cost END";

export const alone: readonly Fault[] = [
  fault("pnl", profit, "pnl", amount),
  fault("cost basis", cost, "cost_basis", amount),
  fault("proceeds", "gross", "proceeds", amount),
  fault("missing", "expected_missing", "missing"),
  fault("opening time", "open_time", "opened_at"),
  fault("closing time", "close_time", "closed_at"),
  {
    invariant: "I3",
    when: "placed AND (open_fee IS NULL) <> (open_entry IS NULL)",
    what: "'open share present or absent against the opening side'",
    expected: "NULL",
    found: "NULL",
  },
];

const lotTest = (what: string, expected: string, found: string): string => `
  SELECT '${what} of an open lot', ${expected}::text, ${found}::text
  WHERE ${expected} IS DISTINCT FROM ${found}`;

export const i3: Check = {
  id: "I3",
  title: "amounts, marks and times of every row follow from its facts and shares",
  lane: "matching",
  needsVersion: true,
  parts: [
    faultsOf("I3"),
    `
SELECT wrong.what, book_id, open_entry AS entry, NULL::bigint AS opening, NULL::integer AS slice,
  wrong.expected, wrong.found
FROM (
  SELECT *, CASE WHEN open_incomplete THEN 1 ELSE 0 END AS expected_missing,
    CASE WHEN NOT open_incomplete THEN open_price * quantity + open_fee END AS expected_cost
  FROM verify_lots WHERE open_place IS NOT NULL
) AS lot, LATERAL (
  ${[
    lotTest("cost basis", amount("expected_cost"), amount("cost_basis")),
    lotTest("missing", "expected_missing", "missing"),
    lotTest("opening time", "open_time", "opened_at"),
  ].join("\n  UNION ALL ")}
) AS wrong (what, expected, found)
WHERE cost_basis IS DISTINCT FROM expected_cost OR missing <> expected_missing OR opened_at <> open_time
ORDER BY open_place`,
  ],
};
