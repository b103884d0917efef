import { expect, test } from "vitest";
import type { Connection } from "../../src/store/database.ts";
import { ServerError } from "../../src/store/engine/server-error.ts";
import { isServerLocation, type OpenDatabase, status } from "../../src/store/open.ts";
import { describeEngines, type TestEngine } from "../engines.ts";

describeEngines("a connection", (engine) => {
  test("values keep their types, both ways", () => using(engine, keepsTypes));
  test("a script runs many statements, a query one", () => using(engine, runsOneStatement));
  test("a server's refusal carries its code", () => using(engine, refusalsHaveCodes));
  test("a transaction commits, or leaves nothing", () => using(engine, commitsOrLeavesNothing));
  test("an error swallowed inside a transaction is no commit", () =>
    using(engine, swallowedIsNoCommit));
  test("leases do not outlive their work", () => using(engine, leasesEnd));

  test("sessions run as the role that owns nothing", async () => {
    await using(engine, async (connection, database) => {
      expect(
        await connection.query(
          "SELECT current_user::text AS who, current_setting('timezone') AS zone",
        ),
      ).toEqual([{ who: "lotbook_runtime", zone: "UTC" }]);
      await expect(connection.script("CREATE TABLE lotbook.mine (a int)")).rejects.toMatchObject({
        code: "42501",
      });
      expect(database.role).toBe("runtime");
    });
    const owner = await engine.open({ asOwner: true });
    expect(owner.database.role).toBe("owner");
    await owner.database.connect((connection) =>
      connection.script("CREATE TABLE lotbook.mine (a int)"),
    );
    await owner.dispose();
  });

  test("the superuser of tests gets past the role", async () => {
    const opened = await engine.open();
    await engine.superuser(opened, (connection) =>
      connection.script("CREATE TABLE lotbook.mine (a int)"),
    );
    const again = opened.database.connect((connection) =>
      connection.query("SELECT * FROM lotbook.mine"),
    );
    await expect(again).rejects.toMatchObject({ code: "42501" });
    await opened.dispose();
  });

  test("the status says what the user must know", async () => {
    const opened = await engine.open();
    const said = await status(opened.database);
    expect(said).toMatchObject({ engine: engine.kind, role: "runtime" });
    expect(said.serverVersion).toBeGreaterThanOrEqual(150_000);
    // The servers of a test run don't sync: it must say so, and the embedded engine must not be one of them.
    const isServer = isServerLocation(opened.location);
    if (!isServer) expect(said.durability.survives).toBe("power loss");
    else if (engine.name !== "postgres-url") expect(said.durability.survives).toBe("process death");
    expect(said.durability.details.join()).toContain("synchronous_commit=on");
    expect(JSON.stringify(said)).not.toContain("only-for-tests");
    await opened.dispose();
  });
});

async function using(
  engine: TestEngine,
  work: (connection: Connection, database: OpenDatabase) => Promise<void>,
): Promise<void> {
  const { database, dispose } = await engine.open();
  try {
    await database.connect((connection) => work(connection, database));
  } finally {
    await dispose();
  }
}

async function keepsTypes(connection: Connection): Promise<void> {
  const [row] = await connection.query(
    `SELECT 1::int2 AS a, 2147483647 AS b, 9223372036854775807 AS c, 1.50::numeric AS d, true AS e,
      '\\x00ff'::bytea AS f, ARRAY[1, NULL]::int8[] AS g, ARRAY['a"b\\', 'NULL', NULL, ''] AS h,
      '2026-01-02 03:04:05.678901+02'::timestamptz AS i, '{"b":1,  "a":2}'::json AS j, NULL AS k,
      '00000000-0000-0000-0000-00000000000a'::uuid AS l, ARRAY[1.10, 2]::numeric[] AS m,
      1.5::float8 AS n, date '2026-01-02' AS o, ARRAY['\\x01'::bytea] AS p, ARRAY[true, false] AS q`,
  );
  expect(row).toEqual({
    a: 1,
    b: 2_147_483_647,
    c: 9_223_372_036_854_775_807n,
    d: "1.50",
    e: true,
    f: new Uint8Array([0, 255]),
    g: [1n, null],
    h: ['a"b\\', "NULL", null, ""],
    i: "2026-01-02 01:04:05.678901+00",
    j: '{"b":1,  "a":2}',
    k: null,
    l: "00000000-0000-0000-0000-00000000000a",
    m: ["1.10", "2"],
    n: "1.5",
    o: "2026-01-02",
    p: [new Uint8Array([1])],
    q: [true, false],
  });
  const given = [
    "tab\tü😀\\",
    7n,
    8,
    true,
    new Uint8Array([0, 1, 255]),
    ["x,y", '"', null],
    [1n, 2n],
    null,
  ] as const;
  const [back] = await connection.query(
    `SELECT $1::text AS a, $2::int8 AS b, $3::int4 AS c, $4::bool AS d, $5::bytea AS e, $6::text[] AS f,
      $7::int8[] AS g, $8::numeric AS h`,
    given,
  );
  expect(Object.values(back!)).toEqual([...given]);
}

