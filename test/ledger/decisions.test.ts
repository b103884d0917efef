/** Decisions: what a person said is recorded, numbered and sealed like any telling. */
import { expect, test } from "vitest";
import { type Decision, decisionText } from "../../src/core/decision.ts";
import { resolveInput } from "../../src/core/allocate-input.ts";
import { recordItems } from "../../src/ledger/record-facts.ts";
import type { BatchItem, SourcedTelling } from "../../src/ledger/record/batch.ts";
import type { FactInput } from "../../src/index.ts";
import { describeEngines } from "../engines.ts";
import { expectSealed } from "./observations.ts";
import { counts, fill, withLedger, type TestLedger } from "./ledger.ts";

const book = { portfolio: "default", symbol: "BTC-USD" };
const who = { source: "review", author: "ana" };

function decision(item: string, number = 1, more: Partial<Decision> = {}): Decision {
  const words = {
    item,
    action: "accept",
    number,
    author: "ana",
    reason: "seen \\ in the statement\n",
  };
  const alias = more.alias === undefined ? {} : { alias: more.alias };
  return { ...book, raw: decisionText({ ...words, ...alias }), ...more };
}

const telling = (row: number, input: FactInput, source: string): SourcedTelling => {
  const fact = resolveInput(0, input);
  return { row, raw: JSON.stringify(input), fact, source };
};

const record = ({ database, ports }: TestLedger, items: readonly BatchItem[]) =>
  recordItems(database, ports, items, who);

const kept = ({ query }: TestLedger) =>
  query("SELECT number, entry, outcome, source, told FROM observations ORDER BY book_id, number");

describeEngines("decisions", (engine) => {
  test("are about a fact of the ledger, of the batch, or of none", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([fill("b1", 1, "1", "100")]);
      const items = [
        { row: 0, decision: decision("conflict 1", 1, { about: { entry: 1n } }) },
        telling(1, fill("b2", 2, "1", "100"), "file:lotbook-csv"),
        { row: 2, decision: decision("waiting 7", 1, { about: { row: 1 } }) },
        { row: 3, decision: decision("unmatched 3") },
      ];
      const outcome = await record(opened, items);
      expect(outcome.files).toMatchObject([{ recorded: 1, decisions: 3 }]);
      const rows = await kept(opened);
      expect(rows.map((row) => Object.values(row))).toEqual([
        [1n, 1n, "recorded", "library", null],
        [2n, 1n, "decision", "review", null],
        [3n, 2n, "recorded", "file:lotbook-csv", null],
        [4n, 2n, "decision", "review", null],
        [5n, null, "decision", "review", null],
      ]);
      const [raw] = await opened.query(
        "SELECT convert_from(raw, 'UTF8') AS raw FROM observations WHERE number = 5",
      );
      expect(raw!["raw"]).toBe(
        String.raw`{"item":"unmatched 3","action":"accept","number":1,"author":"ana",` +
          String.raw`"reason":"seen \\ in the statement\n"}`,
      );
      await expectSealed(opened);
      // The same words are the same decision; the next about that item has another number.
      expect((await record(opened, [items[0]!, items[3]!])).batchId).toBe(null);
      expect(
        (await record(opened, [{ row: 0, decision: decision("unmatched 3", 2) }])).batchId,
      ).not.toBe(null);
      await expectSealed(opened);
    }));

  test("give another id to a fill", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([fill("b1", 1, "1", "100")]);
      const alias = { venue: "manual", account: "main", fillId: "other \\ id" };
      await record(opened, [
        { row: 0, decision: decision("waiting 2", 1, { about: { entry: 1n }, alias }) },
      ]);
      expect(
        await opened.query("SELECT venue, account, fill_id, number, entry FROM aliases"),
      ).toEqual([
        { venue: "manual", account: "main", fill_id: "other \\ id", number: 2n, entry: 1n },
      ]);
      await expectSealed(opened);
    }));

  test("about what is not recorded are refused, and nothing is recorded", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([fill("b1", 1, "1", "100")]);
      const before = await counts(opened);
      for (const about of [{ entry: 2n }, { entry: 0n }, { row: 7 }, { row: 1 }]) {
        await expect(
          record(opened, [
            telling(0, fill("b2", 2, "1", "100"), "api"),
            { row: 1, decision: decision("x", 1, { about }) },
          ]),
        ).rejects.toThrow("what it decides about is not recorded");
      }
      const other = { ...decision("x", 1, { about: { row: 0 } }), symbol: "ETH-USD" };
      await expect(
        record(opened, [telling(0, fill("b2", 2, "1", "100"), "api"), { row: 1, decision: other }]),
      ).rejects.toThrow("what it decides about is not recorded");
      expect(await counts(opened)).toEqual(before);
    }));

  test("a conflict keeps what was told, as a line of an export", () =>
    withLedger(engine, async (opened) => {
      await opened.ledger.record([fill("b1", 1, "1", "100")]);
      const other = { strategy: 'a\\"b\u0007', fee: "0.10", feeAsset: "BNB" };
      await opened.ledger.record([fill("b1", 1, "1.50", "100", other)]);
      expect((await kept(opened))[1]!["told"]).toBe(
        String.raw`{"type":"fill","portfolio":"default","symbol":"BTC-USD","venue":"manual",` +
          String.raw`"account":"main","fill_id":"b1","revision":0,"executed_at":"2026-03-01T00:01:00Z",` +
          String.raw`"side":"buy","quantity":"1.5","price":"100",` +
          String.raw`"fees":[{"asset":"BNB","amount":"0.1"}],"strategy":"a\\\"b\u0007"}`,
      );
      await expectSealed(opened);
    }));
});
