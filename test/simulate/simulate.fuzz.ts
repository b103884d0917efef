/**
 * Simulations by the thousand: `LOTBOOK_SIMULATIONS=n` of them (500), or as many as `LOTBOOK_MINUTES=n`
 * allows, from `LOTBOOK_SEED=n` on (1,000). A failure says the one line that replays it.
 */
import { expect, test } from "vitest";
import { engines } from "../engines.ts";
import { tellTrials } from "../reliability.ts";
import { simulateOrShrink } from "./shrink.ts";
import { openStores } from "./stores.ts";

const first = parseInt(process.env["LOTBOOK_SEED"] ?? "1000", 10);
const minutes = process.env["LOTBOOK_MINUTES"];
const end = minutes === undefined ? Infinity : performance.now() + Number(minutes) * 60_000;
const count =
  minutes === undefined ? parseInt(process.env["LOTBOOK_SIMULATIONS"] ?? "500", 10) : Infinity;

/** On one pair of databases: what is dropped leaves traces in their catalogs, which slow them down. */
const seedsAPair = 100;

/** Failures that are looked for before it gives up: the first may hide others. */
const failuresKept = 5;

const embedded = engines.filter((engine) => engine.kind === "pglite");

test.each(embedded)("the whole system, seed after seed ($name)", { timeout: 0 }, async (engine) => {
  const totals = { seeds: 0, operations: 0, commands: 0, faults: 0, asked: 0 };
  const failures: string[] = [];
  const goesOn = (): boolean =>
    totals.seeds < count && performance.now() < end && failures.length < failuresKept;
  while (goesOn()) {
    const stores = await openStores([await engine.place(), await engine.place()]);
    try {
      for (let run = 0; run < seedsAPair && goesOn(); run += 1) {
        const seed = first + totals.seeds;
        totals.seeds += 1;
        try {
          const { counts } = await simulateOrShrink(stores, seed, { milliseconds: 120_000 });
          for (const key of ["operations", "commands", "faults", "asked"] as const)
            totals[key] += counts[key];
        } catch (error) {
          failures.push(String(error));
          process.stderr.write(`${String(error)}\n`);
        }
      }
    } finally {
      await stores.dispose();
    }
    process.stderr.write(`${JSON.stringify({ first, ...totals, failures: failures.length })}\n`);
  }
  const { seeds, operations, faults, asked } = totals;
  tellTrials({
    promise: "whatever is done, in whatever order, the ledger is what the model says",
    test: "test/simulate/simulate.fuzz.ts",
    engine: engine.name,
    tried: seeds,
    unit: `simulations: ${operations} operations, ${faults} faults, ${asked} reports asked again`,
    broken: failures.length,
    seed: first,
  });
  expect(failures).toEqual([]);
});
