/** Generated fills as a fills CSV. */
import type { Writable } from "node:stream";
import { once } from "node:events";
import type { GeneratedFill, GenerateOptions } from "./trading.ts";
import { generateFills } from "./trading.ts";

export const generatedHeader =
  "fill_id,executed_at,portfolio,account,venue,symbol,side,quantity,price," +
  "fee,fee_asset,order_id,sequence,strategy";

/** Characters that are handed to the stream together. */
const blockLength = 1 << 18;

/** A line without its end. Nothing that is generated needs a quote. */
export function generatedRow(fill: GeneratedFill): string {
  const what = `${fill.fillId},${fill.executedAt},${fill.portfolio},${fill.account},${fill.venue}`;
  const amounts = `${fill.symbol},${fill.side},${fill.quantity},${fill.price},${fill.fee},${fill.feeAsset}`;
  return `${what},${amounts},${fill.orderId},${fill.sequence},${fill.strategy}`;
}

/** The header and a row a fill, in blocks of whole lines; gives the count of rows in the end. */
export function* generatedBlocks(options: GenerateOptions): Generator<string, number> {
  let rows = 0;
  let block = `${generatedHeader}\n`;
  for (const fill of generateFills(options)) {
    block += `${generatedRow(fill)}\n`;
    rows += 1;
    if (block.length < blockLength) continue;
    yield block;
    block = "";
  }
  yield block;
  return rows;
}

/**
 * Writes blocks of text; waits where the stream is slower. The stream is left open. Gives what the blocks
 * give in the end: the count of rows.
 */
export async function writeBlocks(
  blocks: Generator<string, number>,
  stream: Writable,
): Promise<number> {
  for (;;) {
    const { value, done } = blocks.next();
    if (done === true) return value;
    if (!stream.write(value)) await once(stream, "drain");
  }
}

export const writeGenerated = (options: GenerateOptions, stream: Writable): Promise<number> =>
  writeBlocks(generatedBlocks(options), stream);
