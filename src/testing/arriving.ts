/** Facts as arrivals, entry numbers in the order given. Each must come behind what it names. */
import { toUnits } from "../core/decimal.ts";
import type { Arrival } from "../core/diff/arrivals.ts";
import type { Fact } from "../core/fact.ts";
import { splitFees } from "../core/movement.ts";
import { factName, targetName } from "./arrival.ts";

export function arrivalsOf(facts: readonly Fact[]): Arrival[] {
  const entries = new Map(facts.map((fact, index) => [factName(fact), index + 1]));
  const target = (fact: Fact): number => entries.get(targetName(fact)!)!;
  return facts.flatMap((fact, index): Arrival[] => {
    const entry = index + 1;
    switch (fact.kind) {
      case "fill": {
        const { quoteFee, baseFee } = splitFees(fact.symbol, fact.fees, []);
        const dash = fact.symbol.lastIndexOf("-");
        const own = new Set([fact.symbol.slice(0, dash), fact.symbol.slice(dash + 1)]);
        const thirdAssets = fact.fees.map(({ asset }) => asset).filter((asset) => !own.has(asset));
        const { venue, account, fillId: id, revision, executedAt: at, side, sequence } = fact;
        const place = { entry, venue, account, id, revision, at, side, sequence };
        const amounts = {
          quantity: toUnits(fact.quantity),
          price: toUnits(fact.price),
          quoteFee,
          baseFee,
        };
        return [{ kind: "fill", ...place, ...amounts, thirdAssets }];
      }
      case "opening lot": {
        const { venue, account, key: id, revision, openedAt: at } = fact;
        const cost = fact.cost === undefined ? undefined : toUnits(fact.cost);
        return [
          {
            kind: "opening lot",
            entry,
            venue,
            account,
            id,
            revision,
            at,
            quantity: toUnits(fact.quantity),
            cost,
          },
        ];
      }
      case "fee value":
        return [
          {
            kind: "fee value",
            entry,
            target: target({ ...fact, revision: 0 }),
            asset: fact.asset,
            value: toUnits(fact.value),
          },
        ];
      case "void":
        return [{ kind: "void", entry, target: target(fact) }];
      case "adjustment":
        return [];
    }
  });
}
