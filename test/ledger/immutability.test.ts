/** The database itself refuses to change a fact: each way around it, as the runtime role and as the owner. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { decisionText } from "../../src/core/decision.ts";
import { recordItems } from "../../src/ledger/record-facts.ts";
import type { Connection } from "../../src/store/database.ts";
import { describeEngines } from "../engines.ts";
import { expectVerified, fill, openTestLedger, time, type TestLedger } from "./ledger.ts";

/** Append-only tables, each with a column that an update sets to what it is. */
const tables: Record<string, string> = {
  batches: "author",
  fills: "price",
  opening_lots: "quantity",
  fee_values: "value",
  voids: "reason",
  adjustments: "trade_type",
  observations: "raw",
  aliases: "entry",
  tolerances: "tolerance",
  legacy_orders: "pnl_usd",
  seals: "hash",
  revisions: "hash",
};

const facts = ["fills", "opening_lots", "fee_values", "voids", "adjustments"];

async function fillTables({ ledger, database, ports, query }: TestLedger): Promise<void> {
  const book = { symbol: "BTC-USD" } as const;
  await ledger.record([
    fill("b1", 1, "2", "100", { fee: "0.1", feeAsset: "BNB" }),
    fill("b2", 2, "1", "90"),
    fill("s1", 3, "1", "120"),
    { kind: "fee value", ...book, fillId: "b1", asset: "BNB", value: "3" },
    { kind: "opening lot", ...book, key: "old", openedAt: time(0), quantity: "1", note: "n" },
    { kind: "void", ...book, targetKind: "fill", targetId: "b2", reason: "bust" },
    { kind: "adjustment", ...book, entryId: "a1", tradeType: "REVERSAL", executedAt: time(4) },
  ]);
  const alias = { venue: "manual", account: "main", fillId: "also b1" };
  const words = { item: "waiting", action: "same", number: 1, author: "a", reason: "r", alias };
  const decision = { portfolio: "default", ...book, raw: decisionText(words), alias };
  await recordItems(
    database,
    ports,
    [{ row: 0, decision: { ...decision, about: { entry: 1n } } }],
    {
      source: "review",
      author: "a",
    },
  );
  await query(
    "INSERT INTO tolerances (symbol, tolerance, author, reason) VALUES ('BTC-USD', 1, 'a', 'r')",
  );
  await query(
    `INSERT INTO legacy_orders
       (book_id, venue, account, order_id, taken, symbol, side, order_time, price, size)
     SELECT book_id, 'manual', 'main', 'o', 1, symbol, 'SELL', now(), 1, 1 FROM books`,
  );
  await ledger.compute();
}

interface Attempt {
  readonly what: string;
  readonly sql: string;
}

/** Ways to change what is in a table, all but those that change the schema. */
function changes(table: string): Attempt[] {
  const column = tables[table]!;
  const key =
    table === "batches"
      ? "batch_id"
      : table === "revisions"
        ? "revision"
        : table === "tolerances"
          ? "number"
          : "book_id";
  return [
    { what: "UPDATE", sql: `UPDATE ${table} SET ${column} = ${column}` },
    { what: "UPDATE ONLY", sql: `UPDATE ONLY ${table} SET ${column} = ${column} WHERE true` },
    { what: "DELETE", sql: `DELETE FROM ${table}` },
    { what: "TRUNCATE", sql: `TRUNCATE ${table}` },
    { what: "TRUNCATE CASCADE", sql: `TRUNCATE ${table} RESTART IDENTITY CASCADE` },
    { what: "TRUNCATE of several", sql: `TRUNCATE repeats, ${table}` },
    {
      what: "INSERT ON CONFLICT DO UPDATE",
      sql: `INSERT INTO ${table} SELECT * FROM ${table} ON CONFLICT (${primaryKeys[table]})
            DO UPDATE SET ${column} = excluded.${column}`,
    },
    {
      what: "MERGE UPDATE",
      sql: `MERGE INTO ${table} t USING ${table} o ON t.${key} = o.${key}
            WHEN MATCHED THEN UPDATE SET ${column} = o.${column}`,
    },
    {
      what: "MERGE DELETE",
      sql: `MERGE INTO ${table} t USING ${table} o ON t.${key} = o.${key} WHEN MATCHED THEN DELETE`,
    },
    {
      what: "WITH DELETE",
      sql: `WITH gone AS (DELETE FROM ${table} RETURNING 1) SELECT * FROM gone`,
    },
    { what: "a row twice", sql: `INSERT INTO ${table} SELECT * FROM ${table}` },
  ];
}

