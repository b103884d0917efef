/** Facts in one line, for people. What came from outside is escaped by who prints the line. */

/** What a line about a fact is made of. */
export interface FactWords {
  readonly kind: "fill" | "opening lot" | "fee value" | "void";
  /** The fill's id or the opening lot's key; of a void the target's. */
  readonly id: string;
  /** Of the fill or the opening lot. */
  readonly revision: number;
  /** Of a void: what it takes out. */
  readonly targetKind: string | null;
  /** Of a fee value, or of the void of one. */
  readonly asset: string | null;
  readonly value: string | null;
  readonly author: string | null;
  /** A reason, a note, or a fee value's source. */
  readonly note: string | null;
}

const revisionOf = (revision: number): string => (revision === 0 ? "" : `, revision ${revision}`);

/** `fill f17`; `void of fill f9 by anna: wrong price`; `BNB fee of fill f3 worth 1.2, by prices.csv`. */
export function describeFact(words: FactWords): string {
  const { kind, id, revision, targetKind, asset, value, author, note } = words;
  switch (kind) {
    case "fill":
      return `fill ${id}${revisionOf(revision)}`;
    case "opening lot":
      return `opening lot ${id}${revisionOf(revision)} by ${author}: ${note}`;
    case "fee value":
      return `${asset} fee of fill ${id} worth ${value}, by ${note}`;
    case "void": {
      const target = targetKind === "fee value" ? `value of the ${asset} fee of fill` : targetKind;
      return `void of ${target} ${id}${revisionOf(revision)} by ${author}: ${note}`;
    }
  }
}

const units = [
  ["day", 86_400_000_000_000n],
  ["hour", 3_600_000_000_000n],
  ["minute", 60_000_000_000n],
  ["second", 1_000_000_000n],
] as const;

/** A span of nanoseconds in its greatest whole unit: `3 days`; `less than a second`. */
export function describeSpan(span: bigint): string {
  for (const [unit, length] of units) {
    const count = span / length;
    if (count > 0n) return `${count} ${unit}${count === 1n ? "" : "s"}`;
  }
  return "less than a second";
}
