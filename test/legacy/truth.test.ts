/** Generated old databases, their truth known: every cause is the one that the precedence gives to it. */
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { LegacyOptions } from "../../src/generate/legacy/orders.ts";
import { runOldSystem } from "../../src/generate/legacy/system.ts";
import { type LegacyForm, legacyBlocks } from "../../src/generate/legacy/write.ts";
import { Exact } from "../../src/explain/exact.ts";
import { type Cause, causes } from "../../src/legacy/cause.ts";
import { readComparison } from "../../src/legacy/compare.ts";
import { importLegacy } from "../../src/legacy/import.ts";
import { describeEngines } from "../engines.ts";
import { expectVerified, withDirectory, withLedger, type TestLedger } from "../ledger/ledger.ts";
import { fingerprint, oldServer, withOldDatabase } from "./old.ts";
import { expectedCauses } from "./truth.ts";

const written = (options: LegacyOptions, form: LegacyForm): string =>
  [...legacyBlocks(options, form)].join("");

/** Computes and compares; holds causes and sums against the truth, and gives how many of each. */
async function held({ ledger, database }: TestLedger, options: LegacyOptions) {
  await ledger.compute();
  const expected = expectedCauses(runOldSystem(options));
  const found = new Map<string, Cause>();
  const sums = await readComparison(database, {}, async ({ sales, totals }) => {
    for await (const { order_id: id, cause } of sales) found.set(id, cause);
    return totals();
  });
  const wrong = [...expected].filter(([id, cause]) => found.get(id) !== cause);
  expect(wrong.map(([id, cause]) => `${id}: ${cause}, found ${found.get(id)}`)).toEqual([]);
  expect(found.size).toBe(expected.size);
  for (const by of [sums.by_cause, sums.by_symbol, sums.by_month])
    for (const { quote, difference } of sums.totals) {
      const own = by.filter((row) => row.quote === quote);
      const sum = own.reduce((total, row) => total.plus(Exact.of(row.difference)), Exact.zero);
      expect(sum.toString()).toBe(difference);
    }
  return Object.fromEntries(sums.by_cause.map(({ cause, sales }) => [cause, sales]));
}

test("the same seed makes the same bytes, and another seed others", async () => {
  const options = { seed: 7, orders: 50, symbols: 2 };
  const csv = written(options, "csv");
  expect(written(options, "csv")).toBe(csv);
  expect(written({ ...options, seed: 8 }, "csv")).not.toBe(csv);
  expect(csv.trimEnd().split("\n").length).toBe(51);
});

describeEngines("a generated dump", (engine) => {
  test("every fault comes up, and each sale has the cause that the truth gives it", async () => {
    const options = { seed: 4, orders: 2000, symbols: 100, days: 90 };
    await withLedger(engine, async (opened) => {
      await withDirectory(async (directory) => {
        const file = `${directory}/old.csv`;
        await writeFile(file, written(options, "csv"));
        await importLegacy(opened.database, opened.ports, file);
      });
      const counted = await held(opened, options);
      const absent = causes.filter((cause) => counted[cause] === undefined);
      expect(absent).toEqual(["unexplained"]);
      await expectVerified(opened);
    });
  });
});

test.skipIf(oldServer === undefined)("an old database stays as it was, to the byte", async () => {
  const options = { seed: 11, orders: 500, symbols: 20, days: 30 };
  await withOldDatabase(async (old) => {
    const sql = written(options, "sql");
    await old.run((connection) => connection.script(`DROP TABLE trade_records; ${sql}`));
    const before = await fingerprint(old);
    await withLedger(oldServer!, async (opened) => {
      await importLegacy(opened.database, opened.ports, old.location);
      const counted = await held(opened, options);
      expect(counted["unexplained"]).toBeUndefined();
    });
    expect(await fingerprint(old)).toBe(before);
  });
});
