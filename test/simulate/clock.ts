/**
 * The simulated clock. It stands for Date, and so for the clock of the embedded database, too: everything
 * that is stamped follows from the seed. It moves only when it is told to, and now and then backwards.
 */
import { vi } from "vitest";

export class Clock {
  #now: number;

  constructor(start: number) {
    this.#now = start;
    this.#set();
  }

  get now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    this.#set();
  }

  /** The machine's own clock during `work`: locks and files are stamped by that. */
  async real<T>(work: () => Promise<T>): Promise<T> {
    vi.useRealTimers();
    try {
      return await work();
    } finally {
      this.#set();
    }
  }

  stop(): void {
    vi.useRealTimers();
  }

  #set(): void {
    vi.useFakeTimers({ toFake: ["Date"], now: this.#now });
  }
}
