/** `compute`: incremental, limited, full, published or not, refused; and recording beside a run. */
import { expect } from "vitest";
import type { RecordInput } from "../../../src/ledger/record-facts.ts";
import type { Dice } from "../../../src/testing/histories.ts";
import type { Scope } from "../model/conclusions.ts";
import { bookOf } from "../model/facts.ts";
import type { Told } from "../model/telling.ts";
import type { State, Taken, Version } from "../model/versions.ts";
import type { World } from "../world.ts";

interface Computed {
  readonly version: number;
  readonly revision: number | null;
  readonly digest: string;
  readonly mode: string;
  readonly scope: Scope;
  readonly published: boolean;
  readonly total_pnl: Readonly<Record<string, string>>;
}

/** Which books a run is over. */
interface Filter {
  readonly portfolio?: string;
  readonly symbol?: string;
}

const matches = (book: string, { portfolio, symbol }: Filter): boolean => {
  const slash = book.indexOf("/");
  return (
    (portfolio === undefined || book.slice(0, slash) === portfolio) &&
    (symbol === undefined || book.slice(slash + 1) === symbol)
  );
};

const optionsOf = ({ portfolio, symbol }: Filter): string[] => [
  ...(portfolio === undefined ? [] : ["--portfolio", portfolio]),
  ...(symbol === undefined ? [] : ["--symbol", symbol]),
];

/** The version that a run made or brought up to date, with what it has taken now. */
function takeIn(world: World, result: Computed, taken: Taken): void {
  const { versions, runs } = world.model;
  runs.done += 1;
  const revision = result.revision ?? 0;
  const known = versions.all.find(({ version }) => version === result.version);
  const version: Version = known ?? {
    version: result.version,
    scope: result.scope,
    states: [],
    dropped: false,
  };
  if (known === undefined) versions.all.push(version);
  const last = version.states.at(-1);
  const state: State = { revision, taken };
  const isNew = last === undefined || !sameTaken(last.taken, taken);
  if (isNew) {
    expect(revision, "a change has a revision of its own").toBeGreaterThan(versions.revision);
    version.states.push(state);
  } else expect(revision, "nothing new, no revision").toBeGreaterThanOrEqual(versions.revision);
  versions.revision = revision;
  if (result.published) versions.published = version;
  expect(result.total_pnl).toEqual(versions.conclusions(version).totals());
  expect(result.digest, "I8: the same facts and policy, the same digest").toBe(
    versions.earlierDigest(version.scope, state, result.digest),
  );
}

const sameTaken = (left: Taken, right: Taken): boolean =>
  [...new Set([...left.keys(), ...right.keys()])].every(
    (book) => (left.get(book) ?? 0) === (right.get(book) ?? 0),
  );

/** What a version has taken after a run over some books. */
function takenBy(world: World, before: Taken, filter: Filter): Map<string, number> {
  const taken = new Map(before);
  for (const [book, count] of world.model.versions.recorded())
    if (matches(book, filter)) taken.set(book, count);
  return taken;
}

const drawFilter = (dice: Dice): Filter =>
  dice.pick([{ symbol: "BTC-USD" }, { symbol: "ETH-BTC" }, { portfolio: "fund" }]);

/** Brings the published version up to date, or builds the first. */
export async function compute(world: World, dice: Dice): Promise<void> {
  const { versions } = world.model;
  const before = versions.published?.states.at(-1)?.taken;
  const filter = before !== undefined && dice.once(5) ? drawFilter(dice) : {};
  const result = await world.change<Computed>(["compute", ...optionsOf(filter)]);
  expect(result.mode).toBe(before === undefined ? "full" : "incremental");
  takeIn(world, result, takenBy(world, before ?? new Map(), filter));
}

/** Brings it up to date wholly: what most questions are about. */
export async function computeAll(world: World): Promise<void> {
  const before = world.model.versions.published?.states.at(-1)?.taken ?? new Map();
  takeIn(world, await world.change<Computed>(["compute"]), takenBy(world, before, {}));
}

/** Builds a version from nothing. */
export async function computeFull(
  world: World,
  dice: Dice,
  options: { readonly scope?: Scope; readonly publish?: boolean } = {},
): Promise<Version> {
  const { scope = dice.pick(["portfolio", "account"]), publish = dice.once(2) } = options;
  const filter = !publish && options.scope === undefined && dice.once(3) ? drawFilter(dice) : {};
  const argv = ["compute", "--full", "--scope", scope, ...(publish ? [] : ["--no-publish"])];
  const result = await world.change<Computed>([...argv, ...optionsOf(filter)]);
  expect(result).toMatchObject({ mode: "full", scope, published: publish });
  takeIn(world, result, takenBy(world, new Map(), filter));
  return world.model.versions.all.at(-1)!;
}

