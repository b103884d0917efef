/** Differences through the database: docs/spec/diff.md. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BookDiff, type DiffRequest, type DiffTotal, readDiff } from "../../src/index.ts";
import { fromUnits } from "../../src/core/decimal.ts";
import { wideScale } from "../../src/core/matching/amounts.ts";
import { wideUnits } from "../../src/ledger/compute/run.ts";
import { arrange } from "../../src/testing/arrival.ts";
import { Dice, drawHistory } from "../../src/testing/histories.ts";
import type { Database } from "../../src/store/database.ts";
import { describeEngines } from "../engines.ts";
import { fill, openTestLedger, type TestLedger, withLedger } from "../ledger/ledger.ts";
import { pick, read } from "../reports/read.ts";

const histories = parseInt(process.env["LOTBOOK_DIFFS"] ?? "4", 10);
const seed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);

async function diffOf(
  database: Database,
  request: DiffRequest = {},
): Promise<{ books: BookDiff[]; totals: readonly DiffTotal[]; from: string }> {
  const diff = await readDiff(database, request);
  const books: BookDiff[] = [];
  for await (const book of diff.books) books.push(book);
  const from = `${diff.before.version} at ${diff.before.known_at.revision}`;
  return { books, totals: diff.totals(), from };
}

const between = (before: string, after: string): DiffRequest => ({
  ends: { before: { knownAt: before }, after: { knownAt: after } },
});

const causesOf = (books: readonly BookDiff[]): unknown[] =>
  books.flatMap(({ causes }) =>
    causes.map(({ text, pnl_change: change }) => [text.replace(/, recorded .*/, ""), change]),
  );

/** A fill that many seconds after the first minute. */
const at = (id: string, second: number, quantity: string, price: string, account = "main") =>
  fill(id, second / 60, quantity, price, { account });

describeEngines("diff", (engine) => {
  let opened: TestLedger;
  beforeAll(async () => {
    opened = await openTestLedger(engine);
    const { ledger } = opened;
    await ledger.record([
      at("b1", 1, "10", "100"),
      at("b2", 3, "10", "110"),
      at("s1", 4, "12", "120"),
    ]);
    await ledger.compute();
    const name = { portfolio: "default", symbol: "BTC-USD", venue: "manual", account: "main" };
    await ledger.record([at("b3", 2, "5", "90")]);
    await ledger.record([
      {
        kind: "void",
        ...name,
        targetKind: "fill",
        targetId: "b1",
        author: "ana",
        reason: "wrong price",
      },
      { ...at("b1", 1, "10", "99"), revision: 1 },
    ]);
    await ledger.compute();
  });
  afterAll(() => opened?.dispose());

  test("the example of the specification, there and back", async () => {
    const there = await diffOf(opened.database);
    expect(there.from).toBe("1 at 2");
    expect(causesOf(there.books)).toEqual([
      ["fill b3", "40"],
      ["void of fill b1 by ana: wrong price", "-40"],
      ["fill b1, revision 1", "50"],
    ]);
    expect(there.totals).toEqual([
      { quote: "USD", changed_sales: 1, pnl_before: "220", pnl_after: "270", pnl_change: "50" },
    ]);
    expect(there.books[0]!.causes[0]!.text).toMatch(/by library, late by 2 seconds$/);
    const back = await diffOf(opened.database, between("3", "2"));
    expect(causesOf(back.books)).toEqual([
      ["without fill b1, revision 1", "-50"],
      ["without void of fill b1 by ana: wrong price", "40"],
      ["without fill b3", "-40"],
    ]);
    expect(back.totals[0]!.pnl_change).toBe("-50");
  });

  test("what does not differ, and what does not exist", async () => {
    expect(await diffOf(opened.database, between("3", "3"))).toMatchObject({
      books: [],
      totals: [],
    });
    await expect(diffOf(opened.database, between("2", "9"))).rejects.toThrow("no revision 9");
    expect((await diffOf(opened.database, { account: "other" })).books[0]).toMatchObject({
      causes: [],
      sales: [],
    });
  });

  test("policy first: the scope owns its change, then the facts", async () => {
    await withLedger(engine, async ({ ledger, database }) => {
      await ledger.record([
        at("b1", 2, "1", "100", "x"),
        at("b2", 3, "1", "110", "y"),
        at("s1", 4, "1", "120", "y"),
      ]);
      await ledger.compute();
      await ledger.record([at("b0", 1, "1", "90", "y")]);
      await ledger.compute({ full: true, scope: "account" });
      const { books } = await diffOf(database);
      expect(causesOf(books)).toEqual([
        ["scope portfolio -> account", "-10"],
        ["fill b0", "20"],
      ]);
    });
  });

  test("stored conclusions that are not those of the facts are told", async () => {
    await withLedger(engine, async (side) => {
      await side.ledger.record([at("b1", 1, "2", "100"), at("s1", 2, "1", "120")]);
      await side.ledger.compute();
      await side.ledger.record([at("s2", 3, "1", "130")]);
      await side.ledger.compute();
      await side.query(
        "UPDATE book_states SET digest = decode(repeat('ab', 32), 'hex') WHERE superseded IS NULL",
      );
      const { books } = await diffOf(side.database);
      expect(books.map(({ disagrees }) => disagrees)).toEqual([["after"]]);
    });
  });

  test("random ledgers: causes, sales and totals add up to what reports show at both ends", async () => {
    for (let index = 0; index < histories; index += 1) {
      const drawn = seed + index;
      await withLedger(engine, async ({ ledger, database }) => {
        const dice = new Dice(drawn);
        for (const batch of arrange(dice, drawHistory(drawn, 24).facts, 8)) {
          await ledger.record(batch);
          await ledger.compute();
        }
        const { rows } = await read(database, { report: "runs" });
        const revisions = rows.map((row) => `${String(row["revision"])}`);
        for (let pair = 0; pair < 4; pair += 1) {
          const [before, after] = [dice.pick(revisions), dice.pick(revisions)];
          await expectAgreement(database, before, after, `seed ${drawn}`);
        }
      });
    }
  });
});

