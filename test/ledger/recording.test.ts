/** Recording: what is new, what is told again, what contradicts, what is refused. */
import { expect, test } from "vitest";
import { bookId } from "../../src/seal/leaf.ts";
import type { VoidInput } from "../../src/index.ts";
import { describeEngines } from "../engines.ts";
import { counts, expectVerified, fill, time, withLedger, type TestLedger } from "./ledger.ts";

const told = (result: { recorded: number; duplicates: number; conflicts: number }) => [
  result.recorded,
  result.duplicates,
  result.conflicts,
];

async function outcomes({ query }: TestLedger): Promise<unknown[]> {
  const rows = await query(
    "SELECT outcome, source, entry FROM observations ORDER BY book_id, number",
  );
  return rows.map((row) => [row["outcome"], row["source"], row["entry"]]);
}

async function repeats({ query }: TestLedger): Promise<unknown[]> {
  const rows = await query(
    "SELECT source, sum(count)::bigint AS n FROM repeats GROUP BY 1 ORDER BY 1",
  );
  return rows.map((row) => [row["source"], row["n"]]);
}

describeEngines("telling again", (engine) => {
  test("the same batch twice adds nothing but a count", () =>
    withLedger(engine, async (opened) => {
      const facts = [fill("b1", 1, "1", "100"), fill("s1", 2, "1", "110")];
      expect(told(await opened.ledger.record(facts))).toEqual([2, 0, 0]);
      const before = await counts(opened);
      const again = await opened.ledger.record(facts);
      expect([...told(again), again.batch]).toEqual([0, 2, 0, null]);
      expect(await counts(opened)).toEqual(before);
      expect(await repeats(opened)).toEqual([["library", 2n]]);
      expect(told(await opened.ledger.record([facts[0]!, facts[0]!, facts[1]!]))).toEqual([
        0, 3, 0,
      ]);
      expect(await repeats(opened)).toEqual([["library", 5n]]);
      await expectVerified(opened);
    }));

  test("another source is another observation, once", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([fill("b1", 1, "1", "100")], { source: "api" });
      for (let count = 0; count < 2; count += 1) {
        const again = await opened.ledger.record([fill("b1", 1, "1.0", "100.00")], {
          source: "file",
        });
        expect(told(again)).toEqual([0, 1, 0]);
      }
      expect(await outcomes(opened)).toEqual([
        ["recorded", "api", 1n],
        ["duplicate", "file", 1n],
      ]);
      expect(await repeats(opened)).toEqual([["file", 1n]]);
      const { seals, batches } = await counts(opened);
      expect([seals, batches]).toEqual([2n, 2n]);
      await expectVerified(opened);
    }));

  test("a conflict changes nothing and is kept as an observation", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([fill("b1", 1, "1", "100")]);
      const disagreeing = [
        fill("b1", 1, "2", "100"),
        fill("b1", 2, "1", "100"),
        fill("b1", 1, "1", "100.5"),
        fill("b1", 1, "1", "100", { side: "sell" }),
        fill("b1", 1, "1", "100", { fee: "0.1" }),
        fill("b1", 1, "1", "100", { fee: "0.1", feeAsset: "BTC" }),
        fill("b1", 1, "1", "100", { fee: "0.1", feeAsset: "BNB" }),
      ];
      for (const fact of disagreeing) {
        expect(told(await opened.ledger.record([fact, fill("b2", 3, "1", "1")]))[2]).toBe(1);
      }
      const rows = await opened.query("SELECT fill_id, quantity, price FROM fills ORDER BY entry");
      expect(rows).toEqual([
        { fill_id: "b1", quantity: "1", price: "100" },
        { fill_id: "b2", quantity: "1", price: "1" },
      ]);
      const kept = (await outcomes(opened)).map((row) => (row as string[])[0]);
      expect(kept.filter((outcome) => outcome === "conflict")).toHaveLength(disagreeing.length);
      await expectVerified(opened);
    }));

  test("optional fields disagree only where both give them", () =>
    withLedger(engine, async (opened) => {
      const fields = {
        sequence: ["1", "2"],
        orderId: ["o1", "o2"],
        strategy: ["grid", "trend"],
        tradeId: ["t1", "t2"],
      };
      for (const [name, [one, other]] of Object.entries(fields)) {
        const tellings = (id: string) => ({
          without: fill(id, 1, "1", "100"),
          one: fill(id, 1, "1", "100", { [name]: one }),
          other: fill(id, 1, "1", "100", { [name]: other }),
        });
        const first = tellings(`b ${name} with`);
        await opened.ledger.record([first.one]);
        expect(told(await opened.ledger.record([first.without]))).toEqual([0, 1, 0]);
        expect(told(await opened.ledger.record([first.other]))).toEqual([0, 0, 1]);
        const second = tellings(`b ${name} without`);
        await opened.ledger.record([second.without]);
        expect(told(await opened.ledger.record([second.one]))).toEqual([0, 1, 0]);
        expect(told(await opened.ledger.record([second.other]))).toEqual([0, 1, 0]);
      }
      await expectVerified(opened);
    }));

  test("one text may tell of several facts", () =>
    withLedger(engine, async (opened) => {
      const raw = '{"fills":[1,2]}';
      const facts = [
        { ...fill("b1", 1, "1", "100"), raw },
        { ...fill("b2", 2, "1", "100"), raw },
        { ...fill("b3", 3, "1", "100", { portfolio: "other" }), raw },
      ];
      expect(told(await opened.ledger.record(facts))).toEqual([3, 0, 0]);
      expect(told(await opened.ledger.record(facts))).toEqual([0, 3, 0]);
      expect((await counts(opened))["observations"]).toBe(3n);
      await expectVerified(opened);
    }));
});

