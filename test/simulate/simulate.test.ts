/**
 * The whole system in one process, with the clock, the ids, the order of things and the faults from a seed,
 * against a model that reads no database. `LOTBOOK_SEED=n` runs one seed, `LOTBOOK_STEPS=0,3,9` these of its
 * steps; simulate.fuzz.ts runs seeds by the thousand.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engines } from "../engines.ts";
import { tellTrials } from "../reliability.ts";
import { simulateOrShrink } from "./shrink.ts";
import { planOf, simulate } from "./simulation.ts";
import { openStores, type Stores } from "./stores.ts";

const only = process.env["LOTBOOK_SEED"];
const steps = process.env["LOTBOOK_STEPS"]?.split(",").map(Number);
const seeds =
  only === undefined ? Array.from({ length: 20 }, (_, index) => index + 1) : [Number(only)];

/** Two seconds' work, and on a busy machine a multiple of it; a failure is made shorter within it, too. */
const timeout = 300_000;

const embedded = engines.filter((engine) => engine.kind === "pglite");

describe.each(embedded)("the whole system ($name)", (engine) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await openStores([await engine.place(), await engine.place()]);
  });
  afterAll(() => stores.dispose());

  test.each(seeds)("is what the model says: seed %i", { timeout }, async (seed) => {
    const options = { milliseconds: 60_000, ...(steps === undefined ? {} : { places: steps }) };
    const { counts } = await simulateOrShrink(stores, seed, options);
    const told = { test: "test/simulate/simulate.test.ts", engine: engine.name, broken: 0, seed };
    tellTrials({
      promise: "whatever is done, in whatever order, the ledger is what the model says",
      ...told,
      tried: counts.operations,
      unit: "operations of every command",
    });
    tellTrials({
      promise:
        "what fails or dies at a failpoint has changed nothing, and is done by doing it again",
      ...told,
      tried: counts.faults,
      unit: "faults in a simulation",
    });
    tellTrials({
      promise: "a report of a version, known at a revision, as of a time, never changes by a byte",
      ...told,
      tried: counts.asked,
      unit: "reports asked for again",
    });
  });

  test("the same seed does the same, to the byte", { timeout }, async () => {
    const seed = seeds[2] ?? seeds[0]!;
    const { transcript, heads } = await simulate(stores, seed);
    const again = await simulate(stores, seed);
    expect(again.transcript).toEqual(transcript);
    expect(again.heads).toEqual(heads);
    expect(transcript.length).toBeGreaterThan(20);
  });

  test("a canary is found, and the steps that make it", { timeout }, async () => {
    const plan = planOf(1).slice(0, 4);
    plan.splice(2, 0, { operation: "canary", seed: 1, wait: 1 });
    await expect(simulateOrShrink(stores, 1, { plan, milliseconds: 60_000 })).rejects.toThrow(
      /step 0 of 1, canary[\s\S]*LOTBOOK_SEED=1 LOTBOOK_STEPS=2 [\s\S]*fails with 1 steps: canary/,
    );
  });
});