async function runsOneStatement(connection: Connection): Promise<void> {
  await connection.script(
    "CREATE TEMP TABLE one (a int); INSERT INTO one VALUES (1), (2); UPDATE one SET a = a + 1",
  );
  expect(await connection.execute("UPDATE one SET a = a WHERE a > $1", [0])).toBe(2);
  expect(await connection.execute("DELETE FROM one WHERE a = 2")).toBe(1);
  expect(await connection.query("SELECT a FROM one")).toEqual([{ a: 3 }]);
  await expect(connection.query("SELECT 1; SELECT 2")).rejects.toMatchObject({ code: "42601" });
  expect(await connection.query("")).toEqual([]);
}

async function refusalsHaveCodes(connection: Connection): Promise<void> {
  await connection.script(
    "CREATE TEMP TABLE strict (a int CONSTRAINT positive CHECK (a > 0) UNIQUE)",
  );
  const refused = await connection
    .execute("INSERT INTO strict VALUES ($1)", [-1])
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ServerError);
  expect(refused).toMatchObject({ code: "23514", constraint: "positive", table: "strict" });
  await expect(connection.script("SELECT 1; SELECT 1/0")).rejects.toMatchObject({ code: "22012" });
  await expect(connection.query("SELECT $1::int", ["x"])).rejects.toMatchObject({ code: "22P02" });
  await expect(connection.query("SELECT $1::text", ["a\u0000b"])).rejects.toMatchObject({
    code: "22021",
  });
  expect(await connection.query("SELECT 1 AS fine")).toEqual([{ fine: 1 }]);
}

async function commitsOrLeavesNothing(connection: Connection): Promise<void> {
  await connection.script("CREATE TEMP TABLE kept (a int UNIQUE)");
  const level = await connection.transaction(async () => {
    await connection.execute("INSERT INTO kept VALUES (1)");
    return await connection.query("SELECT current_setting('transaction_isolation') AS level");
  });
  expect(level).toEqual([{ level: "read committed" }]);
  const failed = connection.transaction(async () => {
    await connection.execute("INSERT INTO kept VALUES (2)");
    throw new Error("changed my mind");
  });
  await expect(failed).rejects.toThrow("changed my mind");
  const refused = connection.transaction(async () => {
    await connection.execute("INSERT INTO kept VALUES (3)");
    await connection.execute("INSERT INTO kept VALUES (1)");
  });
  await expect(refused).rejects.toMatchObject({ code: "23505" });
  const nested = connection.transaction(() => connection.transaction(async () => {}));
  await expect(nested).rejects.toThrow("inside a transaction");
  expect(await connection.query("SELECT a FROM kept")).toEqual([{ a: 1 }]);
}

async function swallowedIsNoCommit(connection: Connection): Promise<void> {
  const swallowed = connection.transaction(async () => {
    await connection.query("SELECT 1/0").catch(() => {});
  });
  await expect(swallowed).rejects.toThrow("rolled back");
}

async function leasesEnd(_connection: Connection, database: OpenDatabase): Promise<void> {
  let kept: Connection | undefined;
  // On a server there is another connection; the embedded one is held by this test itself.
  if (database.parallelism === 1) return;
  await database.connect(async (connection) => {
    kept = connection;
  });
  await expect(kept!.query("SELECT 1")).rejects.toThrow("after its lease");
}
