/** Judging of tellings: other revisions, rounded copies, rows without ids, values of fees. */
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ImportOptions } from "../../src/index.ts";
import { parseRounding } from "../../src/ledger/record/source-name.ts";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describeEngines } from "../engines.ts";
import { expectSealed } from "./observations.ts";
import { counts, expectVerified, fill, openTestLedger, type TestLedger } from "./ledger.ts";

const header =
  "fill_id,executed_at,portfolio,symbol,side,quantity,price,fee,fee_asset,strategy,order_id,fee_value";

const rounding = (text: string) => ({ rounding: parseRounding(text) });

describeEngines("tellings", (engine) => {
  let opened: TestLedger;
  let directory: string;
  let number = 0;
  /** Each test has a portfolio of its own in one ledger. */
  let portfolio: string;
  beforeAll(async () => {
    opened = await openTestLedger(engine);
    directory = await mkdtemp(join(tmpdir(), "lotbook-tellings-"));
  });
  beforeEach(() => {
    portfolio = `p${(number += 1)}`;
  });
  afterAll(async () => {
    await expectSealed(opened);
    await opened.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  const row = (id: string, at: string, quantity: string, price: string, more = ",,,,"): string =>
    `${id},2026-03-01T${at}Z,${portfolio},BTC-USD,buy,${quantity},${price},${more}`;

  const tagged = (strategy: string): string => row("", "10:00:00", "1", "100", `,,${strategy},,`);

  async function file(rows: readonly string[]): Promise<string> {
    const path = join(directory, `${(number += 1)}.csv`);
    await writeFile(path, [header, ...rows].map((each) => `${each}\n`).join(""));
    return path;
  }

  async function take(rows: readonly (readonly string[])[], options: ImportOptions = {}) {
    const files = [];
    for (const each of rows) files.push(await file(each));
    const result = await opened.ledger.import(files, options);
    const { recorded, duplicates, roundedCopies, conflicts, waiting } = result;
    return [recorded, duplicates, roundedCopies, conflicts, waiting];
  }

  test("what agrees with another revision is a duplicate of that one", async () => {
    const told = (price: string, more = {}) => fill("b1", 1, "1", price, { portfolio, ...more });
    await opened.ledger.record([told("100"), told("7", { fillId: "b2" })]);
    const target = { symbol: "BTC-USD", portfolio, targetKind: "fill", targetId: "b1" } as const;
    await opened.ledger.record([
      { kind: "void", ...target, reason: "wrong price" },
      told("101", { revision: 1 }),
    ]);
    const judged = async (fact: ReturnType<typeof told>, source: string) => {
      const { duplicates, conflicts } = await opened.ledger.record([fact], { source });
      return [duplicates, conflicts];
    };
    expect(await judged(told("100"), "again")).toEqual([1, 0]);
    expect(await judged(told("101"), "again")).toEqual([1, 0]);
    expect(await judged(told("102"), "again")).toEqual([0, 1]);
    // Who names a revision means it.
    expect(await judged(told("100", { revision: 1 }), "again")).toEqual([0, 1]);
    const rows = await opened.query(
      `SELECT o.outcome, o.entry, told IS NOT NULL AS kept FROM observations o JOIN books USING (book_id)
       WHERE portfolio = '${portfolio}' AND source = 'again' ORDER BY number`,
    );
    expect(rows.map((each) => Object.values(each))).toEqual([
      ["duplicate", 1n, false],
      ["duplicate", 4n, false],
      ["conflict", 1n, true],
      ["conflict", 4n, true],
    ]);
  });

  test("a rounded copy differs by what was declared, both ways, and no further", async () => {
    const precise = row("b1", "10:00:00.123456", "0.12345", "60100.129", "0.04999,USD,,,");
    const rounded = row("b1", "10:00:00.123", "0.1234", "60100.13", "0.05,USD,,,");
    const declared = rounding("quantity=4,price=2,fee=2,executed_at=ms");
    expect(await take([[precise]])).toEqual([1, 0, 0, 0, 0]);
    expect(await take([[rounded]], declared)).toEqual([0, 0, 1, 0, 0]);
    // Told again it is known; without the declaration it is a conflict.
    expect(await take([[rounded]], declared)).toEqual([0, 0, 1, 0, 0]);
    expect(await take([[rounded]])).toEqual([0, 0, 0, 1, 0]);
    portfolio += "b";
    const other = (line: string): string => line.replace(/,p\d+/, `,${portfolio}`);
    expect(await take([[other(rounded)]], declared)).toEqual([1, 0, 0, 0, 0]);
    expect(await take([[other(precise)]])).toEqual([0, 0, 1, 0, 0]);
    for (const [undeclared, wrong] of [
      ["quantity=4,price=2,executed_at=ms", other(precise)],
      ["quantity=4,price=2,fee=2", other(precise)],
      ["quantity=4,price=2,fee=2,executed_at=ms", other(precise).replace(",0.12345,", ",0.1235,")],
      [
        "quantity=4,price=2,fee=2,executed_at=ms",
        other(precise).replace("10:00:00.123456", "10:00:00.124"),
      ],
      ["quantity=4,price=2,fee=2,executed_at=ms", other(precise).replace("buy", "sell")],
    ] as const) {
      portfolio += "c";
      const mine = (line: string): string => line.replace(/,p\d+b?c*,/, `,${portfolio},`);
      await take([[mine(rounded)]], rounding(undeclared));
      expect(await take([[mine(wrong)]]), `${undeclared} ${wrong}`).toEqual([0, 0, 0, 1, 0]);
    }
  });

  test("a rounded copy may come in the same batch, first or last", async () => {
    const precise = row("b1", "10:00:00", "0.12345", "100");
    const rounded = row("b1", "10:00:00", "0.1234", "100");
    const declared = rounding("quantity=4");
    expect(await take([[precise], [rounded]], declared)).toEqual([1, 0, 1, 0, 0]);
    const [first, last] = [rounded, precise].map((line) =>
      line.replace(portfolio, `${portfolio}b`),
    );
    expect(await take([[first!], [last!]], declared)).toEqual([1, 0, 1, 0, 0]);
  });

  test("rows without ids: equal rows are as many fills, the same file is none", async () => {
    const one = row("", "10:00:00", "1", "100");
    const two = row("", "10:00:01", "1", "100");
    const first = [one, one, two];
    expect(await take([first])).toEqual([3, 0, 0, 0, 0]);
    const before = await counts(opened);
    expect(await take([first])).toEqual([0, 3, 0, 0, 0]);
    expect(await counts(opened)).toEqual(before);
    // Overlapping exports agree; several files in one command count each for themselves.
    const later = row("", "10:00:02", "1", "100");
    expect(await take([[two, later, later], [later, later], first])).toEqual([2, 6, 0, 0, 0]);
    // One more of what is there is one more fill.
    expect(await take([[one, one, one]])).toEqual([1, 2, 0, 0, 0]);
    const ids = await opened.query(
      `SELECT right(fill_id, 2) AS n, count(*)::integer AS count FROM fills JOIN books USING (book_id)
       WHERE portfolio = '${portfolio}' GROUP BY 1 ORDER BY 1`,
    );
    expect(ids.map((each) => Object.values(each))).toEqual([
      [":1", 3],
      [":2", 2],
      [":3", 1],
    ]);
    // Their leaves are those of the ids they got, also where their batch made the book.
    await expectVerified(opened);
  });

  test("tags are no part of what names a row, and their order in the file is no matter", async () => {
    expect(await take([[tagged("trend"), tagged("grid")]])).toEqual([2, 0, 0, 0, 0]);
    expect(await take([[tagged("grid"), tagged("trend")]])).toEqual([0, 2, 0, 0, 0]);
    expect(await take([[tagged(""), tagged("")]])).toEqual([0, 2, 0, 0, 0]);
  });

  test("a row may state the value of a fee in a third asset", async () => {
    const valued = (id: string, value: string) =>
      row(id, "10:00:00", "1", "100", `0.001,BNB,,,${value}`);
    expect(await take([[valued("b1", "0.61"), valued("", "0.61"), valued("", "0.61")]])).toEqual([
      3, 0, 0, 0, 0,
    ]);
    const before = await counts(opened);
    expect(await take([[valued("b1", "0.610"), valued("", "0.61"), valued("", "0.61")]])).toEqual([
      0, 3, 0, 0, 0,
    ]);
    expect((await counts(opened))["fee_values"]).toEqual(before["fee_values"]);
    expect(await take([[valued("b1", "0.62")]])).toEqual([0, 0, 0, 1, 0]);
    expect(await take([[valued("b1", "")]])).toEqual([0, 1, 0, 0, 0]);
    const values = await opened.query(
      `SELECT right(fill_id, 2) AS id, value::text, source FROM fee_values JOIN books USING (book_id)
       WHERE portfolio = '${portfolio}' ORDER BY 1`,
    );
    expect(values.map((each) => Object.values(each))).toEqual([
      [":1", "0.61", "file:lotbook-csv"],
      [":2", "0.61", "file:lotbook-csv"],
      ["b1", "0.61", "file:lotbook-csv"],
    ]);
    await expect(take([[row("b2", "10:00:00", "1", "100", "1,USD,,,3")]])).rejects.toThrow(
      "1 bad row",
    );
    await expect(take([[valued("b3", "much")]])).rejects.toThrow("1 bad row");
  });
});
