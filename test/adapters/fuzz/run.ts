/** Runs of inputs, each made from a number of its own: what fails is made again by that number alone. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { blindInput } from "./blind.ts";
import { type FuzzInput, judge, type ReadFile, type Tally } from "./judge.ts";
import { structuredInput } from "./structured.ts";

const generators = { structured: structuredInput, blind: blindInput };
export type GeneratorName = keyof typeof generators;
export const generatorNames = Object.keys(generators) as GeneratorName[];

export function inputOf(generator: GeneratorName, seed: number): FuzzInput {
  return generators[generator](seed);
}

export function emptyTally(): Tally {
  return { facts: 0, refusedRows: 0, refusedFiles: 0 };
}

export async function judgeSeed(
  generator: GeneratorName,
  seed: number,
  tally: Tally,
  read?: ReadFile,
): Promise<void> {
  const input = inputOf(generator, seed);
  try {
    await judge(input, seed, tally, read);
  } catch (error) {
    const shown = JSON.stringify(input.bytes.toString("latin1")).slice(0, 2000);
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\n` +
        `read as ${input.from ?? "what it looks like"}: ${shown}\n${replayOf(generator, seed)}`,
      { cause: error },
    );
  }
}

export function replayOf(generator: GeneratorName, seed: number): string {
  const test = "npx vitest run test/adapters/fuzz.test.ts";
  return `LOTBOOK_SEED=${seed} LOTBOOK_INPUTS=1 ${test} -t "${generator} inputs"`;
}

/** An input that failed once, byte for byte: its seed means another one when a generator changes. */
export interface CorpusEntry {
  readonly from: string | null;
  readonly base64: string;
  readonly found: string;
}

const corpusFile = new URL("corpus.ndjson", import.meta.url);

export function readCorpus(): readonly CorpusEntry[] {
  if (!existsSync(corpusFile)) return [];
  const lines = readFileSync(corpusFile, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as CorpusEntry);
}

/** Puts an input into the corpus, which the test replays from then on. */
export function keep(generator: GeneratorName, seed: number, found: string): void {
  const { bytes, from } = inputOf(generator, seed);
  const entry = {
    from: from ?? null,
    base64: bytes.toString("base64"),
    found: found.slice(0, 300),
  };
  appendFileSync(corpusFile, `${JSON.stringify(entry)}\n`);
}
