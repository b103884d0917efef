/**
 * A simulation: a seed gives a sequence of steps, each with dice of its own, so that a sequence stays a
 * sequence when steps are taken out of it. That is how the shortest one that still fails is found.
 */
import { Dice } from "../../src/testing/histories.ts";
import * as amend from "./operations/amend.ts";
import * as compute from "./operations/compute.ts";
import * as imports from "./operations/import.ts";
import * as others from "./operations/others.ts";
import * as proof from "./operations/proof.ts";
import * as reports from "./operations/reports.ts";
import * as review from "./operations/review.ts";
import { type Fault, failpoints } from "./ports.ts";
import type { Stores } from "./stores.ts";
import { type Counts, World } from "./world.ts";

/** Where a failure leaves nothing done. What comes behind a commit is for test/failure. */
const undone = failpoints.filter((name) => !/\.(?:committed|book)$/.test(name));

type Operation = (world: World, dice: Dice) => Promise<unknown>;

/** How often each is drawn, against the others. */
const operations: Readonly<Record<string, readonly [Operation, number]>> = {
  "import lotbook-csv": [imports.importCsv, 8],
  "import rows without ids": [imports.importUnnamed, 4],
  "import lotbook-ndjson": [imports.importNdjson, 6],
  "import coinbase-rest": [imports.importRest, 5],
  "import coinbase-fills-csv": [imports.importStatement, 4],
  "import again": [imports.importAgain, 4],
  "import several": [imports.importSeveral, 2],
  "import a conflict": [imports.importConflict, 4],
  "import rounded": [imports.importRounded, 4],
  "import a bad row": [imports.importBadRow, 3],
  "import garbage": [imports.importGarbage, 2],
  "record by the library": [imports.recordFacts, 4],
  correct: [amend.correctFill, 8],
  "opening-lot add": [amend.addOpeningLot, 3],
  "correct an opening lot": [amend.correctOpeningLot, 2],
  "fee-value set": [amend.setFeeValue, 4],
  "correct a fee's value": [amend.correctFeeValue, 3],
  "fee-value from-prices": [amend.valueFromPrices, 3],
  review: [review.review, 2],
  "review resolve": [review.decide, 9],
  "review resolve --all-open": [review.acceptAll, 1],
  "review tolerance": [review.tolerance, 2],
  compute: [compute.compute, 14],
  "compute --full": [compute.computeFull, 3],
  "compute again": [compute.computeAgain, 2],
  "compute refused": [compute.refusedCompute, 1],
  "record beside a run": [compute.recordBesideRun, 4],
  "versions publish": [compute.publishOther, 3],
  "versions drop": [compute.dropOther, 2],
  "versions list": [compute.listVersions, 1],
  "report now": [reports.reportNow, 3],
  "report the past": [reports.reportPast, 5],
  "ask a report": [reports.askReport, 8],
  "ask again": [reports.askAgain, 4],
  "report runs": [reports.reportRuns, 1],
  explain: [reports.explainFact, 3],
  diff: [reports.diffStates, 3],
  verify: [proof.verifyAll, 1],
  checkpoint: [proof.checkpoint, 2],
  "export and import": [proof.exportAndImport, 1],
  "db copy": [proof.copyAndCompare, 1],
  generate: [others.generate, 1],
  "ask around": [others.askAround, 2],
  start: [others.demonstrate, 0.1],
  restart: [others.restart, 0.4],
  "set the clock": [others.setClock, 2],
  // Never drawn: it must always be found.
  canary: [others.recordBehindTheModel, 0],
};

export interface Step {
  readonly operation: string;
  readonly seed: number;
  /** Milliseconds that pass before it. */
  readonly wait: number;
  /** Comes about in this step or a later one. */
  readonly fault?: Fault;
}

export interface Simulated {
  readonly transcript: readonly string[];
  readonly counts: Counts;
  /** The published version's digest, and the heads of the chains of seals and revisions. */
  readonly heads: readonly unknown[];
}

const stepsASeed = 24;

const bag = Object.entries(operations).flatMap(([name, [, weight]]) =>
  Array.from({ length: Math.round(weight * 10) }, () => name),
);

function drawFault(dice: Dice): Fault {
  // The target of a copy is another database: its death is told of by its transaction.
  const at = dice.pick(undone);
  const dies = at !== "copy.table" && dice.once(10);
  const nth = dice.pick([1, 1, 1, 2]);
  return { at, nth, how: dies ? "dies" : nth === 1 ? "fails" : "ends" };
}

const drawn = [...new Set(bag)];

/** At these places of a plan stands what is its seed's turn: few seeds in a row have everything. */
const places = [9, 14, 19];

/** The steps of a seed. It begins with facts, so that most steps have something to work on. */
export function planOf(seed: number): Step[] {
  const dice = new Dice(seed);
  const turn = (place: number): string => drawn[(seed * places.length + place) % drawn.length]!;
  const fixed = new Map([
    [0, "import lotbook-csv"],
    [3, "compute"],
    ...places.map((place, index) => [place, turn(index)] as const),
  ]);
  return Array.from({ length: stepsASeed }, (_, index) => ({
    operation: fixed.get(index) ?? dice.pick(bag),
    seed: dice.next(),
    wait: dice.below(3_600_000),
    ...(dice.once(3) ? { fault: drawFault(dice) } : {}),
  }));
}

/** What must hold in the end. */
async function checkEnd(world: World, dice: Dice): Promise<void> {
  world.faults.clear();
  await compute.computeAgain(world, dice);
  await reports.reportNow(world);
  await review.listItems(world);
  await compute.listVersions(world);
  await reports.reportRuns(world);
  for (const asked of world.asked) await world.askAgain(asked);
  await proof.verify(world, ["--recompute"]);
}

async function readHeads(world: World): Promise<unknown[]> {
  return world.main.database.connect(async (connection) => [
    ...(await connection.query("SELECT last, encode(head, 'hex') AS head FROM revision_counter")),
    ...(await connection.query(
      "SELECT book_id, number, encode(hash, 'hex') AS seal FROM seals ORDER BY book_id, number",
    )),
  ]);
}

/** Runs steps in a fresh world. Throws where something is not as the model says, with the step. */
export async function simulate(
  stores: Stores,
  seed: number,
  steps: readonly Step[] = planOf(seed),
): Promise<Simulated> {
  stores.clock.reset();
  await stores.main.empty();
  const world = new World(stores, new Dice(seed));
  let doing = "beginning";
  try {
    for (const [index, step] of steps.entries()) {
      doing = `step ${index} of ${steps.length}, ${step.operation}`;
      await take(world, step);
      await world.checkFacts();
    }
    doing = "the end";
    await checkEnd(world, new Dice(seed));
    return { transcript: world.transcript, counts: world.counts, heads: await readHeads(world) };
  } catch (error) {
    // Whatever state it was left in, the next simulation begins afresh.
    await stores.main.restart();
    await stores.other.restart();
    throw new StepError(doing, world.transcript, error);
  } finally {
    world.dispose();
  }
}

async function take(world: World, { operation, seed, wait, fault }: Step): Promise<void> {
  world.clock.advance(wait);
  world.note(`${operation} (${seed})`);
  world.ports.rowsPerTransaction = seed % 3 === 0 ? 1 : 20_000;
  if (fault !== undefined) world.faults.set(fault.at, fault);
  await operations[operation]![0](world, new Dice(seed));
  world.counts.operations += 1;
}

/** Something was not as the model says. */
export class StepError extends Error {
  readonly transcript: readonly string[];

  constructor(doing: string, transcript: readonly string[], cause: unknown) {
    super(`${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.transcript = transcript;
  }
}
