/**
 * A book of bursts of trading, each a thousand fills that end flat and hold something until then: what a
 * late sale changes ends with its burst, and a late buy shifts all that follows. Every burst follows from
 * its number alone, so that it can be made again.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { fromUnits } from "../../src/core/decimal.ts";
import type { FillInput } from "../../src/index.ts";
import { Dice } from "../../src/testing/histories.ts";

export const burstSize = 1_000;
export const symbol = "BTC-USD";

const secondsBetween = 30;
const start = Date.UTC(2020, 0, 1);
/** Of 10^-18. */
const satoshi = 10n ** 10n;

/** The time of a fill by its number in the book; `late` seconds after it. */
export const timeOf = (index: number, late = 0): string =>
  new Date(start + (index * secondsBetween + late) * 1000).toISOString();

/** A fill of the bench's book. */
export function bookFill(
  fillId: string,
  executedAt: string,
  side: "buy" | "sell",
  quantity: string,
  price = "43210.98",
): FillInput {
  return { fillId, executedAt, symbol, side, quantity, price, fee: "0.0123" };
}

/** The fills of a burst, in order of time. */
export function burst(number: number): FillInput[] {
  const dice = new Dice(number);
  const fills: FillInput[] = [];
  let held = 0n;
  for (let place = 0; place < burstSize; place += 1) {
    const index = number * burstSize + place;
    const size = BigInt(1 + dice.below(100_000)) * satoshi;
    const isLast = place === burstSize - 1;
    const sells = isLast || (held > size && dice.below(100) < 51);
    const quantity = isLast ? held : size;
    held += sells ? -quantity : quantity;
    const side = sells ? "sell" : "buy";
    const price = `${40_000 + dice.below(5_000)}.${10 + dice.below(90)}`;
    fills.push(bookFill(`f${index}`, timeOf(index), side, fromUnits(quantity), price));
  }
  return fills;
}

/** Writes that many bursts as a fills CSV. */
export async function writeBook(file: string, bursts: number): Promise<void> {
  const stream = createWriteStream(file);
  stream.write("fill_id,executed_at,symbol,side,quantity,price,fee\n");
  for (let number = 0; number < bursts; number += 1) {
    const rows = burst(number).map((fill) =>
      [fill.fillId, fill.executedAt, symbol, fill.side, fill.quantity, fill.price, fill.fee].join(),
    );
    if (!stream.write(`${rows.join("\n")}\n`)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "finish");
}
