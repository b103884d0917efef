/**
 * No false alarm: random ledgers with facts of every kind, told in every way, are verified green.
 * `LOTBOOK_CLEAN_RUNS=n` draws n of them, an equal part on each engine; `LOTBOOK_SEED=n` the one of that
 * seed.
 */
import { expect, it } from "vitest";
import { describeEngines, engines } from "../engines.ts";
import { openTestLedger, type TestLedger, withDirectory } from "../ledger/ledger.ts";
import { tellTrials } from "../reliability.ts";
import { tellRandomly } from "./random-ledger.ts";

const test = "test/tamper/clean.test.ts";
const runs = Number.parseInt(process.env["LOTBOOK_CLEAN_RUNS"] ?? "3", 10);
const only = process.env["LOTBOOK_SEED"];
/** Each adds to what is there: the database is a fresh one now and then, so that runs cost alike. */
const runsADatabase = 25;

function seedsFor(engine: number): number[] {
  if (only !== undefined) return [Number.parseInt(only, 10)];
  const seeds = Array.from({ length: runs }, (_, seed) => seed);
  return seeds.filter((seed) => seed % engines.length === engine);
}

/** What a ledger must have had in it for its being green to say something. */
const everything = `
SELECT outcome AS has FROM observations
UNION SELECT 'fill' FROM fills UNION SELECT 'void' FROM voids UNION SELECT 'opening lot' FROM opening_lots
UNION SELECT 'fee value' FROM fee_values UNION SELECT 'adjustment' FROM adjustments
UNION SELECT 'alias' FROM aliases`;

/** What verify says against the ledger, the recomputation included. */
async function alarms({ ledger }: TestLedger): Promise<unknown[]> {
  const { checks } = await ledger.verify();
  const { differences } = await ledger.recompute();
  return [...checks.flatMap(({ examples }) => examples), ...differences];
}

describeEngines("a clean ledger", (engine) => {
  it(
    "is verified without an alarm",
    () =>
      withDirectory(async (directory) => {
        const seeds = seedsFor(engines.indexOf(engine));
        const failures: string[] = [];
        const had = new Set<unknown>();
        let opened: TestLedger | undefined;
        for (const [index, seed] of seeds.entries()) {
          if (index % runsADatabase === 0) {
            await opened?.dispose();
            opened = await openTestLedger(engine);
          }
          await tellRandomly(opened!, seed, directory);
          const found = await alarms(opened!);
          if (found.length > 0) failures.push(`LOTBOOK_SEED=${seed}: ${JSON.stringify(found[0])}`);
          for (const { has } of await opened!.query(everything)) had.add(has);
        }
        await opened?.dispose();
        tellTrials({
          promise: "verify raises no alarm over a ledger that nobody tampered with",
          test,
          engine: engine.name,
          tried: seeds.length,
          unit: "random ledgers",
          broken: failures.length,
          seed: seeds[0] ?? 0,
        });
        expect(failures).toEqual([]);
        if (seeds.length >= runsADatabase) expect([...had].toSorted()).toMatchInlineSnapshot();
      }),
    3_600_000,
  );
});
