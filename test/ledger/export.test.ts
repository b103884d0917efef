/** Out and in again: exports are imported into empty ledgers, ledgers are copied between engines. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Fact } from "../../src/core/fact.ts";
import { copyLedger } from "../../src/ledger/copy.ts";
import { livePorts } from "../../src/ledger/ports.ts";
import { Dice, drawHistory } from "../../src/testing/histories.ts";
import { describeEngines, engines, type TestEngine } from "../engines.ts";
import { arrange } from "../../src/testing/arrival.ts";
import {
  expectVerified,
  fill,
  openTestLedger,
  withDirectory,
  withLedger,
  type TestLedger,
} from "./ledger.ts";

/** All kinds of facts, in many books; targets first. */
function drawFacts(): Fact[] {
  const kinds: readonly Fact["kind"][] = ["fill", "opening lot", "fee value", "void", "adjustment"];
  return Array.from({ length: 12 }, (_, seed) => drawHistory(seed, 15).facts)
    .flatMap((facts, seed) =>
      facts.map((fact) => ({ ...fact, portfolio: `${seed} ${fact.portfolio}` })),
    )
    .toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
}

const leaves = ["fills", "opening_lots", "fee_values", "voids", "adjustments"]
  .map(
    (table) =>
      `SELECT '${table}' AS kind, book_id, entry, encode(leaf, 'hex') AS leaf FROM ${table}`,
  )
  .join(" UNION ALL ");

