/**
 * Coinbase's fills statement (Pro, Exchange, and what is known of Advanced): one row a match.
 * docs/formats.md.
 */
import { expandExponent } from "../../core/decimal.ts";
import { parseSymbol } from "../../core/instrument.ts";
import { makeProblem, shownValue } from "../../core/problem.ts";
import { clockUnits } from "../../core/rounding.ts";
import { resolveFill } from "../../core/resolve.ts";
import { coinbaseSide, coinbaseVenue } from "../coinbase-rest/words.ts";
import { tableFormat } from "../csv/table.ts";

const names = {
  fillId: "trade id",
  executedAt: "created at",
  symbol: "product",
  quantity: "size",
};

export const coinbaseFillsCsv = tableFormat({
  name: "coinbase-fills-csv",
  idSpace: "coinbase trade",
  rounding: { quantity: 8, clock: clockUnits.ms },
  summary: "Coinbase's fills statement as CSV",
  required: [
    "trade id",
    "product",
    "side",
    "created at",
    "size",
    "size unit",
    "price",
    "fee",
    "price/fee/total unit",
  ],
  // `total` is not read: it is rounded to the quote's cents in some rows and not in others.
  optional: ["portfolio", "total"],
  detect: (columns) =>
    columns.has("trade id") && columns.has("product") && columns.has("created at"),
  reader: (columnOf) => {
    const [tradeId, product, side, createdAt] = [
      columnOf("trade id")!,
      columnOf("product")!,
      columnOf("side")!,
      columnOf("created at")!,
    ];
    const [size, sizeUnit, price, fee, unit] = [
      columnOf("size")!,
      columnOf("size unit")!,
      columnOf("price")!,
      columnOf("fee")!,
      columnOf("price/fee/total unit")!,
    ];
    const portfolio = columnOf("portfolio");
    return (cells, place) => {
      const instrument = parseSymbol(cells[product]!);
      if (instrument !== undefined && cells[sizeUnit] !== instrument.base)
        return makeProblem(
          place,
          "size unit",
          cells[sizeUnit],
          `must be ${shownValue(instrument.base)}, the base asset of the product; ` +
            "sizes in other units are not read",
        );
      if (instrument !== undefined && cells[unit] !== instrument.quote)
        return makeProblem(
          place,
          "price/fee/total unit",
          cells[unit],
          `must be ${shownValue(instrument.quote)}, the quote asset of the product`,
        );
      if (cells[fee] === "")
        return makeProblem(place, "fee", undefined, "is missing; write 0 if there was none");
      return resolveFill(
        {
          venue: coinbaseVenue,
          account: portfolio === undefined ? undefined : cells[portfolio],
          fillId: cells[tradeId],
          executedAt: cells[createdAt],
          symbol: cells[product],
          side: coinbaseSide(cells[side]),
          quantity: expandExponent(cells[size]!),
          price: expandExponent(cells[price]!),
          fee: expandExponent(cells[fee]!),
        },
        place,
        names,
      );
    };
  },
});
