/** Lateness: whether a fact sorts before what a version has already taken in. */
import { compareLedgerOrder, type OrderKey } from "./order.ts";

/** `last` is the greatest place among what was taken; undefined when nothing was. */
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
