/**
 * kill -9 at random moments of recording, computing and publishing, and of opening what was killed before:
 * nothing acknowledged is lost, nothing is doubled or half done, and the proof is green after each.
 * `LOTBOOK_TEST_KILLS=500` kills that often a phase and engine, from `LOTBOOK_SEED` on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openLedger } from "../../src/ledger/ledger.ts";
import { Dice } from "../../src/testing/histories.ts";
import { describeEngines, type TestPlace } from "../engines.ts";
import { tellTrials } from "../reliability.ts";
import { startChild } from "./child.ts";
import { type Acknowledged, find, type Found, nothing, type Phase, phases } from "./work.ts";

const kills = parseInt(process.env["LOTBOOK_TEST_KILLS"] ?? "8", 10);
const firstSeed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);
/** So that a ledger stays small, and proving it quick. */
const killsALedger = 40;
const file = "test/failure/kills.test.ts";

const replay = (engine: string, phase: Phase, seed: number): string =>
  `${phase}; again: LOTBOOK_TEST_ENGINES=${engine} LOTBOOK_TEST_KILLS=1 LOTBOOK_SEED=${seed} ` +
  `npm test -- ${file} -t ${phase}`;

type Line = Partial<Acknowledged> & { readonly opening?: true; readonly found?: Found };

/** Lets a process work and kills it; gives what it found, if it came that far, and what it acknowledged. */
async function workAndDie(
  { location }: TestPlace,
  phase: Phase,
  seed: number,
): Promise<{ found: Found | undefined; acknowledged: Partial<Acknowledged>; said: string }> {
  const dice = new Dice(seed);
  const whileOpening = dice.once(8);
  const delay = whileOpening ? 200 + dice.below(1_500) : dice.below(400);
  const child = startChild("working.ts", [location, phase, String(seed)]);
  let found: Found | undefined;
  const acknowledged: Partial<Acknowledged> = {};
  for await (const text of child.lines) {
    const { opening, found: isThere, ...more } = JSON.parse(text) as Line;
    if (isThere !== undefined) found = isThere;
    Object.assign(acknowledged, more);
    if (whileOpening ? opening : isThere !== undefined)
      void sleep(delay).then(() => child.process.kill("SIGKILL"));
  }
  expect((await child.ended()).signal, child.said()).toBe("SIGKILL");
  return { found, acknowledged, said: child.said() };
}

/** Whether what is found holds what was acknowledged, and nothing by halves. */
function expectKept(found: Found, acknowledged: Acknowledged, phase: Phase, where: string): void {
  expect(found.violations, where).toEqual([]);
  expect(found.count, where).toBe(found.facts);
  expect(found.facts, where).toBeGreaterThanOrEqual(acknowledged.facts);
  expect(found.revision, where).toBeGreaterThanOrEqual(acknowledged.revision);
  if (found.revision === acknowledged.revision)
    expect(found.published, where).toBe(acknowledged.published);
  if (phase === "compute")
    expect(found.computed, where).toBeGreaterThanOrEqual(acknowledged.computed);
}

/** As the next command would find it, and go on. */
async function expectGoesOn(
  { location }: TestPlace,
  acknowledged: Acknowledged,
  phase: Phase,
  where: string,
): Promise<void> {
  const ledger = await openLedger(location);
  expectKept(await find(ledger), acknowledged, phase, where);
  const { digest } = await ledger.compute();
  expect((await ledger.compute({ full: true, publish: false })).digest, where).toBe(digest);
  const { violations } = await find(ledger);
  expect(violations, where).toEqual([]);
  await ledger.close();
}

describeEngines("kill -9", (engine) => {
  test.each(phases)("while working: %s", { timeout: 60_000 + 20_000 * kills }, async (phase) => {
    for (let done = 0; done < kills; done += killsALedger) {
      const place = await engine.place();
      let acknowledged = nothing;
      let where = "";
      for (let kill = done; kill < Math.min(kills, done + killsALedger); kill += 1) {
        const seed = firstSeed + kill;
        where = replay(engine.name, phase, seed);
        const told = await workAndDie(place, phase, seed);
        if (told.found !== undefined) {
          expectKept(told.found, acknowledged, phase, where);
          acknowledged = { ...told.found, ...told.acknowledged };
        }
      }
      await expectGoesOn(place, acknowledged, phase, where);
      await place.remove();
    }
    tellTrials({
      promise: `what was acknowledged survives kill -9: ${phase}`,
      test: file,
      engine: engine.name,
      tried: kills,
      unit: "kills",
      broken: 0,
      seed: firstSeed,
    });
  });
});
