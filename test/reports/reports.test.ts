import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReportRequest } from "../../src/reports/request.ts";
import type { Database } from "../../src/store/database.ts";
import { engines, type TestDatabase } from "../engines.ts";
import { writeLedger } from "./ledger.ts";
import { pick, read, type ReadReport } from "./read.ts";

for (const engine of engines)
  describe(`reports (${engine.name})`, () => {
    let test: TestDatabase;
    let database: Database;
    beforeAll(async () => {
      test = await engine.open({ asOwner: true });
      database = test.database;
      await database.connect(writeLedger);
    });
    afterAll(() => test?.dispose());
    const report = (request: ReportRequest): Promise<ReadReport> => read(database, request);
    const pnl = (request: Omit<ReportRequest, "report"> = {}): Promise<ReadReport> =>
      report({ report: "pnl", ...request });
    const asOfText = async (text: string): Promise<unknown> =>
      (await pnl({ asOf: text, tz: "Europe/Berlin" })).header.as_of;
    const knownAtNumber = async (text: string): Promise<unknown> =>
      (await pnl({ knownAt: text })).header.known_at?.revision;
    const pnlBetween = async (from: string, to: string): Promise<unknown> =>
      (await pnl({ from, to, tz: "Europe/Berlin" })).rows[0]?.["realized_pnl"];
    const idsOf = async (request: Omit<ReportRequest, "report">): Promise<unknown[]> =>
      (await report({ report: "allocations", symbol: "BTC-USD", ...request })).rows.map(
        (row) => `${String(row["close_fill_id"])}/${String(row["open_fill_id"])}`,
      );

    describe("header", () => {
      it("names version, policy, cuts and what is not yet computed", async () => {
        expect((await pnl()).header).toEqual({
          version: 1,
          method: "fifo",
          scope: "portfolio",
          as_of: null,
          known_at: { revision: 6, stamp: "2026-04-10T00:00:06Z" },
          not_yet_computed: 1,
          filters: {},
        });
      });

      it("counts what is not computed in the books asked for, and not at all in the past", async () => {
        expect((await pnl({ portfolio: "p" })).header.not_yet_computed).toBe(0);
        expect((await pnl({ knownAt: "2" })).header.not_yet_computed).toBe(null);
        expect((await pnl({ version: 2 })).header).toMatchObject({
          version: 2,
          scope: "account",
          not_yet_computed: 6,
        });
      });

      it("takes as of as an instant, or a date's last instant in the zone", async () => {
        expect(await asOfText("2026-03-29T12:00:00+02:00")).toBe("2026-03-29T10:00:00Z");
        expect(await asOfText("2026-03-29")).toBe("2026-03-29T21:59:59.999999999Z");
      });

      it("takes known at as a revision or as the last one stamped by a time", async () => {
        expect(await knownAtNumber("3")).toBe(3);
        expect(await knownAtNumber("2026-04-10T00:00:03Z")).toBe(3);
        expect(await knownAtNumber("2026-04-10T00:00:03.999999999Z")).toBe(3);
        expect(await knownAtNumber("2026-04-10")).toBe(6);
      });

      const refused: [Omit<ReportRequest, "report">, string][] = [
        [{ knownAt: "7" }, "there is no revision 7"],
        [{ knownAt: "2099-01-01T00:00:00Z" }, "is in the future"],
        [{ knownAt: "2026-04-09" }, "nothing was computed by 2026-04-09T23:59:59.999999999Z"],
        [{ knownAt: "1" }, "no version is published"],
        [{ version: 4 }, "there is no version 4"],
        [{ version: 3 }, "version 3 was dropped"],
        [{ version: 2, knownAt: "4" }, "version 2 was not built at revision 4"],
        [{ tz: "Europe/Berlln" }, "is no time zone"],
        [{ tz: "+01:00" }, "is no time zone"],
        [{ from: "2026-02-30" }, '--from "2026-02-30" names a date that does not exist'],
        [{ from: "2026-03-02T10:00:00" }, "has no zone"],
        [{ from: "2026-03-02", to: "2026-03-01" }, "is after"],
      ];
      for (const [request, message] of refused)
        it(`refuses ${JSON.stringify(request)}`, () =>
          expect(pnl(request)).rejects.toThrow(message));
    });

    describe("pnl", () => {
      it("sums complete slices by symbol, the rest apart", async () => {
        const { rows, totals } = await pnl();
        expect(rows).toEqual([
          {
            symbol: "BTC-USD",
            quote: "USD",
            realized_pnl: "157.8",
            proceeds: "1811",
            net_proceeds: "1809.8",
            cost_basis: "1652",
            fees: "3.2",
            closed_quantity: "16",
            unmatched_quantity: "1",
            opening_lot_quantity: "0",
            incomplete_proceeds: "90",
            allocations: 5,
            incomplete_allocations: 1,
            complete: false,
          },
          {
            symbol: "ETH-EUR",
            quote: "EUR",
            realized_pnl: "44.7",
            proceeds: "150",
            net_proceeds: "144.7",
            cost_basis: "100",
            fees: "5.3",
            closed_quantity: "1",
            unmatched_quantity: "0",
            opening_lot_quantity: "1",
            incomplete_proceeds: "0",
            allocations: 1,
            incomplete_allocations: 0,
            complete: true,
          },
        ]);
        expect(pick(totals, "quote", "realized_pnl", "incomplete_proceeds")).toEqual([
          ["EUR", "44.7", "0"],
          ["USD", "157.8", "90"],
        ]);
      });

      const groups: [Omit<ReportRequest, "report">, string[], unknown[][]][] = [
        [
          { groupBy: ["account"] },
          ["account"],
          [
            ["alt", "-60.3"],
            ["main", "44.7"],
            ["main", "218.1"],
          ],
        ],
        [
          { groupBy: ["strategy"] },
          ["strategy"],
          [
            [null, "44.7"],
            [null, "-59.3"],
            ["grid", "217.1"],
          ],
        ],
        [
          { groupBy: ["portfolio", "symbol"] },
          ["portfolio", "symbol"],
          [
            ["p", "BTC-USD", "156.8"],
            ["p", "ETH-EUR", "44.7"],
            ["q", "BTC-USD", "1"],
          ],
        ],
        [
          { groupBy: ["quote"] },
          ["quote"],
          [
            ["EUR", "44.7"],
            ["USD", "157.8"],
          ],
        ],
        [
          { groupBy: ["venue"] },
          ["venue"],
          [
            ["coinbase", "157.8"],
            ["kraken", "44.7"],
          ],
        ],
        [
          { groupBy: ["day"], symbol: "BTC-USD" },
          ["day"],
          [
            ["2026-03-28", "217.1"],
            ["2026-03-29", "-60.3"],
            ["2026-03-31", "1"],
          ],
        ],
        [
          { groupBy: ["day"], symbol: "BTC-USD", tz: "Europe/Berlin" },
          ["day"],
          [
            ["2026-03-29", "217.1"],
            ["2026-03-30", "-60.3"],
            ["2026-04-01", "1"],
          ],
        ],
        [
          { groupBy: ["week"], portfolio: "p", symbol: "BTC-USD" },
          ["week"],
          [["2026-W13", "156.8"]],
        ],
        [
          { groupBy: ["week"], portfolio: "p", symbol: "BTC-USD", tz: "Europe/Berlin" },
          ["week"],
          [
            ["2026-W13", "217.1"],
            ["2026-W14", "-60.3"],
          ],
        ],
        [
          { groupBy: ["month", "quote"], tz: "Europe/Berlin" },
          ["month", "quote"],
          [
            ["2026-03", "USD", "156.8"],
            ["2026-04", "EUR", "44.7"],
            ["2026-04", "USD", "1"],
          ],
        ],
      ];
      for (const [request, keys, expected] of groups)
        it(`by ${JSON.stringify(request)}`, async () => {
          const { rows } = await pnl(request);
          expect(pick(rows, ...keys, "realized_pnl")).toEqual(expected);
          expect(Object.keys(rows[0]!).slice(0, keys.length)).toEqual(keys);
        });

      it("adds no quantities of different assets", async () => {
        const { rows } = await pnl({ groupBy: ["portfolio"] });
        expect(pick(rows, "portfolio", "quote", "closed_quantity")).toEqual([
          ["p", "EUR", "1"],
          ["p", "USD", "15"],
          ["q", "USD", "1"],
        ]);
      });

      it("ranges over the closing fill's civil dates, the short night included", async () => {
        expect(await pnlBetween("2026-03-29", "2026-03-30")).toBe("217.1");
        expect(await pnlBetween("2026-03-30", "2026-03-31")).toBe("-60.3");
        expect(await pnlBetween("2026-03-28T23:30:00Z", "2026-03-28T23:30:00.000000001Z")).toBe(
          "217.1",
        );
        expect(await pnlBetween("2026-03-01", "2026-03-28T23:30:00Z")).toBe(undefined);
      });

      it("filters by the closing fill", async () => {
        expect(pick((await pnl({ account: "alt" })).rows, "realized_pnl")).toEqual([["-60.3"]]);
        expect(pick((await pnl({ strategy: "grid" })).rows, "realized_pnl")).toEqual([["217.1"]]);
        expect((await pnl({ symbol: "XRP-USD" })).rows).toEqual([]);
      });

      it("is as it was known", async () => {
        expect(pick((await pnl({ knownAt: "2" })).rows, "symbol", "realized_pnl")).toEqual([
          ["BTC-USD", "217.1"],
          ["ETH-EUR", "44.7"],
        ]);
        expect(pick((await pnl({ knownAt: "3", symbol: "BTC-USD" })).rows, "realized_pnl")).toEqual(
          [["156.8"]],
        );
      });

      it("counts third-asset fees that were not taken from lots", async () => {
        const bnb = { asset: "BNB", amount: "0.03", fills: 2, without_value: 1 };
        expect((await pnl()).feesNotTaken).toEqual([bnb]);
        expect((await pnl({ knownAt: "2" })).feesNotTaken).toEqual([
          { ...bnb, amount: "0.02", fills: 1, without_value: 0 },
        ]);
      });
    });

    it("allocations: every field, in ledger order", async () => {
      const { rows } = await report({ report: "allocations" });
      expect(pick(rows, "close_fill_id", "open_fill_id", "quantity", "pnl", "complete")).toEqual([
        ["s1", "b1", "10", "197.5", true],
        ["s1", "b2", "2", "19.6", true],
        ["s2", "b2", "3", "-60.3", true],
        ["s2", null, "1", null, false],
        ["s1", "b1", "1", "1", true],
        ["s3", "old", "1", "44.7", true],
      ]);
      expect(rows[1]).toEqual({
        portfolio: "p",
        venue: "coinbase",
        account: "main",
        open_venue: "coinbase",
        open_account: "main",
        symbol: "BTC-USD",
        quote: "USD",
        direction: "long",
        close_fill_id: "s1",
        close_order_id: "so1",
        strategy: "grid",
        open_fill_id: "b2",
        open_order_id: null,
        opening_lot: false,
        open_kind: "fill",
        open_note: null,
        quantity: "2",
        open_price: "110",
        close_price: "120",
        open_fee: "0.2",
        close_fee: "0.2",
        cost_basis: "220.2",
        proceeds: "240",
        net_proceeds: "239.8",
        pnl: "19.6",
        complete: true,
        missing: [],
        opened_at: "2026-03-28T11:00:00.500Z",
        closed_at: "2026-03-28T23:30:00Z",
      });
      expect(rows[3]).toMatchObject({
        open_venue: null,
        open_account: null,
        open_price: null,
        open_fee: null,
        cost_basis: null,
        proceeds: "90",
        net_proceeds: "90",
        missing: ["unmatched"],
        opened_at: null,
        opening_lot: false,
        closed_at: "2026-03-29T22:30:00.000000001Z",
      });
      expect(rows[5]).toMatchObject({ open_price: null, opening_lot: true, open_fee: "100" });
    });

    it("allocations: cut by as of and known at", async () => {
      expect(await idsOf({ asOf: "2026-03-28T23:30:00Z" })).toEqual(["s1/b1", "s1/b2"]);
      expect(await idsOf({ asOf: "2026-03-28T23:29:59.999999999Z" })).toEqual([]);
      expect(await idsOf({ knownAt: "2" })).toEqual(["s1/b1", "s1/b2"]);
      expect(await idsOf({ knownAt: "3" })).toEqual(["s1/b1", "s1/b2", "s2/b2", "s2/null"]);
    });

    it("lots: what is left now, and at a cut", async () => {
      const lots = async (request: Omit<ReportRequest, "report">): Promise<unknown[][]> => {
        const { rows } = await report({ report: "lots", ...request });
        return pick(
          rows,
          "open_fill_id",
          "quantity",
          "remaining",
          "open_fee",
          "cost_basis",
          "complete",
        );
      };
      expect(await lots({})).toEqual([
        ["old", "4", "3", "300", "300", true],
        ["b3", "1", "1", "0.08", null, false],
      ]);
      expect(await lots({ asOf: "2026-03-29T00:00:00Z" })).toEqual([
        ["old", "4", "4", "400", "400", true],
        ["b2", "5", "3", "0.3", "330.3", true],
      ]);
      expect(await lots({ asOf: "2026-03-28T11:00:00.5Z", symbol: "BTC-USD" })).toEqual([
        ["b1", "10", "10", "1.5", "1001.5", true],
        ["b2", "5", "5", "0.5", "550.5", true],
      ]);
      expect(await lots({ knownAt: "2", symbol: "BTC-USD" })).toEqual([
        ["b2", "5", "3", "0.3", "330.3", true],
      ]);
      expect((await report({ report: "lots" })).totals).toEqual([
        {
          quote: "EUR",
          cost_basis: "300",
          remaining: "3",
          lots: 1,
          incomplete_lots: 0,
          complete: true,
        },
        {
          quote: "USD",
          cost_basis: "0",
          remaining: "1",
          lots: 1,
          incomplete_lots: 1,
          complete: false,
        },
      ]);
    });

    it("unmatched, trades and orders", async () => {
      const unmatched = await report({ report: "unmatched" });
      expect(
        pick(unmatched.rows, "close_fill_id", "fill_quantity", "quantity", "net_proceeds"),
      ).toEqual([["s2", "4", "1", "90"]]);
      expect(unmatched.totals).toEqual([
        {
          quote: "USD",
          incomplete_proceeds: "90",
          unmatched_quantity: "1",
          incomplete_allocations: 1,
        },
      ]);
      const trades = await report({ report: "trades", symbol: "BTC-USD" });
      expect(
        pick(trades.rows, "close_fill_id", "quantity", "realized_pnl", "unmatched_quantity"),
      ).toEqual([
        ["s1", "12", "217.1", "0"],
        ["s2", "4", "-60.3", "1"],
        ["s1", "1", "1", "0"],
      ]);
      const orders = await report({ report: "orders" });
      expect(
        pick(orders.rows, "account", "order_id", "order_id_given", "fills", "realized_pnl"),
      ).toEqual([
        ["main", "so1", true, 1, "217.1"],
        ["alt", "so1", true, 1, "-60.3"],
        ["main", "s1", false, 1, "1"],
        ["main", "s3", false, 1, "44.7"],
      ]);
    });

    it("runs: failed ones too, whatever is published", async () => {
      const { rows, header } = await report({ report: "runs" });
      expect(pick(rows, "run", "version", "status", "duration_ms", "revision")).toEqual([
        [1, 1, "done", 1500, 1],
        [2, 1, "done", 250, 4],
        [3, 2, "failed", 1000, null],
      ]);
      expect(rows[1]).toMatchObject({
        total_pnl: { USD: "157.8", EUR: "44.7" },
        started_at: "2026-04-10T00:00:03Z",
      });
      expect(header.version).toBe(null);
      const some = async (request: Omit<ReportRequest, "report">): Promise<unknown[]> =>
        (await report({ report: "runs", ...request })).rows.map((row) => row["run"]);
      expect(await some({ symbol: "ETH-EUR" })).toEqual([1, 3]);
      expect(await some({ version: 2 })).toEqual([3]);
      expect(await some({ knownAt: "2" })).toEqual([1]);
      expect(await some({ from: "2026-04-10T00:00:03Z", to: "2026-04-10T00:00:05Z" })).toEqual([2]);
      await expect(report({ report: "runs", asOf: "2026-04-10" })).rejects.toThrow("no meaning");
    });

    it("views: the original plan's columns, USD only, of the published version", async () => {
      const rows = await database.connect((connection) =>
        connection.query("SELECT * FROM fifo_allocations ORDER BY sell_time, buy_time NULLS LAST"),
      );
      expect(rows).toHaveLength(5);
      expect(rows[1]).toEqual({
        sell_order_id: "so1",
        buy_order_id: "b2",
        symbol: "BTC-USD",
        allocated_size: "2",
        buy_price: "110",
        sell_price: "120",
        buy_fees_per_unit: "0.1",
        sell_fees_per_unit: "0.1",
        cost_basis_usd: "220.2",
        proceeds_usd: "240",
        net_proceeds_usd: "239.8",
        pnl_usd: "19.6",
        buy_time: "2026-03-28 11:00:00.5+00",
        sell_time: "2026-03-28 23:30:00+00",
        allocation_version: 1,
        allocation_batch_id: 1n,
      });
      expect(rows[3]).toMatchObject({
        buy_order_id: null,
        buy_price: null,
        pnl_usd: null,
        buy_time: null,
      });
      const log = await database.connect((connection) =>
        connection.query("SELECT * FROM fifo_computation_log ORDER BY allocation_batch_id"),
      );
      expect(log[0]).toEqual({
        symbol: null,
        allocation_version: 1,
        allocation_batch_id: 1n,
        computation_start: "2026-04-10 00:00:00+00",
        computation_end: "2026-04-10 00:00:01.5+00",
        computation_duration_ms: 1500n,
        status: "done",
        buys_processed: 3n,
        sells_processed: 2n,
        allocations_created: 4n,
        error_message: null,
        symbols_processed: 2n,
        total_pnl_computed: "217.1",
        computation_mode: "full",
        triggered_by: "command",
      });
      expect(pick(log as never, "total_pnl_computed")).toEqual([["217.1"], [null], [null]]);
    });
  });
