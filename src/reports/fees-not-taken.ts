/**
 * Fees paid in third assets. Matching does not take them out of the lots of that asset yet
 * (docs/spec/matching.md 6), so a report that shows profits says how much that was, and how many of them
 * have no value.
 */
import type { Connection } from "../store/database.ts";
import { Parameters } from "./parameters.ts";
import type { FeeNotTaken } from "./body.ts";
import { inRange, inView, ofFill, type Selection } from "./selection.ts";

/** Over the fills (of both sides) that the view has taken in, executed in the range. */
export async function countFeesNotTaken(
  connection: Connection,
  selection: Selection,
): Promise<FeeNotTaken[]> {
  const parameters = new Parameters();
  const text = `SELECT fee.asset::text AS asset, trim_scale(sum(fee.amount))::text AS amount,
      count(*) AS fills,
      count(*) FILTER (WHERE NOT EXISTS (SELECT FROM fee_values value
        WHERE value.book_id = fill.book_id AND value.target_entry = fill.entry AND value.asset = fee.asset
          AND value.entry <= state.computed_entry AND NOT EXISTS (SELECT FROM voids
            WHERE voids.book_id = value.book_id AND voids.target_entry = value.entry
              AND voids.entry <= state.computed_entry))) AS without_value
    FROM book_states state
    JOIN fills fill ON fill.book_id = state.book_id AND fill.entry <= state.computed_entry
    CROSS JOIN LATERAL unnest(fill.third_fee_assets, fill.third_fee_amounts) AS fee (asset, amount)
    WHERE fill.third_fee_assets IS NOT NULL AND ${inView(selection, parameters, "state")}
      AND ${inRange(selection, parameters, "fill.executed_at")}
      AND ${ofFill(selection, parameters, { account: "fill.account", strategy: "fill.strategy" })}
      AND NOT EXISTS (SELECT FROM voids WHERE voids.book_id = fill.book_id
        AND voids.target_entry = fill.entry AND voids.entry <= state.computed_entry)
    GROUP BY fee.asset ORDER BY fee.asset COLLATE "C"`;
  const rows = await connection.query<{
    asset: string;
    amount: string;
    fills: bigint;
    without_value: bigint;
  }>(text, parameters.values);
  return rows.map((row) => ({
    asset: row.asset,
    amount: row.amount,
    fills: Number(row.fills),
    without_value: Number(row.without_value),
  }));
}
