/**
 * Judges inputs in a thread of its own, so that one that never ends can be seen from outside. Says which
 * input it is at in shared memory.
 */
import { parentPort, workerData } from "node:worker_threads";
import { readFile } from "./judge.ts";
import { emptyTally, type GeneratorName, judgeSeed } from "./run.ts";
import type { Telling } from "../../../src/core/fact.ts";

export interface WorkerTask {
  readonly generator: GeneratorName;
  readonly first: number;
  readonly end: number;
  readonly every: number;
  /** The input that it is at. */
  readonly at: BigInt64Array;
  /** For the test of the watch: an input that is never finished. */
  readonly hangsAt?: number;
}

export type WorkerReport =
  | { readonly failed: number; readonly message: string }
  | { readonly done: number; readonly slowest: number; readonly facts: number };

/** Of a thread's time on a processor: what the machine does beside it does not count. */
const slowMilliseconds = 1000;

async function* hang(): AsyncGenerator<readonly Telling[]> {
  yield [];
  for (;;);
}

async function work({ generator, first, end, every, at, hangsAt }: WorkerTask): Promise<void> {
  const tally = emptyTally();
  let slowest = 0;
  let done = 0;
  for (let seed = first; seed < end; seed += every) {
    Atomics.store(at, 0, BigInt(seed));
    const before = process.threadCpuUsage();
    try {
      await judgeSeed(generator, seed, tally, seed === hangsAt ? hang : readFile);
    } catch (error) {
      report({ failed: seed, message: error instanceof Error ? error.message : String(error) });
    }
    const { user, system } = process.threadCpuUsage(before);
    const milliseconds = (user + system) / 1000;
    slowest = Math.max(slowest, milliseconds);
    if (milliseconds > slowMilliseconds)
      report({ failed: seed, message: `took ${Math.round(milliseconds)} ms` });
    done += 1;
  }
  report({ done, slowest, facts: tally.facts });
}

function report(said: WorkerReport): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has none
  parentPort!.postMessage(said);
}

await work(workerData as WorkerTask);