const bust = (targetId: string, more: Partial<VoidInput> = {}): VoidInput =>
  ({
    kind: "void",
    symbol: "BTC-USD",
    targetKind: "fill",
    targetId,
    reason: "bust",
    ...more,
  }) as const;

const worth = (fillId: string, asset: string, value: string, revision = 0) =>
  ({ kind: "fee value", symbol: "BTC-USD", fillId, asset, value, revision }) as const;

describeEngines("corrections", (engine) => {
  test("a replacement needs the void of what it replaces", () =>
    withLedger(engine, async (opened) => {
      const again = fill("b1", 1, "2", "100", { revision: 1 });
      await expect(opened.ledger.record([again])).rejects.toThrow("void that one first");
      await opened.ledger.record([fill("b1", 1, "1", "100")]);
      await expect(opened.ledger.record([again])).rejects.toThrow("void that one first");
      await expect(opened.ledger.record([bust("b1"), { ...again, revision: 2 }])).rejects.toThrow(
        "void",
      );
      expect(await counts(opened)).toMatchObject({ fills: 1n, voids: 0n, batches: 1n });
      expect(told(await opened.ledger.record([again, bust("b1")]))).toEqual([2, 0, 0]);
      const third = fill("b1", 1, "3", "100", { revision: 2 });
      expect(told(await opened.ledger.record([bust("b1", { targetRevision: 1 })]))).toEqual([
        1, 0, 0,
      ]);
      expect(told(await opened.ledger.record([third]))).toEqual([1, 0, 0]);
      await opened.ledger.compute();
      const lots = await opened.query("SELECT quantity FROM open_lots WHERE superseded IS NULL");
      expect(lots).toEqual([{ quantity: "3" }]);
      await expectVerified(opened);
    }));

  test("a void of what is not recorded is refused", () =>
    withLedger(engine, async (opened) => {
      await expect(opened.ledger.record([bust("b1")])).rejects.toThrow("not recorded");
      await expect(
        opened.ledger.record([bust("x", { targetKind: "opening lot" })]),
      ).rejects.toThrow("not recorded");
      await expect(
        opened.ledger.record([bust("x", { targetKind: "fee value", asset: "BNB" })]),
      ).rejects.toThrow("not recorded");
      // Another account's fill of that id is another fill.
      await opened.ledger.record([fill("b1", 1, "1", "1", { account: "other" })]);
      await expect(opened.ledger.record([bust("b1")])).rejects.toThrow("not recorded");
      expect(await counts(opened)).toMatchObject({ voids: 0n, books: 1n, batches: 1n });
    }));

  test("a second void is a duplicate, or a conflict where it says otherwise", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([fill("b1", 1, "1", "100"), bust("b1")]);
      expect(told(await opened.ledger.record([bust("b1")]))).toEqual([0, 1, 0]);
      expect(told(await opened.ledger.record([bust("b1", { reason: "other" })]))).toEqual([
        0, 0, 1,
      ]);
      expect((await counts(opened))["voids"]).toBe(1n);
      await expectVerified(opened);
    }));

  test("a fee value needs a fill with that fee; one value a fee", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([
        fill("b1", 1, "1", "100", { fee: "0.1", feeAsset: "BNB" }),
        fill("b2", 1, "1", "100", { fee: "1" }),
      ]);
      for (const refused of [
        worth("b2", "BNB", "3"),
        worth("b1", "KCS", "3"),
        worth("b9", "BNB", "3"),
      ]) {
        await expect(opened.ledger.record([refused])).rejects.toThrow("no fill of that identity");
      }
      expect(told(await opened.ledger.record([worth("b1", "BNB", "3")]))).toEqual([1, 0, 0]);
      expect(told(await opened.ledger.record([worth("b1", "BNB", "3.0")]))).toEqual([0, 1, 0]);
      expect(told(await opened.ledger.record([worth("b1", "BNB", "4")]))).toEqual([0, 0, 1]);
      await expect(opened.ledger.record([worth("b1", "BNB", "4", 1)])).rejects.toThrow("void");
      const voided = { targetKind: "fee value", asset: "BNB", valueRevision: 0 } as const;
      expect(
        told(await opened.ledger.record([bust("b1", voided), worth("b1", "BNB", "4", 1)])),
      ).toEqual([2, 0, 0]);
      await opened.ledger.compute();
      const lots = await opened.query(
        "SELECT trim_scale(cost_basis)::text AS cost, missing FROM open_lots ORDER BY opened_at, 1",
      );
      expect(lots).toEqual([
        { cost: "101", missing: 0 },
        { cost: "104", missing: 0 },
      ]);
      await expectVerified(opened);
    }));
});

