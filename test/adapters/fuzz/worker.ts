/**
 * Judges inputs in a thread of its own, so that one that never ends can be seen from outside. Says which
 * input it is at in shared memory.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Telling } from "../../../src/core/fact.ts";
import type { Tally } from "./judge.ts";
import { readFile } from "./judge.ts";
import { emptyTally, type GeneratorName, judgeSeed } from "./run.ts";

export interface Task {
  readonly generator: GeneratorName;
  readonly first: number;
  readonly end: number;
  readonly every: number;
  /** For the test of the watch: an input that is never finished. */
  readonly hangsAt?: number;
}

export interface TaskData extends Task {
  /** The input that it is at. */
  readonly at: BigInt64Array;
}

export interface TaskResult extends Tally {
  done: number;
  /** Milliseconds of the input that took longest. */
  slowest: number;
  readonly failures: string[];
}

/** More of them would be more of the same. */
const mostFailures = 5;

async function* hang(): AsyncGenerator<readonly Telling[]> {
  yield [];
  for (;;);
}

async function work({ generator, first, end, every, at, hangsAt }: TaskData): Promise<TaskResult> {
  // Stacks take a fifth of the time. A replay has them.
  if (end - first > 1) Error.stackTraceLimit = 0;
  const result: TaskResult = { ...emptyTally(), done: 0, slowest: 0, failures: [] };
  for (let seed = first; seed < end && result.failures.length < mostFailures; seed += every) {
    Atomics.store(at, 0, BigInt(seed));
    try {
      const read = seed === hangsAt ? hang : readFile;
      result.slowest = Math.max(result.slowest, await judgeSeed(generator, seed, result, read));
    } catch (error) {
      result.failures.push((error as Error).message);
    }
    result.done += 1;
  }
  return result;
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has none
parentPort!.postMessage(await work(workerData as TaskData));
