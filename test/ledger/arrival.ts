/** Orders in which facts may arrive: any, but what names another fact comes with it or after it. */
import type { Fact } from "../../src/core/fact.ts";
import type { Dice } from "../../src/testing/histories.ts";

const join = (...parts: readonly (string | number)[]): string => parts.join("\0");

function nameOf(fact: Fact): string {
  const wallet = join(fact.portfolio, fact.symbol, fact.venue, fact.account);
  switch (fact.kind) {
    case "fill":
      return join("fill", wallet, fact.fillId, fact.revision);
    case "opening lot":
      return join("opening lot", wallet, fact.key, fact.revision);
    case "fee value":
      return join("fee value", wallet, fact.fillId, fact.fillRevision, fact.asset, fact.revision);
    case "adjustment":
      return join("adjustment", wallet, fact.entryId);
    case "void":
      return join("void", targetOf(fact)!);
  }
}

/** The name of the fact that must be recorded before this one, or with it. */
function targetOf(fact: Fact): string | undefined {
  const wallet = join(fact.portfolio, fact.symbol, fact.venue, fact.account);
  if (fact.kind === "void") {
    const { targetKind, targetId, targetRevision } = fact;
    const value = targetKind === "fee value" ? ["\0", fact.asset!, "\0", fact.valueRevision!] : [];
    return join(targetKind, wallet, targetId, targetRevision) + value.join("");
  }
  if (fact.kind === "adjustment") return undefined;
  if (fact.revision > 0) return join("void", nameOf({ ...fact, revision: fact.revision - 1 }));
  return fact.kind === "fee value"
    ? join("fill", wallet, fact.fillId, fact.fillRevision)
    : undefined;
}

/** Facts in batches of random sizes, in a random order. */
export function arrange(dice: Dice, facts: readonly Fact[], largest: number): Fact[][] {
  const byName = new Map(facts.map((fact) => [nameOf(fact), fact]));
  const batchOf = new Map<string, number>();
  let batch = 0;
  let room = 1 + dice.below(largest);
  const shuffled = dice.shuffle(facts);
  for (const fact of shuffled) {
    batchOf.set(nameOf(fact), batch);
    room -= 1;
    if (room > 0) continue;
    batch += 1;
    room = 1 + dice.below(largest);
  }
  const place = (fact: Fact): number => {
    const name = nameOf(fact);
    const target = targetOf(fact);
    const own = batchOf.get(name)!;
    // A value of a replaced value's fill names both.
    const fill = fact.kind === "fee value" ? targetOf({ ...fact, revision: 0 }) : undefined;
    return Math.max(
      own,
      ...[target, fill].map((each) => (each === undefined ? 0 : place(byName.get(each)!))),
    );
  };
  const batches: Fact[][] = Array.from({ length: batch + 1 }, () => []);
  for (const fact of shuffled) batches[place(fact)]!.push(fact);
  return batches.filter((each) => each.length > 0);
}