const isFact = (line: string): boolean => /^\{"type":"(fill|opening|fee|void|adj)/.test(line);

describeEngines("an export", (engine) => {
  test("of all kinds of facts comes back as it was", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger, query }) => {
        const facts = drawFacts();
        await ledger.record(facts);
        const portfolio = await ledger.compute();
        const { files } = await ledger.export(directory);
        expect((await readdir(directory)).toSorted()).toEqual(["facts.ndjson", "fills.csv"]);
        const lines = (await readFile(`${directory}/facts.ndjson`, "utf8")).trimEnd().split("\n");
        expect(files[0]).toEqual({ file: "facts.ndjson", rows: lines.length });
        const types = new Set(lines.map((line) => (JSON.parse(line) as { type: string }).type));
        for (const type of [
          "fill",
          "void",
          "observation",
          "seal",
          "revision",
          "allocation",
          "open lot",
        ])
          expect(types).toContain(type);
        await withLedger(engine, async (copy) => {
          const file = `${directory}/facts.ndjson`;
          expect((await copy.ledger.import([file])).recorded).toBe(facts.length);
          expect(await copy.query(`${leaves} ORDER BY 1, 2, 3`)).toEqual(
            await query(`${leaves} ORDER BY 1, 2, 3`),
          );
          expect((await copy.ledger.compute()).digest).toBe(portfolio.digest);
          const scope = { full: true, scope: "account", publish: false };
          const account = (await ledger.compute(scope)).digest;
          expect((await copy.ledger.compute(scope)).digest).toBe(account);
          await expectVerified(copy);
          const again = await copy.ledger.import([file]);
          expect([again.recorded, again.duplicates, again.batch]).toEqual([0, facts.length, null]);
          // The copy's own export has the same facts.
          await copy.ledger.export(`${directory}/second`);
          const second = (await readFile(`${directory}/second/facts.ndjson`, "utf8")).split("\n");
          expect(second.filter(isFact)).toEqual(lines.filter(isFact));
        });
      }),
    ));

  test("of fills only: the CSV gives the same digests", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger }) => {
        const fills = drawFacts().filter((fact) => fact.kind === "fill" && fact.revision === 0);
        await ledger.record(fills);
        const { digest } = await ledger.compute();
        await ledger.export(directory);
        await withLedger(engine, async (copy) => {
          const { recorded } = await copy.ledger.import([`${directory}/fills.csv`]);
          expect(recorded).toBe(fills.length);
          expect((await copy.ledger.compute()).digest).toBe(digest);
        });
      }),
    ));

  test("has the conclusions that stand, whatever a run that died has begun", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger, query }) => {
        await ledger.record([fill("b1", 2, "2", "1"), fill("s1", 3, "1", "2", { side: "sell" })]);
        await ledger.compute();
        const conclusions = async (): Promise<string[]> => {
          await ledger.export(directory);
          const lines = (await readFile(`${directory}/facts.ndjson`, "utf8")).split("\n");
          return lines.filter((line) => /"type" ?: ?"(allocation|open lot)"/.test(line));
        };
        const before = await conclusions();
        expect(before.length).toBe(2);
        await ledger.record([fill("b0", 1, "1", "1")]);
        // Dying leaves what failing would have cleared away.
        await query(
          `WITH begun AS (INSERT INTO steps (run, version, book_id)
             SELECT 1, 1, book_id FROM books RETURNING step)
           UPDATE allocations SET superseded = begun.step FROM begun`,
        );
        expect(await conclusions()).toEqual(before);
      }),
    ));

  test("that can't be written says so", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger, database }) => {
        await mkdir(`${directory}/facts.ndjson.unfinished`);
        const { connect } = database;
        database.connect = async (work) => {
          await sleep(5);
          return connect(work);
        };
        await expect(ledger.export(directory)).rejects.toThrow(
          "facts.ndjson.unfinished is a directory",
        );
        database.connect = connect;
      }),
    ));

  test("replaces an earlier export, and nothing else", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger }) => {
        await ledger.record([fill("b1", 1, "1", "1")]);
        const [own, other] = [join(directory, "own"), join(directory, "other")];
        await ledger.export(own);
        await ledger.record([fill("b2", 2, "1", "1")]);
        await ledger.export(own);
        expect(await readFile(join(own, "fills.csv"), "utf8")).toContain("b2");
        for (const [name, content] of [
          ["fills.csv", "mine"],
          ["facts.ndjson", '{"type":"fill"}'],
        ] as const) {
          await mkdir(other, { recursive: true });
          await writeFile(join(other, name), content);
          await expect(ledger.export(other)).rejects.toThrow(`${name} is not of an export`);
          expect(await readdir(other)).toEqual([name]);
          expect(await readFile(join(other, name), "utf8")).toBe(content);
          await rm(other, { recursive: true });
        }
      }),
    ));

  test("that fails leaves no file behind under its name", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger, database }) => {
        await ledger.record([fill("b1", 1, "1", "1")]);
        const { connect } = database;
        // The engine is lost in the middle: when the files have begun and observations are to follow.
        database.connect = (work) =>
          connect((connection) => {
            connection.copyOut = () => {
              throw new Error("lost");
            };
            return work(connection);
          });
        await expect(ledger.export(directory)).rejects.toThrow("lost");
        database.connect = connect;
        expect(await readdir(directory)).toEqual([]);
      }),
    ));
});

const copied = [
  "books",
  "batches",
  "fills",
  "opening_lots",
  "fee_values",
  "voids",
  "adjustments",
  "observations",
  "aliases",
  "tolerances",
  "seals",
  "repeats",
  "versions",
  "runs",
  "steps",
  "revisions",
  "revision_counter",
  "allocations",
  "open_lots",
  "day_digests",
  "book_states",
];

/** All rows of all tables, as text. */
async function allRows({ database }: TestLedger): Promise<Record<string, string[]>> {
  return database.connect(async (connection) => {
    const rows: Record<string, string[]> = {};
    for (const table of copied) {
      const found = await connection.query<{ line: string }>(
        `SELECT t::text AS line FROM ${table} t`,
      );
      rows[table] = found.map((row) => row.line).toSorted();
    }
    return rows;
  });
}

