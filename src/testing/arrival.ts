/** Orders in which facts may arrive: any, but what names another fact comes with it or after it. */
import type { Fact } from "../core/fact.ts";
import type { Dice } from "./histories.ts";

const join = (...parts: readonly (string | number)[]): string => parts.join("\0");

export function factName(fact: Fact): string {
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
      return join("void", targetName(fact)!);
  }
}

/** The name of the fact that must be recorded before this one, or with it. */
export function targetName(fact: Fact): string | undefined {
  const wallet = join(fact.portfolio, fact.symbol, fact.venue, fact.account);
  if (fact.kind === "void") {
    const { targetKind, targetId, targetRevision } = fact;
    const value = targetKind === "fee value" ? ["\0", fact.asset!, "\0", fact.valueRevision!] : [];
    return join(targetKind, wallet, targetId, targetRevision) + value.join("");
  }
  if (fact.kind === "adjustment") return undefined;
  if (fact.revision > 0) return join("void", factName({ ...fact, revision: fact.revision - 1 }));
  return fact.kind === "fee value"
    ? join("fill", wallet, fact.fillId, fact.fillRevision)
    : undefined;
}

/** Facts in batches of random sizes, in a random order. */
export function arrange(dice: Dice, facts: readonly Fact[], largest: number): Fact[][] {
  const byName = new Map(facts.map((fact) => [factName(fact), fact]));
  const batchOf = new Map<string, number>();
  let batch = 0;
  let room = 1 + dice.below(largest);
  const shuffled = dice.shuffle(facts);
  for (const fact of shuffled) {
    batchOf.set(factName(fact), batch);
    room -= 1;
    if (room > 0) continue;
    batch += 1;
    room = 1 + dice.below(largest);
  }
  const place = (fact: Fact): number => {
    const name = factName(fact);
    const target = targetName(fact);
    const own = batchOf.get(name)!;
    // A value of a replaced value's fill names both.
    const fill = fact.kind === "fee value" ? targetName({ ...fact, revision: 0 }) : undefined;
    return Math.max(
      own,
      ...[target, fill].map((each) => (each === undefined ? 0 : place(byName.get(each)!))),
    );
  };
  const batches: Fact[][] = Array.from({ length: batch + 1 }, () => []);
  for (const fact of shuffled) batches[place(fact)]!.push(fact);
  return batches.filter((each) => each.length > 0);
}

/** Facts in the order given, but each behind what it names. */
export function inArrivalOrder(facts: readonly Fact[]): Fact[] {
  const byName = new Map(facts.map((fact) => [factName(fact), fact]));
  const told = new Set<Fact>();
  const tell = (fact: Fact): void => {
    if (told.has(fact)) return;
    const fill = fact.kind === "fee value" ? targetName({ ...fact, revision: 0 }) : undefined;
    for (const name of [targetName(fact), fill]) if (name !== undefined) tell(byName.get(name)!);
    told.add(fact);
  };
  for (const fact of facts) tell(fact);
  return [...told];
}
