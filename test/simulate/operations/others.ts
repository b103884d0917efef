/** The rest: commands that change nothing, help, and what befalls a ledger from outside. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Dice } from "../../../src/testing/histories.ts";
import type { World } from "../world.ts";

/** The same seed makes the same fills. */
export async function generate(world: World, dice: Dice): Promise<void> {
  const options = ["--fills", "20", "--symbols", "2", "--seed", `${dice.below(99)}`];
  const { stdout, status } = await world.command(["generate", ...options]);
  const path = world.path("csv");
  await world.command(["generate", ...options, "--out", path]);
  expect([status, readFileSync(path, "utf8")]).toEqual([0, stdout]);
}

const questions = [
  ["db", "status"],
  ["db", "migrate"],
  ["help"],
  ["help", "review"],
  ["report", "--help"],
];

const mistakes = [
  ["report"],
  ["report", "profit"],
  ["report", "pnl", "--known-at", "9999-01-01"],
  ["report", "lots", "--group-by", "symbol"],
  ["explain", "nobody"],
  ["explain", "nobody", "--format", "csv"],
  ["versions", "publish", "77"],
  ["versions", "drop", "x"],
  ["review", "show", "conflict:BTC-USD:99999"],
  ["review", "resolve", "forget", "conflict:BTC-USD:1", "--reason", "r"],
  ["import"],
  ["fee-value", "set", "nobody", "BNB", "1", "--author", "a"],
  ["verify", "--against", "file"],
  ["flub"],
];

/** Questions of any state of the ledger, and mistakes: bad usage, nothing changed. */
export async function askAround(world: World, dice: Dice): Promise<void> {
  const question = dice.pick(questions);
  const answer = await world.command(question);
  expect([answer.status, answer.stdout !== ""], question.join(" ")).toEqual([0, true]);
  const mistake = dice.pick(mistakes);
  const refused = await world.command(mistake);
  expect([refused.status, refused.stdout], mistake.join(" ")).toEqual([2, ""]);
  expect(refused.stderr).not.toBe("");
}

/** The demonstration runs in a place of its own. */
export async function demonstrate(world: World): Promise<void> {
  await world.other.empty();
  const { status, stderr } = await world.command(["start"]);
  expect([status, stderr]).toEqual([0, ""]);
}

/** The process ends in good order, and another one goes on. */
export async function restart(world: World): Promise<void> {
  await world.main.restart();
}

/** The machine's clock is set: forwards mostly, and back. */
export async function setClock(world: World, dice: Dice): Promise<void> {
  world.clock.advance(dice.pick([3_600_000, 86_400_000, -60_000, -7_200_000]));
}

/** A canary: something is in the ledger that nobody told the model of. */
export async function recordBehindTheModel(world: World, dice: Dice): Promise<void> {
  const fill = { ...world.market.fill(dice), fillId: "canary" };
  await world.ledger.record([fill], { source: "canary" });
}
