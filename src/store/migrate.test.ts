import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { describeEngines } from "../../test/engines.ts";
import { type Migration, readMigrations } from "./migrate.ts";
import { openDatabase } from "./open.ts";

function migration(number: number, name: string, text: string): Migration {
  return { number, name, text, sha256: createHash("sha256").update(text).digest("hex") };
}

const first = migration(1, "one", "CREATE TABLE one (a int); CREATE TABLE also (a int)");
const second = migration(2, "two", "ALTER TABLE one ADD COLUMN b int");
const count = "SELECT count(*)::int AS count FROM lotbook.migrations";

test("the migrations are numbered without a gap", () => {
  const migrations = readMigrations();
  expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1));
  expect(migrations[0]?.name).toBe("ledger");
});

describeEngines("migrations", (engine) => {
  test("an empty database is migrated at first use, and then left alone", async () => {
    const { database, dispose } = await engine.open({ empty: true, migrations: [first, second] });
    expect(database.schemaVersion).toBe(2);
    const applied = "SELECT number, name, sha256 FROM lotbook.migrations ORDER BY number";
    const rows = await database.connect((connection) => connection.query(applied));
    expect(rows).toEqual(
      [first, second].map(({ number, name, sha256 }) => ({ number, name, sha256 })),
    );
    await dispose();
  });

  test("an older one is migrated: embedded at once, on a server when asked", async () => {
    const place = await engine.place({ empty: true });
    await (await openDatabase(place.location, { migrations: [first] })).close();
    const migrations = [first, second];
    if (engine.kind === "postgres") {
      await expect(openDatabase(place.location, { migrations })).rejects.toMatchObject({
        code: "SCHEMA_OLDER",
        advice: expect.stringContaining("lotbook db migrate") as string,
      });
    }
    const database = await openDatabase(place.location, {
      migrations,
      migrate: engine.kind === "postgres",
    });
    await database.connect((connection) => connection.query("SELECT a, b FROM one"));
    await database.close();
    await place.remove();
  });

  test("a newer one is refused, and so is one with another history", async () => {
    const place = await engine.place({ empty: true });
    await (await openDatabase(place.location, { migrations: [first, second] })).close();
    await expect(openDatabase(place.location, { migrations: [first] })).rejects.toMatchObject({
      code: "SCHEMA_NEWER",
    });
    const changed = [migration(1, "one", `${first.text} `), second];
    await expect(openDatabase(place.location, { migrations: changed })).rejects.toMatchObject({
      code: "ENVIRONMENT",
      message: expect.stringContaining("another migration 1") as string,
    });
    await place.remove();
  });
});

describeEngines("migrating", (engine) => {
  test("one that fails leaves nothing of itself, and the earlier ones", async () => {
    const place = await engine.place({ empty: true });
    const broken = migration(2, "two", "CREATE TABLE half (a int); SELECT 1/0");
    await expect(
      openDatabase(place.location, { migrations: [first, broken] }),
    ).rejects.toMatchObject({
      code: "ENVIRONMENT",
      message: expect.stringContaining("migration 2 (two) failed") as string,
    });
    const database = await openDatabase(place.location, { migrations: [first], asOwner: true });
    await database.connect(async (connection) => {
      expect(await connection.query("SELECT to_regclass('lotbook.half')::text AS half")).toEqual([
        { half: null },
      ]);
      expect(await connection.query(count)).toEqual([{ count: 1 }]);
    });
    await database.close();
    await place.remove();
  });

  test.skipIf(engine.kind === "pglite")(
    "many that open an empty server at once migrate it once",
    async () => {
      const place = await engine.place({ empty: true });
      const slow = migration(3, "slow", "SELECT pg_sleep(0.3); CREATE TABLE slow (a int)");
      const migrations = [first, second, slow];
      const opened = await Promise.all(
        Array.from({ length: 5 }, () =>
          openDatabase(place.location, { migrations, connections: 2 }),
        ),
      );
      for (const database of opened) {
        expect(await database.connect((connection) => connection.query(count))).toEqual([
          { count: 3 },
        ]);
        await database.close();
      }
      await place.remove();
    },
  );

  test.skipIf(engine.kind === "pglite")(
    "databases made at once on one server share the role",
    async () => {
      const places = await Promise.all(
        Array.from({ length: 4 }, () => engine.place({ empty: true })),
      );
      const opened = await Promise.all(
        places.map(({ location }) => openDatabase(location, { connections: 1 })),
      );
      expect(opened.map(({ role }) => role)).toEqual(opened.map(() => "runtime"));
      for (const database of opened) await database.close();
      for (const place of places) await place.remove();
    },
  );
});
