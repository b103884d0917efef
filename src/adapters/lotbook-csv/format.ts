/** lotbook's own fills CSV: the contract that any bot or spreadsheet can write. docs/formats.md. */
import { contractNames } from "../../core/field.ts";
import type { FillDraft } from "../../core/resolve.ts";
import { resolveFeeValue, resolveFill } from "../../core/resolve.ts";
import type { Fill, Place, Problem } from "../../core/fact.ts";
import { parseSymbol } from "../../core/instrument.ts";
import { isProblem, makeProblem } from "../../core/problem.ts";
import { type RowTelling, tableFormat } from "../csv/table.ts";
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
  "fee_value",
] as const;

/** Stands for the id of a row that has none, until the ledger names it by its content. */
const unnamedId = "row";

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
    const feeValue = columnOf("fee_value");
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
      const unnamed = cells[fillId!] === "";
      const draft: FillDraft = {
        portfolio: portfolio === undefined ? undefined : cells[portfolio],
        symbol: cells[symbol!],
        venue: venue === undefined ? undefined : cells[venue],
        account: account === undefined ? undefined : cells[account],
        fillId: unnamed ? unnamedId : cells[fillId!],
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
      const fill = resolveFill(draft, place);
      const value = feeValue === undefined ? "" : cells[feeValue]!;
      if (isProblem(fill) || (!unnamed && value === "")) return fill;
      return withMore(fill, unnamed, value, place);
    };
  },
});

/** A row without an id, or one that states what its fee in a third asset was worth. */
function withMore(fill: Fill, unnamed: boolean, value: string, place: Place): RowTelling | Problem {
  if (unnamed && fill.revision > 0)
    return makeProblem(
      place,
      "revision",
      fill.revision.toString(),
      "replaces a fill that this row does not name; write its fill_id",
    );
  if (value === "") return { fact: fill, unnamed };
  const instrument = parseSymbol(fill.symbol);
  const third = fill.fees.filter(
    ({ asset }) => asset !== instrument?.base && asset !== instrument?.quote,
  );
  if (third.length !== 1)
    return makeProblem(
      place,
      "fee_value",
      value,
      "is the value of one fee in a third asset, and this row has " +
        `${third.length === 0 ? "none" : third.length}; leave it empty, or record fee values apart`,
    );
  const { portfolio, symbol, venue, account, fillId, revision } = fill;
  const feeValue = resolveFeeValue(
    {
      portfolio,
      symbol,
      venue,
      account,
      fillId,
      value,
      fillRevision: revision.toString(),
      asset: third[0]!.asset,
      source: "row",
    },
    place,
    { ...contractNames, value: "fee_value" },
  );
  return isProblem(feeValue) ? feeValue : { fact: fill, unnamed, feeValue };
}
