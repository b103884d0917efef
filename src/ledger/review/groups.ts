/** The review queue by groups: how many items, and what they amount to. */
import type { Database } from "../../store/database.ts";
import { itemParameters, itemsQuery } from "./items.ts";
import { filterOf, publishedSteps, readOnly, type ReviewRequest } from "./review.ts";

export const reviewGroups = ["kind", "symbol", "day"] as const;
export type ReviewGroup = (typeof reviewGroups)[number];

export interface ItemGroup {
  /** The kind, the symbol, or the UTC date (null: the items have none). */
  readonly group: string | null;
  readonly items: number;
  readonly open: number;
  /**
   * By asset: unmatched net proceeds, fees without a value, and quantity x price of the fills that conflicts,
   * adjustments and waiting tellings are about.
   */
  readonly amounts: Readonly<Record<string, string>>;
}

/** Counts and amounts, in the order of the groups' text. */
export async function groupReview(
  database: Database,
  request: ReviewRequest,
  by: ReviewGroup,
): Promise<ItemGroup[]> {
  return readOnly(database, async (connection) => {
    const filter = filterOf(request);
    const parameters = itemParameters(filter, await publishedSteps(connection));
    const rows = await connection.query<{
      group: string | null;
      asset: string;
      items: bigint;
      open: bigint;
      amount: string | null;
    }>(
      `SELECT ${by}::text AS "group", amount_asset AS asset, count(*) AS items,
         count(*) FILTER (WHERE NOT resolved) AS open, trim_scale(sum(amount)) AS amount
       FROM (${itemsQuery(filter.kinds)}) found ${request.all === true ? "" : "WHERE NOT resolved"}
       GROUP BY ${by}, amount_asset
       ORDER BY ${by}::text COLLATE "C" NULLS FIRST, amount_asset COLLATE "C"`,
      parameters,
    );
    const groups = new Map<
      string | null,
      { items: number; open: number; amounts: Map<string, string> }
    >();
    for (const { group, asset, items, open, amount } of rows) {
      const found = groups.get(group) ?? { items: 0, open: 0, amounts: new Map<string, string>() };
      found.items += Number(items);
      found.open += Number(open);
      if (amount !== null) found.amounts.set(asset, amount);
      groups.set(group, found);
    }
    return [...groups].map(([group, { items, open, amounts }]) => ({
      group,
      items,
      open,
      amounts: Object.fromEntries(amounts),
    }));
  });
}
