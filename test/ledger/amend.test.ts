/** What a person appends: corrections, opening lots, fee values. One ledger an engine. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LotbookError } from "../../src/errors.ts";
import type { Changes, FactName, PricedFee, PricesOptions } from "../../src/index.ts";
import { read } from "../reports/read.ts";
import { describeEngines } from "../engines.ts";
import {
  counts,
  expectVerified,
  fileOf,
  fill,
  openTestLedger,
  type TestLedger,
  time,
  withDirectory,
} from "./ledger.ts";

const person = { author: "ana", reason: "the statement says so" };
const bnb = { fee: "0.01", feeAsset: "BNB" };

const btc = (id: string): FactName => ({ id, symbol: "BTC-USD" });

/** What an error says, and advises. */
async function refusal(work: Promise<unknown>): Promise<unknown> {
  const error = (await work.catch((thrown: unknown) => thrown)) as LotbookError;
  return { message: error.message, advice: error.advice };
}

describeEngines("amending", (engine) => {
  let opened: TestLedger;
  beforeAll(async () => {
    opened = await openTestLedger(engine);
    await opened.ledger.record([
      fill("b1", 0, "10", "100", { fee: "1.5", orderId: "o1", strategy: "grid" }),
      fill("b1", 0, "1", "3000", { symbol: "ETH-USD" }),
      fill("b1", 0, "1", "3000", { symbol: "ETH-USD", account: "other" }),
      fill("b2", 1, "5", "110", { ...bnb, sequence: "7" }),
      fill("b3", 2, "1", "90", {
        fees: [
          { asset: "BNB", amount: "0.1" },
          { asset: "USD", amount: "2" },
        ],
      }),
      fill("s1", 3, "12", "120", { fee: "1.2" }),
    ]);
    await opened.ledger.compute();
  });
  afterAll(() => opened?.dispose());

  const correct = (name: FactName, changes?: Changes) =>
    opened.ledger.correct(name, changes, person);
  /** Late = full, and the proof is green. */
  const settle = async (): Promise<void> => {
    const late = await opened.ledger.compute();
    const full = await opened.ledger.compute({ full: true, publish: false });
    expect(late.digest).toBe(full.digest);
    await opened.ledger.drop(full.version);
    await expectVerified(opened);
  };

  test("a replacement keeps what is not given, and is the next revision of the same identity", async () => {
    const before = await counts(opened);
    const { after, ...done } = await correct(btc("b1"), { price: "101", fee: "1.25" });
    expect(done).toMatchObject({
      kind: "fill",
      voids: true,
      carried: [],
      before: { price: "100", revision: 0 },
    });
    expect(after).toEqual({
      ...done.before,
      revision: 1,
      price: "101",
      fees: [{ asset: "USD", amount: "1.25" }],
    });
    expect(await counts(opened)).toMatchObject({
      batches: before["batches"]! + 1n,
      fills: before["fills"]! + 1n,
      voids: before["voids"]! + 1n,
    });
    const [row] = await opened.query("SELECT author, reason FROM voids");
    expect(row).toEqual(person);
    await settle();
  });

  test("the original told again is a duplicate; a second correction goes on from the first", async () => {
    const original = fill("b1", 0, "10", "100", { fee: "1.5", orderId: "o1", strategy: "grid" });
    expect(await opened.ledger.record([original], { source: "file" })).toMatchObject({
      duplicates: 1,
    });
    const { after } = await correct(btc("b1"), { strategy: "", executedAt: time(1) });
    expect(after).toMatchObject({ revision: 2, price: "101", executed_at: "2026-03-01T00:01:00Z" });
    expect(after).not.toHaveProperty("strategy");
    await settle();
  });

  test("what says the same is refused, as are an unknown id, a wrong value and nothing at all", async () => {
    const before = await counts(opened);
    await expect(correct(btc("b1"), { price: "101.00" })).rejects.toThrow('"b1" says that already');
    await expect(correct(btc("b9"), { price: "1" })).rejects.toThrow('there is no fill "b9"');
    await expect(correct(btc("b1"), { quantity: "-1" })).rejects.toThrow(
      'quantity "-1": must be greater than 0',
    );
    await expect(correct(btc("b1"), { cost: "1" })).rejects.toThrow("fill has no cost");
    await expect(correct(btc("b1"), {})).rejects.toThrow("say what to change");
    await expect(
      opened.ledger.correct(btc("b1"), undefined, { author: "ana", reason: "" }),
    ).rejects.toThrow("reason: is missing");
    expect(await counts(opened)).toEqual(before);
  });

  test("an id that several fills have is refused with the candidates", async () => {
    expect(await refusal(correct({ id: "b1" }))).toMatchObject({
      message: 'there are several of fill "b1"',
      advice: [
        "say which one is meant:",
        "  --symbol BTC-USD   --account main",
        "  --symbol ETH-USD   --account main",
        "  --symbol ETH-USD   --account other",
      ].join("\n"),
    });
    expect(await refusal(correct({ id: "b1", symbol: "ETH-USD" }))).toMatchObject({
      advice: "say which one is meant:\n  --account main\n  --account other",
    });
    const found = await opened.ledger.correct({ id: "b1", account: "other" }, undefined, {
      ...person,
      dryRun: true,
    });
    expect(found).toMatchObject({ before: { symbol: "ETH-USD", account: "other" }, batch: null });
  });

  test("one void a fact; what is voided may get a replacement later, the same content too", async () => {
    await correct({ id: "b1", account: "other" });
    await expect(correct({ id: "b1", account: "other" })).rejects.toThrow("is voided already");
    await settle();
    const back = await correct({ id: "b1", account: "other" }, { price: "3000" });
    expect(back).toMatchObject({ voids: false, after: { revision: 1, price: "3000" } });
    await settle();
  });

  test("a dry run shows the same and records nothing", async () => {
    const before = await counts(opened);
    const options = { ...person, dryRun: true };
    const shown = await opened.ledger.correct(btc("b2"), { quantity: "6" }, options);
    expect(shown).toMatchObject({ batch: null, after: { quantity: "6", revision: 1 } });
    expect(await counts(opened)).toEqual(before);
    const { batch, ...done } = await correct(btc("b2"), { quantity: "6" });
    expect({ ...done, batch: null }).toEqual(shown);
    expect(batch).not.toBeNull();
  });

  test("a fee's value: one a fee, corrected like a fact, carried over while fee and time stay", async () => {
    const value = { fillId: "b2", asset: "BNB", value: "6.1", author: "ana" };
    const set = await opened.ledger.setFeeValue(value);
    expect(set.feeValue).toMatchObject({ fill_revision: 1, value: "6.1", source: "stated by ana" });
    await expect(opened.ledger.setFeeValue(value)).rejects.toThrow("has a value already: 6.1");
    await expect(opened.ledger.setFeeValue({ ...value, asset: "KCS" })).rejects.toThrow(
      'fill "b2" has no fee in KCS',
    );
    await expect(opened.ledger.setFeeValue({ ...value, asset: "USD" })).rejects.toThrow(
      "is of the instrument itself",
    );
    const ofValue: FactName = { kind: "fee value", id: "b2", asset: "BNB" };
    const fixed = await correct(ofValue, { value: "-6.2" });
    expect(fixed.after).toMatchObject({ value: "-6.2", revision: 1, source: "stated by ana" });
    await settle();
    const carried = await correct(btc("b2"), { price: "111" });
    expect(carried).toMatchObject({ carried: ["BNB"], after: { revision: 2 } });
    const { rows } = await read(opened.database, { report: "allocations" });
    expect(rows.every((row) => row["open_fill_id"] !== "b2" || row["complete"] === true)).toBe(
      true,
    );
    expect(await correct(btc("b2"), { fee: "0.02" })).toMatchObject({ carried: [] });
    await expect(correct(ofValue)).rejects.toThrow('no value of the fee in "BNB" of fill "b2"');
    await opened.ledger.setFeeValue(value);
    await correct(ofValue);
    expect((await opened.ledger.setFeeValue(value)).feeValue).toMatchObject({ revision: 1 });
    await settle();
  });

  test("of several fees the one in the asset named is set", async () => {
    await expect(correct(btc("b3"), { fee: "1" })).rejects.toThrow("has several fees");
    const { after } = await correct(btc("b3"), { fee: "1", feeAsset: "USD" });
    expect(after?.["fees"]).toEqual([
      { asset: "BNB", amount: "0.1" },
      { asset: "USD", amount: "1" },
    ]);
  });

  test("an opening lot of unknown cost: no PnL, incomplete, shown as such in every report", async () => {
    const { ledger, database } = opened;
    await ledger.record([fill("s7", 5, "3", "70", { symbol: "SOL-USD" })]);
    const lot = {
      key: "before",
      symbol: "SOL-USD",
      quantity: "2",
      openedAt: time(0),
      note: "statement of 2025",
      author: "ana",
    };
    await ledger.addOpeningLot(lot);
    await expect(ledger.addOpeningLot(lot)).rejects.toThrow('is an opening lot "before" already');
    await expect(ledger.addOpeningLot({ ...lot, key: "k", quantity: "0" })).rejects.toThrow(
      'quantity "0": must be greater than 0',
    );
    await settle();
    const symbol = "SOL-USD";
    const slices = (await read(database, { report: "allocations", symbol })).rows;
    expect(slices).toMatchObject([
      {
        open_fill_id: "before",
        open_kind: "opening lot",
        open_note: "statement of 2025",
        quantity: "2",
        pnl: null,
        missing: ["opening cost"],
      },
      {
        open_fill_id: null,
        open_kind: null,
        open_note: null,
        quantity: "1",
        missing: ["unmatched"],
      },
    ]);
    const [trade] = (await read(database, { report: "trades", symbol })).rows;
    expect(trade).toMatchObject({ realized_pnl: "0", complete: false, opening_lot_quantity: "2" });

    const known = await correct(
      { kind: "opening lot", id: "before" },
      { cost: "100", quantity: "4" },
    );
    expect(known.after).toMatchObject({ revision: 1, cost: "100", note: "statement of 2025" });
    await settle();
    const healed = (await read(database, { report: "allocations", symbol })).rows;
    expect(healed).toMatchObject([{ quantity: "3", pnl: "135", open_kind: "opening lot" }]);
    const [left] = (await read(database, { report: "lots", symbol })).rows;
    expect(left).toMatchObject({
      open_fill_id: "before",
      open_kind: "opening lot",
      open_note: "statement of 2025",
      remaining: "1",
    });
    expect((await read(database, { report: "unmatched", symbol })).rows).toEqual([]);
  });
});

