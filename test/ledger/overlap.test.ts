/** Overlapping exports, in any order, in any number of commands, by many at once: each fill once. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dice } from "../../src/testing/histories.ts";
import { describeEngines } from "../engines.ts";
import { expectSealed } from "./observations.ts";
import { expectVerified, openTestLedger, type TestLedger } from "./ledger.ts";

const header = "fill_id,executed_at,portfolio,symbol,side,quantity,price,strategy";

interface Row {
  readonly second: number;
  readonly cells: string;
  readonly id: string;
}

/** Rows with and without ids, some of them equal but for the place where they stand. */
function drawRows(dice: Dice): Row[] {
  return Array.from({ length: 60 }, (_, index) => {
    const second = dice.below(40);
    const symbol = ["BTC-USD", "ETH-USD"][dice.below(2)]!;
    const named = dice.below(3) === 0;
    // In one wallet of either kind: a file never tells of one fill both ways.
    const portfolio = named ? "named" : "unnamed";
    const side = dice.below(2) === 0 ? "buy" : "sell";
    const at = `2026-03-01T10:00:${second.toString().padStart(2, "0")}Z`;
    const cells = `${at},${portfolio},${symbol},${side},${1 + dice.below(2)},${100 + dice.below(2)},`;
    return { second, cells, id: named ? `f${index}` : "" };
  });
}

/** Exports of stretches of time that overlap, each with its rows in an order of its own. */
function exportsOf(dice: Dice, rows: readonly Row[]): string[][] {
  const stretches = [
    [0, 18],
    [10, 30],
    [25, 40],
    [5, 15],
    [0, 40],
  ];
  return stretches.map(([from, to]) => {
    const inside = rows.filter(({ second }) => second >= from! && second < to!);
    return shuffled(dice, inside).map(({ id, cells }) => `${id},${cells}`);
  });
}

function shuffled<Value>(dice: Dice, values: readonly Value[]): Value[] {
  return values
    .map((value) => ({ value, place: dice.below(1_000_000) }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

/** The same lines in portfolios of their own. */
const mine = (lines: readonly string[], owner: string): string[] =>
  lines.map((line) => line.replace(/,(un)?named,/, `,${owner} $1named,`));

describeEngines("overlapping exports", (engine) => {
  let opened: TestLedger;
  let directory: string;
  let number = 0;
  beforeAll(async () => {
    opened = await openTestLedger(engine);
    directory = await mkdtemp(join(tmpdir(), "lotbook-overlap-"));
  });
  afterAll(async () => {
    await expectSealed(opened);
    await expectVerified(opened);
    await opened.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  async function fileOf(lines: readonly string[], owner: string): Promise<string> {
    const path = join(directory, `${(number += 1)}.csv`);
    await writeFile(path, [header, ...mine(lines, owner)].map((each) => `${each}\n`).join(""));
    return path;
  }

  /** What was recorded of an owner, without what says whose it is. */
  async function facts(owner: string): Promise<unknown[]> {
    const rows = await opened.query(
      `SELECT symbol, CASE WHEN fill_id LIKE 'row:%' THEN right(fill_id, 2) ELSE fill_id END AS id,
         executed_at, side, quantity, price FROM fills JOIN books USING (book_id)
       WHERE portfolio LIKE '${owner} %'
       ORDER BY 1, 2, 3, 4, 5, 6`,
    );
    return rows.map((row) => Object.values(row).join(" "));
  }

  test("give the same fills and counts in any order", async () => {
    const dice = new Dice(11);
    const rows = drawRows(dice);
    let expected: unknown[] | undefined;
    const told = exportsOf(dice, rows).reduce((sum, lines) => sum + lines.length, 0);
    for (let round = 0; round < 6; round += 1) {
      const owner = `round ${round}`;
      const files: string[] = [];
      for (const lines of shuffled(dice, exportsOf(dice, rows)))
        files.push(await fileOf(lines, owner));
      let recorded = 0;
      let duplicates = 0;
      const commands = 1 + dice.below(files.length);
      for (let from = 0; from < files.length; from += commands) {
        const result = await opened.ledger.import(files.slice(from, from + commands));
        recorded += result.recorded;
        duplicates += result.duplicates;
      }
      expect([recorded, duplicates]).toEqual([rows.length, told - rows.length]);
      const again = await opened.ledger.import(files);
      expect([again.duplicates, again.batch]).toEqual([told, null]);
      const got = await facts(owner);
      expect(got).toHaveLength(rows.length);
      expected ??= got;
      expect(got).toEqual(expected);
    }
  });

  test("by eight importers at once end with each fill once", async () => {
    const dice = new Dice(12);
    const rows = drawRows(dice);
    const owner = "at once";
    const files: string[] = [];
    for (let count = 0; count < 8; count += 1)
      files.push(await fileOf(exportsOf(dice, rows)[count % 5]!, owner));
    const results = await Promise.all(
      files.map((file, index) => opened.ledger.import([file, files[(index + 3) % 8]!])),
    );
    const recorded = results.reduce((sum, result) => sum + result.recorded, 0);
    expect(recorded).toBe(rows.length);
    expect(await facts(owner)).toHaveLength(rows.length);
    const gaps = await opened.query(
      `SELECT book_id FROM books JOIN observations USING (book_id)
       GROUP BY book_id HAVING max(number) <> count(*) OR max(number) <> max(last_observation)`,
    );
    expect(gaps).toEqual([]);
  });
});
