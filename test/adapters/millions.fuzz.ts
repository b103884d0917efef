/**
 * fuzz.test.ts for long: LOTBOOK_SEED is the first input, LOTBOOK_MILLIONS how many there are of each
 * generator.
 */
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { tellTrials } from "../reliability.ts";
import { generatorNames, seedOr } from "./fuzz/run.ts";
import { runInputs } from "./fuzz/threads.ts";

const first = seedOr(1_000_000_000);
const inputs = Math.round(parseFloat(process.env["LOTBOOK_MILLIONS"] ?? "2") * 1e6);
const threads = Math.min(availableParallelism(), 8);

test.each(generatorNames)("%s inputs", async (generator) => {
  const { done, failures, slowest, ...read } = await runInputs(generator, {
    first,
    inputs,
    threads,
  });
  tellTrials({
    promise:
      "a broken file is read or refused, in under a second, with the place of what is wrong: " +
      "no crash, no partial reading",
    test: "test/adapters/millions.fuzz.ts",
    tried: done,
    unit: `${generator} inputs`,
    broken: failures.length,
    seed: first,
  });
  const said = `${done} ${generator} inputs from ${first}, the slowest in ${Math.round(slowest)} ms`;
  process.stdout.write(`${said}: ${JSON.stringify(read)}\n`);
  expect(failures.join("\n\n")).toBe("");
  expect(done).toBe(inputs);
});
