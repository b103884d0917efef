/** What persons append: corrections, opening lots, values of fees. What the rules forbid is refused. */
import { expect } from "vitest";
import type { Fact, FeeValue, Fill, OpeningLot } from "../../../src/core/fact.ts";
import type { Dice } from "../../../src/testing/histories.ts";
import { product, timeText } from "../amounts.ts";
import { coinbaseWallet } from "../market.ts";
import { type Amendable, thirdFees, who } from "../model/facts.ts";
import type { World } from "../world.ts";

const signed = ["--author", who.author, "--reason", who.reason];

/** Runs a command that appends these facts; no facts: it is refused. Sometimes it is tried dry first. */
async function append(
  world: World,
  dice: Dice,
  argv: readonly string[],
  facts: readonly Fact[] | undefined,
): Promise<void> {
  const status = facts === undefined ? 2 : 0;
  if (dice.once(4)) {
    const tried = await world.change<{ batch: string | null }>([...argv, "--dry-run"], status);
    if (facts !== undefined) expect(tried.batch).toBe(null);
    await world.checkFacts();
  }
  await world.change(argv, status);
  if (facts !== undefined) world.model.amend(facts);
}

/** The latest revisions of fills that are not Coinbase's: their content is what makes them pair. */
function fills({ model }: World): Fill[] {
  return model.facts.all.filter(
    (fact): fact is Fill =>
      fact.kind === "fill" &&
      fact.venue !== coinbaseWallet.venue &&
      model.facts.latest(fact) === fact,
  );
}

const pair = (option: string, value: string): string[] => [option, value];

const narrowed = ({ portfolio, symbol, venue, account }: Amendable): string[] => [
  ...pair("--portfolio", portfolio),
  ...pair("--symbol", symbol),
  ...pair("--venue", venue),
  ...pair("--account", account),
];

/** What is replaced, and how the command says it. */
function changed(world: World, dice: Dice, fill: Fill): { after: Fill; argv: string[] } {
  const { market } = world;
  const next = { ...fill, revision: fill.revision + 1 };
  switch (dice.below(6)) {
    case 0: {
      const executedAt = market.time(dice);
      return { after: { ...next, executedAt }, argv: ["--executed-at", timeText(executedAt)] };
    }
    case 1: {
      const quantity = market.quantity(dice);
      return { after: { ...next, quantity }, argv: ["--quantity", quantity] };
    }
    case 2: {
      const { strategy: _, ...rest } = next;
      return { after: rest, argv: ["--strategy", ""] };
    }
    case 3: {
      const [fee] = fill.fees;
      if (fill.fees.length > 1) break;
      const amount = dice.pick(["0.0001", "0.0003"]);
      const asset = fee?.asset ?? fill.symbol.split("-")[1]!;
      return { after: { ...next, fees: [{ asset, amount }] }, argv: ["--fee", amount] };
    }
    default:
  }
  const price = market.price(dice);
  return { after: { ...next, price }, argv: ["--price", price] };
}

const sameFill = (one: Fill, other: Fill): boolean =>
  JSON.stringify(said(one)) === JSON.stringify(said(other));
const said = ({ sequence, executedAt, ...rest }: Fill): unknown =>
  Object.entries({ ...rest, sequence: `${sequence}`, executedAt: `${executedAt}` })
    .filter(([key, value]) => value !== undefined && key !== "revision")
    .toSorted(([left], [right]) => (left < right ? -1 : 1));

export async function correctFill(world: World, dice: Dice): Promise<void> {
  const all = fills(world);
  if (all.length === 0) {
    await world.change(["correct", "nobody", "--void", ...signed], 2);
    return;
  }
  const fill = dice.pick(all);
  const { facts } = world.model;
  const voided = facts.isVoided(fill);
  const name = ["correct", fill.fillId, ...narrowed(fill), ...signed];
  if (dice.once(3)) {
    const expected = voided ? undefined : facts.correction(fill, undefined);
    await append(world, dice, [...name, "--void"], expected);
    return;
  }
  const { after, argv } = changed(world, dice, fill);
  const idle = sameFill(fill, after) && !voided;
  await append(world, dice, [...name, ...argv], idle ? undefined : facts.correction(fill, after));
}

export async function addOpeningLot(world: World, dice: Dice): Promise<void> {
  const known = world.model.facts.all.filter((fact) => fact.kind === "opening lot");
  const again = known.length > 0 && dice.once(4);
  const lot = again ? dice.pick(known) : world.market.openingLot(dice);
  const { key, quantity, cost = "unknown", openedAt, note } = lot;
  const argv = ["opening-lot", "add", key, ...narrowed(lot), "--author", lot.author];
  const what = ["--quantity", quantity, "--cost", cost, "--at", timeText(openedAt), "--note", note];
  await append(world, dice, [...argv, ...what], again ? undefined : [lot]);
}

export async function correctOpeningLot(world: World, dice: Dice): Promise<void> {
  const { facts } = world.model;
  const lots = facts.all.filter(
    (fact): fact is OpeningLot => fact.kind === "opening lot" && facts.latest(fact) === fact,
  );
  if (lots.length === 0) return;
  const lot = dice.pick(lots);
  const name = ["correct", lot.key, "--opening-lot", ...narrowed(lot), ...signed];
  if (dice.once(3)) {
    const voided = facts.isVoided(lot) ? undefined : facts.correction(lot, undefined);
    await append(world, dice, [...name, "--void"], voided);
    return;
  }
  const cost = dice.pick(["3.75", "unknown"]);
  const { cost: before, ...rest } = lot;
  const after = { ...rest, ...(cost === "unknown" ? {} : { cost }), revision: lot.revision + 1 };
  const idle = (before ?? "unknown") === cost && !facts.isVoided(lot);
  const expected = idle ? undefined : facts.correction(lot, { ...after, author: who.author });
  await append(world, dice, [...name, "--cost", cost], expected);
}

