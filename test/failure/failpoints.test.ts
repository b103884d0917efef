/**
 * Every failpoint, with an error and with a death: nothing acknowledged is lost, nothing doubled, no version
 * half published; the next command goes on without help, and the end is that of a life without trouble.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeKey } from "../../src/ledger/checkpoint/key.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { type Failpoint, failpoints, livePorts } from "../../src/ledger/ports.ts";
import { openDatabase } from "../../src/store/open.ts";
import { describeEngines, type TestEngine } from "../engines.ts";
import { expectVerified, TestPorts, withDirectory } from "../ledger/ledger.ts";
import { tellTrials } from "../reliability.ts";
import { startChild } from "./child.ts";
import {
  afterCommit,
  exportedFacts,
  Lazily,
  leftovers,
  type Life,
  prepareFiles,
  removeOutputs,
  stateOf,
  steps,
} from "./scenario.ts";

const isLong = process.env["LOTBOOK_TEST_LONG"] === "1";
const long = { timeout: isLong ? 3_600_000 : 900_000 };
const file = "test/failure/failpoints.test.ts";

/** Where a step is broken off: at the nth time that each of these is reached. */
interface Break {
  readonly step: number;
  readonly at: readonly Failpoint[];
  readonly nth: number;
}

/** How often each step of an undisturbed life reaches which failpoint, and the state after it. */
interface Undisturbed {
  readonly reached: readonly ReadonlyMap<Failpoint, number>[];
  /** The first is that of the beginning. */
  readonly states: readonly string[];
  readonly facts: readonly string[];
}

interface Opened extends Life {
  readonly ports: TestPorts;
}

interface Place {
  readonly location: string;
  readonly directory: string;
  /** Where `db copy` goes. */
  readonly copy: string;
}

async function withPlaces(
  engine: TestEngine,
  work: (place: Place) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    await prepareFiles(directory);
    await makeKey(join(directory, "key.pem"));
    const [place, copy] = [await engine.place(), await engine.place()];
    try {
      await work({ location: place.location, directory, copy: copy.location });
    } finally {
      await place.remove();
      await copy.remove();
    }
  });
}

function withLife(engine: TestEngine, work: (life: Opened) => Promise<void>): Promise<void> {
  return withPlaces(engine, async ({ location, directory, copy }) => {
    const database = await openDatabase(location);
    const target = new Lazily(copy);
    const ports = new TestPorts();
    try {
      const ledger = new Ledger(database, ports);
      await work({ directory, copy: target.open, ports, ledger });
    } finally {
      await database.close();
      await target.close();
    }
  });
}

async function liveUndisturbed(engine: TestEngine): Promise<Undisturbed> {
  const reached: Map<Failpoint, number>[] = [];
  const states: string[] = [];
  let facts: string[] = [];
  await withLife(engine, async (life) => {
    states.push(await stateOf(life.ledger.database));
    for (const { run } of steps) {
      const counts = new Map<Failpoint, number>();
      life.ports.reached = (name) => void counts.set(name, (counts.get(name) ?? 0) + 1);
      await run(life);
      reached.push(counts);
      states.push(await stateOf(life.ledger.database));
    }
    await expectEnd(life);
    facts = exportedFacts(life.directory);
  });
  return { reached, states, facts };
}

/** The proof is green, nothing is left over, and the copy and the checkpoint are of this ledger. */
async function expectEnd({ ledger, directory, copy }: Life): Promise<void> {
  await expectVerified({ ledger });
  const { database } = ledger;
  expect(await database.connect((connection) => leftovers(connection, directory))).toEqual([]);
  const [key, note] = [join(directory, "key.pem"), join(directory, "note")];
  expect((await ledger.compareWithCheckpoint({ key, file: note })).ok).toBe(true);
  expect(await stateOf(await copy())).toBe(await stateOf(database));
}

/** All places where a life is broken off; of the removal of leftovers, where there are some. */
function breaksOf({ reached }: Undisturbed): Break[] {
  return reached.flatMap((counts, step) =>
    [...counts].flatMap(([name, count]): Break[] => {
      const one = { step, at: [name], nth: Math.ceil(count / 2) };
      if (name !== "compute.page" && name !== "supersede.page") return [one];
      return [one, { step, at: [name, "leftovers.removed"], nth: 1 }];
    }),
  );
}

/** The first of each name, where all of them would take long. */
function firstOfEach(breaks: readonly Break[]): Break[] {
  const seen = new Set<string>();
  return breaks.filter(({ at }) => {
    const name = at.at(-1)!;
    if (seen.has(name)) return false;
    return seen.add(name);
  });
}

function expectAllReached(breaks: readonly Break[]): void {
  const reached = new Set(breaks.flatMap(({ at }) => at));
  expect(failpoints.filter((name) => !reached.has(name))).toEqual([]);
}

/** What the ledger may look like after a step was broken off. */
function expectBeforeOrAfter(state: string, { step, at }: Break, { states }: Undisturbed): void {
  const before = states[step]!;
  const where = `${steps[step]!.name} at ${at.join(", then ")}`;
  if (at[0] === "compute.book") return; // in between: some of its books
  if (afterCommit.has(at[0]!)) expect(state, where).toBe(states[step + 1]);
  else expect(state, where).toBe(before);
}

