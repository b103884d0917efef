/**
 * Lot cases as text: facts, a line of dashes, and what follows from them. test/cases/README.md shows the
 * notation.
 *
 *     ## a lot sold in two
 *     1  b1  buy   10 @ 100  fee 1
 *     2  s1  sell   4 @ 120
 *     ---
 *     s1 < b1  4  open 0.4  cost 400.4  pnl 79.6
 *     left b1  6  cost 600.6
 */
import type { AllocateResult, FactInput, Fee, Scope } from "../index.ts";

export interface Case {
  readonly title: string;
  /** Where it stands: `fees.txt:12`. */
  readonly place: string;
  readonly scope: Scope;
  readonly facts: readonly FactInput[];
  readonly expected: readonly string[];
}

interface Draft {
  readonly title: string;
  readonly place: string;
  scope: Scope;
  symbol: string;
  readonly facts: FactInput[];
  readonly expected: string[];
  inExpected: boolean;
}

/** The words of a line, one by one. */
class Words {
  readonly #words: string[];
  readonly #place: string;

  constructor(line: string, place: string) {
    this.#words = line.trim().split(/\s+/);
    this.#place = place;
  }

  get left(): number {
    return this.#words.length;
  }

  next(): string {
    const word = this.#words.shift();
    if (word === undefined) throw new Error(`${this.#place}: the line ends too early`);
    return word;
  }

  expect(wanted: string): void {
    const word = this.next();
    if (word !== wanted) this.refuse(word);
  }

