import type { Telling } from "../core/fact.ts";

/** Tellings that are handed on together: enough that handing on costs nothing, few enough to hold. */
const chunkRows = 1000;

/**
 * Puts small pieces together. A piece may throw where the file cannot be read on: what was told before that
 * place is handed on before the error, however the file's bytes came.
 */
export async function* inChunks(
  pieces: AsyncIterable<Iterable<Telling>>,
): AsyncGenerator<readonly Telling[]> {
  let chunk: Telling[] = [];
  try {
    for await (const piece of pieces) {
      for (const telling of piece) chunk.push(telling);
      if (chunk.length < chunkRows) continue;
      yield chunk;
      chunk = [];
    }
  } catch (error) {
    if (chunk.length > 0) yield chunk;
    throw error;
  }
  if (chunk.length > 0) yield chunk;
}
