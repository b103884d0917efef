/**
 * What happens to servers: sessions ended by someone, a stop at once and a start, a way that breaks, waits
 * that are cut short. Always one line with status 3; what was acknowledged is there, and the next try works.
 */
import { mkdtemp, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LotbookError } from "../../src/errors.ts";
import { type Ledger, openLedger } from "../../src/ledger/ledger.ts";
import { lockKey } from "../../src/ledger/compute/run.ts";
import type { Failpoint } from "../../src/ledger/ports.ts";
import { openPostgres } from "../../src/store/engine/postgres.ts";
import { Dice } from "../../src/testing/histories.ts";
import { administer, type Cluster, startCluster, withDatabase } from "../engine/cluster.ts";
import { engines, type TestEngine } from "../engines.ts";
import { tellTrials } from "../reliability.ts";
import { binariesOf } from "../servers.ts";
import { startChild } from "./child.ts";
import { turnBit } from "./damage.ts";
import { openProxy } from "./proxy.ts";
import { leftovers, prepareFiles, stateOf } from "./scenario.ts";
import {
  type Acknowledged,
  fillsAfter,
  find,
  type Found,
  nothing,
  type Phase,
  phases,
  work,
} from "./work.ts";

const tries = parseInt(process.env["LOTBOOK_TEST_KILLS"] ?? "8", 10);
const firstSeed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);
const file = "test/failure/servers.test.ts";
const long = { timeout: 120_000 + 15_000 * tries };
const servers = engines.filter(({ kind }) => kind === "postgres");
const ours = servers.filter(({ name }) => name !== "postgres-url");

const told = (promise: string, engine: string, unit: string): void =>
  tellTrials({ promise, test: file, engine, tried: tries, unit, broken: 0, seed: firstSeed });

class Done extends Error {}

/** Works on until `isOver`, through whatever breaks; gives the errors that it met. */
async function workThrough(
  open: () => Promise<Ledger>,
  phase: Phase,
  seed: number,
  isOver: () => boolean,
): Promise<{ errors: LotbookError[]; acknowledged: Acknowledged }> {
  const errors: LotbookError[] = [];
  let acknowledged: Acknowledged = nothing;
  let ledger: Ledger | undefined;
  for (let life = 0; ; life += 1) {
    try {
      ledger ??= await open();
      const found = await find(ledger);
      expectKept(found, acknowledged);
      acknowledged = found;
      await work(ledger, phase, found, new Dice(seed + life), (more) => {
        acknowledged = { ...acknowledged, ...more };
        if (isOver()) throw new Done();
      });
    } catch (error) {
      if (error instanceof Done) break;
      if (!(error instanceof LotbookError)) throw error;
      errors.push(error);
      await sleep(5);
    }
  }
  await ledger?.close();
  return { errors, acknowledged };
}

function expectKept(found: Found, acknowledged: Acknowledged): void {
  expect(found.violations).toEqual([]);
  expect(found.count).toBe(found.facts);
  expect(found.facts).toBeGreaterThanOrEqual(acknowledged.facts);
  expect(found.revision).toBeGreaterThanOrEqual(acknowledged.revision);
}

function expectOneLine(errors: readonly LotbookError[], ...codes: readonly string[]): void {
  for (const error of errors) {
    expect(codes, `${error.message}\n${String(error.cause)}`).toContain(error.code);
    expect(error.exit).toBe(3);
    expect(error.message).not.toContain("\n");
  }
}

/** The end is that of a ledger that nothing happened to. */
async function expectWhole(location: string, acknowledged: Acknowledged): Promise<void> {
  const ledger = await openLedger(location);
  const { digest } = await ledger.compute();
  expectKept(await find(ledger), acknowledged);
  expect((await ledger.compute({ full: true, publish: false })).digest).toBe(digest);
  const runs = await ledger.database.connect((connection) =>
    connection.query(
      "SELECT run FROM runs WHERE status = 'running' OR status = 'failed' AND error IS NULL",
    ),
  );
  expect(runs).toEqual([]);
  await ledger.close();
}

/** Ends a session of the database, or cancels what it does, picked by chance. */
async function disturb(location: string, dice: Dice): Promise<void> {
  const name = new URL(location).pathname.slice(1);
  const [act, which] = dice.once(4)
    ? ["pg_cancel_backend", "state = 'active'"]
    : ["pg_terminate_backend", "true"];
  await administer(
    withDatabase(location, "postgres"),
    `SELECT ${act}(pid) FROM (SELECT pid FROM pg_stat_activity
     WHERE datname = '${name}' AND ${which} ORDER BY random() LIMIT 1) AS picked`,
  );
}

