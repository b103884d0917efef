/** What the pure core says that a late fact must change. */
import { allocate, type FactInput } from "../../src/index.ts";

/** Every slice of the facts by its sale and its number there, as text. */
function slicesOf(facts: readonly FactInput[]): Map<string, string> {
  const { allocations, unmatched } = allocate(facts);
  const slices = new Map<string, string>();
  const counts = new Map<string, number>();
  // A sale's unmatched slice is its last.
  for (const slice of [...allocations, ...unmatched]) {
    const number = (counts.get(slice.closeFillId) ?? 0) + 1;
    counts.set(slice.closeFillId, number);
    slices.set(`${slice.closeFillId} ${number}`, JSON.stringify(slice));
  }
  return slices;
}

const differing = (
  some: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
): number => [...some].filter(([key, text]) => others.get(key) !== text).length;

export interface Changed {
  readonly superseded: number;
  readonly inserted: number;
}

/** Rows that go and rows that come when `late` is added to `facts`. */
export function expectedChange(facts: readonly FactInput[], late: FactInput): Changed {
  const before = slicesOf(facts);
  const after = slicesOf([...facts, late]);
  return { superseded: differing(before, after), inserted: differing(after, before) };
}
