/** Explanations of a small ledger told by hand: what they say of each kind of fact, how they are asked. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LotbookError } from "../../src/errors.ts";
import type { RecordInput } from "../../src/ledger/record-facts.ts";
import { describeEngines } from "../engines.ts";
import { fill, openTestLedger, time, type TestLedger } from "../ledger/ledger.ts";
import { type Explained, explained, figuresIn, textOf, wrongLines } from "./read.ts";

const value = (fillId: string, revision: number, amount: string): RecordInput => ({
  kind: "fee value",
  symbol: "BTC-USD",
  fillId,
  asset: "BNB",
  revision,
  value: amount,
  source: "prices.csv",
});

const bust = (targetId: string, more: object = {}): RecordInput => ({
  kind: "void",
  symbol: "BTC-USD",
  targetKind: "fill",
  targetId,
  author: "ana",
  reason: "the venue busted it",
  ...more,
});

/** docs/spec/matching.md 3 with its fees, and then one of each kind of trouble. */
const first: readonly RecordInput[] = [
  fill("b1", 10, "10", "100", { fee: "1.5", raw: "b1,\u001b[31m10" } as object),
  fill("b2", 20, "5", "110", { fee: "0.5" }),
  fill("s1", 30, "12", "120", { fee: "1.2", orderId: "o1" }),
  fill("s2", 40, "4", "90"),
  fill("b3", 50, "1", "80", { fee: "0.001", feeAsset: "BTC" }),
  fill("s3", 60, "0.5", "85", { fee: "0.02", feeAsset: "BNB" }),
  value("s3", 0, "7"),
  bust("s3", { targetKind: "fee value", asset: "BNB", valueRevision: 0, reason: "wrong price" }),
  value("s3", 1, "6"),
  fill("s4", 70, "0.2", "86", { fee: "0.01", feeAsset: "BNB" }),
  {
    kind: "opening lot",
    symbol: "BTC-USD",
    key: "old",
    openedAt: time(80),
    quantity: "2",
    author: "ana",
    note: "a wallet from 2013",
  },
  fill("s5", 90, "0.5", "87"),
  fill("b4", 100, "1", "50"),
  fill("s6", 110, "1", "60"),
  {
    kind: "adjustment",
    symbol: "BTC-USD",
    entryId: "r1",
    tradeType: "REVERSAL",
    executedAt: time(5),
  },
  // The same id in other books and wallets.
  fill("s1", 30, "1", "7", { symbol: "ETH-USD" }),
  fill("s1", 30, "1", "7", { symbol: "ETH-EUR", account: "it's" }),
];
const second: readonly RecordInput[] = [
  bust("b4"),
  { ...fill("b4", 100, "1", "51"), revision: 1 },
  bust("s6"),
];
const third: readonly RecordInput[] = [fill("b5", 200, "1", "1")];

const figure = (slice: unknown, name: string): unknown => (slice as Record<string, unknown>)[name];

const btc = { symbol: "BTC-USD" };

