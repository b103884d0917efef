/** What only a server can do: be away, refuse, break off, or be owned by someone who may not make roles. */
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { LotbookError } from "../../src/errors.ts";
import { openDatabase } from "../../src/store/open.ts";
import { engines } from "../engines.ts";
import { administer } from "./cluster.ts";

const servers = engines.filter((engine) => engine.kind === "postgres");

async function refusal(location: string): Promise<LotbookError> {
  const error = await openDatabase(location).then(
    async (database) => {
      await database.close();
      throw new Error("it opened");
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LotbookError);
  return error as LotbookError;
}

test("a server that is not there is named, without the password", async () => {
  const error = await refusal("postgres://me:secret-word@127.0.0.1:1/ledger");
  expect(error.code).toBe("DATABASE_UNREACHABLE");
  expect(error.exit).toBe(3);
  expect(error.message).toContain("127.0.0.1:1/ledger");
  expect(error.message).toContain("nothing listens there");
  expect(`${error.message} ${error.advice} ${String(error.stack)}`).not.toContain("secret-word");
});

test("a name that means no database is bad usage", async () => {
  expect((await refusal("mysql://localhost/ledger")).code).toBe("BAD_USAGE");
  expect((await refusal("postgres://[/ledger")).code).toBe("BAD_USAGE");
});

test("something else that listens there is not waited for without end", async () => {
  const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  expect((await refusal(`postgres://me@127.0.0.1:${port}/ledger`)).code).toBe(
    "DATABASE_UNREACHABLE",
  );
  server.close();
});

describe.each(servers.map((engine) => ({ name: engine.name, engine })))(
  "a server ($name)",
  ({ engine }) => {
    test("a wrong password and a database that is not there are told apart", async () => {
      const { location, remove } = await engine.place();
      const wrong = new URL(location);
      wrong.password = "wrong-word";
      const refused = await refusal(wrong.toString());
      expect(refused.code).toBe("DATABASE_UNREACHABLE");
      expect(refused.advice).toContain("password");
      expect(JSON.stringify([refused.message, refused.advice])).not.toContain("wrong-word");
      const absent = new URL(location);
      absent.pathname = "/nowhere_at_all";
      expect((await refusal(absent.toString())).advice).toContain("createdb");
      await remove();
    });

    test("a connection that breaks is an error, is discarded, and leaves nothing half done", async () => {
      const opened = await engine.open({ asOwner: true });
      const { database } = opened;
      await database.connect((connection) =>
        connection.script("CREATE TABLE lotbook.kept (a int)"),
      );
      const broken = database.connect((connection) =>
        connection.transaction(async () => {
          await connection.execute("INSERT INTO lotbook.kept VALUES (1)");
          const [row] = await connection.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
          await engine.superuser(opened, (other) =>
            other.execute("SELECT pg_terminate_backend($1)", [row!.pid]),
          );
          await connection.execute("INSERT INTO lotbook.kept VALUES (2)");
        }),
      );
      await expect(broken).rejects.toMatchObject({
        code: "DATABASE_UNREACHABLE",
        message: expect.stringContaining("broke") as string,
      });
      const rows = await database.connect((connection) =>
        connection.query("SELECT a FROM lotbook.kept"),
      );
      expect(rows).toEqual([]);
      await opened.dispose();
    });
  },
);

describe.each(servers)("a server ($name)", (engine) => {
  test("connections are leased in parallel, up to their number", async () => {
    const { database, dispose } = await engine.open({ connections: 3 });
    let active = 0;
    let most = 0;
    const lease = (): Promise<void> =>
      database.connect(async (connection) => {
        active += 1;
        most = Math.max(most, active);
        await connection.query("SELECT pg_sleep(0.05)");
        active -= 1;
      });
    await Promise.all(Array.from({ length: 9 }, lease));
    expect(most).toBe(3);
    expect(database.parallelism).toBe(3);
    await dispose();
  });

  test("an owner who may not use the role goes on as owner, and the status says so", async () => {
    const { location, remove } = await engine.place({ empty: true });
    const url = new URL(location);
    const login = `plain_${url.pathname.slice(-8)}`;
    await administer(location, `CREATE ROLE ${login} LOGIN PASSWORD 'plain'`);
    await administer(location, `ALTER DATABASE ${url.pathname.slice(1)} OWNER TO ${login}`);
    url.username = login;
    url.password = "plain";
    const database = await openDatabase(url.toString());
    expect(database.role).toBe("owner");
    await database.close();
    await remove();
    await administer(location.replace(/\/[^/]*$/, "/postgres"), `DROP ROLE ${login}`);
  });
});
