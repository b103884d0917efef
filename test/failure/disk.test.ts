/**
 * A disk that is full, fails, may only be read, or gives back other bits than were put there: one line with
 * status 3 and never a wrong answer; what was acknowledged is there, and the next try works.
 */
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { LotbookError } from "../../src/errors.ts";
import { type Ledger, openLedger } from "../../src/ledger/ledger.ts";
import { Dice } from "../../src/testing/histories.ts";
import { engines, type TestPlace } from "../engines.ts";
import { tellTrials } from "../reliability.ts";
import { turnBit } from "./damage.ts";
import { type Fault, type FaultyDisk, putOnFaultyDisk } from "./faulty-disk.ts";
import { type Acknowledged, fillsAfter, find, nothing, phases, work } from "./work.ts";

const tries = parseInt(process.env["LOTBOOK_TEST_FAULTS"] ?? "8", 10);
const firstSeed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);
const file = "test/failure/disk.test.ts";
const embedded = engines.find(({ kind }) => kind === "pglite");
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

class Done extends Error {}

/** A full disk, a failing one, one that fails to sync; each after a while that chance decides. */
function faultOf(dice: Dice): Fault {
  const calls = dice.pick(["writes", "writes", "syncs"] as const);
  const code = calls === "syncs" ? "EIO" : dice.pick(["ENOSPC", "EIO"] as const);
  return { code, calls, after: calls === "syncs" ? dice.below(12) : dice.below(1_500_000) };
}

function expectOneLine(error: unknown): void {
  expect(error).toBeInstanceOf(LotbookError);
  const { code, exit, message } = error as LotbookError;
  expect([code, exit], message).toEqual(["ENVIRONMENT", 3]);
  expect(message).not.toContain("\n");
}

/** Works until the disk refuses something, or for long enough that it will not; gives the error. */
async function workOn(
  ledger: Ledger,
  disk: FaultyDisk,
  dice: Dice,
  acknowledged: Acknowledged,
): Promise<unknown> {
  let left = 60;
  const phase = dice.pick(phases);
  const found = await find(ledger);
  disk.set(faultOf(dice));
  const error = await work(ledger, phase, found, dice, (more) => {
    Object.assign(acknowledged, more);
    left -= 1;
    if (left === 0) throw new Done();
  }).catch((reason: unknown) => reason);
  return error;
}

describe.skipIf(embedded === undefined)("a disk", () => {
  test(`that refuses, ${tries} times`, { timeout: 60_000 + 20_000 * tries }, async () => {
    const place = await embedded!.place();
    const disk = putOnFaultyDisk(place.location);
    let refused = 0;
    try {
      const acknowledged: Acknowledged = { ...nothing };
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const dice = new Dice(firstSeed + attempt);
        const ledger = await openLedger(place.location);
        const found = await find(ledger);
        expectKept(found, acknowledged, `seed ${firstSeed + attempt}`);
        Object.assign(acknowledged, found);
        const error = await workOn(ledger, disk, dice, acknowledged);
        if (disk.refused) refused += 1;
        if (!(error instanceof Done)) expectOneLine(error);
        disk.set(undefined);
        // Where the engine could go on, the run is in the log with its reason, and the next try works.
        const again = await ledger.compute().catch(() => undefined);
        if (again !== undefined) await expectReasons(ledger);
        await ledger.close();
      }
      const ledger = await openLedger(place.location);
      const { digest } = await ledger.compute();
      expectKept(await find(ledger), acknowledged, "at the end");
      expect((await ledger.compute({ full: true, publish: false })).digest).toBe(digest);
      await ledger.close();
    } finally {
      disk.remove();
    }
    await place.remove();
    expect(refused).toBeGreaterThan(tries / 3);
    tellTrials({
      promise: "a disk that is full or fails loses nothing acknowledged",
      test: file,
      engine: "pglite",
      tried: refused,
      unit: "refusals",
      broken: 0,
      seed: firstSeed,
    });
  });

  test("that may only be read is named at once", async () => {
    const place = await embedded!.place();
    const disk = putOnFaultyDisk(place.location);
    try {
      disk.set({ code: "EROFS", calls: "changes", after: 0 });
      const refused = await openLedger(place.location).catch((error: unknown) => error);
      expectOneLine(refused);
      disk.set(undefined);
      await (await openLedger(place.location)).close();
    } finally {
      disk.remove();
    }
    await place.remove();
  });
});

/** Each run that failed says why, and none looks as if it still worked. */
async function expectReasons({ database }: Ledger): Promise<void> {
  const rows = await database.connect((connection) =>
    connection.query("SELECT run FROM runs WHERE status <> 'done' AND error IS NULL"),
  );
  expect(rows).toEqual([]);
}

function expectKept(
  found: Awaited<ReturnType<typeof find>>,
  acknowledged: Acknowledged,
  where: string,
): void {
  expect(found.violations, where).toEqual([]);
  expect(found.count, where).toBe(found.facts);
  expect(found.facts, where).toBeGreaterThanOrEqual(acknowledged.facts);
  expect(found.revision, where).toBeGreaterThanOrEqual(acknowledged.revision);
}

const tables = [
  "books",
  "batches",
  "fills",
  "observations",
  "seals",
  "versions",
  "runs",
  "steps",
  "revisions",
  "revision_counter",
  "allocations_1",
  "open_lots_1",
  "day_digests_1",
  "book_states_1",
];

