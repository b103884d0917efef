/** Attribution against the naive model, which computes everything from nothing after each cause. */
import { describe, expect, it } from "vitest";
import { inArrivalOrder } from "../../testing/arrival.ts";
import { arrivalsOf } from "../../testing/arriving.ts";
import { LineSink } from "../../testing/engine-lines.ts";
import { Dice, drawHistory } from "../../testing/histories.ts";
import { naiveModel } from "../../testing/naive-model.ts";
import { fromUnits } from "../decimal.ts";
import type { Fact } from "../fact.ts";
import type { Movement, Scope } from "../movement.ts";
import { Arrivals } from "./arrivals.ts";
import { attribute, type Attribution, type AttributionInput } from "./attribution.ts";
import { type BookConclusions, type Change, takenBack } from "./book.ts";
import { pnlOf, type Sale } from "./sale.ts";

const firstSeed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);
const count = parseInt(process.env["LOTBOOK_DIFFERENCES"] ?? "20000", 10);

/** A part of a history between two ends; the first `from` facts are known at A, the first `to` at B. */
interface Case {
  readonly facts: readonly Fact[];
  readonly from: number;
  readonly to: number;
  readonly before: Scope;
  readonly after: Scope;
}

function drawCase(seed: number): Case {
  const dice = new Dice(seed);
  const { facts, scope } = drawHistory(seed, 7);
  const [first] = facts;
  const book = facts.filter(
    ({ portfolio, symbol }) => portfolio === first!.portfolio && symbol === first!.symbol,
  );
  const other = scope === "portfolio" ? "account" : "portfolio";
  // Within one batch facts may come before what they name; between ends there are whole batches.
  const whole = dice.once(3);
  const [none, all] = [0, book.length];
  return {
    facts: whole ? book : inArrivalOrder(book),
    from: whole ? dice.pick([none, all]) : dice.pick([none, dice.below(all + 1), all]),
    to: whole ? dice.pick([none, all]) : dice.pick([all, dice.below(all + 1)]),
    before: dice.once(4) ? other : scope,
    after: scope,
  };
}

/** The movements that stand after the first `known` facts, and what each later one changes. */
function follow(facts: readonly Fact[], known: number, until: number, scope: Scope) {
  const arrivals = new Arrivals(scope);
  const standing = new Map<number, Movement>();
  const changes: Change[] = [];
  for (const arrival of arrivalsOf(facts)) {
    if (arrival.entry > until) break;
    const change = arrivals.take(arrival);
    if (arrival.entry > known) {
      changes.push(change);
      continue;
    }
    if (change.before !== undefined) standing.delete(change.before.entry);
    if (change.after !== undefined) standing.set(change.after.entry, change.after);
  }
  return { movements: [...standing.values()], changes };
}

function inputOf({ facts, from, to, before, after }: Case): AttributionInput {
  const policies = {
    before: { method: "fifo", scope: before },
    after: { method: "fifo", scope: after },
  } as const;
  const { movements } = follow(facts, from, from, after);
  if (from <= to)
    return { ...policies, movements, changes: follow(facts, from, to, after).changes };
  return { ...policies, movements, changes: takenBack(follow(facts, to, from, after).changes) };
}

/** Lines of the model by their closing fill. */
type Model = ReadonlyMap<string, readonly string[]>;

function modelOf(facts: readonly Fact[], scope: Scope): Model {
  const byClose = new Map<string, string[]>();
  for (const line of naiveModel(facts, scope).allocations) {
    const name = /^fill [^/]*\/[^/]*\/[^/]*\/\d+/.exec(line)![0];
    const lines = byClose.get(name);
    if (lines === undefined) byClose.set(name, [line]);
    else lines.push(line);
  }
  return byClose;
}

function units(decimal: string): bigint {
  const [whole = "", fraction = ""] = decimal.split(".");
  return BigInt(whole + fraction.padEnd(36, "0"));
}

/** The PnL of a sale by the model: the last word but one of each line. */
function modelPnl(lines: readonly string[] = []): bigint {
  const amounts = lines.map((line) => line.split(" ").at(-2)!).filter((text) => text !== "-");
  return amounts.reduce((sum, amount) => sum + units(amount), 0n);
}

function linesOf({ close, slices }: Sale): string[] {
  const sink = new LineSink();
  for (const [index, { open, quantity, openShare, closeShare }] of slices.entries())
    sink.allocation(close, open, index + 1, quantity, openShare, closeShare);
  return sink.lines;
}

interface Told {
  readonly sales: number;
  readonly pnl: bigint;
}

/** What the model says changed between two states of a book: sales by name, with the change of their PnL. */
function compare(before: Model, after: Model): Map<string, bigint> {
  const changed = new Map<string, bigint>();
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [left, right] = [before.get(name), after.get(name)];
    if (left?.join("\n") !== right?.join("\n")) changed.set(name, modelPnl(right) - modelPnl(left));
  }
  return changed;
}

const sumOf = (changed: ReadonlyMap<string, bigint>): Told => ({
  sales: changed.size,
  pnl: [...changed.values()].reduce((sum, amount) => sum + amount, 0n),
});