async function endSessions(engine: TestEngine, phase: Phase): Promise<void> {
  const place = await engine.place();
  const dice = new Dice(firstSeed);
  let left = tries;
  const disturbing = (async () => {
    for (; left > 0; left -= 1) {
      await sleep(dice.below(150));
      await disturb(place.location, dice);
    }
  })();
  const open = () => openLedger(place.location);
  const { errors, acknowledged } = await workThrough(open, phase, firstSeed, () => left === 0);
  await disturbing;
  expectOneLine(errors, "DATABASE_UNREACHABLE", "ENVIRONMENT");
  await expectWhole(place.location, acknowledged);
  await place.remove();
  told(`what was acknowledged survives the end of its session: ${phase}`, engine.name, "ends");
}

/** A connection that breaks at any byte. */
async function breakWay(engine: TestEngine): Promise<void> {
  const place = await engine.place();
  const proxy = await openProxy(place.location);
  const dice = new Dice(firstSeed);
  const acknowledged: Acknowledged = { ...nothing };
  const errors: unknown[] = [];
  for (let attempt = 0; attempt < 3 * tries; attempt += 1) {
    const facts = acknowledged.facts + 1 + dice.below(300);
    proxy.breakAfter(dice.below(dice.once(3) ? 3_000 : 60_000));
    try {
      const ledger = await openLedger(proxy.location);
      try {
        await ledger.record(fillsAfter(acknowledged.facts, facts - acknowledged.facts));
        acknowledged.facts = facts;
        const { revision } = await ledger.compute({ full: dice.once(3) });
        acknowledged.revision = revision!;
      } finally {
        await ledger.close();
      }
    } catch (error) {
      errors.push(error);
    }
    proxy.breakAfter(Infinity);
    if (attempt % 4 > 0) continue;
    const ledger = await openLedger(place.location);
    const found = await find(ledger);
    expectKept(found, acknowledged);
    Object.assign(acknowledged, found);
    await ledger.close();
  }
  await proxy.close();
  expect(errors.length).toBeGreaterThan(0);
  expectOneLine(errors as LotbookError[], "DATABASE_UNREACHABLE");
  await expectWhole(place.location, acknowledged);
  await place.remove();
  told("what was acknowledged survives a connection that breaks", engine.name, "breaks");
}

