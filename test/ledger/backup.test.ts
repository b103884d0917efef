/** docs/guide/backup.md, done: what was backed up comes back whole, guarded, and goes on. */
import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { type Ledger, openLedger } from "../../src/ledger/ledger.ts";
import { openPostgres } from "../../src/store/engine/postgres.ts";
import { administer, withDatabase } from "../engine/cluster.ts";
import { describeEngines, type TestEngine } from "../engines.ts";
import { expectVerified, fill, withDirectory, withLedger } from "./ledger.ts";

const run = promisify(execFile);

/** History with a late fact and a correction: superseded rows, several revisions. */
async function fillLedger(ledger: Ledger): Promise<string> {
  await ledger.record([fill("b1", 10, "2", "100"), fill("s1", 20, "1", "110")]);
  await ledger.compute();
  await ledger.record([
    fill("b0", 1, "1", "90"),
    { kind: "void", symbol: "BTC-USD", targetKind: "fill", targetId: "b1", reason: "bust" },
  ]);
  return (await ledger.compute()).digest!;
}

async function expectWhole(ledger: Ledger, digest: string): Promise<void> {
  expect(await expectVerified({ ledger })).toBe(digest);
  await expectVerified({ ledger }, { revision: 2n });
  expect((await ledger.record([fill("b0", 1, "1", "90")])).recorded).toBe(0);
  expect((await ledger.record([fill("b7", 70, "1", "90")])).recorded).toBe(1);
  const computed = await ledger.compute();
  expect((await ledger.compute({ full: true })).digest).toBe(computed.digest);
  await expectVerified({ ledger });
}

describeEngines("a backup", (engine) => {
  test("by export comes back with the same digest", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger }) => {
        const digest = await fillLedger(ledger);
        await ledger.export(directory);
        await withLedger(engine, async (again) => {
          await again.ledger.import([join(directory, "facts.ndjson")]);
          expect((await again.ledger.compute()).digest).toBe(digest);
          await expectVerified(again);
        });
      }),
    ));

  test.skipIf(engine.kind !== "pglite")(
    "by copying the directory is a ledger of its own (embedded only)",
    () =>
      withDirectory(async (directory) => {
        const place = await engine.place();
        try {
          const ledger = await openLedger(place.location);
          const digest = await fillLedger(ledger);
          await ledger.close();
          const copy = join(directory, "copy");
          await cp(place.location, copy, { recursive: true });
          for (const location of [copy, place.location]) {
            const opened = await openLedger(location);
            await expectWhole(opened, digest);
            await opened.close();
          }
        } finally {
          await place.remove();
        }
      }),
  );

  const { tools, reason } = dumpTools(engine);
  test.skipIf(tools === undefined)(`by pg_dump and pg_restore${reason}`, () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger, location }) => {
        const digest = await fillLedger(ledger);
        const dump = join(directory, "lotbook.dump");
        await run(tools!.dump, ["-Fc", "-d", location, "-f", dump]);
        const name = `lotbook_test_${randomBytes(6).toString("hex")}`;
        await administer(location, `CREATE DATABASE ${name}`);
        const restored = withDatabase(location, name);
        try {
          await run(tools!.restore, ["--exit-on-error", "-d", restored, dump]);
          const opened = await openLedger(restored);
          await expectWhole(opened, digest);
          await opened.close();
          await expectGuarded(restored);
        } finally {
          await administer(location, `DROP DATABASE ${name} WITH (FORCE)`);
        }
      }),
    ),
  );
});

/** The triggers are back, and in force where ordinary ones are not. */
async function expectGuarded(location: string): Promise<void> {
  const database = await openPostgres(location, { connections: 1 });
  try {
    await database.connect(async (connection) => {
      await connection.script("SET search_path = lotbook; SET session_replication_role = replica");
      await expect(connection.execute("DELETE FROM fills")).rejects.toMatchObject({
        code: "LB001",
      });
      await expect(connection.execute("TRUNCATE seals")).rejects.toMatchObject({ code: "LB001" });
    });
  } finally {
    await database.close();
  }
}

interface DumpTools {
  readonly dump: string;
  readonly restore: string;
}

/** The pg_dump that is made for the engine's server, or why there is none. */
function dumpTools({ name }: TestEngine): { tools?: DumpTools; reason: string } {
  const major = /^postgres-(\d+)$/.exec(name)?.[1];
  if (major === undefined) return { reason: ` (not tried on ${name})` };
  const folders = [
    `/usr/lib/postgresql/${major}/bin`,
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  for (const folder of folders) {
    const dump = join(folder, "pg_dump");
    if (!existsSync(dump) || !existsSync(join(folder, "pg_restore"))) continue;
    if (!execFileSync(dump, ["--version"], { encoding: "utf8" }).includes(` ${major}.`)) continue;
    return { tools: { dump, restore: join(folder, "pg_restore") }, reason: "" };
  }
  return { reason: ` (there is no pg_dump ${major})` };
}