/** Fills with a fee in a third asset, in any state. */
const withThirdFee = (world: World): Fill[] =>
  fills(world).filter((fill) => thirdFees(fill).length > 0);

export const statedBy = `stated by ${who.author}`;

/** The value of a fee as the next revision; undefined where it is refused. */
export function nextValue(
  { model }: World,
  fill: Fill,
  asset: string,
  stated: { readonly value: string; readonly source: string },
): FeeValue | undefined {
  const { portfolio, symbol, venue, account, fillId, revision: fillRevision } = fill;
  const before = model.facts.latestValue(fill, asset);
  if (model.facts.isVoided(fill)) return undefined;
  if (before !== undefined && !model.facts.isVoided(before)) return undefined;
  const name = { portfolio, symbol, venue, account, fillId, fillRevision, asset };
  const revision = before === undefined ? 0 : before.revision + 1;
  return { kind: "fee value", ...name, revision, ...stated };
}

export async function setFeeValue(world: World, dice: Dice): Promise<void> {
  const all = withThirdFee(world);
  if (all.length === 0) return;
  const fill = dice.pick(all);
  const { asset } = dice.pick(thirdFees(fill));
  const value = dice.pick(["1.25", "-0.5", "6"]);
  const name = ["fee-value", "set", fill.fillId, asset];
  const options = [...narrowed(fill), "--author", who.author];
  if (dice.once(8)) {
    await append(
      world,
      dice,
      ["fee-value", "set", fill.fillId, "XYZ", value, ...options],
      undefined,
    );
    return;
  }
  const fact = nextValue(world, fill, asset, { value, source: statedBy });
  // `--` lets a rebate's value begin with a dash.
  const argv = [...name.slice(0, 2), ...options, "--", ...name.slice(2), value];
  if (fact === undefined) await world.change(argv, 2);
  else {
    await world.change(argv);
    world.model.amend([fact]);
  }
}

export async function correctFeeValue(world: World, dice: Dice): Promise<void> {
  const all = withThirdFee(world);
  if (all.length === 0) return;
  const fill = dice.pick(all);
  const { asset } = dice.pick(thirdFees(fill));
  const { facts } = world.model;
  const before = facts.latestValue(fill, asset);
  const argv = ["correct", fill.fillId, "--fee-value", asset, ...narrowed(fill), ...signed];
  if (before === undefined || facts.isVoided(fill)) {
    await append(world, dice, [...argv, "--value", "2.5"], undefined);
    return;
  }
  if (dice.once(2)) {
    const expected = facts.isVoided(before) ? undefined : facts.correction(before, undefined);
    await append(world, dice, [...argv, "--void"], expected);
    return;
  }
  const value = `2.${1 + dice.below(9)}`;
  const after = { ...before, value, source: statedBy, revision: before.revision + 1 };
  await append(world, dice, [...argv, "--value", value], facts.correction(before, after));
}

interface Price {
  readonly at: bigint;
  readonly price: string;
}

const hour = 3_600_000_000_000n;

/** `fee-value from-prices`: a price an hour or so, some fees too early or too late for any. */
export async function valueFromPrices(world: World, dice: Dice): Promise<void> {
  if (world.model.facts.all.length === 0) return;
  const prices = Array.from({ length: 3 }, (_, index): Price => {
    return { at: world.market.time(dice) + BigInt(index), price: `${60 + dice.below(9)}.5` };
  });
  const quote = dice.pick(["USD", "BTC"]);
  const lines = prices.map(({ at, price }) => `BNB,${quote},${timeText(at)},${price}`);
  const path = world.file("csv", ["asset,quote,at,price", ...lines, ""].join("\n"));
  const unvalued = world.model.facts.standingFills.flatMap((fill) =>
    thirdFees(fill)
      .filter(({ asset }) => world.model.facts.valueInForce(fill, asset) === undefined)
      .map((fee) => ({ fill, fee })),
  );
  const made = unvalued.flatMap(({ fill, fee }): FeeValue[] => {
    if (fee.asset !== "BNB" || !fill.symbol.endsWith(`-${quote}`)) return [];
    const earlier = prices.filter(({ at }) => at <= fill.executedAt);
    const last = earlier.toSorted((left, right) => (left.at < right.at ? 1 : -1))[0];
    if (last === undefined || fill.executedAt - last.at > hour) return [];
    const name = path.slice(path.lastIndexOf("/") + 1);
    const source = `BNB-${quote} ${last.price} at ${timeText(last.at)}, from ${name}`;
    const value = product(fee.amount, last.price);
    return [nextValue(world, fill, "BNB", { value, source })!];
  });
  const argv = ["fee-value", "from-prices", path, "--author", who.author];
  const result = await world.change(argv);
  expect(result).toMatchObject({
    prices: 3,
    valued: made.length,
    without: unvalued.length - made.length,
  });
  world.model.amend(made);
}
