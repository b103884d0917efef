import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../src/store/database.ts";
import type { Lane } from "../../src/verify/check.ts";
import { checks } from "../../src/verify/checks.ts";
import { type Verification, verifyLanes, verifyVersion } from "../../src/verify/run.ts";
import { describeEngines, engines, type TestDatabase, type TestEngine } from "../engines.ts";
import { writeFixture } from "./fixture.ts";
import { type Lease, rolledBack, superuserLease } from "./rollback.ts";
import { conclusionPlants } from "./plants/conclusions.ts";
import { factPlants } from "./plants/facts.ts";
import { tellingPlants } from "./plants/tellings.ts";

const plants = [...conclusionPlants, ...factPlants, ...tellingPlants];

const ledgerTables = [
  "books",
  "batches",
  "fills",
  "opening_lots",
  "fee_values",
  "voids",
  "adjustments",
  "observations",
  "aliases",
  "seals",
  "revisions",
  "revision_counter",
  "versions",
  "runs",
  "steps",
  "allocations",
  "open_lots",
  "day_digests",
  "book_states",
];

/** Puts the fixture in as somebody who may do anything, and nothing will object to what is planted. */
async function prepare(connection: Connection): Promise<void> {
  for (const table of ledgerTables) {
    await connection.script(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
  }
  await connection.script(`ALTER TABLE observations DROP CONSTRAINT observations_outcome_check,
    DROP CONSTRAINT observations_entry_check, DROP CONSTRAINT observations_told_check`);
  await writeFixture(connection);
}

const lastRevision = 8n;
const allLanes: readonly Lane[] = ["matching", "digests", "facts"];

const violated = (found: Verification): string[] =>
  found.checks.filter((check) => check.violations > 0).map((check) => check.id);

function suite(engine: TestEngine): void {
  let test: TestDatabase;

  beforeAll(async () => {
    test = await engine.open();
    await engine.superuser(test, prepare);
  });
  afterAll(() => test?.dispose());

  const cuts = [
    {},
    { version: 1, revision: 1n },
    { revision: 2n },
    { revision: 3n },
    { revision: 4n },
    { version: 2 },
  ];
  for (const cut of cuts) {
    const title = `version ${cut.version ?? "published"} at revision ${cut.revision ?? "last"}`;
    it(`finds nothing wrong in a clean ledger: ${title}`, async () => {
      const found = await verifyVersion(test.database, cut);
      expect(found.checks.flatMap((check) => check.examples)).toEqual([]);
      expect(violated(found)).toEqual([]);
      expect(found.checks.map((check) => check.id)).toEqual(checks.map((check) => check.id));
      expect(found.version).toBe(cut.version ?? 1);
      expect(found.revision).toBe(cut.revision ?? lastRevision);
      expect(found.digest).toMatch(/^[0-9a-f]{64}$/);
    });
  }

  it("checks the facts alone before anything is published", async () => {
    const found = await verifyVersion(test.database, { revision: 1n });
    expect(found).toMatchObject({ version: null, digest: null });
    expect(found.checks.map((check) => check.id)).toEqual(["I9"]);
    expect(violated(found)).toEqual([]);
  });

  it("refuses a version and a revision that do not exist", async () => {
    await expect(verifyVersion(test.database, { version: 9 })).rejects.toThrow("no version 9");
    await expect(verifyVersion(test.database, { revision: 9n })).rejects.toThrow("no revision 9");
  });

  describe("plants, each in a transaction that is rolled back", () => {
    plantSuite(engine, () => test);
  });

  it("finds nothing wrong once all is rolled back", async () => {
    expect(violated(await verifyVersion(test.database))).toEqual([]);
  });
}

/** All plants over one connection of somebody who may do anything. */
function plantSuite(engine: TestEngine, test: () => TestDatabase): void {
  let lease: Lease;

  beforeAll(async () => {
    lease = await superuserLease(engine, test());
  });
  afterAll(() => lease?.end());

  // On one engine no check may fail on what was planted; on the others it's enough that it is found.
  const lanesFor = (check: string): readonly Lane[] =>
    engine === engines.at(-1) ? allLanes : [checks.find(({ id }) => id === check)!.lane];

  for (const { check, title, sql, what, version } of plants) {
    it(`${check} finds ${title}`, async () => {
      const found = await rolledBack(test().database, lease.connection, async (within) => {
        await lease.connection.script(sql);
        const cut = { version: version ?? 1, revision: lastRevision };
        return verifyLanes(within, cut, lanesFor(check));
      });
      expect(violated(found)).toContain(check);
      const result = found.checks.find(({ id }) => id === check);
      const said = result?.examples.map((example) => example.what) ?? [];
      expect(said).toContainEqual(expect.stringContaining(what ?? ""));
    });
  }
}

describeEngines("verify", suite);

describe("plants", () => {
  it("are three or more for every check", () => {
    for (const { id } of checks) {
      expect(plants.filter((plant) => plant.check === id).length).toBeGreaterThanOrEqual(3);
    }
  });
});
