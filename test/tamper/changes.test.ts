/**
 * What a superuser changes behind the ledger's back is found by `verify` and named: docs/spec/hashing.md 7.
 * `LOTBOOK_CHANGES=n` tries n changes on every engine; `LOTBOOK_SEED=n` the one of that number alone.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { LotbookError } from "../../src/errors.ts";
import type { Connection, Database } from "../../src/store/database.ts";
import { type Example, verifyVersion } from "../../src/verify/run.ts";
import { describeEngines, engines, type TestDatabase, type TestEngine } from "../engines.ts";
import { tellTrials } from "../reliability.ts";
import { writeFixture } from "../verify/fixture.ts";
import { type Change, changeKinds, changeNumber } from "./changes.ts";
import { type Cut, readRows, type Rows } from "./rows.ts";
import {
  disarm,
  isCovered,
  places,
  readColumns,
  uncoveredColumns,
  uncoveredTables,
} from "./sealed.ts";
import { withChange } from "./within.ts";

const test = "test/tamper/changes.test.ts";
const asked = process.env["LOTBOOK_CHANGES"];
const only = process.env["LOTBOOK_SEED"];

/** All on one server; a part of them elsewhere, since the SQL that must find them is the same. */
function numbersFor(engine: TestEngine): number[] {
  if (only !== undefined) return [Number.parseInt(only, 10)];
  const count = Number.parseInt(asked ?? "300", 10);
  const isFirst = engine === (engines.find(({ kind }) => kind === "postgres") ?? engines[0]);
  const stride = isFirst || asked !== undefined ? 1 : 10;
  return Array.from({ length: count }, (_, number) => number).filter((n) => n % stride === 0);
}

/** What verify says; where it has nothing to verify any more, that. */
async function violations(database: Database, cut: Cut): Promise<Example[]> {
  try {
    const { checks } = await verifyVersion(database, cut);
    return checks.flatMap((check) => check.examples);
  } catch (error) {
    if (error instanceof LotbookError && error.code === "NOT_FOUND")
      return [{ what: error.message }];
    throw error;
  }
}

/** What is wrong with how a change was found; undefined where it was found and named. */
async function missed(
  { database }: TestDatabase,
  connection: Connection,
  { sql, cut, names }: Pick<Change, "sql" | "cut" | "names">,
): Promise<string | undefined> {
  return withChange(database, connection, sql, async (changed) => {
    const found = await violations(changed, cut);
    if (found.length === 0) return "not found";
    return found.some(names) ? undefined : `not named: ${JSON.stringify(found)}`;
  });
}

describeEngines("tampering", (engine) => {
  let opened: TestDatabase;
  let rows: Rows;
  beforeAll(async () => {
    opened = await engine.open();
    await engine.superuser(opened, async (connection) => {
      await disarm(connection);
      await writeFixture(connection);
      // The partitions that were made meanwhile have keys of their own.
      await disarm(connection);
      rows = await readRows(connection);
    });
  });
  afterAll(() => opened?.dispose());

  it("is tried on every table and column there is, or there is a reason", async () => {
    const all = await opened.database.connect(readColumns);
    const tables = new Set(all.map(({ table }) => table));
    const covered = new Set(all.filter(isCovered).map(({ table }) => table));
    expect(Object.keys(uncoveredTables).filter((table) => !tables.has(table))).toEqual([]);
    const names = new Set(all.map(({ table, name }) => `${table}.${name}`));
    expect(Object.keys(uncoveredColumns).filter((name) => !names.has(name))).toEqual([]);
    expect([...covered].filter((table) => !(table in places))).toEqual(["revision_counter"]);
    expect([...covered].filter((table) => rows.of(table).length === 0)).toEqual([]);
  });

  it("is of every kind", () => {
    const kinds = Array.from({ length: 300 }, (_, number) => changeNumber(rows, number).kind);
    const few = changeKinds.filter((kind) => kinds.filter((each) => each === kind).length < 8);
    expect(few).toEqual([]);
  });

  it("is not seen where nothing was changed", async () => {
    const cuts: Cut[] = [
      {},
      { version: 1, revision: 1n },
      { version: 1, revision: 4n },
      { version: 2 },
    ];
    await engine.superuser(opened, async (connection) => {
      for (const cut of cuts) {
        const nothing = { sql: "SELECT 1", cut, names: () => true };
        expect(await missed(opened, connection, nothing)).toBe("not found");
      }
    });
  });

  it("is found and named, whatever is changed", async () => {
    const numbers = numbersFor(engine);
    const failures: string[] = [];
    await engine.superuser(opened, async (connection) => {
      for (const number of numbers) {
        const change = changeNumber(rows, number);
        const problem = await missed(opened, connection, change).catch(String);
        if (problem !== undefined)
          failures.push(`LOTBOOK_SEED=${number}: ${change.title}: ${problem}\n${change.sql}`);
      }
    });
    tellTrials({
      promise: "a change by SQL of a superuser is found and named",
      test,
      engine: engine.name,
      tried: numbers.length,
      unit: "changes",
      broken: failures.length,
      seed: numbers[0]!,
    });
    expect(failures).toEqual([]);
  }, 3_600_000);
});
