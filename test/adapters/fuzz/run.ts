/** Runs of inputs, each made from a number of its own: what fails is made again by that number alone. */
import { blindInput } from "./blind.ts";
import { type FuzzInput, judge, type ReadFile, type Tally } from "./judge.ts";
import { structuredInput } from "./structured.ts";

const generators = { structured: structuredInput, blind: blindInput };
export type GeneratorName = keyof typeof generators;
export const generatorNames = Object.keys(generators) as GeneratorName[];

/** From the environment: where a run of inputs begins, unless it is said there. */
export function seedOr(usual: number): number {
  return parseInt(process.env["LOTBOOK_SEED"] ?? String(usual), 10);
}

export function inputOf(generator: GeneratorName, seed: number): FuzzInput {
  return generators[generator](seed);
}

export function emptyTally(): Tally {
  return { facts: 0, prices: 0, refusedRows: 0, refusedFiles: 0 };
}

/** Milliseconds of a processor that an input may take: what the machine does beside it does not count. */
const slow = 1000;

/** Judges the input of a number; gives the milliseconds it took. */
export async function judgeSeed(
  generator: GeneratorName,
  seed: number,
  tally: Tally,
  read?: ReadFile,
): Promise<number> {
  let input: FuzzInput | undefined;
  try {
    input = inputOf(generator, seed);
    const before = process.threadCpuUsage();
    await judge(input, seed, tally, read);
    const { user, system } = process.threadCpuUsage(before);
    const took = (user + system) / 1000;
    if (took > slow) throw new Error(`took ${Math.round(took)} ms`);
    return took;
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const shown = JSON.stringify(input?.bytes.toString("latin1") ?? "not made").slice(0, 500);
    const how = `read as ${input?.from ?? "what it looks like"}: ${shown}`;
    throw new Error(`${what}\n${how}\n${replayOf(generator, seed)}`, { cause: error });
  }
}

export function replayOf(generator: GeneratorName, seed: number): string {
  const test = "npx vitest run test/adapters/fuzz.test.ts";
  return `LOTBOOK_SEED=${seed} LOTBOOK_INPUTS=1 ${test} -t "${generator} inputs"`;
}
