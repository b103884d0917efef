import { type Check, type Fault, faultsOf, namedByPlace } from "../check.ts";

type Side = "open" | "close";

/** 10^s of numbers.md 4: s is the greater of 18 and the decimals of the fee, which is in normal form here. */
const unit = (side: Side): string =>
  `CASE WHEN scale(${side}_total) <= 18 THEN 1e18 ELSE ('1e' || scale(${side}_total))::numeric END`;

/**
 * numbers.md 4. div() is the truncating integer division of numeric, so trunc(A x c / Q) in units of 10^-s
 * is div(A x 10^s x c, Q): the plain division operator would choose a scale of its own. At both ends, where
 * most slices begin or end, there is nothing to divide.
 */
const prefix = (side: Side, consumed: string): string =>
  `CASE ${consumed} WHEN 0 THEN 0 WHEN ${side}_quantity THEN ${side}_total * ${unit(side)}
        ELSE div(${side}_total * ${unit(side)} * (${consumed}), nullif(${side}_quantity, 0)) END`;

/** A count of units as an amount, for people: 1e-18 x count, exact. */
const shown = (count: string, side: Side): string =>
  `trim_scale((${count}) * ('1e-' || greatest(18, scale(${side}_total)))::numeric)`;

function share(side: Side): Fault {
  const units = `CASE WHEN ${side}_total = 0 THEN 0
      ELSE ${prefix(side, `${side}_through`)} - ${prefix(side, `${side}_through - quantity`)} END`;
  return {
    invariant: "I4",
    when: `${side}_place IS NOT NULL AND ${side}_fee * ${unit(side)} IS DISTINCT FROM ${units}`,
    what: `'${side} share'`,
    expected: shown(units, side),
    found: `trim_scale(${side}_fee)`,
  };
}

/** The second follows from the shares and the quantities; proven apart all the same, by addition only. */
export const alongClose: readonly Fault[] = [
  share("close"),
  {
    invariant: "I4",
    when: "close_last AND close_shared IS DISTINCT FROM close_total",
    what: "'the shares do not add up to the fee'",
    expected: "close_total",
    found: "trim_scale(close_shared)",
    of: "close",
  },
];
export const alongOpen: readonly Fault[] = [share("open")];

/** A lot carries the rest: the fee without the prefix of all that was consumed. */
const lotShares = `
SELECT 'share left in an open lot' AS what, fact.book_id, fact.entry, NULL::bigint AS opening,
  NULL::integer AS slice,
  ${shown("units", "open")}::text AS expected, trim_scale(lot_fee)::text AS found
FROM (
  SELECT *, open_total * ${unit("open")} - ${prefix("open", "through")} AS units
  FROM verify_opened WHERE has_lot
) AS lot
${namedByPlace}
WHERE lot_fee * ${unit("open")} IS DISTINCT FROM units
ORDER BY place`;

const openSums = `
SELECT 'the shares do not add up to the fee' AS what, fact.book_id, fact.entry, NULL::bigint AS opening,
  NULL::integer AS slice, open_total::text AS expected,
  trim_scale(shared + coalesce(lot_fee, 0))::text AS found
FROM verify_opened
${namedByPlace}
WHERE shared + coalesce(lot_fee, 0) <> open_total
ORDER BY place`;

export const i4: Check = {
  id: "I4",
  title: "shares of fees follow the rule of prefixes and add up to the fee",
  lane: "matching",
  needsVersion: true,
  parts: [faultsOf("I4"), lotShares, openSums],
};
