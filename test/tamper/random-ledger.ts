/**
 * Random ledgers through the library, as persons and programs would fill them: facts of every kind in any
 * order and batch, told again, contradicted, told without ids, decided about, computed now and then.
 */
import type { Fact } from "../../src/core/fact.ts";
import { arrange } from "../../src/testing/arrival.ts";
import { Dice, drawHistory } from "../../src/testing/histories.ts";
import { fileOf, type TestLedger, time } from "../ledger/ledger.ts";

const person = { author: "ana", reason: "looked it up" };

/** The facts of a seed, in portfolios of its own. */
function factsOf(seed: number): Fact[] {
  return drawHistory(seed, 8).facts.map((fact) => ({
    ...fact,
    portfolio: `${seed} ${fact.portfolio}`,
  }));
}

/** Tells a fill in another source with another price: it is kept beside, and a person is asked. */
async function contradict({ ledger }: TestLedger, fact: Fact): Promise<void> {
  if (fact.kind === "fill") await ledger.record([{ ...fact, price: "4242" }], { source: "other" });
}

/** A row without an id, of a wallet whose fills have some: it waits for a person. */
async function tellWithoutId({ ledger }: TestLedger, seed: number, directory: string) {
  const portfolio = `${seed} waits`;
  const trade = { portfolio, symbol: "DOGE-USD", side: "buy", quantity: "5", price: "2" } as const;
  await ledger.record([{ ...trade, fillId: "b1", executedAt: time(1) }]);
  const rows = [1, 1].map((minute) => `,${time(minute)},${portfolio},DOGE-USD,buy,5,2`);
  const columns = "fill_id,executed_at,portfolio,symbol,side,quantity,price";
  await ledger.import([await fileOf(directory, [columns, ...rows])]);
}

/** Answers some of what is asked about the portfolios of a seed. */
async function decide({ ledger }: TestLedger, seed: number, dice: Dice): Promise<void> {
  const asked = await ledger.review({}, async (found) => {
    const items = [];
    for await (const item of found) if (item.portfolio.startsWith(`${seed} `)) items.push(item);
    return items;
  });
  for (const { item, actions } of asked) {
    const simple = actions.filter((action) =>
      ["keep", "take", "accept", "record"].includes(action),
    );
    if (simple.length === 0 || dice.once(3)) continue;
    const action = dice.pick(simple) as "keep";
    await ledger.resolve({ items: [item] }, { action }, person);
  }
}

/** Adds what a seed draws to a ledger and computes it. */
export async function tellRandomly(
  opened: TestLedger,
  seed: number,
  directory: string,
): Promise<void> {
  const { ledger } = opened;
  const dice = new Dice(seed);
  const batches = arrange(dice, factsOf(seed), dice.pick([2, 8, 40]));
  for (const batch of batches) {
    await ledger.record(batch);
    if (dice.once(4)) await ledger.record(batch.slice(0, 2), { source: "again" });
    if (dice.once(3)) await contradict(opened, dice.pick(batch));
    if (dice.once(6)) await ledger.compute();
  }
  await tellWithoutId(opened, seed, directory);
  await ledger.compute();
  await decide(opened, seed, dice);
  await ledger.compute(dice.once(8) ? { full: true } : {});
}
