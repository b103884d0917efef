/** Prices CSV: `asset,quote,at,price`, a row a price. docs/formats.md. */
import type { Decimal } from "../core/decimal.ts";
import { Fault, instantValue, labelText, positiveAmount } from "../core/field.ts";
import { describeProblem, makeProblem } from "../core/problem.ts";
import type { Instant } from "../core/time.ts";
import { LotbookError } from "../errors.ts";
import { badInput } from "./encoding.ts";
import { type CsvRecord, csvRecords } from "./csv/records.ts";

export interface Price {
  /** From 1, the header included. */
  readonly row: number;
  readonly asset: string;
  readonly quote: string;
  readonly at: Instant;
  /** Of one of the asset, in the quote; greater than 0. */
  readonly price: Decimal;
}

const columns = ["asset", "quote", "at", "price"] as const;

const correctRow = "nothing was recorded; correct the row";

/** Where the columns stand in the header. */
function positions(file: string, { cells, row }: CsvRecord): number[] {
  const named = cells ?? [];
  const places = columns.map((column) => named.indexOf(column));
  const missing = columns.filter((_, index) => places[index]! < 0);
  if (missing.length === 0 && new Set(named).size === named.length) return places;
  throw badInput(
    file,
    row,
    missing.length > 0 ? `has no column ${missing.join(", ")}` : "names a column twice",
    `the first row names the columns: ${columns.join(",")}; others are passed over`,
  );
}

function priceOf(cells: readonly string[], places: readonly number[], row: number): Price {
  const [asset, quote, at, price] = places.map((place) => cells[place]);
  return {
    row,
    asset: labelText("asset", asset),
    quote: labelText("quote", quote),
    at: instantValue("at", at),
    price: positiveAmount("price", price),
  };
}

/** The prices of a file, a block's worth at a time. The first bad row ends it. */
export async function* readPrices(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Price[]> {
  let places: readonly number[] | undefined;
  let width = 0;
  for await (const records of csvRecords(file, bytes)) {
    const prices: Price[] = [];
    for (const record of records) {
      if (places === undefined) {
        places = positions(file, record);
        width = record.cells!.length;
        continue;
      }
      const { row, cells, fault } = record;
      if (cells?.length !== width)
        throw badInput(
          file,
          row,
          fault ?? `has ${cells!.length} columns where the header has ${width}`,
          correctRow,
        );
      try {
        prices.push(priceOf(cells, places, row));
      } catch (error) {
        throw error instanceof Fault ? refused(file, row, error) : error;
      }
    }
    yield prices;
  }
  if (places === undefined)
    throw badInput(file, 1, "has no header row", `it names the columns: ${columns.join(",")}`);
}

function refused(file: string, row: number, { field, value, message }: Fault): LotbookError {
  const problem = makeProblem({ file, row }, field, value, message);
  return new LotbookError("BAD_INPUT", describeProblem(problem), { advice: correctRow });
}