/** A ledger with something in each table, closed; gives their files and what they hold. */
async function filled(place: TestPlace): Promise<{ paths: string[]; rows: string[] }> {
  const ledger = await openLedger(place.location);
  await ledger.record(fillsAfter(0, 300));
  await ledger.compute();
  await ledger.record(fillsAfter(300, 5));
  await ledger.compute();
  const paths: string[] = [];
  const rows: string[] = [];
  await ledger.database.connect(async (connection) => {
    for (const table of tables) {
      const [row] = await connection.query<{ path: string }>(
        "SELECT pg_relation_filepath($1) AS path",
        [`lotbook.${table}`],
      );
      paths.push(row!.path);
      rows.push(await contents(connection, table));
    }
  });
  await ledger.close();
  return { paths, rows };
}

type Connecting = Parameters<Parameters<Ledger["database"]["connect"]>[0]>[0];

async function contents(connection: Connecting, table: string): Promise<string> {
  const rows = await connection.query(`SELECT t::text AS line FROM ${table} t ORDER BY 1`);
  return rows.map(({ line }) => line as string).join("\n");
}

describe.skipIf(embedded === undefined)("a bit that turned in a page", () => {
  test("is an error in each table, and never another answer", async () => {
    const place = await embedded!.place();
    const { paths, rows } = await filled(place);
    const dice = new Dice(firstSeed);
    for (const path of paths) turnBit(join(place.location, "pgdata", path), dice);
    const ledger = await openLedger(place.location);
    let refused = 0;
    for (const [index, table] of tables.entries()) {
      const answer = await ledger.database
        .connect((connection) => contents(connection, table))
        .catch((error: unknown) => error);
      if (answer === rows[index]) continue;
      refused += 1;
      expectOneLine(answer);
      expect((answer as Error).message).toContain("damaged");
    }
    expect(refused).toBe(tables.length);
    for (const attempt of [
      () => ledger.verify(),
      () => ledger.compute({ full: true }),
      () => ledger.record(fillsAfter(0, 1)),
    ])
      expectOneLine(await attempt().catch((error: unknown) => error));
    await ledger.close();
    await place.remove();
    tellTrials({
      promise: "a bit that turned in a page is an error, never another answer",
      test: file,
      engine: "pglite",
      tried: tables.length,
      unit: "bits",
      broken: 0,
      seed: firstSeed,
    });
  });
});

/** Why no small disk can be had here; undefined where one can. */
function noSmallDisk(): string | undefined {
  if (process.platform !== "linux") return "only Linux has tmpfs";
  if (process.getuid?.() !== 0) return "only root may mount one";
  const directory = join(tmpdir(), `lotbook-mount-${process.pid}`);
  mkdirSync(directory);
  try {
    execFileSync("mount", ["-t", "tmpfs", "none", directory], { stdio: "ignore" });
    execFileSync("umount", [directory]);
    return undefined;
  } catch {
    return "this container may not mount one";
  } finally {
    void rm(directory, { recursive: true, force: true });
  }
}

const reason = embedded === undefined ? "no embedded engine" : noSmallDisk();

const row = (id: number): string =>
  `${id},2026-03-02T14:05:11Z,BTC-USD,buy,1,100,${"x".repeat(150)}`;

interface Outcome {
  readonly status: number;
  readonly stderr: string;
}

function lotbook(directory: string, ...words: string[]): Promise<Outcome> {
  const env = { ...process.env, LOTBOOK_DB: join(directory, "ledger") };
  const all = ["--liftoff-only", main, ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { cwd: directory, env }, (error, _stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stderr }),
    );
  });
}

describe.skipIf(reason !== undefined)(`a small disk${reason ? ` (${reason})` : ""}`, () => {
  test("that is full, then may only be read, then has room: a line each, nothing lost", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lotbook-disk-"));
    const mount = (options: string): unknown =>
      execFileSync("mount", ["-o", `remount,${options}`, directory]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "none", directory]);
    try {
      const place = await embedded!.place();
      cpSync(place.location, join(directory, "ledger"), { recursive: true });
      await place.remove();
      const rows = Array.from({ length: 10_000 }, (_, id) => row(id));
      const outside = await mkdtemp(join(tmpdir(), "lotbook-disk-"));
      const large = join(outside, "large.csv");
      const header = "fill_id,executed_at,symbol,side,quantity,price,order_id";
      await writeFile(large, [header, ...rows, ""].join("\n"));
      const full = await lotbook(directory, "import", large);
      expect(full.status, full.stderr).toBe(3);
      expect(full.stderr).toMatch(/^lotbook: [^\n]*(?:space|ENOSPC)[^\n]*\n[^\n]+\n$/i);
      mount("ro,size=300m");
      const readOnly = await lotbook(directory, "compute");
      expect(readOnly.status, readOnly.stderr).toBe(3);
      expect(readOnly.stderr).toMatch(/^lotbook: [^\n]*(?:EROFS|read)[^\n]*\n(?:[^\n]+\n)?$/i);
      mount("rw,size=300m");
      expect(await lotbook(directory, "import", large)).toMatchObject({ status: 0 });
      const ledger = await openLedger(join(directory, "ledger"));
      expect(await find(ledger)).toMatchObject({ count: rows.length, violations: [] });
      await ledger.close();
      await rm(outside, { recursive: true });
    } finally {
      execFileSync("umount", [directory]);
      await rm(directory, { recursive: true });
    }
  });
});
