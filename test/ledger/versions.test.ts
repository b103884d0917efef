/** Versions: built, published, dropped, limited to some books; and what a late fact changes in one. */
import { expect, test } from "vitest";
import type { RecordInput } from "../../src/ledger/record-facts.ts";
import { describeEngines } from "../engines.ts";
import { read } from "../reports/read.ts";
import { conclusions } from "./conclusions.ts";
import { expectVerified, fill, time, withLedger, type TestLedger } from "./ledger.ts";

describeEngines("versions", (engine) => {
  test("are published, unpublished and dropped; numbers are not given again", () =>
    withLedger(engine, async (opened) => {
      const { ledger, database } = opened;
      await ledger.record([
        fill("b1", 1, "1", "100"),
        fill("s1", 2, "1", "110", { account: "other" }),
      ]);
      const first = await ledger.compute();
      const second = await ledger.compute({ full: true, scope: "account", publish: false });
      expect(second).toMatchObject({ version: 2, published: false, scope: "account" });
      expect(second.digest).not.toBe(first.digest);
      const shown = async (version?: number) =>
        (await read(database, { report: "unmatched", version })).rows.length;
      expect([await shown(), await shown(1), await shown(2)]).toEqual([0, 0, 1]);
      await ledger.publish(2);
      expect([await shown(), await shown(1)]).toEqual([1, 0]);
      expect((await ledger.versions()).map((each) => each.published)).toEqual([false, true]);
      await ledger.record([fill("b2", 3, "1", "100")]);
      expect((await ledger.compute()).version).toBe(2);
      // The one left behind is taken up from where it was.
      await ledger.publish(1);
      const { digest } = await ledger.compute();
      expect((await ledger.compute({ full: true, publish: false })).digest).toBe(digest);
      await expect(ledger.drop(1)).rejects.toMatchObject({ code: "REFUSED" });
      await ledger.drop(3);
      await expect(shown(3)).rejects.toMatchObject({ code: "NOT_FOUND" });
      for (const gone of [3, 9]) {
        await expect(ledger.drop(gone)).rejects.toMatchObject({ code: "NOT_FOUND" });
        await expect(ledger.publish(gone)).rejects.toMatchObject({ code: "NOT_FOUND" });
      }
      expect((await ledger.compute({ full: true })).version).toBe(4);
      expect((await ledger.versions()).map((each) => [each.version, each.dropped])).toEqual([
        ...[1, 2].map((version) => [version, false]),
        [3, true],
        [4, false],
      ]);
      for (const version of [1, 2, 4]) await expectVerified(opened, { version });
    }));

  test("keep their policy", () =>
    withLedger(engine, async ({ ledger, query }) => {
      await ledger.record([fill("b1", 1, "1", "100")]);
      await ledger.compute({ scope: "portfolio", method: "fifo" });
      await expect(ledger.compute({ scope: "account" })).rejects.toMatchObject({
        code: "REFUSED",
        advice: expect.stringContaining("compute --full"),
      });
      const unknown = [{ method: "lifo" }, { scope: "venue" }, { full: true, method: "lifo" }];
      for (const options of unknown) {
        await expect(ledger.compute(options)).rejects.toMatchObject({ code: "BAD_USAGE" });
      }
      expect(await query("SELECT run FROM runs")).toHaveLength(1);
    }));

  test("take in the books that were asked for; the rest is counted as not yet computed", () =>
    withLedger(engine, async (opened) => {
      const { ledger, database } = opened;
      const books = ["BTC-USD", "ETH-USD"].flatMap((symbol) =>
        ["p", "q"].map((portfolio) => ({ portfolio, symbol })),
      );
      await ledger.record(books.map((book, index) => fill(`b${index}`, index, "1", "100", book)));
      const waiting = async () =>
        (await read(database, { report: "lots" })).header.not_yet_computed;
      await ledger.compute({ symbol: "BTC-USD" });
      expect(await waiting()).toBe(2);
      await ledger.compute({ symbol: "ETH-USD", portfolio: "q" });
      expect(await waiting()).toBe(1);
      expect((await ledger.compute({ portfolio: "nobody" })).books).toBe(0);
      await expectVerified(opened);
      const { digest } = await ledger.compute();
      expect(await waiting()).toBe(0);
      expect((await ledger.compute({ full: true })).digest).toBe(digest);
      await expectVerified(opened);
    }));
});

