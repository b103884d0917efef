import fs, { fsyncSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { engines, type TestPlace } from "../../../test/engines.ts";
import { openPglite, type PgliteDatabase } from "./pglite.ts";

/** Lets writes to some files fail; gives what ends that. */
function fillDisk(isFull: (path: string) => boolean): () => void {
  const { writeSync } = fs;
  const full = (descriptor: number, ...rest: unknown[]): number => {
    if (isFull(fs.readlinkSync(`/proc/self/fd/${descriptor}`))) {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    }
    return Reflect.apply(writeSync, fs, [descriptor, ...rest]) as number;
  };
  Object.assign(fs, { writeSync: full });
  return () => {
    Object.assign(fs, { writeSync });
  };
}

const embedded = engines.find((engine) => engine.kind === "pglite");

describe.skipIf(embedded === undefined)("the embedded engine", () => {
  let place: TestPlace;
  const open: PgliteDatabase[] = [];

  beforeEach(async () => {
    place = await embedded!.place();
  });

  afterEach(async () => {
    for (const database of open.splice(0)) await database.close().catch(() => {});
    await place.remove();
  });

  async function opened(sync?: (descriptor: number) => void): Promise<PgliteDatabase> {
    const database = await openPglite(place.location, sync === undefined ? {} : { sync });
    open.push(database);
    return database;
  }

  const insert = "INSERT INTO public.kept (number) VALUES ($1)";
  const table = "CREATE TABLE public.kept (number int8)";

  test("every commit is synced before it is acknowledged", async () => {
    const database = await opened();
    await database.connect(async (connection) => {
      await connection.script(table);
      for (let number = 0; number < 20; number += 1) {
        const before = database.fsyncCount;
        await connection.execute(insert, [number]);
        expect(database.fsyncCount).toBeGreaterThan(before);
      }
      const before = database.fsyncCount;
      await connection.transaction(async () => {
        await connection.execute(insert, [100]);
        await connection.execute(insert, [101]);
        expect(database.fsyncCount).toBe(before);
      });
      expect(database.fsyncCount).toBeGreaterThan(before);
    });
    expect(await database.durability()).toMatchObject({ survives: "power loss" });
  });

  test.each([
    { title: "a statement of its own", inTransaction: false },
    { title: "a transaction", inTransaction: true },
  ])(
    "a sync that fails fails the commit of $title, and all after it",
    async ({ inTransaction }) => {
      let failing = false;
      const database = await opened((descriptor) => {
        if (failing) throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });
        fsyncSync(descriptor);
      });
      await database.connect((connection) => connection.script(table));
      await database.connect((connection) => connection.execute(insert, [1]));
      failing = true;
      const commit = database.connect(async (connection) => {
        const write = (): Promise<number> => connection.execute(insert, [2]);
        await (inTransaction ? connection.transaction(write) : write());
      });
      await expect(commit).rejects.toMatchObject({
        code: "ENVIRONMENT",
        message: /could not write safely.*EIO/,
      });
      // The disk works again, but what it dropped is gone: only a restart may look at what is there.
      failing = false;
      const after = database.connect((connection) => connection.query("SELECT 1"));
      await expect(after).rejects.toMatchObject({ code: "ENVIRONMENT" });
      await database.close();
      const again = await opened();
      const rows = await again.connect((connection) =>
        connection.query("SELECT number FROM public.kept"),
      );
      expect(rows).toContainEqual({ number: 1n });
    },
  );

  test.each([
    {
      title: "the tables",
      isFull: (path: string): boolean => !path.includes("pg_wal"),
      goesOn: true,
    },
    { title: "the log", isFull: (path: string): boolean => path.includes("pg_wal"), goesOn: false },
  ])("a disk with no room for $title is said, and loses nothing", async ({ isFull, goesOn }) => {
    const database = await opened();
    await database.connect((connection) => connection.script(table));
    await database.connect((connection) => connection.execute(insert, [1]));
    const makeRoom = fillDisk(isFull);
    const large = "INSERT INTO public.kept SELECT i FROM generate_series(1, 900000) i";
    const refused = database.connect((connection) => connection.execute(large)).finally(makeRoom);
    await expect(refused).rejects.toMatchObject({ code: "ENVIRONMENT", message: /space|ENOSPC/ });
    const count = "SELECT count(*) AS count FROM public.kept";
    const after = database.connect((connection) => connection.query(count));
    if (goesOn) expect(await after).toEqual([{ count: 1n }]);
    else await expect(after).rejects.toMatchObject({ code: "ENVIRONMENT" });
    await database.close();
    const again = await opened();
    expect(await again.connect((connection) => connection.query(count))).toEqual([{ count: 1n }]);
  });

  test("a directory that can't be synced is no reason to stop", async () => {
    let refused = 0;
    const database = await opened((descriptor) => {
      if (!fs.fstatSync(descriptor).isDirectory()) return fsyncSync(descriptor);
      refused += 1;
      throw Object.assign(new Error("EINVAL: invalid argument, fsync"), { code: "EINVAL" });
    });
    await database.connect((connection) => connection.script("CREATE DATABASE other"));
    await database.connect((connection) => connection.script("CHECKPOINT"));
    expect(refused).toBeGreaterThan(0);
  });

  test("the log is cut down by checkpoints of its own, whatever the role", async () => {
    const database = await opened();
    await database.connect((connection) =>
      connection.script("CREATE TABLE public.wide (text text); GRANT ALL ON public.wide TO PUBLIC"),
    );
    await database.enterRuntimeRole();
    await database.connect(async (connection) => {
      const checkpoint = (): Promise<object[]> =>
        connection.query("SELECT redo_lsn::text FROM pg_control_checkpoint()");
      const before = await checkpoint();
      for (let round = 0; round < 7; round += 1) {
        await connection.execute(
          "INSERT INTO public.wide SELECT repeat(md5(i::text), 60) FROM generate_series(1, 25000) i",
        );
      }
      expect(await checkpoint()).not.toEqual(before);
      const [row] = await connection.query("SELECT current_user::text AS who");
      expect(row).toEqual({ who: "lotbook_runtime" });
    });
  });

  test("leases are served in the order they were asked for, one at a time", async () => {
    const database = await opened();
    const order: string[] = [];
    const lease = (name: string): Promise<void> =>
      database.connect(async (connection) => {
        order.push(`${name} begins`);
        await connection.query("SELECT 1");
        await new Promise((resolve) => setTimeout(resolve, 5));
        order.push(`${name} ends`);
      });
    await Promise.all(["a", "b", "c"].map(lease));
    expect(order).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
    const inner = database.connect(() => database.connect(async () => {}));
    await expect(inner).rejects.toThrow("already holds the only one");
    await database.connect(async () => {});
  });

  test("timers run while statements follow each other", async () => {
    const database = await opened();
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 10);
    const until = performance.now() + 300;
    await database.connect(async (connection) => {
      while (performance.now() < until) await connection.query("SELECT 1");
    });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test("a creation that was cut short is begun again", async () => {
    const empty = await embedded!.place({ empty: true });
    try {
      mkdirSync(join(empty.location, "pgdata-unfinished-1"));
      writeFileSync(join(empty.location, "pgdata-unfinished-1", "PG_VERSION"), "18\n");
      const database = await openPglite(empty.location);
      expect(readdirSync(empty.location).filter((name) => name.startsWith("pgdata"))).toEqual([
        "pgdata",
      ]);
      await database.close();
    } finally {
      await empty.remove();
    }
  });

  test("a database that has lost files is refused, and none is made over it", async () => {
    const data = join(place.location, "pgdata");
    renameSync(join(data, "global/pg_control"), join(data, "kept"));
    await expect(openPglite(place.location)).rejects.toMatchObject({
      code: "ENVIRONMENT",
      message: `the database in ${place.location} does not start`,
    });
    rmSync(join(data, "PG_VERSION"));
    const before = readdirSync(data);
    await expect(openPglite(place.location)).rejects.toMatchObject({
      code: "ENVIRONMENT",
      message: `the database in ${place.location} is damaged`,
    });
    expect(readdirSync(data)).toEqual(before);
  });

  test("a directory of something else is refused", async () => {
    const empty = await embedded!.place({ empty: true });
    try {
      writeFileSync(join(empty.location, "letter.txt"), "dear");
      await expect(openPglite(empty.location)).rejects.toMatchObject({ code: "ENVIRONMENT" });
      await expect(openPglite(join(empty.location, "letter.txt"))).rejects.toMatchObject({
        code: "ENVIRONMENT",
      });
      expect(readdirSync(empty.location)).toEqual(["letter.txt"]);
    } finally {
      await empty.remove();
    }
  });
});
