import type { Telling } from "../core/fact.ts";

/** Tellings that are handed on together: enough that handing on costs nothing, few enough to hold. */
const chunkRows = 1000;

/** Puts small chunks together. */
export async function* inChunks(
  pieces: AsyncIterable<readonly Telling[]>,
): AsyncGenerator<readonly Telling[]> {
  let chunk: Telling[] = [];
  for await (const piece of pieces) {
    for (const telling of piece) chunk.push(telling);
    if (chunk.length < chunkRows) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
