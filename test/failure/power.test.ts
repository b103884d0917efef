/**
 * The power goes while the embedded engine works: the disk then holds what was synced and parts of the rest.
 * Every such disk opens, what was acknowledged is on it, and the proof is green.
 * `LOTBOOK_TEST_IMAGES=200` makes that many, from `LOTBOOK_SEED` on.
 */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Ledger, openLedger } from "../../src/ledger/ledger.ts";
import { livePorts } from "../../src/ledger/ports.ts";
import { openDatabase } from "../../src/store/open.ts";
import { Dice } from "../../src/testing/histories.ts";
import { engines, type TestPlace } from "../engines.ts";
import { tellTrials } from "../reliability.ts";
import { cutPower, type Unsynced } from "./image.ts";
import { type Operation, record } from "./recorder.ts";
import { type Acknowledged, find, nothing, phases, work } from "./work.ts";

const images = parseInt(process.env["LOTBOOK_TEST_IMAGES"] ?? "10", 10);
const firstSeed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);
const imagesAHistory = 20;
const file = "test/failure/power.test.ts";
const embedded = engines.find(({ kind }) => kind === "pglite");

class Done extends Error {}

/** Works for a while, with checkpoints in between, and gives all that the engine asked of the disk. */
async function workRecorded(place: TestPlace, seed: number): Promise<Operation[]> {
  const recorder = record(join(place.location, "pgdata"));
  const say = (what: object): void =>
    void recorder.operations.push({ kind: "said", what: JSON.stringify(what) });
  try {
    const database = await openDatabase(place.location, { asOwner: true });
    const ledger = new Ledger(database, livePorts);
    const dice = new Dice(seed);
    for (let round = 0; round < 8; round += 1) {
      let left = 2 + dice.below(8);
      const ended = work(ledger, dice.pick(phases), await find(ledger), dice, (acknowledged) => {
        say(acknowledged);
        left -= 1;
        if (left === 0) throw new Done();
      });
      await expect(ended).rejects.toThrow(Done);
      say({ checkpoint: true });
      await database.connect((connection) => connection.script("CHECKPOINT"));
      say({ checkpoint: false });
    }
    await database.close();
    return recorder.operations;
  } finally {
    recorder.stop();
  }
}

/** A moment: half of the time anywhere, else while a checkpoint is at work. */
function moment(operations: readonly Operation[], dice: Dice): number {
  if (dice.once(2)) return dice.below(operations.length + 1);
  const said = (what: string): number[] =>
    operations.flatMap((each, index) =>
      each.kind === "said" && each.what === what ? [index] : [],
    );
  const [begins, ends] = [said('{"checkpoint":true}'), said('{"checkpoint":false}')];
  const which = dice.below(begins.length);
  return begins[which]! + dice.below(ends[which]! - begins[which]!);
}

function acknowledgedBy(operations: readonly Operation[]): Acknowledged {
  const acknowledged = { ...nothing };
  for (const each of operations)
    if (each.kind === "said") Object.assign(acknowledged, JSON.parse(each.what));
  return acknowledged;
}

async function expectKept(
  location: string,
  acknowledged: Acknowledged,
  where: string,
): Promise<void> {
  const ledger = await openLedger(location);
  const found = await find(ledger);
  expect(found.violations, where).toEqual([]);
  expect(found.count, where).toBe(found.facts);
  expect(found.facts, where).toBeGreaterThanOrEqual(acknowledged.facts);
  expect(found.revision, where).toBeGreaterThanOrEqual(acknowledged.revision);
  if (found.revision === acknowledged.revision)
    expect(found.published, where).toBe(acknowledged.published);
  const { digest } = await ledger.compute();
  expect((await ledger.compute({ full: true, publish: false })).digest, where).toBe(digest);
  await ledger.close();
}

describe.skipIf(embedded === undefined)("a power cut", () => {
  test(
    `${images} times: all that was acknowledged is on the disk`,
    {
      timeout: 60_000 + 30_000 * images,
    },
    async () => {
      const unsynced: Unsynced = { whole: 0, torn: 0, absent: 0 };
      for (let done = 0; done < images; done += imagesAHistory) {
        const before = await embedded!.place();
        const place = await embedded!.place();
        const operations = await workRecorded(place, firstSeed + done);
        await place.remove();
        for (let image = done; image < Math.min(images, done + imagesAHistory); image += 1) {
          const dice = new Dice(firstSeed + image);
          const end = moment(operations, dice);
          const location = `${before.location}-cut`;
          await cp(before.location, location, { recursive: true });
          const fates = cutPower(join(location, "pgdata"), operations, end, dice);
          for (const fate of ["whole", "torn", "absent"] as const) unsynced[fate] += fates[fate];
          const where = `seed ${firstSeed + image}, operation ${end} of ${operations.length}`;
          await expectKept(location, acknowledgedBy(operations.slice(0, end)), where);
          await rm(location, { recursive: true });
        }
        await before.remove();
      }
      // Without these it would prove nothing.
      expect(unsynced.torn).toBeGreaterThan(0);
      expect(unsynced.absent).toBeGreaterThan(0);
      tellTrials({
        promise: "what was acknowledged survives a power cut",
        test: file,
        engine: "pglite",
        tried: images,
        unit: "disks",
        broken: 0,
        seed: firstSeed,
      });
    },
  );
});
