/** Old orders become facts and a snapshot: docs/spec/legacy.md 1 to 4. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Problem } from "../../src/core/fact.ts";
import { importLegacy, type LegacyImportOptions } from "../../src/legacy/import.ts";
import { describeEngines } from "../engines.ts";
import {
  counts,
  expectVerified,
  openTestLedger,
  type TestLedger,
  withDirectory,
} from "../ledger/ledger.ts";
import { dump, fill, fingerprint, old, oldServer, type OldRow, withOldDatabase } from "./old.ts";

const rows: readonly OldRow[] = [
  old("b1", 1, "226.27", "0.1373", { total_fees_usd: "0.0752", trigger: '{"trigger": "dip"}' }),
  old("b2", 2, "1e-07", "123456789012345.67", { trigger: '"grid"', remaining_size: "NaN" }),
  old("s1", 3, "226.25", "0.1357", {
    parent_id: "gone",
    parent_ids: '{gone,"with \\"quotes\\", and comma"}',
    pnl_usd: "-56.53",
    cost_basis_usd: "87.23",
    last_reconciled_at: "2025-12-02 10:00:00.5+00",
  }),
  old("s2", 4, "0.1", "0.2", { status: "CANCELLED" }),
  old("s3", 5, "0.1", "0.2", { status: "open", price: null }),
  old("s4", 6, "1", "3", { symbol: "BTC-USD", total_fees_usd: null }),
];

/** Imports into the ledger; gives the result and the problems. */
async function taken(
  { database, ports }: TestLedger,
  source: string,
  options: LegacyImportOptions = {},
) {
  const problems: Problem[] = [];
  const onProblem = (problem: Problem): number => problems.push(problem);
  const result = await importLegacy(database, ports, source, { ...options, onProblem }).catch(
    (error: Error) => error,
  );
  return { result, problems };
}

const snapshot = `SELECT order_id, taken, side, price, parent_ids, pnl_usd, remaining_size,
  last_reconciled_at FROM legacy_orders ORDER BY order_id, taken`;

