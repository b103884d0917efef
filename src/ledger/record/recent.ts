/**
 * The last tellings of a batch. A message told twice mostly comes twice in a row; the second is left out
 * before staging, so that such a batch still takes the short way through numbering. What is further apart
 * is found by SQL: this memory is small and bounded.
 */
const generation = 1 << 12;

export class RecentTellings {
  #young = new Set<string>();
  #old = new Set<string>();

  /** Whether the telling (its text and the fact it tells) was among the last ones; remembers it if not. */
  heard(telling: string): boolean {
    if (this.#young.has(telling) || this.#old.has(telling)) return true;
    this.#young.add(telling);
    if (this.#young.size === generation) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return false;
  }
}

/** How often each source told again what it had told, by book. */
export class RepeatCounts {
  readonly #counts = new Map<
    string,
    { bookId: string; source: string; file: number; count: number }
  >();

  add(bookId: string, source: string, file: number): void {
    const key = `${file} ${bookId}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { bookId, source, file, count: 1 });
    else known.count += 1;
  }

  get all(): readonly { bookId: string; source: string; file: number; count: number }[] {
    return [...this.#counts.values()];
  }
}