/** The states of a case, one a cause, each from nothing. */
function modelStates({ facts, from, to, before, after }: Case): Map<string, Model> {
  const states = new Map<string, Model>([["", modelOf(facts.slice(0, from), before)]]);
  if (before !== after) states.set("scope", modelOf(facts.slice(0, from), after));
  for (let known = from; known < to; known += 1)
    states.set(`${known + 1}`, modelOf(facts.slice(0, known + 1), after));
  for (let known = from; known > to; known -= 1)
    states.set(`${known}`, modelOf(facts.slice(0, known - 1), after));
  return states;
}

function expectEnd(book: BookConclusions, model: Model): void {
  expect(book.sales().flatMap(linesOf)).toEqual([...model.values()].flat());
}

function check(drawn: Case): Attribution {
  const states = [...modelStates(drawn)];
  const [start, end] = [states[0]![1], states.at(-1)![1]];
  const attribution = attribute({
    ...inputOf(drawn),
    onStart: (book) => expectEnd(book, start),
    onEnd: (book) => expectEnd(book, end),
  });
  const expected: [string, Told][] = [];
  for (const [index, [cause, state]] of states.entries()) {
    if (index === 0) continue;
    const told = sumOf(compare(states[index - 1]![1], state));
    if (told.sales > 0 || cause === "scope") expected.push([cause, told]);
  }
  const found = attribution.effects.map(({ cause, sales, pnl }): [string, Told] => [
    cause.kind === "fact" ? `${cause.change.entry}` : cause.kind,
    { sales, pnl },
  ]);
  expect(found).toEqual(expected);
  const changed = compare(start, end);
  expect(attribution.sales.length).toBe(changed.size);
  for (const { before, after, causes, others } of attribution.sales) {
    const lines = [before, after].map((sale) => sale && linesOf(sale));
    const { close } = (after ?? before)!;
    const name = `fill ${close.venue}/${close.account}/${close.id}/${close.revision}`;
    expect(lines).toEqual([start.get(name), end.get(name)]);
    expect(pnlOf(after) - pnlOf(before)).toBe(changed.get(name));
    expect(causes.reduce((sum, { pnl }) => sum + pnl, others.pnl)).toBe(changed.get(name));
  }
  // The causes add up to the total.
  expect(attribution.effects.reduce((sum, { pnl }) => sum + pnl, 0n)).toBe(sumOf(changed).pnl);
  return attribution;
}

/** Named by its first letter: a buy or a sale. */
const fill = (fillId: string, instant: number, quantity: string, price: string): Fact => ({
  kind: "fill",
  portfolio: "default",
  symbol: "BTC-USD",
  venue: "manual",
  account: "main",
  fillId,
  revision: 0,
  executedAt: BigInt(instant),
  side: fillId.startsWith("b") ? "buy" : "sell",
  quantity,
  price,
  fees: [],
});

describe("attribution", () => {
  it(`gives each cause what the model gives it, in ${count} random histories`, () => {
    const seen = { effects: 0, takenOut: 0, scope: 0, back: 0, samePnl: 0 };
    for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
      try {
        const drawn = drawCase(seed);
        const { effects, sales } = check(drawn);
        seen.effects += effects.length;
        if (drawn.from > drawn.to) seen.takenOut += effects.length;
        if (effects[0]?.cause.kind === "scope" && effects[0].sales > 0) seen.scope += 1;
        if (effects.length > 0 && sales.length === 0) seen.back += 1;
        if (sales.some(({ before, after }) => before && after && pnlOf(before) === pnlOf(after)))
          seen.samePnl += 1;
      } catch (error) {
        const replay = `LOTBOOK_SEED=${seed} LOTBOOK_DIFFERENCES=1`;
        const file = "npx vitest run src/core/diff/attribution.test.ts";
        throw new Error(`replay: ${replay} ${file}`, { cause: error });
      }
    }
    // Nothing of it would be tested if histories lacked it.
    if (count >= 1000) for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20);
  });

  // docs/spec/diff.md 2.
  it("tells the specification's example", () => {
    const b1 = fill("b1", 1, "10", "100");
    const facts: Fact[] = [
      b1,
      fill("b2", 3, "10", "110"),
      fill("s1", 4, "12", "120"),
      fill("b3", 2, "5", "90"),
      {
        kind: "void",
        portfolio: "default",
        symbol: "BTC-USD",
        targetKind: "fill",
        venue: "manual",
        account: "main",
        targetId: "b1",
        targetRevision: 0,
        author: "anna",
        reason: "wrong price",
      },
      { ...b1, revision: 1, price: "99" } as Fact,
    ];
    const scope = "portfolio";
    const told = (from: number, to: number): string[] =>
      check({ facts, from, to, before: scope, after: scope }).effects.map(
        ({ cause, pnl }) =>
          `${cause.kind === "fact" ? cause.change.entry : ""}: ${fromUnits(pnl, 36)}`,
      );
    expect(told(3, 6)).toEqual(["4: 40", "5: -40", "6: 50"]);
    expect(told(6, 3)).toEqual(["6: -50", "5: 40", "4: -40"]);
    const { sales } = check({ facts, from: 3, to: 5, before: scope, after: scope });
    expect(sales.map(({ before, after }) => pnlOf(after) - pnlOf(before))).toEqual([0n]);
  });
});
