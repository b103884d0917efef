/**
 * A set of whole numbers below a limit that answers "the next one from here" and "the last one before
 * here" in a few steps: a tree of bits, 32 to a word. Facts come and go in a book whose places are fixed.
 */
export class Places {
  readonly #levels: Uint32Array[] = [];

  constructor(limit: number) {
    // The limit itself may be asked from.
    let size = limit + 1;
    do {
      size = Math.ceil(size / 32);
      this.#levels.push(new Uint32Array(size));
    } while (size > 1);
  }

  has(place: number): boolean {
    return (this.#levels[0]![place >>> 5]! & (1 << (place & 31))) !== 0;
  }

  add(place: number): void {
    let at = place;
    for (const level of this.#levels) {
      level[at >>> 5]! |= 1 << (at & 31);
      at >>>= 5;
    }
  }

  delete(place: number): void {
    let at = place;
    for (const level of this.#levels) {
      level[at >>> 5]! &= ~(1 << (at & 31));
      if (level[at >>> 5] !== 0) return;
      at >>>= 5;
    }
  }

  /** The first one that is `from` or more; Infinity where there is none. */
  next(from: number): number {
    let at = from;
    for (let depth = 0; depth < this.#levels.length; depth += 1) {
      const word = (this.#levels[depth]![at >>> 5] ?? 0) & (-1 << (at & 31));
      if (word !== 0) return this.#down(depth, (at & ~31) + trailingZeros(word), trailingZeros);
      at = (at >>> 5) + 1;
    }
    return Infinity;
  }

  /** The last one that is less than `before`; -1 where there is none. */
  previous(before: number): number {
    let at = before;
    for (let depth = 0; depth < this.#levels.length; depth += 1) {
      const mask = (1 << (at & 31)) - 1;
      const word = (this.#levels[depth]![at >>> 5] ?? 0) & mask;
      if (word !== 0) return this.#down(depth, (at & ~31) + highest(word), highest);
      at >>>= 5;
    }
    return -1;
  }

  #down(from: number, place: number, choose: (word: number) => number): number {
    let at = place;
    for (let depth = from - 1; depth >= 0; depth -= 1)
      at = at * 32 + choose(this.#levels[depth]![at]!);
    return at;
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function highest(word: number): number {
  return 31 - Math.clz32(word);
}
