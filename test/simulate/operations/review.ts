/** `review`: the queue is what the model says, and decisions do what the spec says. */
import { expect } from "vitest";
import type { Adjustment, Fact, Fill } from "../../../src/core/fact.ts";
import type { Dice } from "../../../src/testing/histories.ts";
import { coinbaseWallet } from "../market.ts";
import { type Amendable, bookOf, who } from "../model/facts.ts";
import { type Item, itemText, shownText } from "../model/review.ts";
import type { World } from "../world.ts";
import { nextValue, statedBy } from "./amend.ts";

type Shown = Record<string, unknown> & {
  readonly item: string;
  readonly actions: readonly string[];
};

const signed = ["--author", who.author, "--reason", who.reason];

/** All items, as the command shows them; they are those of the model. */
export async function listItems(world: World): Promise<[Shown, Item][]> {
  const { items } = await world.look<{ items: Shown[] }>(["review", "list", "--all"]);
  const expected = world.model.review.items();
  const texts = expected.map(itemText);
  expect(items.map(shownText).toSorted()).toEqual(texts.toSorted());
  const left = [...expected];
  return items.map((shown) => {
    const place = left.findIndex((item) => itemText(item) === shownText(shown));
    return [shown, left.splice(place, 1)[0]!];
  });
}

export async function review(world: World, dice: Dice): Promise<void> {
  const all = await listItems(world);
  const { items } = await world.look<{ items: Shown[] }>(["review", "list"]);
  const open = all.filter(([, item]) => !item.resolved).map(([shown]) => shown.item);
  expect(items.map(({ item }) => item)).toEqual(open);
  const grouped = ["review", "list", "--all", "--group-by", "kind"];
  const { groups } = await world.look<{ groups: { open: number; items: number }[] }>(grouped);
  const sum = (key: "open" | "items"): number =>
    groups.reduce((total, group) => total + Number(group[key]), 0);
  expect([sum("items"), sum("open")]).toEqual([all.length, open.length]);
  if (all.length === 0) return;
  const [{ item }] = dice.pick(all);
  await world.look(["review", "show", item]);
}

const actions = ["keep", "take", "record", "dismiss", "void", "accept", "reopen"];

/** What can be done about an item. */
function possible(world: World, { kind, fact, told, asset, resolved }: Item): string[] {
  if (resolved) return ["reopen"];
  const { facts } = world.model;
  switch (kind) {
    case "conflict": {
      const replaceable = fact.kind !== "void" && fact.kind !== "adjustment";
      if (!replaceable) return ["keep"];
      return differs(facts.latest(fact), told!.fact) ? ["keep", "take"] : ["keep"];
    }
    case "waiting":
      return ["record", "attach", "dismiss"];
    case "adjusted":
      return world.model.review.candidates(fact as Adjustment).length === 1
        ? ["keep", "void"]
        : ["keep"];
    case "fee-value":
      return facts.valueInForce(fact as Fill, asset!) === undefined ? ["value"] : ["keep"];
    case "unmatched":
      return ["accept"];
  }
}

/** The simulation contradicts in prices and values only. */
function differs(recorded: Fact, told: Fact): boolean {
  if (recorded.kind === "fill" && told.kind === "fill") {
    if (recorded.executedAt !== told.executedAt || recorded.quantity !== told.quantity) return true;
    if (JSON.stringify(recorded.fees) !== JSON.stringify(told.fees)) return true;
    return recorded.price !== told.price || recorded.side !== told.side;
  }
  return recorded.kind === "fee value" && told.kind === "fee value"
    ? recorded.value !== told.value
    : false;
}

