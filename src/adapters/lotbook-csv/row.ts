/** Fills as rows of the fills CSV: the way back of format.ts, and exact. */
import type { Fill } from "../../core/fact.ts";
import { formatInstant } from "../../core/time.ts";
import { joinFees } from "./other-fees.ts";

/** The columns of an export, in the order of the contract and then the extra ones. */
export const exportColumns = [
  "fill_id",
  "executed_at",
  "portfolio",
  "account",
  "venue",
  "symbol",
  "side",
  "quantity",
  "price",
  "fee",
  "fee_asset",
  "order_id",
  "sequence",
  "strategy",
  "revision",
  "quote_size",
  "trade_id",
  "grain",
  "other_fees",
] as const;

/** The cells of a fill, by `exportColumns`, not quoted. */
export function fillToCells(fill: Fill): readonly string[] {
  const [first, ...others] = fill.fees;
  return [
    fill.fillId,
    formatInstant(fill.executedAt),
    fill.portfolio,
    fill.account,
    fill.venue,
    fill.symbol,
    fill.side,
    fill.quantity,
    fill.price,
    first?.amount ?? "0",
    first?.asset ?? "",
    fill.orderId ?? "",
    fill.sequence === undefined ? "" : fill.sequence.toString(),
    fill.strategy ?? "",
    fill.revision === 0 ? "" : fill.revision.toString(),
    fill.quoteSize ?? "",
    fill.tradeId ?? "",
    fill.grain ?? "",
    joinFees(others),
  ];
}

/**
 * One line of CSV, quoted where it must be, without a line end. A byte order mark that belongs to a cell is
 * quoted, too: at the beginning of a row it would look like a file's.
 */
export function csvLine(cells: readonly string[]): string {
  return cells
    .map((cell) => (/[",\r\n\uFEFF]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(",");
}
