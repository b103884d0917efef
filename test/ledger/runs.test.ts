/** Runs: their log, what a failed or dead one leaves, and what others see and do meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openLedger } from "../../src/ledger/ledger.ts";
import type { Failpoint } from "../../src/ledger/ports.ts";
import type { Database } from "../../src/store/database.ts";
import { openPostgres } from "../../src/store/engine/postgres.ts";
import { describeEngines } from "../engines.ts";
import { read } from "../reports/read.ts";
import { expectVerified, fill, withLedger, type TestLedger } from "./ledger.ts";

const buildPoints = [
  "compute.started",
  "compute.page",
  "compute.attached",
  "compute.sealed",
  "publish.flipped",
] as const satisfies readonly Failpoint[];

const start = [fill("b1", 10, "3", "100"), fill("s1", 20, "1", "110"), fill("s2", 30, "1", "120")];
/** Sorts before all of them. */
const late = fill("b0", 1, "1", "90");

async function rowsSeen({ database }: { readonly database: Database }): Promise<unknown> {
  const { rows } = await read(database, { report: "allocations" });
  return [rows, (await read(database, { report: "lots" })).rows];
}

async function lastRun({ query }: TestLedger): Promise<Record<string, unknown>> {
  const [row] = await query("SELECT * FROM runs ORDER BY run DESC LIMIT 1");
  return row!;
}

/** Whether all that belongs to a version that was not finished is gone. */
async function expectNoLeftovers({ query }: Pick<TestLedger, "query">): Promise<void> {
  const left = await query(
    `SELECT 'step' AS what, step::text AS name FROM steps WHERE revision IS NULL
     UNION ALL SELECT 'run', run::text FROM runs WHERE status = 'running'
     UNION ALL SELECT 'version', version::text FROM versions v
       WHERE NOT EXISTS (SELECT FROM revisions r WHERE r.version = v.version)
     UNION ALL SELECT 'table', relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_[0-9]+$'
       AND relnamespace = 'lotbook'::regnamespace
       AND substring(relname FROM '[0-9]+$')::integer NOT IN (SELECT version FROM versions)`,
  );
  expect(left).toEqual([]);
}

describeEngines("the log of runs", (engine) => {
  test("says of each run what was asked, done and found", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([...start, fill("b1", 1, "1", "5", { symbol: "ETH-EUR" })]);
      const full = await opened.ledger.compute({ full: true });
      expect(await lastRun(opened)).toMatchObject({
        run: 1n,
        version: 1,
        mode: "full",
        trigger: "command",
        portfolio: null,
        symbol: null,
        status: "done",
        books: 2n,
        opens: 2n,
        closes: 2n,
        allocations: 2n,
        superseded: 0n,
        total_pnl: '{"USD": "30"}',
        revision: BigInt(full.revision!),
        error: null,
        digest: Uint8Array.from(Buffer.from(full.digest!, "hex")),
      });
      await opened.ledger.record([
        fill("s3", 40, "1", "130"),
        fill("s3", 2, "1", "6", { symbol: "ETH-EUR" }),
      ]);
      const range = { portfolio: "default", symbol: "BTC-USD" };
      const part = await opened.ledger.compute({ ...range, trigger: "schedule" });
      expect(await lastRun(opened)).toMatchObject({
        run: 2n,
        mode: "incremental",
        trigger: "schedule",
        ...range,
        status: "done",
        books: 1n,
        opens: 0n,
        closes: 1n,
        allocations: 1n,
        superseded: 1n,
        total_pnl: '{"USD": "60"}',
        revision: BigInt(part.revision!),
      });
      await opened.ledger.compute();
      expect(await lastRun(opened)).toMatchObject({ total_pnl: '{"EUR": "1", "USD": "60"}' });
      const nothing = await opened.ledger.compute();
      const last = await lastRun(opened);
      expect(last).toMatchObject({ books: 0n, allocations: 0n, revision: null, status: "done" });
      expect(nothing.totalPnl).toEqual({ EUR: "1", USD: "60" });
      const timed = await opened.query(
        "SELECT computation_duration_ms AS ms, total_pnl_computed FROM fifo_computation_log",
      );
      expect(timed.every(({ ms }) => (ms as bigint) >= 0n && (ms as bigint) < 60_000n)).toBe(true);
      await expectVerified(opened);
    }));

  test("an empty ledger computes to nothing", () =>
    withLedger(engine, async (opened) => {
      const first = await opened.ledger.compute();
      expect(first).toMatchObject({ version: 1, books: 0, allocations: 0, totalPnl: {} });
      await opened.ledger.record(start);
      const { digest } = await opened.ledger.compute();
      expect((await opened.ledger.compute({ full: true })).digest).toBe(digest);
      await expectVerified(opened);
    }));

  test("an append touches the day of the sale and the day of its lot", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([fill("b1", 1, "2", "100"), fill("b2", 2, "2", "100")]);
      await opened.ledger.compute();
      await opened.ledger.record([fill("s1", 3 * 24 * 60, "3", "110")]);
      const appended = await opened.ledger.compute();
      expect(appended).toMatchObject({ allocations: 2, superseded: 2 });
      const full = await opened.ledger.compute({ full: true, publish: false });
      expect(full.digest).toBe(appended.digest);
      await expectVerified(opened);
    }));
});