/** An incremental version is what a build from nothing gives. */
export async function computeAgain(world: World, dice: Dice): Promise<void> {
  await computeAll(world);
  const { published } = world.model.versions;
  const again = await computeFull(world, dice, { scope: published!.scope, publish: false });
  await drop(world, again);
}

export async function refusedCompute(world: World, dice: Dice): Promise<void> {
  const { published } = world.model.versions;
  const other = published?.scope === "portfolio" ? "account" : "portfolio";
  const argv = dice.pick([
    ["--full", "--symbol", "BTC-USD"],
    ["--method", "lifo"],
    ["--scope", "wallet"],
    ...(published === undefined ? [] : [["--scope", other]]),
  ]);
  await world.change(["compute", ...argv], 2);
}

export async function drop(world: World, version: Version): Promise<void> {
  const argv = ["versions", "drop", `${version.version}`];
  const { revision } = await world.change<{ revision: number }>(argv);
  expect(revision).toBeGreaterThan(world.model.versions.revision);
  world.model.versions.revision = revision;
  version.dropped = true;
  world.asked = world.asked.filter((asked) => asked.version !== version.version);
}

/** `versions`: back and forth with the published one, and away with another. */
export async function publishOther(world: World, dice: Dice): Promise<void> {
  const { versions } = world.model;
  if (versions.all.length === 0) return;
  const version = dice.pick(versions.all);
  const argv = ["versions", "publish", `${version.version}`];
  if (version.dropped) {
    await world.change(argv, 2);
    return;
  }
  const { revision } = await world.change<{ revision: number }>(argv);
  expect(revision).toBeGreaterThan(versions.revision);
  versions.revision = revision;
  versions.published = version;
}

export async function dropOther(world: World, dice: Dice): Promise<void> {
  const { versions } = world.model;
  if (versions.all.length === 0) return;
  const version = dice.pick(versions.all);
  if (version.dropped || version === versions.published) {
    await world.change(["versions", "drop", `${version.version}`], 2);
  } else await drop(world, version);
}

export async function listVersions(world: World): Promise<void> {
  const { versions } = world.model;
  const result = await world.look<{ versions: unknown[] }>(["versions", "list"]);
  expect(result.versions).toMatchObject(
    versions.all.map((version) => ({
      version: version.version,
      scope: version.scope,
      published: version === versions.published,
      dropped: version.dropped,
    })),
  );
  expect(result.versions).toHaveLength(versions.all.length);
}

/**
 * Facts arrive in the middle of a run, which has one connection to share with them. The run takes them or
 * does not, as its order of work has it; nothing is lost, and the next run takes the rest.
 */
export async function recordBesideRun(world: World, dice: Dice): Promise<void> {
  const { market, model, ports } = world;
  const fills = Array.from({ length: 3 }, () => market.fill(dice));
  const tellings = fills.map((fact): Told => ({
    fact,
    raw: `beside ${fact.fillId}`,
    source: "socket",
    space: "given",
  }));
  const inputs = tellings.map(({ fact, raw }) => ({ ...fact, raw })) as RecordInput[];
  const at = dice.pick(["compute.started", "compute.page", "supersede.page"] as const);
  let recording: Promise<unknown> | undefined;
  ports.reached = (name) => {
    if (name !== at || recording !== undefined) return;
    recording = world.beside(() => world.ledger.record(inputs, { source: "socket" }));
    recording.catch(() => {});
  };
  const before = model.versions.published?.states.at(-1)?.taken ?? new Map<string, number>();
  const due = [...world.faults];
  world.faults.clear();
  try {
    const result = await world.change<Computed>(["compute"]);
    await recording;
    const recorded = takenBy(world, before, {});
    if (recording !== undefined) model.record([tellings]);
    world.note(`recorded beside a run: ${recording !== undefined}`);
    takeIn(world, result, await entriesTaken(world, result.version, recorded));
  } finally {
    ports.reached = () => {};
    for (const [name, fault] of due) world.faults.set(name, fault);
  }
}

/** How far a version has come in each book: at least as far as was recorded when the run began. */
async function entriesTaken(world: World, version: number, least: Taken): Promise<Taken> {
  const rows = await world.main.database.connect((connection) =>
    connection.query<{ portfolio: string; symbol: string; taken: bigint }>(
      `SELECT portfolio, symbol, max(computed_entry) AS taken FROM book_states JOIN books USING (book_id)
       WHERE version = $1 AND superseded IS NULL GROUP BY 1, 2`,
      [version],
    ),
  );
  const taken = new Map(rows.map((row) => [bookOf(row), Number(row.taken)]));
  for (const [book, count] of least) expect(taken.get(book) ?? 0).toBeGreaterThanOrEqual(count);
  return taken;
}