/** The replacement that takes over what was told, and what it doesn't say from what is recorded. */
function taken(world: World, { fact, told }: Item): { before: Amendable; after: Amendable } {
  const before = world.model.facts.latest(fact as Amendable);
  const said = { ...(told!.fact as Amendable), revision: before.revision + 1 };
  if (before.kind !== "fill" || said.kind !== "fill") return { before, after: said };
  const { sequence, orderId, strategy, tradeId } = before;
  const kept = Object.fromEntries(
    Object.entries({ sequence, orderId, strategy, tradeId }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return { before, after: { ...kept, ...said } };
}

/** What a decision appends beside itself; undefined where it is refused all the same. */
function effect(world: World, item: Item, action: string): (() => void) | undefined {
  const { model } = world;
  const by = { author: who.author, reason: who.reason };
  switch (action) {
    case "take": {
      const { before, after } = taken(world, item);
      const facts = model.facts.correction(before, after, by);
      return () => model.amend(facts, { fact: after, told: item.told! });
    }
    case "record": {
      const told = item.told!;
      if (told.fact.kind === "fill" && model.facts.revisions(told.fact).length > 0)
        return undefined;
      return () => model.amend([told.fact], { fact: told.fact, told });
    }
    case "value": {
      const stated = { value: "6.12", source: statedBy };
      const fact = nextValue(world, item.fact as Fill, item.asset!, stated)!;
      return () => model.amend([fact]);
    }
    case "void": {
      const [fill] = model.review.candidates(item.fact as Adjustment);
      const facts = model.facts.correction(fill!, undefined, by);
      return () => model.amend(facts);
    }
    default:
      return () => {};
  }
}

export async function decide(world: World, dice: Dice): Promise<void> {
  const all = await listItems(world);
  if (all.length === 0) return;
  const open = all.filter(([, item]) => !item.resolved);
  const [shown, item] = dice.pick(open.length > 0 && !dice.once(4) ? open : all);
  const can = possible(world, item);
  expect(shown.actions).toEqual(can);
  if (dice.once(6)) {
    const wrong = dice.pick(actions.filter((action) => !can.includes(action)));
    const argv = wrong === "reopen" ? ["reopen"] : ["resolve", wrong];
    await world.change(["review", ...argv, shown.item, ...signed], 2);
    return;
  }
  const action = dice.pick(can);
  if (action === "attach") return attach(world, dice, shown, item);
  const done = effect(world, item, action);
  const words = action === "value" ? ["value", "6.12"] : [action];
  const argv = action === "reopen" ? ["reopen"] : ["resolve", ...words];
  await world.change(["review", ...argv, shown.item, ...signed], done === undefined ? 2 : 0);
  if (done === undefined) return;
  done();
  world.model.review.decide(item, action);
}

/** Attaches what waits to a fill of its wallet, or, where there is none, is refused. */
async function attach(world: World, dice: Dice, { item: name }: Shown, item: Item): Promise<void> {
  const fills = world.model.facts.standingFills.filter(
    (fill) => bookOf(fill) === bookOf(item.fact) && fill.venue === coinbaseWallet.venue,
  );
  const fill = fills.length === 0 ? undefined : dice.pick(fills);
  const argv = ["review", "resolve", "attach", fill?.fillId ?? "nobody", name, ...signed];
  await world.change(argv, fill === undefined ? 2 : 0);
  if (fill === undefined) return;
  world.model.judge.attach(item.told!, fill);
  world.model.review.decide(item, "attach");
}

/** Accepts all that is unmatched at once. */
export async function acceptAll(world: World): Promise<void> {
  const items = world.model.review.items();
  const open = items.filter((item) => item.kind === "unmatched" && !item.resolved);
  const argv = ["review", "resolve", "accept", "--kind", "unmatched", "--all-open", ...signed];
  const result = await world.change<{ items: string[] }>(argv);
  expect(result.items).toHaveLength(open.length);
  for (const item of open) world.model.review.decide(item, "accept");
}

export async function tolerance(world: World, dice: Dice): Promise<void> {
  const symbol = dice.pick(["BTC-USD", "ETH-BTC"]);
  const amount = dice.pick(["0", "0.0005", "0.04"]);
  const argv = ["review", "tolerance", symbol, amount, ...signed];
  await world.change(argv);
  world.model.review.tolerances.set(symbol, amount);
  const { tolerances } = await world.look<{ tolerances: { symbol: string; tolerance: string }[] }>(
    argv.slice(0, 2),
  );
  expect(new Map(tolerances.map((each) => [each.symbol, each.tolerance]))).toEqual(
    new Map([...world.model.review.tolerances].toSorted()),
  );
}