/** A run that only looks dead: it stops at a failpoint, loses its lock, and goes on after another run. */
async function loseLock(engine: TestEngine, to: number, failpoint: Failpoint): Promise<void> {
  const place = await engine.place();
  const directory = await mkdtemp(join(tmpdir(), "lotbook-servers-"));
  await prepareFiles(directory);
  const words = [place.location, directory, "-", "0", `${to}`, failpoint, "1", "SIGSTOP"];
  const child = startChild("dying-step.ts", words);
  let last = "";
  let stops = 0;
  for await (const line of child.lines) {
    if (line !== `at ${failpoint}`) {
      last = line;
      continue;
    }
    stops += 1;
    await administer(
      withDatabase(place.location, new URL(place.location).pathname.slice(1)),
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted " +
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    const other = await openLedger(place.location);
    expect(await stateOf(other.database)).toBe(last);
    const { digest } = await other.compute();
    child.process.kill("SIGCONT");
    expect((await child.ended()).status).toBe(1);
    expect(child.said()).toContain("another run has taken its place");
    const full = await other.compute({ full: true });
    expect(full.digest).toBe(digest);
    expect((await other.verify()).checks.every((check) => check.violations === 0)).toBe(true);
    expect(await other.database.connect((connection) => leftovers(connection, directory))).toEqual(
      [],
    );
    await other.close();
  }
  expect(stops, child.said()).toBe(1);
  await rm(directory, { recursive: true });
  await place.remove();
}

async function cutWaitsShort(engine: TestEngine): Promise<void> {
  const place = await engine.place();
  const name = new URL(place.location).pathname.slice(1);
  const ledger = await openLedger(place.location);
  await ledger.record(fillsAfter(0, 20));
  await ledger.compute();
  await ledger.record(fillsAfter(20, 5));
  await ledger.close();
  const set = (setting: string) =>
    administer(withDatabase(place.location, "postgres"), `ALTER DATABASE ${name} ${setting}`);
  const refused = async (attempt: (limited: Ledger) => Promise<unknown>): Promise<void> => {
    const limited = await openLedger(place.location);
    const error = await attempt(limited).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await limited.close();
    expect(error).toBeInstanceOf(LotbookError);
    expectOneLine([error as LotbookError], "ENVIRONMENT");
  };
  for (const setting of ["lock_timeout = '50ms'", "statement_timeout = '1s'"]) {
    await set(`SET ${setting}`);
    await whileLocked(place.location, "SELECT FROM books FOR UPDATE", () => refused(record));
    const counter = "SELECT FROM revision_counter FOR UPDATE";
    await whileLocked(place.location, counter, () => refused(compute));
    await whileLocked(place.location, "LOCK TABLE steps", () => refused(compute));
    await whileLocked(place.location, `SELECT pg_advisory_lock(${lockKey})`, () =>
      refused(compute),
    );
    await set("RESET ALL");
  }
  await set("SET default_transaction_read_only = on");
  await refused(record);
  await refused(compute);
  await set("RESET ALL");
  await expectWhole(place.location, { ...nothing, facts: 25, revision: 2 });
  await place.remove();
}

describe.each(servers.map((engine) => ({ name: engine.name, engine })))(
  "on $name",
  ({ engine }) => {
    test.each(phases)("sessions end while it works: %s", long, (phase) =>
      endSessions(engine, phase),
    );
    test("the way to it breaks at any byte", long, () => breakWay(engine));
    test("a build that lost its lock gives way to the run that took its place", () =>
      loseLock(engine, 1, "compute.page"));
    test("a replay that lost its lock gives way to the run that took its place", () =>
      loseLock(engine, 6, "supersede.page"));
    test("waits that it cuts short, and writes that it does not take", () => cutWaitsShort(engine));
  },
);

const record = (limited: Ledger): Promise<unknown> => limited.record(fillsAfter(25, 1));
const compute = (limited: Ledger): Promise<unknown> => limited.compute();

/** Runs `meanwhile` while another session holds what a statement takes. */
async function whileLocked(
  location: string,
  statement: string,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const other = await openPostgres(location, { connections: 1 });
  try {
    await other.connect((connection) =>
      connection.transaction(async () => {
        await connection.script(`SET LOCAL statement_timeout = 0; ${statement}`);
        await meanwhile();
      }),
    );
  } finally {
    await other.close();
  }
}

describe.each(ours.map((engine) => ({ name: engine.name, engine })))(
  "a server of its own ($name)",
  ({ engine }) => {
    let directory = "";
    let cluster: Cluster;
    let location = "";
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "lotbook-servers-"));
      await chmod(directory, 0o755);
      cluster = await startCluster(join(directory, "server"), (await binariesOf(engine.name))!);
      location = withDatabase(cluster.url, "crashed");
      await administer(withDatabase(cluster.url, "postgres"), "CREATE DATABASE crashed");
    });
    afterAll(async () => {
      await cluster?.stop();
      await rm(directory, { recursive: true, force: true });
    });

    test("is stopped at once and started again while it works", long, async () => {
      const dice = new Dice(firstSeed);
      const crashes = Math.ceil(tries / 2);
      let acknowledged = nothing;
      for (let crash = 0; crash < crashes; crash += 1) {
        let isOver = false;
        const crashing = (async () => {
          await sleep(dice.below(600));
          await cluster.restart();
          isOver = true;
        })();
        const phase = dice.pick(phases);
        const seed = firstSeed + crash;
        const worked = await workThrough(
          () => openLedger(location),
          phase,
          seed,
          () => isOver,
        );
        await crashing;
        expectOneLine(worked.errors, "DATABASE_UNREACHABLE");
        acknowledged = worked.acknowledged;
      }
      await expectWhole(location, acknowledged);
      const promise = "what was acknowledged survives an immediate stop of the server";
      const counts = { tried: crashes, broken: 0, seed: firstSeed };
      tellTrials({ promise, test: file, engine: engine.name, unit: "stops", ...counts });
    });

    test("a bit that turned in a page is an error, and never another answer", async () => {
      const damaged = withDatabase(cluster.url, "damaged");
      await administer(withDatabase(cluster.url, "postgres"), "CREATE DATABASE damaged");
      const before = await openLedger(damaged);
      await before.record(fillsAfter(0, 40));
      await before.compute();
      const [row] = await before.database.connect((connection) =>
        connection.query<{ path: string }>("SELECT pg_relation_filepath('fills') AS path"),
      );
      await before.close();
      await administer(damaged, "CHECKPOINT");
      turnBit(join(cluster.data, row!.path), new Dice(firstSeed));
      await cluster.restart();
      const ledger = await openLedger(damaged);
      for (const attempt of [() => ledger.verify(), () => ledger.compute({ full: true })]) {
        const error = await attempt().catch((reason: unknown) => reason);
        expectOneLine([error as LotbookError], "ENVIRONMENT");
        expect((error as LotbookError).message).toContain("damaged");
      }
      await ledger.close();
    });
  },
);
