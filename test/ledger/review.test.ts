/** The review queue: what is in it, what each action appends, and that all of it is whole or not at all. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Resolution, ReviewItem, ReviewRequest } from "../../src/index.ts";
import { describeEngines } from "../engines.ts";
import {
  counts,
  expectVerified,
  fileOf,
  fill,
  header,
  openTestLedger,
  type TestLedger,
  time,
  withDirectory,
} from "./ledger.ts";

const person = { author: "ana", reason: "looked it up" };
const adjustment = {
  kind: "adjustment",
  symbol: "ADA-USD",
  tradeType: "REVERSAL",
  executedAt: time(9),
  side: "buy",
  quantity: "2",
  price: "1",
} as const;

const sol = (id: string, minute: number, quantity: string) =>
  fill(id, minute, quantity, "70", { symbol: "SOL-USD", portfolio: "fund" });
const doge = (id: string, minute: number) => fill(id, minute, "5", "2", { symbol: "DOGE-USD" });
/** A row without an id. */
const dogeRow = (at: string): string => `,${at},DOGE-USD,buy,5,2,,,,`;

describeEngines("review", (engine) => {
  let opened: TestLedger;
  beforeAll(async () => {
    opened = await openTestLedger(engine);
  });
  afterAll(() => opened?.dispose());

  const items = (request: ReviewRequest = {}): Promise<ReviewItem[]> =>
    opened.ledger.review(request, async (found) => {
      const all: ReviewItem[] = [];
      for await (const item of found) all.push(item);
      return all;
    });
  const names = async (request?: ReviewRequest): Promise<string[]> =>
    (await items(request)).map(({ item }) => item);
  const one = async (item: string): Promise<ReviewItem> =>
    (await items({ items: [item], all: true }))[0]!;
  const resolve = (item: string | string[], resolution: Resolution) =>
    opened.ledger.resolve({ items: [item].flat() }, resolution, person);
  /** Late = full, and the proof is green. */
  const settle = async (): Promise<void> => {
    const late = await opened.ledger.compute();
    const full = await opened.ledger.compute({ full: true, publish: false });
    expect(late.digest).toBe(full.digest);
    await opened.ledger.drop(full.version);
    await expectVerified(opened);
  };

  test("a conflict: both contents side by side; kept, opened again, and taken", async () => {
    const { ledger } = opened;
    await ledger.record([fill("b1", 0, "1", "100", { strategy: "grid", fee: "0.5" })]);
    await ledger.record([fill("b1", 0, "1", "101", { fee: "0.6", orderId: "o9" })], {
      source: "statement",
    });
    const item = await one("conflict:BTC-USD:2");
    expect(item).toMatchObject({
      kind: "conflict",
      portfolio: "default",
      symbol: "BTC-USD",
      fill_id: "b1",
      source: "statement",
      recorded: { price: "100", strategy: "grid" },
      told: { price: "101", order_id: "o9" },
      differs: ["price", "fees"],
      actions: ["keep", "take"],
      state: "open",
      decision: null,
    });
    expect(await resolve(item.item, { action: "keep" })).toMatchObject({ facts: 0 });
    const kept = await one(item.item);
    expect(kept).toMatchObject({
      state: "resolved",
      actions: ["reopen"],
      decision: { action: "keep", ...person },
    });
    expect(kept.decision!.recorded_at).toMatch(/^20\d\d-.*Z$/);
    expect(await names()).toEqual([]);
    await expect(resolve(item.item, { action: "take" })).rejects.toThrow("is resolved: keep");
    await ledger.reopen([item.item], person);
    expect(await names()).toEqual([item.item]);
    await expect(ledger.reopen([item.item], person)).rejects.toThrow("is open");
    expect(await resolve(item.item, { action: "take" })).toMatchObject({ facts: 2 });
    const [row] = await opened.query(
      `SELECT f.revision, f.price::text, f.strategy, f.order_id, o.source FROM fills f
       JOIN observations o USING (book_id, entry) WHERE f.fill_id = 'b1' AND f.revision = 1`,
    );
    expect(row).toEqual({
      revision: 1,
      price: "101",
      strategy: "grid",
      order_id: "o9",
      source: "statement",
    });
    expect(await one(item.item)).toMatchObject({ state: "resolved", differs: [] });
    await settle();
    await ledger.reopen([item.item], person);
    expect(await one(item.item)).toMatchObject({ state: "open", actions: ["keep"] });
    await resolve(item.item, { action: "keep" });
  });

  test("two conflicts about one fact can't both be taken; nothing of such a batch is recorded", async () => {
    const { ledger } = opened;
    await ledger.record([fill("b2", 0, "1", "10"), fill("b3", 0, "1", "10")]);
    for (const price of ["11", "12"]) await ledger.record([fill("b2", 0, "1", price)]);
    await ledger.record([fill("b3", 0, "1", "13")]);
    const open = await names();
    expect(open).toHaveLength(3);
    const before = await counts(opened);
    await expect(resolve(open, { action: "take" })).rejects.toThrow("are about the same fact");
    await expect(resolve([open[0]!, "conflict:BTC-USD:99"], { action: "keep" })).rejects.toThrow(
      'there is no item "conflict:BTC-USD:99"',
    );
    await expect(resolve(open[0]!, { action: "accept" })).rejects.toThrow("by accept");
    expect(await counts(opened)).toEqual(before);
    const dry = { ...person, dryRun: true };
    const all = { kinds: ["conflict"] as const, symbol: "BTC-USD" };
    expect(await ledger.resolve(all, { action: "keep" }, dry)).toMatchObject({ batch: null });
    expect(await counts(opened)).toEqual(before);
    opened.ports.failAt("record.sealed");
    await expect(ledger.resolve(all, { action: "keep" }, person)).rejects.toThrow("on purpose");
    opened.ports.reached = () => {};
    expect(await counts(opened)).toEqual(before);
    const done = await ledger.resolve(all, { action: "keep" }, person);
    expect(done.items).toEqual(open);
    expect(await counts(opened)).toMatchObject({ batches: before["batches"]! + 1n });
    expect(await names()).toEqual([]);
  });

  test("an unmatched sale: tolerated, accepted for its quantity, healed by the missing buy", async () => {
    const { ledger } = opened;
    await ledger.record([sol("s1", 9, "0.5")]);
    await ledger.compute();
    const item = "unmatched:fund/SOL-USD:1";
    expect(await items()).toMatchObject([
      { item, kind: "unmatched", quantity: "0.5", fill_id: "s1", actions: ["accept"], told: null },
    ]);
    expect(await ledger.reviewGroups({}, "symbol")).toEqual([
      { group: "SOL-USD", items: 1, open: 1, amounts: { USD: "35" } },
    ]);
    await ledger.setTolerance("SOL-USD", "0.5", person);
    expect(await names()).toEqual([]);
    await ledger.setTolerance("SOL-USD", "0.4", person);
    expect(await ledger.tolerances()).toMatchObject([{ symbol: "SOL-USD", tolerance: "0.4" }]);
    await expect(ledger.setTolerance("SOL-USD", "-1", person)).rejects.toThrow("must be 0 or more");
    await resolve(item, { action: "accept" });
    expect(await names()).toEqual([]);
    await ledger.record([sol("b1", 1, "0.05")]);
    await settle();
    expect(await items()).toMatchObject([
      { item, quantity: "0.45", state: "open", decision: { action: "accept" } },
    ]);
    await ledger.record([sol("b2", 2, "0.45")]);
    expect(await names()).toEqual([item]);
    await settle();
    expect(await names({ all: true, kinds: ["unmatched"] })).toEqual([]);
  });

  test("a fee without a value: valued once, by hand; open again when the value is voided", async () => {
    const { ledger } = opened;
    const eth = { symbol: "ETH-USD", fee: "-0.1", feeAsset: "BNB" };
    await ledger.record([fill("b1", 0, "1", "3000", eth), fill("b2", 1, "1", "3000", eth)]);
    const item = "fee-value:ETH-USD:1:BNB";
    expect(await one(item)).toMatchObject({ quantity: "-0.1", asset: "BNB", actions: ["value"] });
    const value: Resolution = { action: "value", value: "-61.2" };
    await expect(resolve(await names(), value)).rejects.toThrow("for one item at a time");
    await expect(resolve(item, { action: "value", value: "x" })).rejects.toThrow(
      'value "x": is no',
    );
    await resolve(item, value);
    expect(await one(item)).toMatchObject({ state: "resolved", decision: { action: "value" } });
    expect(await names()).toEqual(["fee-value:ETH-USD:2:BNB"]);
    const [row] = await opened.query("SELECT value::text, source FROM fee_values");
    expect(row).toEqual({ value: "-61.2", source: "stated by ana" });
    await settle();
    await ledger.reopen([item], person);
    expect(await one(item)).toMatchObject({ state: "open", actions: ["keep"] });
    await resolve(item, { action: "keep" });
    const ofValue = { kind: "fee value", id: "b1", symbol: "ETH-USD", asset: "BNB" } as const;
    await ledger.correct(ofValue, undefined, person);
    expect(await one(item)).toMatchObject({ state: "open", actions: ["value"] });
    await ledger.correct({ id: "b2", symbol: "ETH-USD" }, undefined, person);
    expect(await names()).toEqual([item]);
    await resolve(item, value);
    await settle();
  });

  test("an adjustment: kept, or the one fill with its trade id is voided", async () => {
    const { ledger } = opened;
    const ada = { symbol: "ADA-USD" };
    await ledger.record([
      fill("b1", 0, "2", "1", { ...ada, tradeId: "t1" }),
      fill("b2", 0, "2", "1", { ...ada, tradeId: "t2" }),
      fill("b3", 0, "2", "1", { ...ada, tradeId: "t2" }),
      { ...adjustment, entryId: "a1", tradeId: "t1" },
      { ...adjustment, entryId: "a2", tradeId: "t2" },
      { ...adjustment, entryId: "a3" },
    ]);
    await ledger.compute();
    const found = await items();
    expect(found.map(({ fill_id: id, actions }) => [id, actions])).toEqual([
      ["a1", ["keep", "void"]],
      ["a2", ["keep"]],
      ["a3", ["keep"]],
    ]);
    expect(found[1]!.candidates).toMatchObject([{ fill_id: "b2" }, { fill_id: "b3" }]);
    await resolve(found[0]!.item, { action: "void" });
    await resolve([found[1]!.item, found[2]!.item], { action: "keep" });
    expect(
      await opened.query(
        "SELECT target_id FROM voids JOIN books USING (book_id) WHERE symbol = 'ADA-USD'",
      ),
    ).toEqual([{ target_id: "b1" }]);
    expect(await names()).toEqual([]);
    await settle();
  });

  test("what waits: recorded as its own, attached to a fill, or dismissed", async () => {
    const { ledger } = opened;
    await ledger.record([doge("b1", 0), doge("b2", 10)]);
    await withDirectory(async (directory) => {
      const twice = "2026-03-01T00:00:00Z";
      const lines = [header, ...[twice, twice, "2026-03-01T00:03:00Z"].map(dogeRow)];
      expect(await ledger.import([await fileOf(directory, lines)])).toMatchObject({
        newWaiting: 3,
      });
      const [first, second, third] = await items();
      expect(first).toMatchObject({
        kind: "waiting",
        recorded: null,
        told: { quantity: "5", executed_at: "2026-03-01T00:00:00Z" },
        candidates: [{ fill_id: "b1" }],
        actions: ["record", "attach", "dismiss"],
      });
      expect(third!.candidates).toEqual([]);
      await expect(resolve(first!.item, { action: "attach", fillId: "b9" })).rejects.toThrow(
        'there is no fill "b9"',
      );
      await resolve(first!.item, { action: "attach", fillId: "b1" });
      expect(await resolve(second!.item, { action: "record" })).toMatchObject({ facts: 1 });
      await resolve(third!.item, { action: "dismiss" });
      expect(await names()).toEqual([]);
      await settle();
      const before = await counts(opened);
      const again = await ledger.import([await fileOf(directory, lines)]);
      expect(again).toMatchObject({ newWaiting: 0, newConflicts: 0, recorded: 0, batch: null });
      expect(await counts(opened)).toEqual(before);
      const [recorded] = await opened.query(
        `SELECT o.source, o.outcome FROM fills f JOIN observations o USING (book_id, entry)
         WHERE f.fill_id = '${second!.fill_id}' ORDER BY o.number LIMIT 1`,
      );
      expect(recorded).toEqual({ source: "file:lotbook-csv", outcome: "recorded" });
      await ledger.reopen([second!.item], person);
      await expect(resolve(second!.item, { action: "record" })).rejects.toThrow(
        "is recorded already",
      );
      await resolve(second!.item, { action: "dismiss" });
      await settle();
    });
  });

  test("groups count what is open, or all", async () => {
    const open = await opened.ledger.reviewGroups({}, "kind");
    expect(open).toEqual([]);
    const all = await opened.ledger.reviewGroups({ all: true }, "kind");
    expect(all.map(({ group, items: count, open: left }) => [group, count, left])).toEqual([
      ["adjusted", 3, 0],
      ["conflict", 4, 0],
      ["fee-value", 1, 0],
      ["waiting", 3, 0],
    ]);
    const byDay = await opened.ledger.reviewGroups({ all: true, symbol: "ADA-USD" }, "day");
    expect(byDay).toEqual([{ group: "2026-03-01", items: 3, open: 0, amounts: { USD: "6" } }]);
  });
});
