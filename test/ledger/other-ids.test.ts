/** Sources that share no ids: what agrees in content and count is attached, what does not waits. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { describeEngines } from "../engines.ts";
import { decisionText } from "../../src/core/decision.ts";
import { recordItems } from "../../src/ledger/record-facts.ts";
import { toldFill } from "../../src/ledger/record/told-lines.ts";
import { expectSealed } from "./observations.ts";
import { counts, expectVerified, fill, openTestLedger, type TestLedger } from "./ledger.ts";

/** One trade as both of Coinbase's sources tell of it. */
interface Trade {
  readonly number: number;
  /** Of 1 March 2026, to the microsecond. */
  readonly at: string;
  readonly size: string;
  readonly price: string;
  readonly fee: string;
}

const trade = (number: number, at: string, size = "0.5", price = "100", fee = "0.1"): Trade => ({
  number,
  at,
  size,
  price,
  fee,
});

describeEngines("other ids", (engine) => {
  let opened: TestLedger;
  let directory: string;
  let number = 0;
  /** Each test has a wallet of its own in one ledger. */
  let wallet: string;
  beforeAll(async () => {
    opened = await openTestLedger(engine);
    directory = await mkdtemp(join(tmpdir(), "lotbook-ids-"));
  });
  beforeEach(() => {
    wallet = `w${(number += 1)}`;
  });
  afterAll(async () => {
    await expectSealed(opened);
    await expectVerified(opened);
    await opened.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  async function fileOf(text: string, suffix: string): Promise<string> {
    const path = join(directory, `${(number += 1)}.${suffix}`);
    await writeFile(path, text);
    return path;
  }

  const api = (trades: readonly Trade[]): Promise<string> =>
    fileOf(
      JSON.stringify({
        fills: trades.map(({ number: id, at, size, price, fee }) => ({
          entry_id: `entry-${id}`,
          trade_id: `trade-${id}`,
          order_id: `order-${id}`,
          trade_time: `2026-03-01T${at}Z`,
          trade_type: "FILL",
          product_id: "BTC-USD",
          side: "BUY",
          price,
          size,
          size_in_quote: false,
          commission: fee,
          retail_portfolio_id: wallet,
        })),
        cursor: "",
      }),
      "json",
    );

  const csv = (trades: readonly Trade[]): Promise<string> =>
    fileOf(
      [
        "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit",
        ...trades.map(
          ({ number: id, at, size, price, fee }) =>
            `${wallet},${70_000_000 + id},BTC-USD,BUY,2026-03-01T${at.slice(0, 12)}Z,` +
            `${size},BTC,${price},${fee},0,USD`,
        ),
        "",
      ].join("\n"),
      "csv",
    );

  const sheet = (trades: readonly Trade[]): Promise<string> =>
    fileOf(
      [
        "fill_id,executed_at,venue,account,symbol,side,quantity,price,fee",
        ...trades.map(
          ({ at, size, price, fee }) =>
            `,2026-03-01T${at.slice(0, 8)}Z,coinbase,${wallet},BTC-USD,buy,${size},${price},${fee}`,
        ),
        "",
      ].join("\n"),
      "csv",
    );

  async function take(...files: string[]) {
    const result = await opened.ledger.import(files);
    const { recorded, duplicates, roundedCopies, conflicts, waiting, newWaiting } = result;
    expect(result.rejected).toBe(0);
    return [recorded, duplicates, roundedCopies, conflicts, waiting, newWaiting];
  }

  const kept = async () =>
    (
      await opened.query(
        `SELECT a.fill_id, a.number, a.entry, o.outcome, (o.told::json ->> 'fill_id') AS told
         FROM aliases a JOIN observations o USING (book_id, number) WHERE a.account = '${wallet}'
         ORDER BY a.number`,
      )
    ).map((row) => [row["fill_id"], row["entry"] !== null, row["outcome"], row["told"]]);

  const trades = [
    trade(1, "10:00:00.123456"),
    trade(2, "10:00:00.123789"),
    trade(3, "10:00:05.500100", "0.25"),
    trade(4, "10:00:09.000200", "0.3", "101.5", "0.2"),
  ];

  test.each(["api first", "file first"])("a file and an API agree: %s", async (order) => {
    const files = [await api(trades), await csv(trades)];
    if (order === "file first") files.reverse();
    expect(await take(files[0]!)).toEqual([4, 0, 0, 0, 0, 0]);
    expect(await take(files[1]!)).toEqual([0, 0, 4, 0, 0, 0]);
    const before = await counts(opened);
    expect(await take(files[1]!)).toEqual([0, 0, 4, 0, 0, 0]);
    expect(await take(files[0]!, files[1]!)).toEqual([0, 4, 4, 0, 0, 0]);
    expect(await counts(opened)).toEqual(before);
    expect((await kept()).map((row) => row.slice(1, 3))).toEqual(
      trades.map(() => [true, "rounded copy"]),
    );
  });

  test.each([0, 1])("in one batch, in either order (%d)", async (first) => {
    const files = [await api(trades), await csv(trades)];
    if (first === 1) files.reverse();
    expect(await take(...files)).toEqual([4, 0, 4, 0, 0, 0]);
    expect(await take(...files.toReversed())).toEqual([0, 4, 4, 0, 0, 0]);
  });

  test("rows without ids in whole seconds, beside both", async () => {
    expect(await take(await api(trades))).toEqual([4, 0, 0, 0, 0, 0]);
    expect(await take(await sheet(trades))).toEqual([0, 0, 4, 0, 0, 0]);
    expect(await take(await csv(trades))).toEqual([0, 0, 4, 0, 0, 0]);
    expect(await take(await sheet(trades), await csv(trades))).toEqual([0, 0, 8, 0, 0, 0]);
  });

  test("what the other source does not reach is new", async () => {
    const years = [trade(0, "09:00:00.5"), ...trades, trade(9, "11:00:00.25")];
    expect(await take(await api(trades))).toEqual([4, 0, 0, 0, 0, 0]);
    expect(await take(await csv(years))).toEqual([2, 0, 4, 0, 0, 0]);
    // And the other way round: the file covers all of it, and these two are told to the digit.
    expect(await take(await api(years))).toEqual([0, 6, 0, 0, 0, 0]);
  });

  test("what the other source should have and has not waits, and is in no computation", async () => {
    expect(await take(await api([trades[0]!, trades[3]!]))).toEqual([2, 0, 0, 0, 0, 0]);
    const missing = await csv([trades[0]!, trades[2]!, trades[3]!]);
    expect(await take(missing)).toEqual([0, 0, 2, 0, 1, 1]);
    const before = await counts(opened);
    expect(await take(missing)).toEqual([0, 0, 2, 0, 1, 0]);
    expect(await counts(opened)).toEqual(before);
    expect(await kept()).toEqual([
      ["70000001", true, "rounded copy", "70000001"],
      ["70000003", false, "waiting", "70000003"],
      ["70000004", true, "rounded copy", "70000004"],
    ]);
    // The same id with other content waits, too.
    expect(await take(await csv([{ ...trades[2]!, price: "99" }]))).toEqual([0, 0, 0, 0, 1, 1]);
  });

  test("counts that differ wait, all of them", async () => {
    expect(await take(await api([trades[0]!, trades[3]!]))).toEqual([2, 0, 0, 0, 0, 0]);
    expect(await take(await csv([trades[0]!, trades[1]!]))).toEqual([0, 0, 0, 0, 2, 2]);
    // What waits counts: one more of them is still no match, in a batch of its own or not.
    const third = { ...trades[1]!, number: 7 };
    expect(await take(await csv([third]))).toEqual([0, 0, 0, 0, 1, 1]);
    expect(await take(await csv([trades[0]!, trades[1]!, third]))).toEqual([0, 0, 0, 0, 3, 0]);
  });

  test("equal rows without ids wait one by one, and are known again", async () => {
    expect(await take(await api([trades[0]!, trades[3]!]))).toEqual([2, 0, 0, 0, 0, 0]);
    const rows = await sheet([trades[0]!, trades[0]!]);
    expect(await take(rows)).toEqual([0, 0, 0, 0, 2, 2]);
    const before = await counts(opened);
    expect(await take(rows)).toEqual([0, 0, 0, 0, 2, 0]);
    expect(await counts(opened)).toEqual(before);
    // The other fill comes and is recorded: what waits is no fill. It keeps waiting for a person.
    expect(await take(await api(trades.slice(0, 2)))).toEqual([1, 1, 0, 0, 0, 0]);
    expect(await take(rows)).toEqual([0, 0, 0, 0, 2, 0]);
  });

  test("content that differs waits; under a known id it is a conflict", async () => {
    expect(await take(await api(trades))).toEqual([4, 0, 0, 0, 0, 0]);
    const cheaper = trades.map((each) => ({ ...each, fee: "0.11" }));
    expect(await take(await csv(cheaper))).toEqual([0, 0, 0, 0, 4, 4]);
    expect(await take(await sheet(trades))).toEqual([0, 0, 4, 0, 0, 0]);
    wallet = `${wallet}b`;
    expect(await take(await api(trades))).toEqual([4, 0, 0, 0, 0, 0]);
    expect(await take(await csv(trades))).toEqual([0, 0, 4, 0, 0, 0]);
    expect(await take(await csv(cheaper))).toEqual([0, 0, 0, 4, 0, 0]);
    expect(await take(await csv(cheaper))).toEqual([0, 0, 0, 4, 0, 0]);
  });

  test("what waits is released or attached by a decision, and is known from then on", async () => {
    expect(await take(await api([trades[0]!, trades[3]!]))).toEqual([2, 0, 0, 0, 0, 0]);
    const file = await csv([trades[1]!, trades[2]!]);
    expect(await take(file)).toEqual([0, 0, 1, 0, 1, 1]);
    const other = await csv([{ ...trades[3]!, fee: "0.21" }]);
    expect(await take(other)).toEqual([0, 0, 0, 0, 1, 1]);
    const waiting = await opened.query(
      `SELECT a.fill_id, o.source, convert_from(o.raw, 'UTF8') AS raw, o.told FROM aliases a
       JOIN observations o USING (book_id, number) WHERE a.account = '${wallet}' AND a.entry IS NULL
       ORDER BY o.number`,
    );
    const [released, attached] = waiting.map((row) => row as Record<string, string>);
    const book = { portfolio: "default", symbol: "BTC-USD" };
    const words = { item: "w", action: "x", number: 1, author: "ana", reason: "r" };
    const fact = toldFill(released!["told"]!);
    const [kin] = await opened.query(
      `SELECT entry FROM fills WHERE account = '${wallet}' AND fill_id = 'entry-4'`,
    );
    const alias = { venue: "coinbase", account: wallet, fillId: attached!["fill_id"]! };
    const about = { entry: kin!["entry"] as bigint };
    const outcome = await recordItems(
      opened.database,
      opened.ports,
      [
        { row: 0, raw: released!["raw"]!, source: released!["source"]!, fact },
        {
          row: 1,
          decision: { ...book, raw: decisionText({ ...words, item: wallet }), about: { row: 0 } },
        },
        { row: 2, decision: { ...book, raw: decisionText({ ...words, alias }), about, alias } },
      ],
      { source: "review", author: "ana" },
    );
    expect(outcome.files).toMatchObject([{ recorded: 1, decisions: 2 }]);
    const before = await counts(opened);
    expect(await take(file, other)).toEqual([0, 2, 1, 0, 0, 0]);
    expect(await counts(opened)).toEqual(before);
    await expectSealed(opened);
  });

  test("the value of a fee waits with its fill", async () => {
    expect(await take(await api([trades[0]!, trades[3]!]))).toEqual([2, 0, 0, 0, 0, 0]);
    const file = await fileOf(
      "fill_id,executed_at,venue,account,symbol,side,quantity,price,fee,fee_asset,fee_value\n" +
        `,2026-03-01T10:00:05Z,coinbase,${wallet},BTC-USD,buy,1,2,0.1,BNB,3\n`.repeat(2),
      "csv",
    );
    expect(await take(file)).toEqual([0, 0, 0, 0, 2, 2]);
    expect(await take(file)).toEqual([0, 0, 0, 0, 2, 0]);
    expect((await kept()).map((row) => row[2])).toEqual(["waiting", "waiting"]);
  });

  test("another account, venue or book is another wallet", async () => {
    expect(await take(await api(trades))).toEqual([4, 0, 0, 0, 0, 0]);
    wallet = `${wallet}b`;
    expect(await take(await csv(trades))).toEqual([4, 0, 0, 0, 0, 0]);
  });

  test("given ids are trusted to be shared, but for rows without", async () => {
    const id = (name: string, at: string) =>
      fill(name, 0, "0.5", "100", {
        executedAt: `2026-03-01T${at}Z`,
        venue: "coinbase",
        account: wallet,
        fee: "0.1",
      });
    expect(await take(await api(trades.slice(0, 2)))).toEqual([2, 0, 0, 0, 0, 0]);
    const { recorded } = await opened.ledger.record([id("b-own", "10:00:00.1235")]);
    expect(recorded).toBe(1);
    wallet = `${wallet}b`;
    expect(await take(await sheet(trades))).toEqual([4, 0, 0, 0, 0, 0]);
    const result = await opened.ledger.record([id("b-1", "10:00:00.12"), id("b-2", "10:00:00.13")]);
    expect(result).toMatchObject({ recorded: 0, roundedCopies: 2, waiting: 0 });
    expect(await opened.ledger.record([id("b-3", "10:00:00.14")])).toMatchObject({ waiting: 1 });
  });
});