const primaryKeys: Record<string, string> = {
  ...Object.fromEntries(facts.map((table) => [table, "book_id, entry"])),
  batches: "batch_id",
  observations: "book_id, number",
  aliases: "book_id, fill_id, venue, account, number",
  tolerances: "number",
  legacy_orders: "book_id, order_id, venue, account, taken",
  seals: "book_id, number",
  revisions: "revision",
};

/** Ways to take the guard away, or around it. */
function schemaChanges(table: string): Attempt[] {
  return [
    `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
    `ALTER TABLE ${table} DISABLE TRIGGER append_only_rows`,
    `DROP TRIGGER append_only_rows ON ${table}`,
    `DROP TRIGGER append_only_table ON ${table}`,
    `ALTER TRIGGER append_only_rows ON ${table} RENAME TO other`,
    `ALTER TABLE ${table} RENAME TO other`,
    `ALTER TABLE ${table} DROP COLUMN leaf`,
    `ALTER TABLE ${table} SET SCHEMA public`,
    `ALTER TABLE ${table} OWNER TO lotbook_runtime`,
    `DROP TABLE ${table} CASCADE`,
    `CREATE RULE quiet AS ON UPDATE TO ${table} DO INSTEAD NOTHING`,
    `CREATE TRIGGER other BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_change()`,
    `CREATE TABLE child () INHERITS (${table})`,
    `CREATE POLICY hidden ON ${table} USING (false)`,
    `GRANT ALL ON ${table} TO lotbook_runtime; DELETE FROM ${table}`,
  ].map((sql) => ({ what: sql.replaceAll(table, "…"), sql }));
}

const wholeSchema = [
  "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
  "CREATE OR REPLACE FUNCTION guard_book() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
  "DROP FUNCTION refuse_change() CASCADE",
  "ALTER FUNCTION refuse_change() RENAME TO other",
  "DROP SCHEMA lotbook CASCADE",
  "CREATE TABLE lotbook.mine (number integer)",
  "ALTER DOMAIN amount DROP CONSTRAINT amount_check",
  "SET session_replication_role = replica",
  "ALTER ROLE lotbook_runtime SUPERUSER",
  "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION refuse_change()",
];

const books = [
  "UPDATE books SET portfolio = 'other'",
  "UPDATE books SET book_id = '00000000-0000-4000-8000-000000000000'",
  "UPDATE books SET symbol = 'ETH-USD', base_asset = 'ETH'",
  "UPDATE books SET last_entry = last_entry - 1",
  "UPDATE books SET last_observation = 0",
  "UPDATE books SET last_seal = last_seal - 1",
  "DELETE FROM books",
  "TRUNCATE books",
  "TRUNCATE books CASCADE",
  "MERGE INTO books b USING books o ON b.book_id = o.book_id WHEN MATCHED THEN DELETE",
  `INSERT INTO books SELECT * FROM books ON CONFLICT (book_id) DO UPDATE SET last_entry = 0`,
];

/** Tries a statement; undoes it if it should have worked. */
async function refusal(connection: Connection, sql: string): Promise<string> {
  await connection.script("BEGIN");
  try {
    await connection.script(sql);
    return "was done";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  } finally {
    await connection.script("ROLLBACK");
  }
}

const deniedBy = { privilege: "42501", trigger: "LB001", uniqueKey: "23505" };

describeEngines("immutability", (engine) => {
  let opened: TestLedger;
  beforeAll(async () => {
    opened = await openTestLedger(engine);
    await fillTables(opened);
  });
  afterAll(() => opened.dispose());

  const asRuntime = (sql: string): Promise<string> =>
    opened.database.connect((connection) => refusal(connection, sql));
  const asSuperuser = (sql: string): Promise<string> =>
    engine.superuser(opened, async (connection) => {
      await connection.script("SET search_path = lotbook");
      return await refusal(connection, sql);
    });

  test("sessions are of the runtime role, which owns nothing", async () => {
    expect(opened.database.role).toBe("runtime");
    const owned = await opened.query(
      `SELECT relname FROM pg_class WHERE relowner = 'lotbook_runtime'::regrole AND relpersistence <> 't'
       UNION ALL SELECT proname FROM pg_proc WHERE proowner = 'lotbook_runtime'::regrole`,
    );
    expect(owned).toEqual([]);
    for (const table of [...Object.keys(tables), "books"]) {
      const [row] = await opened.query(`SELECT count(*) AS count FROM ${table}`);
      expect(row!["count"], table).toBeGreaterThan(0n);
    }
  });

  test.each(Object.keys(tables))("%s: the runtime role changes nothing", async (table) => {
    for (const { what, sql } of changes(table)) {
      const expected = what === "a row twice" ? deniedBy.uniqueKey : deniedBy.privilege;
      expect(await asRuntime(sql), `${what} ${table}`).toBe(expected);
    }
    for (const { what, sql } of schemaChanges(table)) {
      expect(await asRuntime(sql), what).toBe(deniedBy.privilege);
    }
  });

  test.each(Object.keys(tables))("%s: triggers refuse the owner", async (table) => {
    for (const { what, sql } of changes(table)) {
      const expected = what === "a row twice" ? deniedBy.uniqueKey : deniedBy.trigger;
      expect(await asSuperuser(sql), `${what} ${table}`).toBe(expected);
      const replica = `SET LOCAL session_replication_role = replica; ${sql}`;
      expect(await asSuperuser(replica), `replica: ${what} ${table}`).toBe(expected);
    }
    const own = `SET LOCAL session_replication_role = replica; SET LOCAL ROLE lotbook_runtime; `;
    expect(await asSuperuser(`${own} DELETE FROM ${table}`)).toBe(deniedBy.privilege);
  });

  test("the schema is not the runtime role's to change", async () => {
    for (const sql of wholeSchema) {
      expect(await asRuntime(sql), sql).toBe(deniedBy.privilege);
    }
  });

  test("a book only grows", async () => {
    for (const sql of books) {
      expect(await asRuntime(sql), sql).toMatch(/^(LB001|42501)$/);
      expect(await asSuperuser(sql), sql).toBe(deniedBy.trigger);
      const replica = `SET LOCAL session_replication_role = replica; ${sql}`;
      expect(await asSuperuser(replica), sql).toBe(deniedBy.trigger);
    }
  });

  test("a book's assets never change", async () => {
    await opened.ledger.record([fill("b9", 9, "1", "1", { symbol: "A-B-C" })]);
    const cut = "UPDATE books SET base_asset = 'A', quote_asset = 'B-C' WHERE symbol = 'A-B-C'";
    expect(await asRuntime(cut)).toBe(deniedBy.trigger);
  });

  test("COPY adds rows like INSERT; it can't replace one", async () => {
    const again = opened.database.connect(async (connection) => {
      const rows: Uint8Array[] = [];
      for await (const chunk of connection.copyOut("COPY fills TO STDOUT")) rows.push(chunk);
      return connection.copyIn("COPY fills FROM STDIN", rows);
    });
    await expect(again).rejects.toMatchObject({ code: deniedBy.uniqueKey });
    expect(await asRuntime("COPY fills TO PROGRAM 'cat'")).toBe(deniedBy.privilege);
    expect(await asRuntime("COPY fills FROM PROGRAM 'cat'")).toBe(deniedBy.privilege);
  });

  test("locks and constraints are no way around it", async () => {
    for (const sql of [
      "SET CONSTRAINTS ALL DEFERRED; DELETE FROM fills",
      "DO 'BEGIN DELETE FROM fills; EXCEPTION WHEN unique_violation THEN NULL; END'",
      "PREPARE gone AS DELETE FROM fills; EXECUTE gone",
      "CREATE TEMP VIEW mine AS SELECT * FROM fills; DELETE FROM mine",
      "CREATE TEMP TABLE fills (LIKE lotbook.fills); DELETE FROM lotbook.fills",
    ]) {
      expect(await asRuntime(sql), sql).toBe(deniedBy.privilege);
    }
  });

  test("functions of the owner are no way around it", async () => {
    // They touch partitions of versions only, by a number; a table of the caller's can't stand in for one.
    for (const sql of [
      "SELECT make_append_only('fills')",
      "CALL make_append_only('fills')",
      "SELECT drop_version_partitions('1; DROP TABLE fills')",
    ]) {
      expect(await asRuntime(sql), sql).not.toBe("was done");
    }
  });

  test.skipIf(engine.kind === "postgres")(
    "embedded, RESET ROLE leads past the role, which is a guard there; triggers still refuse",
    async () => {
      for (const table of Object.keys(tables)) {
        const reset = `RESET ROLE; DELETE FROM ${table}`;
        expect(await asRuntime(reset), table).toBe(deniedBy.trigger);
      }
    },
  );

  test("after all of it nothing has changed", async () => {
    await expectVerified(opened);
  });
});