/** Twenty round trips, each sold out before the next, ten minutes apart. */
const roundTrips = Array.from({ length: 20 }, (_, index) => [
  fill(`b${index}`, index * 10, "1", "100", { fee: "0.01", feeAsset: "BNB", account: "main" }),
  fill(`s${index}`, index * 10 + 5, "1", `${101 + index}`),
]).flat();

const book = { symbol: "BTC-USD" } as const;
const voidOf = (targetId: string): RecordInput => ({
  kind: "void",
  ...book,
  targetKind: "fill",
  targetId,
  reason: "bust",
});

/** What arrives late, and how many rows it supersedes and adds. */
const arrivals: [
  string,
  RecordInput[],
  { superseded: number; allocations: number; lots: number },
][] = [
  [
    "a round trip at the end",
    [fill("bz", 500, "1", "100"), fill("sz", 501, "1", "101")],
    { superseded: 0, allocations: 1, lots: 0 },
  ],
  [
    "a round trip in a flat place",
    [fill("bz", 48, "1", "100"), fill("sz", 49, "1", "101")],
    { superseded: 0, allocations: 1, lots: 0 },
  ],
  [
    "a sale in a flat place",
    [fill("sz", 48, "1", "100")],
    { superseded: 0, allocations: 1, lots: 0 },
  ],
  ["a void of a buy", [voidOf("b5")], { superseded: 1, allocations: 1, lots: 0 }],
  ["a void of a sale at the end", [voidOf("s19")], { superseded: 1, allocations: 0, lots: 1 }],
  [
    "a value of a fee",
    [{ kind: "fee value", ...book, fillId: "b5", asset: "BNB", value: "2" }],
    { superseded: 1, allocations: 1, lots: 0 },
  ],
  [
    "an opening lot before all",
    [{ kind: "opening lot", ...book, key: "k", openedAt: time(-1), quantity: "1", note: "n" }],
    { superseded: 20, allocations: 20, lots: 1 },
  ],
  [
    "an adjustment",
    [{ kind: "adjustment", ...book, entryId: "a", tradeType: "REVERSAL", executedAt: time(7) }],
    { superseded: 0, allocations: 0, lots: 0 },
  ],
];

async function seen({ database }: TestLedger, revision: number): Promise<unknown> {
  const knownAt = revision.toString();
  const rows = await database.connect((connection) => conclusions(connection, 1, BigInt(revision)));
  const reports = ["allocations", "lots", "unmatched", "pnl"] as const;
  const read1 = async (report: (typeof reports)[number]) =>
    (await read(database, { report, knownAt })).rows;
  return [[...rows], await Promise.all(reports.map((report) => read1(report)))];
}

describeEngines("a late fact", (engine) => {
  test.each(arrivals)("%s supersedes what differs and nothing else", (_, facts, expected) =>
    withLedger(engine, async (opened) => {
      const { ledger, query } = opened;
      await ledger.record(roundTrips);
      const before = await ledger.compute();
      const rowsBefore = await seen(opened, before.revision!);
      await ledger.record(facts);
      const after = await ledger.compute();
      expect([after.superseded, after.allocations]).toEqual([
        expected.superseded,
        expected.allocations,
      ]);
      const [lots] = await query(
        "SELECT count(*)::integer AS count FROM open_lots WHERE superseded IS NULL",
      );
      expect(lots).toEqual({ count: expected.lots });
      const [total] = await query("SELECT count(*)::integer AS count FROM allocations");
      expect(total).toEqual({ count: 20 + expected.allocations });
      // What was known then is as it was, to the byte.
      expect(JSON.stringify(await seen(opened, before.revision!))).toBe(JSON.stringify(rowsBefore));
      await expectVerified(opened, { revision: BigInt(before.revision!) });
      await expectVerified(opened);
      expect((await ledger.compute({ full: true, publish: false })).digest).toBe(after.digest);
    }),
  );
});