describeEngines("fee values from prices", (engine) => {
  let opened: TestLedger;
  beforeAll(async () => {
    opened = await openTestLedger(engine);
    const at = { feeAsset: "BNB" };
    await opened.ledger.record([
      fill("b1", 60, "1", "100", { ...at, fee: "0.01" }),
      fill("b2", 120, "1", "100", { ...at, fee: "-0.02" }),
      fill("b3", 121, "1", "100", { ...at, fee: "0.000000000000000003" }),
      fill("b4", 200, "1", "100", { ...at, fee: "0.01" }),
      fill("b5", 59, "1", "100", { ...at, fee: "0.01" }),
      fill("b6", 60, "1", "100", { feeAsset: "KCS", fee: "1" }),
      fill("b7", 60, "1", "100", { symbol: "ETH-EUR", feeAsset: "BNB", fee: "1" }),
      fill("b8", 60, "1", "100", { ...at, fee: "99999999999999999999" }),
    ]);
    await opened.ledger.correct({ id: "b4" }, { executedAt: time(200), price: "101" }, person);
  });
  afterAll(() => opened?.dispose());

  const value = (
    lines: readonly string[],
    options: PricesOptions = {},
  ): Promise<Record<string, [string | null, string]> & { readonly batches?: never }> =>
    new Promise((resolve, reject) => {
      withDirectory(async (directory) => {
        const file = await fileOf(directory, ["asset,quote,at,price", ...lines], "prices.csv");
        const found: Record<string, [string | null, string]> = {};
        const onFees = (fees: readonly PricedFee[]): void => {
          for (const { fill_id: id, value: worth, source } of fees) found[id] = [worth, source];
        };
        await opened.ledger.valueFeesFromPrices(file, { author: "ana", ...options, onFees });
        resolve(found as Record<string, [string | null, string]>);
      }).catch(reject);
    });

  const prices = [
    `BNB,USD,${time(60)},600.5`,
    `BNB,USD,${time(61)},999`,
    `BNB,USD,${time(61)},999.0`,
    `BNB,EUR,${time(0)},550`,
    `BNB,USD,${time(120)},0.5`,
    `USDC,USD,${time(0)},1`,
  ];

  test("the latest price at or before the fill, an hour old at most; the rest stays without", async () => {
    const dry = await value(prices, { dryRun: true });
    expect(await opened.query("SELECT FROM fee_values")).toEqual([]);
    const found = await value(prices);
    expect(found).toEqual(dry);
    expect(found).toEqual({
      b1: ["6.005", `BNB-USD 600.5 at 2026-03-01T01:00:00Z, from prices.csv`],
      b2: ["-0.01", "BNB-USD 0.5 at 2026-03-01T02:00:00Z, from prices.csv"],
      // 1.5 units of 10^-18 round to the even 2.
      b3: [
        "0.000000000000000002",
        "BNB-USD 0.5 at 2026-03-01T02:00:00Z, product rounded, from prices.csv",
      ],
      b4: [null, "the last price of BNB-USD is of 2026-03-01T02:00:00Z"],
      b5: [null, "no price of BNB-USD at or before the fill"],
      b6: [null, "no price of KCS-USD at or before the fill"],
      b7: ["550", "BNB-EUR 550 at 2026-03-01T00:00:00Z, from prices.csv"],
      b8: [null, "amount x price does not fit 20 digits"],
    });
    await opened.ledger.compute();
    await expectVerified(opened);
  });

  test("what has a value keeps it; a greater age reaches further; a voided value is followed", async () => {
    expect(Object.keys(await value(prices, { maxAge: 3_600_000_000_000n }))).toEqual(
      expect.arrayContaining(["b4", "b5", "b6", "b8"]),
    );
    const found = await value(prices, { maxAge: 80n * 60_000_000_000n, symbol: "BTC-USD" });
    expect(found["b4"]).toEqual(["0.005", "BNB-USD 0.5 at 2026-03-01T02:00:00Z, from prices.csv"]);
    await opened.ledger.correct({ kind: "fee value", id: "b1", asset: "BNB" }, undefined, person);
    expect(await value([`BNB,USD,${time(60)},601`])).toMatchObject({
      b1: ["6.01", expect.anything()],
    });
    const [row] = await opened.query(
      "SELECT revision FROM fee_values WHERE fill_id = 'b1' AND value = 6.01",
    );
    expect(row).toEqual({ revision: 1 });
  });

  test("a file that contradicts itself, or has a bad row, records nothing", async () => {
    const before = await counts(opened);
    await expect(value([`KCS,USD,${time(0)},1`, `KCS,USD,${time(0)},2`])).rejects.toThrow(
      "rows 2 and 3 say two prices of one time",
    );
    await expect(value([`KCS,USD,${time(0)},-1`])).rejects.toThrow('row 2, price "-1": must be');
    await expect(value(["KCS,USD,2026-03-01,1"])).rejects.toThrow("row 2, at");
    await expect(value(["KCS,USD"])).rejects.toThrow("has 2 columns where the header has 4");
    await withDirectory(async (directory) => {
      const file = `${directory}/none.csv`;
      await writeFile(file, "asset,price\n");
      await expect(opened.ledger.valueFeesFromPrices(file)).rejects.toThrow(
        "has no column quote, at",
      );
    });
    expect(await counts(opened)).toEqual(before);
  });
});
