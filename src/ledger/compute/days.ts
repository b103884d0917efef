/**
 * The digests of a book's days, taken while its rows stream by in order of time. docs/spec/hashing.md 5.
 */
import { nanosPerDay } from "../../core/time.ts";
import { dayDigest, rowsHash } from "../../seal/digest.ts";

/** A row's hash with the time that orders it. */
export interface TimedHash {
  readonly at: bigint;
  readonly hash: string;
}

export const dayOf = (at: bigint): number => Number(at / nanosPerDay);

/**
 * Hashes in order of time, ties by the hash's bytes (hexadecimal keeps their order); the input is in order
 * of time.
 */
function ordered(rows: TimedHash[]): string[] {
  for (let index = 1; index < rows.length; index += 1) {
    if (rows[index - 1]!.at !== rows[index]!.at) continue;
    rows.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.hash < b.hash ? -1 : 1));
    break;
  }
  return rows.map((row) => row.hash);
}

/** The digest of one day from its rows, each list in order of time. */
export function digestOfDay(allocations: TimedHash[], openLots: TimedHash[]): string | undefined {
  if (allocations.length === 0 && openLots.length === 0) return undefined;
  return dayDigest(rowsHash(ordered(allocations)), rowsHash(ordered(openLots)));
}

/** One kind of row of a book, added in order of time: a hash a day, with memory for one day at a time. */
class Days {
  readonly hashes = new Map<number, string>();
  #rows: TimedHash[] = [];
  #day = -1;
  #end = 0n;

  add(at: bigint, hash: string): void {
    if (at >= this.#end) this.#begin(at);
    this.#rows.push({ at, hash });
  }

  close(): void {
    if (this.#rows.length > 0) this.hashes.set(this.#day, rowsHash(ordered(this.#rows))!);
    this.#rows = [];
  }

  #begin(at: bigint): void {
    this.close();
    this.#day = dayOf(at);
    this.#end = (at / nanosPerDay + 1n) * nanosPerDay;
  }
}

/** Collects a whole book's days. */
export class BookDays {
  readonly allocations = new Days();
  readonly openLots = new Days();

  /** The days that have rows, in order, with their digests. */
  digests(): { day: number; digest: string }[] {
    this.allocations.close();
    this.openLots.close();
    const days = new Set([...this.allocations.hashes.keys(), ...this.openLots.hashes.keys()]);
    return [...days]
      .toSorted((a, b) => a - b)
      .map((day) => ({
        day,
        digest: dayDigest(this.allocations.hashes.get(day), this.openLots.hashes.get(day)),
      }));
  }
}