describeEngines("numbers", (engine) => {
  test("entries, observations and seals have no gaps, in many books", () =>
    withLedger(engine, async (opened) => {
      const facts = Array.from({ length: 300 }, (_, index) =>
        fill(`b${index}`, index, "1", "100", {
          portfolio: `p${index % 17}`,
          symbol: ["BTC-USD", "ETH-USD", "A-B-C"][index % 3]!,
        }),
      );
      for (let from = 0; from < 300; from += 60) {
        await opened.ledger.record(facts.slice(Math.max(0, from - 20), from + 60));
        await opened.ledger.record([{ ...facts[from]!, price: `${from + 1}` }]);
      }
      const gaps = ["fills:entry:last_entry", "observations:number:last_observation"]
        .concat("seals:number:last_seal")
        .map((each) => each.split(":"))
        .map(
          ([table, number, head]) =>
            `SELECT '${table}' FROM books LEFT JOIN ${table} t USING (book_id) GROUP BY book_id
             HAVING max(t.${number}) <> count(*) OR max(t.${number}) <> max(${head})`,
        );
      expect(await opened.query(gaps.join(" UNION ALL "))).toEqual([]);
      expect((await counts(opened))["books"]).toBe(51n);
      expect((await counts(opened))["fills"]).toBe(300n);
      await expectVerified(opened);
    }));

  test("a batch that fails leaves no number behind", () =>
    withLedger(engine, async (opened) => {
      const facts = [fill("b1", 1, "1", "100"), fill("b2", 2, "1", "100")];
      for (const failpoint of ["record.staged", "record.inserted", "record.sealed"] as const) {
        opened.ports.failAt(failpoint);
        await expect(opened.ledger.record(facts)).rejects.toThrow("on purpose");
        expect(await counts(opened)).toMatchObject({
          books: 0n,
          batches: 0n,
          fills: 0n,
          seals: 0n,
        });
      }
      opened.ports.reached = () => {};
      expect(told(await opened.ledger.record(facts))).toEqual([2, 0, 0]);
      const entries = await opened.query("SELECT entry FROM fills ORDER BY entry");
      expect(entries).toEqual([{ entry: 1n }, { entry: 2n }]);
      const [book] = await opened.query("SELECT book_id FROM books");
      expect(book!["book_id"]).toBe(bookId("default", "BTC-USD"));
      await expectVerified(opened);
    }));

  test("what breaks a rule records nothing of its batch", () =>
    withLedger(engine, async (opened) => {
      const good = fill("b1", 1, "1", "100");
      for (const bad of [
        fill("b2", 1, "0", "1"),
        fill("b2", 1, "1", "-1"),
        fill("b2", 1, "0.0000000000000000001", "1"),
        fill("b2", 1, "1", "1", { symbol: "BTC" }),
        fill("b2", 1, "1", "1", { executedAt: "2026-03-01T00:00:00" }),
        fill("b2", 1, "1", "1", { fee: "1", feeAsset: "BTC" }),
        fill("b1", 1, "2", "100"),
      ]) {
        await expect(opened.ledger.record([good, bad])).rejects.toMatchObject({
          index: expect.anything(),
        });
      }
      expect((await counts(opened))["books"]).toBe(0n);
      expect(time(0)).toBe("2026-03-01T00:00:00.000Z");
    }));
});
