/** Ids from the seed, and faults at the failpoints. */
import { type Failpoint, failpoints, type Ports } from "../../src/ledger/ports.ts";
import type { Dice } from "../../src/testing/histories.ts";

export { failpoints };

/** What happens at the nth time that a failpoint is reached. */
export interface Fault {
  readonly at: Failpoint;
  readonly nth: number;
  /**
   * `fails`: the code throws there. `ends`: that, and the process ends in good order and another one goes on.
   * `dies`: the process is gone; what its files hold is all there is.
   */
  readonly how: "fails" | "ends" | "dies";
}

export class SimulatedPorts implements Ports {
  rowsPerTransaction = 20_000;
  /** Called at every failpoint when there is no fault. */
  reached: (name: Failpoint) => void = () => {};
  readonly #dice: Dice;
  readonly #onDeath: () => void;
  /** Faults that are due, and how often their failpoints were reached since `arm`. */
  readonly #armed = new Map<Failpoint, { readonly fault: Fault; count: number }>();
  #fired: Fault | undefined;

  constructor(dice: Dice, onDeath: () => void) {
    this.#dice = dice;
    this.#onDeath = onDeath;
  }

  newBatchId(): string {
    const word = (): string => this.#dice.next().toString(16).padStart(8, "0");
    const hex = word() + word() + word() + word();
    const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`];
    return [...parts, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-");
  }

  failpoint(name: Failpoint): void {
    // The code that cleans up behind a death is code that did not run.
    if (this.#fired?.how === "dies") throw new Error(`dead since ${this.#fired.at}`);
    this.reached(name);
    const armed = this.#fired === undefined ? this.#armed.get(name) : undefined;
    if (armed === undefined) return;
    armed.count += 1;
    if (armed.count !== armed.fault.nth) return;
    this.#fired = armed.fault;
    if (this.#fired.how === "dies") this.#onDeath();
    throw new Error(`failed on purpose at ${name}`);
  }

  /** From now on the first of these whose failpoint is reached comes about; no other does. */
  arm(faults: Iterable<Fault>): void {
    this.#armed.clear();
    for (const fault of faults) this.#armed.set(fault.at, { fault, count: 0 });
    this.#fired = undefined;
  }

  /** The fault that came about since `arm`; nothing is armed any more. */
  disarm(): Fault | undefined {
    const fired = this.#fired;
    this.#armed.clear();
    this.#fired = undefined;
    return fired;
  }
}
