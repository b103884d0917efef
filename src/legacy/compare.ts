/** `legacy compare`: every old sale beside what is computed, with the cause of the difference. */
import { formatInstant } from "../core/time.ts";
import { Exact } from "../explain/exact.ts";
import { LotbookError } from "../errors.ts";
import { readByCursor } from "../reports/cursor.ts";
import { Parameters } from "../reports/parameters.ts";
import { filtersOf, inView, resolveSelection, type Selection } from "../reports/selection.ts";
import { readTransaction, type Revision, resolveView } from "../reports/view.ts";
import type { Connection, Database } from "../store/database.ts";
import { type Cause, causeOf, differenceOf, type NewSide, type OldSide } from "./cause.ts";
import { comparedSales, type SaleRecord, toldSales } from "./compared-sales.ts";
import { type ComparedTotals, ComparisonSums } from "./totals.ts";

export interface CompareRequest {
  readonly version?: number | undefined;
  readonly knownAt?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly tz?: string | undefined;
  readonly portfolio?: string | undefined;
  readonly account?: string | undefined;
  readonly symbol?: string | undefined;
}

/** An old sale beside the computed one; amounts are decimal text in the quote asset. */
export interface ComparedSale {
  readonly portfolio: string;
  readonly symbol: string;
  readonly quote: string;
  readonly venue: string;
  readonly account: string;
  readonly order_id: string;
  readonly closed_at: string;
  readonly month: string;
  readonly size: string;
  readonly unmatched: string;
  readonly cause: Cause;
  /** Null where the old system has none. */
  readonly old_pnl: string | null;
  readonly new_pnl: string;
  /** new - old, an old PnL that is missing being 0. */
  readonly difference: string;
  readonly old_cost: string | null;
  /** With fees; of complete slices, as is the next. */
  readonly new_cost: string;
  readonly old_proceeds: string | null;
  readonly new_proceeds: string;
  readonly old_parents: readonly string[];
  readonly new_parents: readonly string[];
}

export interface Comparison {
  readonly version: number;
  readonly method: string;
  readonly scope: string;
  readonly known_at: Revision;
  readonly filters: Readonly<Record<string, string>>;
  /** Old sales without any slice: voided, or recorded and not yet computed. */
  readonly without_slices: number;
  /** To be read once, to its end, before the totals. */
  readonly sales: AsyncIterable<ComparedSale>;
  readonly totals: () => ComparedTotals;
}

const exact = (text: string | null): Exact | undefined =>
  text === null ? undefined : Exact.of(text);

function sidesOf(record: SaleRecord): { old: OldSide; computed: NewSide } {
  const of = (name: "size" | "proceeds" | "cost" | "pnl" | "unmatched"): Exact =>
    Exact.of(record[name]);
  return {
    old: {
      parents: record.old_parents.map((orderId, at) => ({
        orderId,
        left: exact(record.old_left[at] ?? null),
      })),
      pnl: exact(record.old_pnl),
      cost: exact(record.old_cost),
    },
    computed: {
      parents: record.new_parents,
      size: of("size"),
      unmatched: of("unmatched"),
      someComplete: record.some_complete,
      someIncomplete: record.some_incomplete,
      proceeds: of("proceeds"),
      cost: of("cost"),
      openFees: Exact.of(record.open_fees),
      closeFees: Exact.of(record.close_fees),
      pnl: of("pnl"),
    },
  };
}

function compared(record: SaleRecord, sums: ComparisonSums): ComparedSale {
  const { old, computed } = sidesOf(record);
  const cause = causeOf(old, computed);
  const { portfolio, symbol, quote, month } = record;
  sums.add({ quote, symbol, month, cause, old: old.pnl ?? Exact.zero, computed: computed.pnl });
  return {
    portfolio,
    symbol,
    quote,
    venue: record.venue,
    account: record.account,
    order_id: record.order_id,
    closed_at: formatInstant(record.closed_at),
    month,
    size: record.size,
    unmatched: record.unmatched,
    cause,
    old_pnl: record.old_pnl,
    new_pnl: record.pnl,
    difference: differenceOf(old, computed).toString(),
    old_cost: record.old_cost,
    new_cost: computed.cost.plus(computed.openFees).toString(),
    old_proceeds: record.old_proceeds,
    new_proceeds: record.proceeds,
    old_parents: record.old_parents,
    new_parents: record.new_parents,
  };
}

async function* readSales(
  connection: Connection,
  selection: Selection,
  sums: ComparisonSums,
): AsyncGenerator<ComparedSale> {
  const parameters = new Parameters();
  const text = comparedSales(selection, parameters);
  for await (const record of readByCursor<SaleRecord>(connection, text, parameters))
    yield compared(record, sums);
}

/** Old sales that the version gives no slice to. */
async function countWithoutSlices(connection: Connection, selection: Selection): Promise<number> {
  const parameters = new Parameters();
  const [row] = await connection.query<{ sales: bigint }>(
    `WITH told AS (${toldSales(selection, parameters)}), concluded AS (
       SELECT DISTINCT slice.book_id, coalesce(sale.order_id, sale.fill_id) AS order_id FROM allocations slice
       JOIN fills sale ON sale.book_id = slice.book_id AND sale.entry = slice.close_entry
       WHERE ${inView(selection, parameters, "slice")}
     ) SELECT count(*) AS sales FROM told LEFT JOIN concluded USING (book_id, order_id)
       WHERE concluded.order_id IS NULL`,
    parameters.values,
  );
  return Number(row!.sales);
}

async function refuseWithoutSnapshot(connection: Connection): Promise<void> {
  const [row] = await connection.query<{ some: boolean }>(
    "SELECT EXISTS (SELECT FROM legacy_orders) AS some",
  );
  if (row!.some) return;
  throw new LotbookError("NOT_FOUND", "there is nothing of an old system to compare with", {
    advice: "take it over first: lotbook legacy import <postgres url or dump CSV>",
  });
}

/**
 * Compares the sales of the old system with a version, and hands the comparison to `work`, within one read
 * transaction. Sales come by a cursor, so memory does not grow with them.
 */
export async function readComparison<T>(
  database: Database,
  request: CompareRequest,
  work: (comparison: Comparison) => Promise<T>,
): Promise<T> {
  return database.connect((connection) =>
    readTransaction(connection, async () => {
      await refuseWithoutSnapshot(connection);
      const view = await resolveView(connection, request);
      const selection = await resolveSelection(connection, view, { ...request, report: "trades" });
      const sums = new ComparisonSums();
      const { version, method, scope, knownAt } = view;
      return work({
        version,
        method,
        scope,
        known_at: knownAt,
        filters: filtersOf(request, selection),
        without_slices: await countWithoutSlices(connection, selection),
        sales: readSales(connection, selection, sums),
        totals: () => sums.totals,
      });
    }),
  );
}