describeEngines("a run that fails", (engine) => {
  test("leaves its row and its error; the next one gives the right digest", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record(start);
      for (const point of buildPoints) {
        opened.ports.failAt(point);
        await expect(opened.ledger.compute(), point).rejects.toThrow("on purpose");
        const error = `failed on purpose at ${point}`;
        expect(await lastRun(opened)).toMatchObject({ status: "failed", error, mode: "full" });
        await expectNoLeftovers(opened);
        expect(await opened.ledger.versions()).toEqual([]);
      }
      opened.ports.reached = () => {};
      const { digest, version } = await opened.ledger.compute();
      expect(version).toBe(1);
      const before = await rowsSeen(opened);
      for (const point of buildPoints) {
        opened.ports.failAt(point);
        await expect(opened.ledger.compute({ full: true })).rejects.toThrow("on purpose");
        expect(await rowsSeen(opened)).toEqual(before);
      }
      opened.ports.reached = () => {};
      expect(await opened.ledger.compute({ full: true })).toMatchObject({ digest, version: 2 });
      await expectNoLeftovers(opened);
      await expectVerified(opened);
    }));

  test("in the middle of a book: readers see the rows of before", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record(start);
      await opened.ledger.compute();
      const before = await rowsSeen(opened);
      await opened.ledger.record([late]);
      opened.ports.failAt("supersede.page");
      await expect(opened.ledger.compute()).rejects.toThrow("on purpose");
      expect(await lastRun(opened)).toMatchObject({ status: "failed", mode: "incremental" });
      expect(await rowsSeen(opened)).toEqual(before);
      await expectVerified(opened);
      opened.ports.reached = () => {};
      const { digest } = await opened.ledger.compute();
      expect(await rowsSeen(opened)).not.toEqual(before);
      expect((await opened.ledger.compute({ full: true })).digest).toBe(digest);
      await expectVerified(opened);
    }));

  test("after some of its books: the total goes on from what they hold", () =>
    withLedger(engine, async (opened) => {
      const both = (facts: typeof start) =>
        facts.flatMap((fact) => [fact, { ...fact, portfolio: "other" }]);
      await opened.ledger.record(both(start));
      await opened.ledger.compute();
      await opened.ledger.record(both([late]));
      opened.ports.failAt("supersede.page", 2);
      await expect(opened.ledger.compute()).rejects.toThrow("on purpose");
      opened.ports.reached = () => {};
      const { totalPnl } = await opened.ledger.compute();
      const [sum] = await opened.query(
        "SELECT trim_scale(sum(pnl))::text AS pnl FROM allocations WHERE superseded IS NULL",
      );
      expect(totalPnl).toEqual({ USD: sum!["pnl"] });
    }));
});

/** Waits until a session of the database waits for a lock. */
async function someoneWaits({ query }: TestLedger): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const [row] = await query(
      `SELECT count(*)::integer AS count FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE datname = current_database() AND NOT granted`,
    );
    if ((row!["count"] as number) > 0) return;
    await sleep(20);
  }
  throw new Error("nobody waits for a lock");
}

