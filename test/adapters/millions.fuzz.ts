/**
 * fuzz.test.ts for long: millions of inputs, in threads that are watched. LOTBOOK_SEED is the first input,
 * LOTBOOK_MILLIONS how many there are of each generator. What fails is printed with the line that replays
 * it, and is put into fuzz/corpus.ndjson.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { type GeneratorName, generatorNames, keep, replayOf } from "./fuzz/run.ts";
import type { WorkerReport, WorkerTask } from "./fuzz/worker.ts";

const firstSeed = parseInt(process.env["LOTBOOK_SEED"] ?? "1000000000", 10);
const inputs = parseFloat(process.env["LOTBOOK_MILLIONS"] ?? "2") * 1e6;
/** An input takes some hundred microseconds, and on a machine with much to do some hundred times that. */
const hangMilliseconds = 30_000;

interface Result {
  done: number;
  slowest: number;
  facts: number;
  readonly failures: { seed: number; message: string }[];
}

/** Runs a task in a thread; ends the thread when an input takes too long. */
function watched(task: Omit<WorkerTask, "at">, patience = hangMilliseconds): Promise<Result> {
  const at = new BigInt64Array(new SharedArrayBuffer(8));
  at[0] = -1n;
  const result: Result = { done: 0, slowest: 0, facts: 0, failures: [] };
  const worker = new Worker(new URL("fuzz/worker.ts", import.meta.url), {
    workerData: { ...task, at },
  });
  return new Promise((resolve, reject) => {
    let last = { seed: -1n, since: performance.now() };
    const watch = setInterval(() => {
      const seed = Atomics.load(at, 0);
      if (seed !== last.seed) last = { seed, since: performance.now() };
      // Before the first input the thread is only starting.
      if (seed < 0n || performance.now() - last.since < patience) return;
      result.failures.push({ seed: Number(seed), message: "does not end" });
      void worker.terminate();
    }, 200);
    worker.on("message", (said: WorkerReport) => {
      if ("failed" in said) result.failures.push({ seed: said.failed, message: said.message });
      else Object.assign(result, said);
    });
    worker.on("error", reject);
    worker.on("exit", () => {
      clearInterval(watch);
      resolve(result);
    });
  });
}

async function runAll(generator: GeneratorName): Promise<Result> {
  const every = Math.min(availableParallelism(), 8);
  const end = firstSeed + inputs;
  const results = await Promise.all(
    Array.from({ length: every }, (_, offset) =>
      watched({ generator, first: firstSeed + offset, end, every }),
    ),
  );
  return {
    done: results.reduce((sum, { done }) => sum + done, 0),
    facts: results.reduce((sum, { facts }) => sum + facts, 0),
    slowest: Math.max(...results.map(({ slowest }) => slowest)),
    failures: results.flatMap(({ failures }) => failures),
  };
}

test.each(generatorNames)("%s inputs", async (generator) => {
  const { done, facts, slowest, failures } = await runAll(generator);
  for (const { seed, message } of failures) keep(generator, seed, message);
  const told = failures.map(({ seed, message }) => `${message}\n${replayOf(generator, seed)}`);
  expect(told.slice(0, 20).join("\n\n")).toBe("");
  expect(done).toBe(inputs);
  const figures = `${facts} facts read, slowest ${Math.round(slowest)} ms`;
  process.stdout.write(`${generator}: ${done} inputs from ${firstSeed}, ${figures}\n`);
});

test("an input that never ends is reported", async () => {
  const task = { generator: "blind", first: 1, end: 50, every: 1, hangsAt: 7 } as const;
  const { failures } = await watched(task, 2000);
  expect(failures).toEqual([{ seed: 7, message: "does not end" }]);
});