  /** Takes the next word if it is this one. */
  has(word: string): boolean {
    if (this.#words[0] !== word) return false;
    this.#words.shift();
    return true;
  }

  refuse(word: string): never {
    throw new Error(`${this.#place}: what is "${word}"?`);
  }
}

interface Options {
  fees: Fee[];
  venue?: string;
  account?: string;
  portfolio?: string;
  sequence?: string;
  revision?: number;
  cost?: string;
}

function readOptions(words: Words, quote: string): Options {
  const options: Options = { fees: [] };
  while (words.left > 0) {
    const word = words.next();
    if (word === "fee") {
      const [amount = "", asset = quote] = words.next().split(":");
      options.fees.push({ asset, amount });
    } else if (word === "in") {
      const [venue = "", account = ""] = words.next().split("/");
      options.venue = venue;
      options.account = account;
    } else if (word === "of") options.portfolio = words.next();
    else if (word === "sequence") options.sequence = words.next();
    else if (word === "revision") options.revision = parseInt(words.next(), 10);
    else if (word === "cost") options.cost = words.next();
    else words.refuse(word);
  }
  return options;
}

/** `void ID …`, `void lot ID …`, `void value ID ASSET …`. */
function readVoid(words: Words, symbol: string, quote: string): FactInput {
  const targetKind = words.has("lot") ? "opening lot" : words.has("value") ? "fee value" : "fill";
  const targetId = words.next();
  const asset = targetKind === "fee value" ? words.next() : undefined;
  const { fees: _fees, revision: targetRevision, ...rest } = readOptions(words, quote);
  return { kind: "void", symbol, targetKind, targetId, targetRevision, asset, ...rest };
}

function readFact(line: string, draft: Draft, place: string): FactInput {
  const words = new Words(line, place);
  const { symbol } = draft;
  const quote = symbol.slice(symbol.lastIndexOf("-") + 1);
  if (words.has("void")) return readVoid(words, symbol, quote);
  if (words.has("value")) {
    const [fillId, asset, value] = [words.next(), words.next(), words.next()];
    const { fees: _fees, revision: fillRevision, ...rest } = readOptions(words, quote);
    return { kind: "fee value", symbol, fillId, fillRevision, asset, value, ...rest };
  }
  const time = BigInt(words.next());
  const id = words.next();
  const what = words.next();
  const quantity = words.next();
  if (what === "lot") {
    const { fees: _fees, ...rest } = readOptions(words, quote);
    return { kind: "opening lot", symbol, key: id, openedAt: time, quantity, ...rest };
  }
  const side = what === "buy" || what === "sell" ? what : words.refuse(what);
  words.expect("@");
  const price = words.next();
  const options = readOptions(words, quote);
  return { symbol, fillId: id, executedAt: time, side, quantity, price, ...options };
}

function readLine(line: string, draft: Draft, place: string): void {
  const [first = "", second = ""] = line.trim().split(/\s+/);
  if (first === "---") draft.inExpected = true;
  else if (draft.inExpected) draft.expected.push(line.trim().replaceAll(/\s+/g, " "));
  else if (first === "scope") draft.scope = second === "account" ? "account" : "portfolio";
  else if (first === "symbol") draft.symbol = second;
  else draft.facts.push(readFact(line, draft, place));
}

/** Reads the cases of a file. Lines that start with `#` are remarks, with `##` titles. */
export function readCases(file: string, text: string): Case[] {
  const cases: Draft[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const place = `${file}:${index + 1}`;
    if (line.startsWith("## ")) {
      const draft = { title: line.slice(3), place, facts: [], expected: [], inExpected: false };
      cases.push({ ...draft, scope: "portfolio", symbol: "BTC-USD" });
      continue;
    }
    if (line.startsWith("#") || line.trim() === "") continue;
    const draft = cases.at(-1);
    if (draft === undefined) throw new Error(`${place}: a line before the first title`);
    readLine(line, draft, place);
  }
  return cases;
}

type Columns = Record<string, string | null>;

function render(head: string, columns: Columns, names: readonly string[]): string {
  const parts = names.map(
    (name) => `${name} ${columns[name] === undefined ? "?" : (columns[name] ?? "-")}`,
  );
  return [head, ...parts].join(" ");
}

interface Told {
  readonly head: string;
  readonly columns: Columns;
}

/** Everything that came out, as heads and columns: unmatched slices after the matched ones. */
function tell(result: AllocateResult): Told[] {
  const told: Told[] = [];
  for (const row of result.allocations) {
    const {
      openFee: open,
      closeFee: close,
      costBasis: cost,
      proceeds,
      netProceeds: net,
      pnl,
    } = row;
    const columns = {
      open,
      close,
      cost,
      proceeds,
      net,
      pnl,
      opened: row.openedAt,
      quote: row.quote,
    };
    told.push({ head: `${row.closeFillId} < ${row.openFillId} ${row.quantity}`, columns });
  }
  for (const row of result.unmatched) {
    const { closeFee: close, proceeds, netProceeds: net } = row;
    const columns = { close, proceeds, net, quote: row.quote };
    told.push({ head: `${row.closeFillId} < - ${row.quantity}`, columns });
  }
  for (const lot of result.openLots) {
    const { openFee: open, costBasis: cost, quantity: of } = lot;
    told.push({ head: `left ${lot.openFillId} ${lot.remaining}`, columns: { open, cost, of } });
  }
  for (const total of result.totals) {
    const {
      realizedPnl: pnl,
      proceeds,
      costBasis: cost,
      fees,
      incompleteProceeds: incomplete,
    } = total;
    const columns = { pnl, proceeds, cost, fees, incomplete };
    told.push({ head: `total ${total.quote}`, columns });
  }
  return told;
}

/** The names of the columns that an expected line speaks of; all others are not compared. */
function namesIn(line: string | undefined, headWords: number): string[] {
  return (line ?? "")
    .split(" ")
    .slice(headWords)
    .filter((_word, index) => index % 2 === 0);
}

/**
 * The result in the words of the case: only the columns that its lines speak of, totals only where it names
 * them.
 */
export function renderFor(wanted: Case, result: AllocateResult): string[] {
  const lines: string[] = [];
  const told = tell(result).filter(
    ({ head }) =>
      !head.startsWith("total ") || wanted.expected.some((line) => line.startsWith(`${head} `)),
  );
  for (const { head, columns } of told) {
    // The same slice may come twice (equal quantities of one lot never do: a lot and a sale meet once).
    const line = wanted.expected.find((expected) => `${expected} `.startsWith(`${head} `));
    lines.push(render(head, columns, namesIn(line, head.split(" ").length)));
  }
  return lines;
}
