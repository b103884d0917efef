/** Ledger order: total, and dependent on the facts alone. docs/spec/time.md 2. */
import type { Side } from "./fact.ts";
import type { Instant } from "./time.ts";

/** What the place of a fact in ledger order depends on. */
export interface OrderKey {
  readonly kind: "fill" | "opening lot";
  readonly at: Instant;
  /** `buy` for an opening lot. */
  readonly side: Side;
  /** Undefined for a fill without one, and for an opening lot. */
  readonly sequence: bigint | undefined;
  readonly venue: string;
  readonly account: string;
  /** The fill's id or the opening lot's key. */
  readonly id: string;
  readonly revision: number;
}

/**
 * Moves the surrogates (of code points from U+10000) behind U+E000 to U+FFFF, where their UTF-8 bytes sort.
 * JavaScript compares code units, and so puts U+1F600 before U+FF5E.
 */
function byteRank(codeUnit: number): number {
  if (codeUnit < 0xd800) return codeUnit;
  return codeUnit < 0xe000 ? codeUnit + 0x2000 : codeUnit - 0x800;
}

/** Compares well-formed text by its UTF-8 bytes, as `COLLATE "C"` does. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = left.length < right.length ? left.length : right.length;
  for (let index = 0; index < length; index += 1) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return byteRank(leftUnit) - byteRank(rightUnit);
  }
  return left.length - right.length;
}

function compareWallet(left: OrderKey, right: OrderKey): number {
  return compareText(left.venue, right.venue) || compareText(left.account, right.account);
}

function compareIdentity(left: OrderKey, right: OrderKey): number {
  return compareText(left.id, right.id) || left.revision - right.revision;
}

/** 0 an opening lot, 1 a fill without a venue sequence, 2 one with it. */
function group(key: OrderKey): number {
  if (key.kind === "opening lot") return 0;
  return key.sequence === undefined ? 1 : 2;
}

function compareSide(left: OrderKey, right: OrderKey): number {
  if (left.side === right.side) return 0;
  return left.side === "buy" ? -1 : 1;
}

function compareSequence(left: OrderKey, right: OrderKey): number {
  const leftSequence = left.sequence ?? 0n;
  const rightSequence = right.sequence ?? 0n;
  if (leftSequence === rightSequence) return 0;
  return leftSequence < rightSequence ? -1 : 1;
}

function compareWithinInstant(left: OrderKey, right: OrderKey): number {
  const leftGroup = group(left);
  const groups = leftGroup - group(right);
  if (groups !== 0) return groups;
  // An opening lot's side is always `buy`, so the first line is right for opening lots too.
  if (leftGroup < 2)
    return compareSide(left, right) || compareWallet(left, right) || compareIdentity(left, right);
  return (
    compareWallet(left, right) ||
    compareSequence(left, right) ||
    compareSide(left, right) ||
    compareIdentity(left, right)
  );
}

/** Negative when `left` sorts before `right`; 0 for the same fact only. */
export function compareLedgerOrder(left: OrderKey, right: OrderKey): number {
  if (left.at < right.at) return -1;
  if (left.at > right.at) return 1;
  return compareWithinInstant(left, right);
}

/** Whether a fact sorts before `last`, the greatest place of what was taken; never when that is undefined. */
export function isLate(key: OrderKey, last: OrderKey | undefined): boolean {
  return last !== undefined && compareLedgerOrder(key, last) < 0;
}

/** The first in ledger order: where a computation has to begin again. Undefined of none. */
export function earliest<Key extends OrderKey>(keys: Iterable<Key>): Key | undefined {
  let first: Key | undefined;
  for (const key of keys)
    if (first === undefined || compareLedgerOrder(key, first) < 0) first = key;
  return first;
}

/** The last in ledger order: a book's last key. Undefined of none. */
export function latest<Key extends OrderKey>(keys: Iterable<Key>): Key | undefined {
  let last: Key | undefined;
  for (const key of keys) if (last === undefined || compareLedgerOrder(key, last) > 0) last = key;
  return last;
}