describeEngines("a dump of an old database", (engine) => {
  let ledger: TestLedger;
  beforeAll(async () => void (ledger = await openTestLedger(engine)));
  afterAll(() => ledger.dispose());

  test("bad rows are told one by one, and nothing is recorded", async () => {
    await withDirectory(async (directory) => {
      const bad = [
        old("b1", 1, "1", "2"),
        old("b2", 1, "1", "2", { price: null }),
        old("s3", 1, "-1", "2"),
        old("s4", 1, "0", "2"),
        old("s5", 1, "1", "2", { side: "short" }),
        old("s6", 1, "1", "2", { status: "odd" }),
        old("s7", 1, "1", "2", { order_time: "2025-12-01 10:00:00" }),
        old("s8", 1, "1.0000000000000000001", "2"),
        old("s9", 1, "1", "NaN"),
        old("sa", 1, "1", "2", { pnl_usd: "much" }),
        old("sb", 1, "1", "2", { parent_ids: "b1,b2" }),
        old("sd", 1, "1", "2", { trigger: "dip" }),
        { ...old("sc", 1, "1", "2"), order_id: null },
        old("b1", 2, "1", "2"),
        old("b1", 1, "1", "2"),
      ];
      const source = await dump(directory, bad);
      const { result, problems } = await taken(ledger, source);
      expect(result).toMatchObject({
        code: "BAD_INPUT",
        message: "14 bad rows; nothing was recorded",
      });
      expect(problems.map(({ row, column }) => [row, column])).toEqual([
        [3, "price of order b2"],
        [4, "size of order s3"],
        [5, "size of order s4"],
        [6, "side of order s5"],
        [7, "status of order s6"],
        [8, "order_time of order s7"],
        [9, "size of order s8"],
        [10, "price of order s9"],
        [11, "pnl_usd of order sa"],
        [12, "parent_ids of order sb"],
        [13, "trigger of order sd"],
        [14, "order_id"],
        [15, "order_id"],
        [16, "order_id"],
      ]);
      expect(problems.at(-1)!.message).toBe("is there twice, first in row 2; keep one of the two");
      expect(await counts(ledger)).toMatchObject({ fills: 0n, batches: 0n, books: 0n });
      expect(await ledger.query(snapshot)).toEqual([]);
    });
  });

  test("lacking columns, an empty file and a directory are said", async () => {
    await withDirectory(async (directory) => {
      const header = ["order_id", "symbol", "side", "price"];
      const lacks = await dump(directory, rows, { header });
      expect((await taken(ledger, lacks)).result).toMatchObject({
        code: "BAD_INPUT",
        message: `${lacks}: trade_records lacks the columns order_time, size, total_fees_usd, status`,
      });
      const empty = await dump(directory, [], { header: [], name: "empty.csv" });
      expect((await taken(ledger, empty)).result).toMatchObject({ code: "BAD_INPUT" });
      expect((await taken(ledger, directory)).result).toMatchObject({ code: "BAD_USAGE" });
      expect((await taken(ledger, `${directory}/none`)).result).toMatchObject({
        code: "BAD_USAGE",
      });
      const cut = await dump(directory, [{ order_id: "b1" }], {
        header: ["order_id"],
        name: "c.csv",
      });
      expect((await taken(ledger, cut)).result).toMatchObject({ code: "BAD_INPUT" });
    });
  });

  test("filled orders become facts, the rest is passed over, and conclusions are kept", async () => {
    await withDirectory(async (directory) => {
      const source = await dump(directory, rows);
      const pilot = await taken(ledger, source, { symbol: "BTC-USD" });
      expect(pilot.result).toMatchObject({ rows: 1, recorded: 1, withoutFee: 1 });
      const since = BigInt(Date.UTC(2025, 11, 1, 0, 3)) * 1_000_000n;
      const late = await taken(ledger, source, { symbol: "DOGE-USD", since });
      expect(late.result).toMatchObject({
        rows: 3,
        recorded: 1,
        passedOver: { cancelled: 1, open: 1 },
      });
      expect((await taken(ledger, source)).result).toMatchObject({
        rows: 6,
        recorded: 2,
        duplicates: 2,
        rejected: 0,
        conflicts: 0,
        waiting: 0,
        passedOver: { cancelled: 1, open: 1 },
        snapshot: { taken: 2, changed: 0 },
        lacking: ["realized_profit", "order_type", "source", "ingest_via", "last_reconciled_via"],
      });
    });
    const facts = await ledger.query(
      `SELECT concat_ws(' ', fill_id, order_id, venue, account, side, quantity, price, quote_fee, strategy,
         grain) AS fact FROM fills ORDER BY fill_id`,
    );
    expect(facts.map(({ fact }) => fact)).toEqual([
      "b1 b1 coinbase main buy 226.27 0.1373 0.0752 dip order",
      "b2 b2 coinbase main buy 0.0000001 123456789012345.67 0 grid order",
      "s1 s1 coinbase main sell 226.25 0.1357 0 order",
      "s4 s4 coinbase main sell 1 3 0 order",
    ]);
    expect(await ledger.query("SELECT DISTINCT source FROM observations")).toEqual([
      { source: "legacy" },
    ]);
    expect((await ledger.query(snapshot))[1]).toMatchObject({
      order_id: "b2",
      remaining_size: "NaN",
    });
    expect((await ledger.query(snapshot))[2]).toEqual({
      order_id: "s1",
      taken: 1,
      side: "SELL",
      price: "0.1357",
      pnl_usd: "-56.53",
      parent_ids: ["gone", 'with "quotes", and comma'],
      remaining_size: null,
      last_reconciled_at: "2025-12-02 10:00:00.5+00",
    });
    await ledger.ledger.compute();
    await expectVerified(ledger);
  });

  test("a rerun takes only what is new: an order, and what the old system now says of another", async () => {
    await withDirectory(async (directory) => {
      const before = await counts(ledger);
      const again = await taken(ledger, await dump(directory, rows));
      expect(again.result).toMatchObject({
        recorded: 0,
        batch: null,
        snapshot: { taken: 0, changed: 0 },
      });
      expect(await counts(ledger)).toEqual(before);
      const changed = rows.map((row) =>
        row["order_id"] === "s1" ? { ...row, parent_id: "b1", pnl_usd: "1" } : row,
      );
      const more = [...changed, old("b9", 9, "1", "1")];
      const result = await taken(ledger, await dump(directory, more, { name: "more.csv" }));
      expect(result.result).toMatchObject({ recorded: 1, snapshot: { taken: 1, changed: 1 } });
      const after = await counts(ledger);
      expect(after["observations"]).toBe(before["observations"]! + 1n);
      expect(
        await ledger.query("SELECT taken, pnl_usd FROM legacy_orders WHERE order_id = 's1'"),
      ).toEqual([
        { taken: 1, pnl_usd: "-56.53" },
        { taken: 2, pnl_usd: "1" },
      ]);
    });
  });

  test("good rows are recorded where bad ones may be left out; other content is a conflict", async () => {
    await withDirectory(async (directory) => {
      const some = [
        old("b1", 1, "200", "0.1373"),
        old("b7", 7, "1", "x"),
        old("b8", 8, "1", "1"),
        old("b8", 9, "1", "1"),
      ];
      const { result, problems } = await taken(ledger, await dump(directory, some), {
        skipBadRows: true,
      });
      expect(problems.map(({ row }) => row)).toEqual([3, 5]);
      expect(result).toMatchObject({ recorded: 1, conflicts: 1, newConflicts: 1, rejected: 2 });
    });
    await expectVerified(ledger);
  });

  test("executions that a source tells of the same time wait, instead of counting twice", async () => {
    const execution = JSON.parse(
      `{"entry_id": "e1", "trade_id": "t1", "order_id": "s1", "trade_time": "2025-12-01T00:03:00.1Z",
        "trade_type": "FILL", "price": "0.1357", "size": "100", "commission": "0", "side": "SELL",
        "product_id": "DOGE-USD", "size_in_quote": false}`,
    ) as unknown;
    await withDirectory(async (directory) => {
      const { writeFile } = await import("node:fs/promises");
      const file = `${directory}/fills.json`;
      await writeFile(file, JSON.stringify({ fills: [execution] }));
      expect(await ledger.ledger.import([file])).toMatchObject({ recorded: 0, waiting: 1 });
    });
  });
});

