/** Reads text as a file for the tests of formats, in pieces of any size. */
import type { Fact, Telling } from "../../src/core/fact.ts";
import { describeProblem } from "../../src/core/problem.ts";
import { openFile } from "../../src/adapters/formats.ts";
import { LotbookError } from "../../src/errors.ts";

export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? Buffer.from(content) : content;
}

export async function readAll(
  file: string,
  content: string | Uint8Array,
  options: { readonly from?: string; readonly size?: number } = {},
): Promise<readonly Telling[]> {
  const { tellings } = await openFile(
    file,
    pieces(bytesOf(content), options.size ?? 65_536),
    options.from,
  );
  const all: Telling[] = [];
  for await (const chunk of tellings) all.push(...chunk);
  return all;
}

export async function factsOf(
  file: string,
  content: string | Uint8Array,
): Promise<readonly Fact[]> {
  const all = await readAll(file, content);
  return all.map(({ fact, problem }) => {
    if (fact === undefined) throw new Error(describeProblem(problem!));
    return fact;
  });
}

/** All that a file is refused for: the problems of its rows, or the error that ends it with its advice. */
export async function refusals(
  file: string,
  content: string | Uint8Array,
  from?: string,
): Promise<readonly string[]> {
  try {
    const all = await readAll(file, content, from === undefined ? {} : { from });
    return all.flatMap(({ problem }) => (problem === undefined ? [] : [describeProblem(problem)]));
  } catch (error) {
    if (!(error instanceof LotbookError)) throw error;
    return [`${error.code} ${error.message} | ${error.advice}`];
  }
}