/** A command that was done but not acknowledged is done again: refused at most, and nothing is doubled. */
async function runAgain(life: Life, step: number): Promise<void> {
  await steps[step]!.run(life).catch((error: unknown) => {
    if ((error as { code?: string }).code !== "REFUSED") throw error;
  });
}

const undisturbed = new Map<string, Promise<Undisturbed>>();
const undisturbedOn = (engine: TestEngine): Promise<Undisturbed> => {
  const known = undisturbed.get(engine.name) ?? liveUndisturbed(engine);
  undisturbed.set(engine.name, known);
  return known;
};

describeEngines("a step that is broken off", (engine) => {
  test("by an error at any failpoint leaves nothing, and is done the next time", long, async () => {
    const reference = await undisturbedOn(engine);
    const breaks = breaksOf(reference);
    expectAllReached(breaks);
    await withLife(engine, async (life) => {
      for (const [step, { run, name }] of steps.entries()) {
        for (const each of breaks.filter((one) => one.step === step)) {
          await expect(breakOff(life, each), `${name} at ${each.at.join()}`).rejects.toThrow(
            "on purpose",
          );
          expectBeforeOrAfter(await stateOf(life.ledger.database), each, reference);
          if (each.at[0] === "export.named") await removeOutputs(life.directory);
        }
        await (breaks.some((one) => one.step === step && afterCommit.has(one.at[0]!))
          ? runAgain(life, step)
          : run(life));
        expect(await stateOf(life.ledger.database), name).toBe(reference.states[step + 1]);
      }
      await expectEnd(life);
      expect(exportedFacts(life.directory)).toEqual(reference.facts);
    });
    tellTrials({
      promise: "an error at any failpoint leaves nothing half done",
      test: file,
      engine: engine.name,
      tried: breaks.length,
      unit: "errors",
      broken: 0,
    });
  });

  test("by death at any failpoint loses nothing, and the next process goes on", long, async () => {
    const reference = await undisturbedOn(engine);
    const breaks = isLong ? breaksOf(reference) : firstOfEach(breaksOf(reference));
    await withPlaces(engine, async (place) => {
      let next = 0;
      let before: Break | undefined;
      for (const each of withDeathsBefore(breaks)) {
        const [found, ...acknowledged] = await dieAt(place, next, each);
        if (before === undefined) expect(found).toBe(reference.states[0]);
        else expectBeforeOrAfter(found!, before, reference);
        expect(acknowledged).toEqual(reference.states.slice(next + 1, each.step + 1));
        next = each.step;
        before = each;
      }
      const database = await openDatabase(place.location);
      const ledger = new Ledger(database, livePorts);
      const target = new Lazily(place.copy);
      const life = { ...place, ledger, ports: livePorts, copy: target.open };
      for (let step = next; step < steps.length; step += 1) await steps[step]!.run(life);
      expect(await stateOf(database)).toBe(reference.states.at(-1));
      await expectEnd(life);
      const failed = await database.connect((connection) =>
        connection.query("SELECT DISTINCT error FROM runs WHERE status = 'failed'"),
      );
      expect(failed).toEqual([{ error: "the process ended before the run did" }]);
      expect(exportedFacts(place.directory)).toEqual(reference.facts);
      await database.close();
      await target.close();
    });
    tellTrials({
      promise: "a process that dies at any failpoint loses nothing acknowledged",
      test: file,
      engine: engine.name,
      tried: breaks.length,
      unit: "deaths",
      broken: 0,
    });
  });
});

/** To die while leftovers are removed, one must have died before and left some. */
function withDeathsBefore(breaks: readonly Break[]): Break[] {
  return breaks.flatMap((each) =>
    each.at.length === 1 ? [each] : [{ ...each, at: [each.at[0]!] }, each],
  );
}

/** A process that lives from one step to another and dies there; gives the states that it told of. */
async function dieAt(place: Place, from: number, { step, at, nth }: Break): Promise<string[]> {
  const { location, directory, copy } = place;
  const words = [location, directory, copy, from, step, at.at(-1)!, at.length > 1 ? 1 : nth];
  const child = startChild("dying-step.ts", words.map(String));
  const states: string[] = [];
  for await (const line of child.lines) if (!line.startsWith("at ")) states.push(line);
  const { signal } = await child.ended();
  expect(signal, `${steps[step]!.name} at ${at.join()}: ${child.said()}`).toBe("SIGKILL");
  return states;
}

async function breakOff(life: Opened, { step, at, nth }: Break): Promise<void> {
  const counts = new Map<Failpoint, number>();
  life.ports.reached = (name) => {
    if (!at.includes(name)) return;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (counts.get(name) === (name === "leftovers.removed" ? 1 : nth))
      throw new Error(`failed on purpose at ${name}`);
  };
  try {
    await steps[step]!.run(life);
  } finally {
    life.ports.reached = () => {};
  }
}