/** Runs `work` while a statement's locks are held by another session. */
async function whileLocked(
  opened: TestLedger,
  lock: string,
  work: () => Promise<void>,
): Promise<void> {
  const other = await openPostgres(opened.location, { connections: 1 });
  try {
    await other.connect((connection) =>
      connection.transaction(async () => {
        await connection.script(`SET search_path = lotbook; ${lock}`);
        await work();
      }),
    );
  } finally {
    await other.close();
  }
}

describeEngines("while a run works", (engine) => {
  test.skipIf(engine.kind === "pglite")(
    "a version under construction is invisible, facts are recorded, runs wait (one connection embedded)",
    () =>
      withLedger(engine, async (opened) => {
        await opened.ledger.record(start);
        await opened.ledger.compute();
        const before = await rowsSeen(opened);
        let waits = 0;
        const runs: Promise<unknown>[] = [];
        // What attaching the partitions needs, and readers don't.
        await whileLocked(
          opened,
          "LOCK TABLE allocations IN SHARE UPDATE EXCLUSIVE MODE",
          async () => {
            runs.push(opened.ledger.compute({ full: true }));
            await someoneWaits(opened);
            expect((await opened.ledger.versions()).map((each) => each.version)).toEqual([1]);
            expect(await rowsSeen(opened)).toEqual(before);
            const request = { report: "lots", version: 2 } as const;
            await expect(read(opened.database, request)).rejects.toMatchObject({
              code: "NOT_FOUND",
            });
            await expectVerified(opened);
            expect((await opened.ledger.record([late])).recorded).toBe(1);
            const other = await openLedger(opened.location);
            runs.push(
              other.compute({ onWait: () => (waits += 1) }).finally(() => other.close()),
              opened.ledger.compute({ onWait: () => (waits += 1) }),
            );
            await expect.poll(() => waits).toBe(2);
          },
        );
        const [first, second, third] = (await Promise.all(runs)) as {
          version: number;
          closes: number;
        }[];
        expect([first!.version, second!.version, third!.version]).toEqual([2, 2, 2]);
        expect((await opened.query("SELECT FROM runs WHERE status = 'done'")).length).toBe(4);
        const { digest } = await opened.ledger.compute();
        expect((await opened.ledger.compute({ full: true })).digest).toBe(digest);
        await expectVerified(opened);
      }),
  );

  test.skipIf(engine.kind === "pglite")(
    "rows being superseded still show, and facts are recorded (one connection embedded)",
    () =>
      withLedger(engine, async (opened) => {
        await opened.ledger.record(start);
        await opened.ledger.compute();
        const before = await rowsSeen(opened);
        await opened.ledger.record([late]);
        let run: Promise<unknown> | undefined;
        await whileLocked(opened, "SELECT FROM revision_counter FOR UPDATE", async () => {
          run = opened.ledger.compute();
          await someoneWaits(opened);
          const [superseded] = await opened.query(
            "SELECT count(*)::integer AS count FROM allocations WHERE superseded IS NOT NULL",
          );
          expect(superseded).toEqual({ count: 1 });
          expect(await rowsSeen(opened)).toEqual(before);
          await expectVerified(opened);
          expect((await opened.ledger.record([fill("b5", 50, "1", "1")])).recorded).toBe(1);
        });
        await run;
        const { digest } = await opened.ledger.compute();
        expect((await opened.ledger.compute({ full: true })).digest).toBe(digest);
        await expectVerified(opened);
      }),
  );

  test("two computes at once work one after the other", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record(start);
      let waits = 0;
      const onWait = () => (waits += 1);
      const results = await Promise.all([
        opened.ledger.compute({ onWait }),
        opened.ledger.compute({ onWait }),
        opened.ledger.compute({ full: true, onWait }),
      ]);
      expect(waits).toBe(2);
      expect(results.map((each) => each.version)).toEqual([1, 1, 2]);
      expect(new Set(results.map((each) => each.digest)).size).toBe(1);
      await expectVerified(opened);
    }));
});
