/** lotbook's own fills CSV: the contract that any bot or spreadsheet can write. docs/formats.md. */
import type { FillDraft } from "../../core/resolve.ts";
import { resolveFill } from "../../core/resolve.ts";
import { makeProblem } from "../../core/problem.ts";
import { tableFormat } from "../csv/table.ts";
import { splitFees } from "./other-fees.ts";

export const requiredColumns = [
  "fill_id",
  "executed_at",
  "symbol",
  "side",
  "quantity",
  "price",
] as const;

export const optionalColumns = [
  "portfolio",
  "account",
  "venue",
  "fee",
  "fee_asset",
  "order_id",
  "sequence",
  "strategy",
  // Beyond what a person needs to write: so that an export says everything.
  "revision",
  "quote_size",
  "trade_id",
  "grain",
  "other_fees",
] as const;

export const lotbookCsv = tableFormat({
  name: "lotbook-csv",
  summary: "lotbook's own CSV of fills",
  required: requiredColumns,
  optional: optionalColumns,
  // Three of them, so that a file that lacks some is told which ones and not that it is unknown.
  detect: (columns) =>
    (columns.has("fill_id") || columns.has("executed_at")) &&
    requiredColumns.filter((column) => columns.has(column)).length >= 3,
  reader: (columnOf) => {
    const fillId = columnOf("fill_id");
    const executedAt = columnOf("executed_at");
    const symbol = columnOf("symbol");
    const side = columnOf("side");
    const quantity = columnOf("quantity");
    const price = columnOf("price");
    const portfolio = columnOf("portfolio");
    const account = columnOf("account");
    const venue = columnOf("venue");
    const fee = columnOf("fee");
    const feeAsset = columnOf("fee_asset");
    const orderId = columnOf("order_id");
    const sequence = columnOf("sequence");
    const strategy = columnOf("strategy");
    const revision = columnOf("revision");
    const quoteSize = columnOf("quote_size");
    const tradeId = columnOf("trade_id");
    const grain = columnOf("grain");
    const otherFees = columnOf("other_fees");
    return (cells, place) => {
      const feeText = otherFees === undefined ? "" : cells[otherFees]!;
      const fees = feeText === "" ? undefined : splitFees(feeText);
      if (feeText !== "" && fees === undefined)
        return makeProblem(
          place,
          "other_fees",
          feeText,
          "is no list of fees; write ASSET:amount;ASSET:amount",
        );
      const draft: FillDraft = {
        portfolio: portfolio === undefined ? undefined : cells[portfolio],
        symbol: cells[symbol!],
        venue: venue === undefined ? undefined : cells[venue],
        account: account === undefined ? undefined : cells[account],
        fillId: cells[fillId!],
        revision: revision === undefined ? undefined : cells[revision],
        executedAt: cells[executedAt!],
        side: cells[side!],
        quantity: cells[quantity!],
        price: cells[price!],
        fee: fee === undefined ? undefined : cells[fee],
        feeAsset: feeAsset === undefined ? undefined : cells[feeAsset],
        otherFees: fees,
        sequence: sequence === undefined ? undefined : cells[sequence],
        orderId: orderId === undefined ? undefined : cells[orderId],
        strategy: strategy === undefined ? undefined : cells[strategy],
        tradeId: tradeId === undefined ? undefined : cells[tradeId],
        quoteSize: quoteSize === undefined ? undefined : cells[quoteSize],
        grain: grain === undefined ? undefined : cells[grain],
      };
      return resolveFill(draft, place);
    };
  },
});
