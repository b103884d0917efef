/**
 * The simulated clock. It stands for Date, and so for the clock of the embedded database, too: everything
 * that is stamped follows from the seed. It moves only when it is told to, and now and then backwards.
 */
import { vi } from "vitest";

const start = Date.UTC(2026, 5, 1);

export class Clock {
  #now = start;

  /** Databases are opened by it, too: what they wait for is reckoned by one clock. */
  constructor() {
    this.#set();
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    this.#set();
  }

  /** Back to where every simulation begins. */
  reset(): void {
    this.#now = start;
    this.#set();
  }

  stop(): void {
    vi.useRealTimers();
  }

  #set(): void {
    vi.useFakeTimers({ toFake: ["Date"], now: this.#now });
  }
}
