/**
 * Which facts stand: voids take their targets out, fee values go to their fills. What contradicts is told,
 * not decided. docs/spec/matching.md 1.
 */
import type { Fact, FeeValue, Fill, OpeningLot, Void } from "./fact.ts";
import { compareText } from "./order.ts";

/** A fact that moves lots, with the fee values that stand for it. */
export interface StandingFact {
  /** Its index in the list that was given. */
  readonly index: number;
  readonly fact: Fill | OpeningLot;
  readonly values: readonly FeeValue[];
}

/** A fact that can't stand beside the others. */
export interface StandingFault {
  readonly index: number;
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

export interface StandingBook {
  readonly portfolio: string;
  readonly symbol: string;
  /** In the order given. */
  readonly facts: readonly StandingFact[];
}

interface Named<Value> {
  readonly index: number;
  readonly fact: Value;
}

class Book {
  readonly portfolio: string;
  readonly symbol: string;
  readonly moving = new Map<string, Named<Fill | OpeningLot>>();
  readonly values = new Map<string, Named<FeeValue>>();
  readonly voids: Named<Void>[] = [];

  constructor(portfolio: string, symbol: string) {
    this.portfolio = portfolio;
    this.symbol = symbol;
  }
}

// No text of a fact holds U+0000, so parts joined by it can't be taken for one another.
function nameOf(
  kind: string,
  venue: string,
  account: string,
  id: string,
  revision: number,
): string {
  return `${kind}\0${venue}\0${account}\0${id}\0${revision}`;
}

function movingName(fact: Fill | OpeningLot): string {
  const id = fact.kind === "fill" ? fact.fillId : fact.key;
  return nameOf(fact.kind, fact.venue, fact.account, id, fact.revision);
}

function valuedName(value: FeeValue): string {
  return nameOf("fill", value.venue, value.account, value.fillId, value.fillRevision);
}

function targetName(target: Void): string {
  const kind = target.targetKind === "fee value" ? "fill" : target.targetKind;
  const name = nameOf(kind, target.venue, target.account, target.targetId, target.targetRevision);
  return target.targetKind === "fee value"
    ? `${name}\0${target.asset}\0${target.valueRevision}`
    : name;
}

function sameFees(left: Fill, right: Fill): boolean {
  return (
    left.fees.length === right.fees.length &&
    left.fees.every(({ asset, amount }, index) => {
      const other = right.fees[index];
      return other?.asset === asset && other.amount === amount;
    })
  );
}

/** Whether two tellings of one identity lead to the same conclusions. */
function agree(left: Fill | OpeningLot, right: Fill | OpeningLot): boolean {
  if (left.quantity !== right.quantity) return false;
  if (left.kind === "fill")
    return (
      right.kind === "fill" &&
      left.executedAt === right.executedAt &&
      left.side === right.side &&
      left.price === right.price &&
      left.sequence === right.sequence &&
      sameFees(left, right)
    );
  return right.kind !== "fill" && left.openedAt === right.openedAt && left.cost === right.cost;
}

function differs(index: number, other: number, field: string, value: string): StandingFault {
  const message = `is also the identity of fact ${other}, which says otherwise; void one of the two`;
  return { index, field, value, message };
}

function addFact(book: Book, index: number, fact: Fact, faults: StandingFault[]): void {
  if (fact.kind === "adjustment") return;
  if (fact.kind === "void") {
    book.voids.push({ index, fact });
    return;
  }
  if (fact.kind === "fee value") {
    const name = `${valuedName(fact)}\0${fact.asset}\0${fact.revision}`;
    const known = book.values.get(name);
    if (known === undefined) book.values.set(name, { index, fact });
    else if (known.fact.value !== fact.value)
      faults.push(differs(index, known.index, "fillId", fact.fillId));
    return;
  }
  const name = movingName(fact);
  const known = book.moving.get(name);
  if (known === undefined) book.moving.set(name, { index, fact });
  else if (!agree(known.fact, fact)) {
    const [field, value] = fact.kind === "fill" ? ["fillId", fact.fillId] : ["key", fact.key];
    faults.push(differs(index, known.index, field!, value!));
  }
}

function findVoided(book: Book, faults: StandingFault[]): Set<string> {
  const voided = new Set<string>();
  for (const { index, fact } of book.voids) {
    const name = targetName(fact);
    voided.add(name);
    const known = fact.targetKind === "fee value" ? book.values : book.moving;
    if (known.has(name)) continue;
    const message = `(${fact.targetKind}) is not among the facts; give it with its void, or leave out both`;
    faults.push({ index, field: "targetId", value: fact.targetId, message });
  }
  return voided;
}

function paysFeeIn(fact: Fill | OpeningLot | undefined, asset: string): boolean {
  return fact?.kind === "fill" && fact.fees.some((fee) => fee.asset === asset);
}

/** The fee values that stand, by the name of their fill. */
function standingValues(
  book: Book,
  voided: ReadonlySet<string>,
  faults: StandingFault[],
): Map<string, FeeValue[]> {
  const standing = new Map<string, FeeValue[]>();
  for (const [name, { index, fact }] of book.values) {
    const fillName = valuedName(fact);
    if (!paysFeeIn(book.moving.get(fillName)?.fact, fact.asset)) {
      const message = `is no fill among the facts with a fee in ${fact.asset}`;
      faults.push({ index, field: "fillId", value: fact.fillId, message });
    }
    if (voided.has(name)) continue;
    const others = standing.get(fillName);
    if (others === undefined) standing.set(fillName, [fact]);
    else if (others.every((other) => other.asset !== fact.asset)) others.push(fact);
    else {
      const message = `has two values of its fee in ${fact.asset}; void one of the two`;
      faults.push({ index, field: "fillId", value: fact.fillId, message });
    }
  }
  return standing;
}

const noValues: readonly FeeValue[] = [];

function standingOf(book: Book, faults: StandingFault[]): StandingBook {
  const voided = findVoided(book, faults);
  const values = standingValues(book, voided, faults);
  const facts: StandingFact[] = [];
  const revisions = new Set<string>();
  for (const [name, { index, fact }] of book.moving) {
    if (voided.has(name)) continue;
    const plain = name.slice(0, name.lastIndexOf("\0"));
    if (revisions.has(plain)) {
      const value = `${fact.revision}`;
      const message = "stands beside another revision of the same identity; void one of the two";
      faults.push({ index, field: "revision", value, message });
    }
    revisions.add(plain);
    facts.push({ index, fact, values: values.get(name) ?? noValues });
  }
  return { portfolio: book.portfolio, symbol: book.symbol, facts };
}

/**
 * The facts that stand, by book: books in byte order of portfolio and symbol. An exact repeat of a fact
 * counts once. Faults are in no particular order; with none, the result depends on the facts alone.
 */
export function standingBooks(facts: readonly Fact[]): {
  books: StandingBook[];
  faults: StandingFault[];
} {
  const books = new Map<string, Book>();
  const faults: StandingFault[] = [];
  for (const [index, fact] of facts.entries()) {
    const name = `${fact.portfolio}\0${fact.symbol}`;
    let book = books.get(name);
    if (book === undefined) books.set(name, (book = new Book(fact.portfolio, fact.symbol)));
    addFact(book, index, fact, faults);
  }
  const standing = [...books.values()]
    .toSorted(
      (left, right) =>
        compareText(left.portfolio, right.portfolio) || compareText(left.symbol, right.symbol),
    )
    .map((book) => standingOf(book, faults));
  return { books: standing, faults };
}