/** The diff of two revisions, held against the reports of both. */
async function expectAgreement(
  database: Database,
  before: string,
  after: string,
  name: string,
): Promise<void> {
  const { books, totals } = await diffOf(database, between(before, after));
  expect(
    books.flatMap(({ disagrees }) => disagrees),
    name,
  ).toEqual([]);
  const sums = new Map<string, bigint>();
  for (const { quote, causes, sales } of books) {
    const own = causes.reduce((sum, cause) => sum + wideUnits(cause.pnl_change), 0n);
    const changed = sales.reduce((sum, sale) => sum + wideUnits(sale.pnl_change), 0n);
    expect(own, name).toBe(changed);
    sums.set(quote, (sums.get(quote) ?? 0n) + own);
  }
  for (const { quote, pnl_change: change } of totals)
    expect(change, name).toBe(fromUnits(sums.get(quote)!, wideScale));
  const [a, b] = await Promise.all([slicesAt(database, before), slicesAt(database, after)]);
  for (const [quote, sum] of sums)
    expect(fromUnits(sum, wideScale), name).toBe(
      fromUnits((b.pnl.get(quote) ?? 0n) - (a.pnl.get(quote) ?? 0n), wideScale),
    );
  const differing = new Set(
    [...a.sales.keys(), ...b.sales.keys()].filter(
      (sale) => a.sales.get(sale) !== b.sales.get(sale),
    ),
  );
  const told = new Set<string>();
  const replaced = new Set<string>();
  for (const { portfolio, symbol, sales } of books) {
    for (const { venue, account, close_fill_id: id, closed_at: closedAt, revision } of sales) {
      const sale = [portfolio, symbol, venue, account, id, closedAt].join(" ");
      told.add(sale);
      // A replacement is a sale of its own for a diff; reports tell it from what it replaced by nothing.
      if (revision > 0) replaced.add(sale);
    }
  }
  const compared = (names: Set<string>): string[] =>
    [...names].filter((sale) => !replaced.has(sale)).toSorted();
  expect(compared(told), name).toEqual(compared(differing));
}

/** Each sale's slices as one text, and PnL by quote. */
async function slicesAt(
  database: Database,
  knownAt: string,
): Promise<{ sales: Map<string, string>; pnl: Map<string, bigint> }> {
  const { rows } = await read(database, { report: "allocations", knownAt });
  const sales = new Map<string, string>();
  const pnl = new Map<string, bigint>();
  const identity = ["portfolio", "symbol", "venue", "account", "close_fill_id", "closed_at"];
  const content = [
    "open_fill_id",
    "quantity",
    "open_price",
    "close_price",
    "open_fee",
    "close_fee",
    "cost_basis",
    "proceeds",
    "pnl",
    "complete",
  ];
  const names = pick(rows, ...identity);
  const values = pick(rows, ...content);
  for (const [index, row] of rows.entries()) {
    const name = names[index]!.join(" ");
    sales.set(name, `${sales.get(name) ?? ""}${JSON.stringify(values[index])}`);
    const quote = String(row["quote"]);
    if (row["pnl"] !== null) pnl.set(quote, (pnl.get(quote) ?? 0n) + wideUnits(String(row["pnl"])));
  }
  return { sales, pnl };
}