describeEngines("an explanation", (engine) => {
  let opened: TestLedger;
  const ask = (id: string, more: object = {}): Promise<Explained> =>
    explained(opened.database, { id, ...btc, ...more });
  /** How asking fails. */
  const refused = async (request: Parameters<typeof explained>[1]): Promise<LotbookError> => {
    const failed = await explained(opened.database, request).then(
      () => undefined,
      (error: unknown) => error,
    );
    return failed as LotbookError;
  };

  beforeAll(async () => {
    opened = await openTestLedger(engine);
    const { ledger } = opened;
    await ledger.record(first, { source: "feed", author: "bob" });
    await ledger.compute();
    await ledger.record(second, { source: "desk", author: "bob" });
    await ledger.record([fill("b1", 10, "11", "100")], { source: "other" });
    await ledger.compute();
    await ledger.record(third);
  });
  afterAll(() => opened?.dispose());

  it("shows a sale's slices with the numbers that give each figure", async () => {
    const told = await ask("s1");
    expect(told).toMatchObject({ explain: "sale", state: "taken in", agrees: true });
    expect(told.slices.map((slice) => figure(slice, "pnl"))).toMatchObject([
      { arithmetic: "(120 - 100) * 10 - 1.5 - 1", value: "197.5" },
      { arithmetic: "(120 - 110) * 2 - 0.2 - 0.2", value: "19.6" },
    ]);
    expect(figure(told.slices[1], "open_share")).toMatchObject({
      arithmetic: "trunc18(0.5 * 2 / 5) - trunc18(0.5 * 0 / 5)",
      value: "0.2",
    });
    expect(figure(told.slices[1], "close_share")).toMatchObject({
      arithmetic: "trunc18(1.2 * 12 / 12) - trunc18(1.2 * 10 / 12)",
    });
    expect(told.pnl).toMatchObject({ arithmetic: "197.5 + 19.6", value: "217.1" });
    expect(told.slices[0]!["concluded"]).toMatchObject({ run: 1, step: 1, revision: 1 });
  });

  it("counts what earlier sales took of the same lot", async () => {
    const { slices } = await ask("s2");
    expect(figure(slices[0], "open_share")).toMatchObject({
      arithmetic: "trunc18(0.5 * 5 / 5) - trunc18(0.5 * 2 / 5)",
      value: "0.3",
    });
  });

  it("says why a slice is not complete, and what heals it", async () => {
    const unmatched = (await ask("s2")).slices[1]!;
    expect(unmatched).toMatchObject({ complete: false, missing: ["unmatched"], opening: null });
    expect(String(unmatched["heals"])).toContain("missing buys of 1 BTC from before");
    const noValue = (await ask("s4")).slices[0]!;
    expect(noValue).toMatchObject({ missing: ["closing fee value"], pnl: { value: null } });
    expect(String(noValue["heals"])).toContain("what the fee in BNB of s4 was worth in USD");
    const noCost = (await ask("s5")).slices.at(-1)!;
    expect(noCost).toMatchObject({ missing: ["opening cost"], cost_basis: { value: null } });
    expect(noCost["opening"]).toMatchObject({ kind: "opening lot", note: "a wallet from 2013" });
    expect(String(noCost["heals"])).toContain("void the opening lot old");
  });

  it("works with fees in other assets, and shows the value that counts and its source", async () => {
    const told = await ask("s3");
    expect(told.fact.total_fee).toMatchObject({
      arithmetic: "6",
      formula: "value of the fee in BNB",
    });
    expect(told.fact.fee_values).toMatchObject([
      { value: "7", source: "prices.csv", voided: { author: "ana", reason: "wrong price" } },
      { value: "6", revision: 1, voided: null },
    ]);
    const opening = told.slices[0]!["opening"] as Explained["fact"];
    expect(opening.effective_quantity).toMatchObject({ arithmetic: "1 - 0.001", value: "0.999" });
    expect(opening.total_fee).toMatchObject({ arithmetic: "0.001 * 80", value: "0.08" });
  });

  it("tells where a fact comes from: batch, seal, tellings, byte for byte", async () => {
    const opening = (await ask("s1")).slices[0]!["opening"] as Explained["fact"];
    const [seal] = await opened.query(
      `SELECT encode(hash, 'hex') AS hash FROM seals JOIN books USING (book_id)
       WHERE symbol = 'BTC-USD' AND number = 1`,
    );
    expect(opening).toMatchObject({
      entry: 1,
      seal: { number: 1, hash: seal!["hash"] },
      recorded: { author: "bob", source: "feed" },
      observation_count: 2,
      observations: [
        { outcome: "recorded", source: "feed", raw: "b1,\u001b[31m10" },
        { outcome: "conflict", source: "other", told: { quantity: "11" } },
      ],
    });
    expect(opening.observations[1]!.batch).not.toBe(opening.recorded.batch);
    expect(await textOf(opened.database, { id: "s1", ...btc })).not.toContain("\u001b");
  });

  it("follows a lot: who took from it, and what is left", async () => {
    const told = await ask("b3");
    expect(told.explain).toBe("buy");
    expect(told.sales.map((sale) => [sale["close_fill_id"], sale["left"]])).toEqual([
      ["s3", "0.499"],
      ["s4", "0.299"],
      ["s5", "0"],
    ]);
    expect(told.left).toBeNull();
    const old = await ask("old");
    expect(old.left).toMatchObject({
      quantity: { value: "1.799", arithmetic: "2 - 0.201" },
      cost_basis: { value: null },
    });
  });

  it("says who took a fact out, and what replaced it", async () => {
    const gone = await ask("s6");
    expect(gone).toMatchObject({ state: "voided", figures: null, slices: [], agrees: true });
    expect(gone.note).toBe(
      "voided by ana (the venue busted it) and in no conclusion; nothing replaces it",
    );
    const old = await ask("b4", { revision: 0 });
    expect(old).toMatchObject({ state: "voided", fact: { replaced_by: { revision: 1 } } });
    expect(await ask("b4")).toMatchObject({
      state: "taken in",
      fact: { price: "51", revision: 1, replaces: { revision: 0 } },
    });
  });

  it("is cut like a report", async () => {
    const then = await ask("s6", { knownAt: "2" });
    expect(then).toMatchObject({ state: "taken in", figures: { allocations: 1 } });
    expect(then.note).toContain("not yet computed here");
    expect(await ask("b4", { knownAt: "2" })).toMatchObject({ fact: { price: "50", revision: 0 } });
    expect(await ask("b5")).toMatchObject({ state: "not yet computed", sales: [] });
    const early = await ask("b2", { asOf: time(30) });
    expect(early.left).toMatchObject({ quantity: { value: "3" }, open_share: { value: "0.3" } });
    expect(await ask("s2", { asOf: time(30) })).toMatchObject({ state: "after as of", slices: [] });
    expect(await ask("r1")).toMatchObject({ explain: "adjustment", state: "outside matching" });
  });

  it("asks back where an id is ambiguous, with commands that are not", async () => {
    const { code, message, advice } = await refused({ id: "s1", asOf: time(300) });
    expect([code, message]).toEqual(["BAD_USAGE", '"s1" is the id of 3 facts; say which:']);
    const cut = `--as-of ${time(300)}`;
    expect(advice).toBe(
      [
        `lotbook explain s1 --symbol BTC-USD --account main ${cut}`,
        `lotbook explain s1 --symbol ETH-EUR --account 'it'\\''s' ${cut}`,
        `lotbook explain s1 --symbol ETH-USD --account main ${cut}`,
      ].join("\n"),
    );
    const other = await explained(opened.database, { id: "s1", account: "it's" });
    expect(other.fact.symbol).toBe("ETH-EUR");
  });

  it("names near ids where there is none", async () => {
    const { code, advice } = await refused({ id: "s77", ...btc });
    expect(code).toBe("NOT_FOUND");
    expect(advice).toMatch(/near it are s\d, s\d/);
    expect((await refused({ id: "zz" })).advice).not.toContain("near");
    expect((await refused({ id: "b4", revision: 7 })).message).toContain("no revision 7");
  });

  it("adds up a PnL cell", async () => {
    const told = await explained(opened.database, {
      cell: { month: "2026-03" },
      symbol: "BTC-USD",
    });
    expect(told.pnl.value).toBe(told.figures!["realized_pnl"]);
    expect(told.sales.map((sale) => sale["close_fill_id"])).toEqual(["s1", "s2", "s3", "s4", "s5"]);
    expect(told.sales[1]).toMatchObject({ pnl: "-60.3", pnl_so_far: "156.8" });
    const two = await refused({ cell: { month: "2026-03" } });
    expect(two.advice).toContain("lotbook explain --pnl month=2026-03 --pnl quote=EUR");
    expect((await refused({ cell: { month: "2026-04" } })).code).toBe("NOT_FOUND");
    expect((await refused({ cell: { week: "2026-9" } })).advice).toContain("week=2026-W10");
    expect((await refused({ cell: {} })).code).toBe("BAD_USAGE");
  });

  it("reads as a tree that fits a terminal, with the same numbers", async () => {
    for (const id of ["s1", "b3", "old", "s5"]) {
      const whole = await textOf(opened.database, { id, ...btc });
      expect(wrongLines(whole).wrong).toEqual([]);
      expect(wrongLines(whole).count).toBeGreaterThan(0);
      const narrow = await textOf(opened.database, { id, ...btc }, 80);
      expect(narrow.split("\n").filter((line) => line.length > 80)).toEqual([]);
    }
    expect(await textOf(opened.database, { id: "s1", ...btc })).toContain(
      "├─ PnL = (120 - 100) * 10 - 1.5 - 1 = 197.5\n",
    );
  });

  it("says it loudly where what is stored is not what the facts give", async () => {
    const change = (set: string): Promise<unknown> =>
      engine.superuser(opened, (connection) =>
        connection.execute(
          `UPDATE lotbook.allocations SET ${set} WHERE slice = 1 AND close_entry = 3 AND version = 1`,
        ),
      );
    await change("pnl = pnl + 1");
    const told = await ask("s1");
    expect(told.agrees).toBe(false);
    expect(told.disagreements).toMatchObject([
      { what: "slice 1 of s1: pnl", stored: "198.5", computed: "197.5" },
    ]);
    expect(figuresIn(told).filter(([, each]) => each.computed !== undefined)).toHaveLength(1);
    const text = await textOf(opened.database, { id: "s1", ...btc });
    expect(text).toContain("DOES NOT AGREE: stored is 198.5");
    expect(text).toContain("What is stored is NOT what the facts give");
    await change("pnl = pnl - 1, open_entry = 2");
    expect((await ask("s1")).agrees).toBe(false);
    await change("open_entry = 1");
    expect((await ask("s1")).agrees).toBe(true);
  });
});