describe.skipIf(oldServer === undefined)("an old database on a server", () => {
  let ledger: TestLedger;
  beforeAll(async () => void (ledger = await openTestLedger(oldServer!)));
  afterAll(() => ledger?.dispose());

  test("is read to the last digit and not changed by a byte", async () => {
    await withOldDatabase(async (database) => {
      await fill(database, [...rows, old("b5", 7, "0.30000000000000004", "5e-07")]);
      const before = await fingerprint(database);
      expect((await taken(ledger, database.location)).result).toMatchObject({
        rows: 7,
        recorded: 5,
      });
      expect((await taken(ledger, database.location)).result).toMatchObject({
        recorded: 0,
        batch: null,
      });
      const [fact] = await ledger.query("SELECT quantity, price FROM fills WHERE fill_id = 'b5'");
      expect(fact).toEqual({ quantity: "0.30000000000000004", price: "0.0000005" });
      expect(await fingerprint(database)).toBe(before);
      // The same telling by way of a dump: nothing new.
      await withDirectory(async (directory) => {
        const file = `${directory}/copied.csv`;
        const { writeFile } = await import("node:fs/promises");
        const chunks: Uint8Array[] = [];
        await database.run(async (connection) => {
          for await (const chunk of connection.copyOut(
            "COPY trade_records TO STDOUT (FORMAT csv, HEADER)",
          ))
            chunks.push(chunk);
        });
        await writeFile(file, Buffer.concat(chunks));
        const result = (await taken(ledger, file)).result;
        expect(result).toMatchObject({ rows: 7, batch: null, snapshot: { taken: 0, changed: 0 } });
      });
    });
  });

  test("may be out of reach, without the table, without a column or without the right to read", async () => {
    const nowhere = "postgres://nobody@127.0.0.1:1/none";
    expect((await taken(ledger, nowhere)).result).toMatchObject({
      code: "DATABASE_UNREACHABLE",
      exit: 3,
    });
    await withOldDatabase(async (database) => {
      const role = `old_reader_${process.pid}`;
      await database.run((c) => c.script(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`));
      const url = new URL(database.location);
      url.username = role;
      url.password = "x";
      const denied = (await taken(ledger, url.toString())).result;
      expect(denied).toMatchObject({ code: "ENVIRONMENT", exit: 3 });
      await database.run((c) => c.script(`GRANT SELECT ON trade_records TO ${role}`));
      expect((await taken(ledger, url.toString())).result).toMatchObject({ rows: 0, batch: null });
      await database.run((c) =>
        c.script(`REVOKE ALL ON trade_records FROM ${role}; DROP ROLE ${role};
          ALTER TABLE trade_records DROP COLUMN total_fees_usd`),
      );
      expect((await taken(ledger, database.location)).result).toMatchObject({
        code: "BAD_INPUT",
        message: expect.stringContaining("lacks the column total_fees_usd") as string,
      });
      await database.run((c) => c.script("DROP TABLE trade_records"));
      expect((await taken(ledger, database.location)).result).toMatchObject({
        message: expect.stringContaining("has no table trade_records") as string,
      });
    });
  });
});