/** Repeats, conflicts, superseded rows, a dropped version, an unpublished one, a failed run. */
async function fillLedger({ ledger, ports }: TestLedger): Promise<void> {
  const batches = arrange(new Dice(7), drawFacts(), 150);
  const half = Math.floor(batches.length / 2);
  for (const batch of batches.slice(0, half)) await ledger.record(batch);
  await ledger.compute();
  for (const batch of batches.slice(half - 1)) await ledger.record(batch);
  await ledger.record([{ ...fill("b1", 1, "1", "1"), portfolio: "late" }]);
  await ledger.record([{ ...fill("b1", 1, "2", "1"), portfolio: "late" }]);
  await ledger.compute();
  const { version } = await ledger.compute({ full: true, publish: false });
  await ledger.drop(version);
  await ledger.compute({ full: true, scope: "account", publish: false });
  ports.failAt("compute.sealed");
  await expect(ledger.compute({ full: true })).rejects.toThrow("on purpose");
  ports.reached = () => {};
}

async function expectWorks(opened: TestLedger): Promise<void> {
  const { ledger } = opened;
  await expectVerified(opened);
  await ledger.record([{ ...fill("s1", 0, "1", "1"), portfolio: "late" }, fill("b9", 9, "1", "1")]);
  const { digest } = await ledger.compute();
  expect((await ledger.compute({ full: true })).digest).toBe(digest);
  await expectVerified(opened);
  for (const { version, dropped } of await ledger.versions())
    if (!dropped) await expectVerified(opened, { version });
}

const embedded = engines.find((engine) => engine.kind === "pglite");

const withCopies = async (
  path: readonly TestEngine[],
  work: (ledgers: readonly TestLedger[]) => Promise<void>,
): Promise<void> => {
  const ledgers: TestLedger[] = [];
  try {
    for (const each of path) ledgers.push(await openTestLedger(each));
    await work(ledgers);
  } finally {
    for (const each of ledgers) await each.dispose();
  }
};

describeEngines("a copy", (engine) => {
  test.skipIf(embedded === undefined)(
    "from the embedded database and back again has every row, and works on",
    () =>
      withCopies([embedded!, engine, embedded!], async ([source, middle, last]) => {
        await fillLedger(source!);
        const rows = await allRows(source!);
        await expectVerified(source!);
        const { tables } = await copyLedger(source!.database, middle!.database, livePorts);
        expect(tables.reduce((sum, each) => sum + each.rows, 0)).toBe(
          Object.values(rows).flat().length - 1,
        );
        expect(await allRows(middle!)).toEqual(rows);
        await copyLedger(middle!.database, last!.database, livePorts);
        expect(await allRows(last!)).toEqual(rows);
        await expectWorks(middle!);
        await expectWorks(last!);
      }),
  );

  test("into a ledger that has something is refused", () =>
    withCopies([engine, engine], async ([source, target]) => {
      await source!.ledger.record([fill("b1", 1, "1", "1")]);
      await target!.ledger.record([fill("b2", 1, "1", "1")]);
      const before = await allRows(target!);
      const copying = copyLedger(source!.database, target!.database, livePorts);
      await expect(copying).rejects.toMatchObject({ code: "REFUSED" });
      expect(await allRows(target!)).toEqual(before);
    }));

  test("that fails midway leaves nothing, and can be made again", () =>
    withCopies([engine, engine], async ([source, target]) => {
      await fillLedger(source!);
      const empty = await allRows(target!);
      const { ports } = target!;
      for (const nth of [1, 3, 14, 15, 18]) {
        ports.failAt("copy.table", nth);
        const copying = copyLedger(source!.database, target!.database, ports);
        await expect(copying).rejects.toThrow("on purpose");
        expect(await allRows(target!)).toEqual(empty);
      }
      ports.reached = () => {};
      await copyLedger(source!.database, target!.database, ports);
      expect(await allRows(target!)).toEqual(await allRows(source!));
      await expectWorks(target!);
    }));
});
