/**
 * When a computation that began again in the middle may stop. It compares what is left of each lot now with
 * what was left before the facts changed: once no lot differs, and all that changed has been passed, the same
 * facts follow the same lots, so nothing later can come out otherwise. Looking at the head lot and its rest
 * alone would stop too soon: with buys of 10 and 10, a sale of 12 later and a late buy of 5 between the buys,
 * the head is as it was after the late buy, and the sale still changes.
 */
export class Divergence {
  /** What is left now less what was left before, by the lot's entry; never 0. */
  readonly #differences = new Map<number, bigint>();
  /** Lots whose fee changed: all their later shares differ, until they are used up. */
  readonly #repriced = new Map<number, bigint>();

  /** An opening fact that was not there before. */
  lotAdded(entry: number, quantity: bigint): void {
    this.#shift(entry, quantity);
  }

  /** An opening fact that is not there any more. */
  lotRemoved(entry: number, quantity: bigint): void {
    this.#shift(entry, -quantity);
  }

  /** An opening fact whose fee is another now; `left` is what is left of it now. */
  lotRepriced(entry: number, left: bigint): void {
    if (left > 0n) this.#repriced.set(entry, left);
  }

  /** A slice that is taken now. */
  takenNow(entry: number, quantity: bigint): void {
    this.#shift(entry, -quantity);
    const left = this.#repriced.get(entry);
    if (left === undefined) return;
    if (left > quantity) this.#repriced.set(entry, left - quantity);
    else this.#repriced.delete(entry);
  }

  /** A slice that was taken before. */
  takenBefore(entry: number, quantity: bigint): void {
    this.#shift(entry, quantity);
  }

  /** Whether the lots are as they were. */
  get none(): boolean {
    return this.#differences.size === 0 && this.#repriced.size === 0;
  }

  /** The lots that are not. */
  get lots(): Set<number> {
    return new Set([...this.#differences.keys(), ...this.#repriced.keys()]);
  }

  #shift(entry: number, by: bigint): void {
    const difference = (this.#differences.get(entry) ?? 0n) + by;
    if (difference === 0n) this.#differences.delete(entry);
    else this.#differences.set(entry, difference);
  }
}
