/** Runs inputs in threads that are watched, so that one that never ends is a failure like others. */
import { Worker } from "node:worker_threads";
import { emptyTally, type GeneratorName, replayOf } from "./run.ts";
import type { Task, TaskData, TaskResult } from "./worker.ts";

/** Milliseconds. An input takes some tenths of one, on a machine with much to do some hundred times that. */
const patience = 30_000;

/** Runs a task in a thread; ends the thread when an input takes too long. */
export function runTask(task: Task, hang = patience): Promise<TaskResult> {
  const at = new BigInt64Array(new SharedArrayBuffer(8));
  at[0] = -1n;
  const workerData: TaskData = { ...task, at };
  const worker = new Worker(new URL("worker.ts", import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    let last = { seed: -1n, since: performance.now() };
    const watch = setInterval(() => {
      const seed = Atomics.load(at, 0);
      if (seed !== last.seed) last = { seed, since: performance.now() };
      // Before the first input the thread is only starting.
      if (seed < 0n || performance.now() - last.since < hang) return;
      const failure = `does not end\n${replayOf(task.generator, Number(seed))}`;
      resolve({ ...emptyTally(), done: 0, slowest: hang, failures: [failure] });
      void worker.terminate();
    }, 200);
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", () => {
      clearInterval(watch);
      reject(new Error("the thread ended before its task"));
    });
  });
}

/** Runs inputs from `first` on, shared out among threads. */
export async function runInputs(
  generator: GeneratorName,
  { first, inputs, threads }: Readonly<Record<"first" | "inputs" | "threads", number>>,
): Promise<TaskResult> {
  const end = first + inputs;
  const results = await Promise.all(
    Array.from({ length: threads }, (_, offset) =>
      runTask({ generator, first: first + offset, end, every: threads }),
    ),
  );
  const sum = (of: (result: TaskResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    done: sum(({ done }) => done),
    facts: sum(({ facts }) => facts),
    prices: sum(({ prices }) => prices),
    refusedRows: sum(({ refusedRows }) => refusedRows),
    refusedFiles: sum(({ refusedFiles }) => refusedFiles),
    slowest: Math.max(...results.map(({ slowest }) => slowest)),
    failures: results.flatMap(({ failures }) => failures),
  };
}
