/**
 * What must hold of every input, good or broken: it is read or refused, and nothing else. A refusal is one
 * line with its place; what is read keeps the rules, and comes out the same however the bytes were cut.
 */
import { isDeepStrictEqual } from "node:util";
import { openFile } from "../../../src/adapters/formats.ts";
import { factToLine, lineToFact } from "../../../src/adapters/lotbook-ndjson/lines.ts";
import { type Price, readPrices } from "../../../src/adapters/prices-csv.ts";
import type { Fact, Telling } from "../../../src/core/fact.ts";
import { describeProblem } from "../../../src/core/problem.ts";
import { LotbookError } from "../../../src/errors.ts";
import { Random } from "../../../src/generate/random.ts";
import { brokenRule, brokenRuleOfPrice } from "./rules.ts";
import { pricesFormat } from "./samples.ts";

export interface FuzzInput {
  readonly bytes: Buffer;
  /** The format that it is read as; undefined: the one that it looks like. */
  readonly from: string | undefined;
}

export type Row = Telling | Price;

export type ReadFile = (
  bytes: AsyncIterable<Uint8Array>,
  from: string | undefined,
) => AsyncIterable<readonly Row[]>;

/** How often each way out was taken. */
export interface Tally {
  facts: number;
  prices: number;
  refusedRows: number;
  refusedFiles: number;
}

/** Longer than any message is, and short enough to be read. */
const longestMessage = 1500;

export async function* readFile(
  bytes: AsyncIterable<Uint8Array>,
  from: string | undefined,
): AsyncGenerator<readonly Row[]> {
  if (from === pricesFormat) return yield* readPrices("input", bytes);
  const { tellings } = await openFile("input", bytes, from);
  yield* tellings;
}

const isPrice = (row: Row): row is Price => "at" in row;

interface Reading {
  readonly tellings: readonly Telling[];
  readonly prices: readonly Price[];
  /** The error that ended it, as a person sees it. */
  readonly end: string | undefined;
}

async function readingOf(
  read: ReadFile,
  pieces: Iterable<Uint8Array>,
  from?: string,
): Promise<Reading> {
  const tellings: Telling[] = [];
  const prices: Price[] = [];
  let length = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const piece of pieces) {
      length += piece.length;
      yield piece;
    }
  }
  try {
    for await (const chunk of read(bytes(), from)) {
      for (const row of chunk)
        if (isPrice(row)) prices.push(row);
        else tellings.push(row);
      // A row takes a byte at least: what tells more would go on without end.
      if (tellings.length + prices.length > length) throw new Error("more rows than bytes");
    }
    return { tellings, prices, end: undefined };
  } catch (error) {
    if (!(error instanceof LotbookError)) throw error;
    // Which prices were read before the first bad one does not matter: none is kept.
    return { tellings, prices: [], end: `${error.code} ${error.message} | ${error.advice ?? ""}` };
  }
}

/** Cuts into pieces: byte by byte, in two, or into many of any size, empty ones among them. */
function* cut(bytes: Buffer, seed: number): Generator<Uint8Array> {
  const random = new Random(seed);
  const way = random.below(24);
  const longest = way === 0 && bytes.length < 1000 ? 1 : way < 3 ? 128 : bytes.length;
  for (let at = 0; at < bytes.length;) {
    const size = longest === 1 ? 1 : random.below(longest + 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** No `expect` in here: it would take most of the time. */
function requireThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** One line that names its place and says what to do; nothing in it moves a cursor. */
function requireMessage(message: string, shape: RegExp): void {
  const fits = shape.test(message) && message.length <= longestMessage && !/\p{Cc}/u.test(message);
  requireThat(fits, `an unfit message: ${message.slice(0, 2 * longestMessage)}`);
}

function requireFact(fact: Fact): void {
  requireThat(brokenRule(fact) === undefined, `a fact breaks a rule: ${brokenRule(fact)}`);
  const line = JSON.parse(JSON.stringify(factToLine(fact))) as Record<string, unknown>;
  const back = lineToFact(line, { file: "line", row: 1 });
  requireThat(isDeepStrictEqual(back, fact), `a fact does not come back: ${JSON.stringify(line)}`);
}

function requireTelling({ row, raw, fact, problem }: Telling, lastRow: number): void {
  requireThat(
    (fact === undefined) !== (problem === undefined),
    "neither fact nor problem, or both",
  );
  requireThat(Number.isInteger(row) && row > lastRow, `row ${row} comes after ${lastRow}`);
  requireThat(raw !== "", "a telling without its text");
  if (fact !== undefined) requireFact(fact);
  if (problem === undefined) return;
  requireThat(problem.row === row, `row ${row} has a problem of row ${problem.row}`);
  requireMessage(describeProblem(problem), /^input row \d+.*: .{5}/);
}

/** All rows are there, counted in the plainest way: where no quote makes a row of many lines. */
function requirePrices(text: string, { prices, end }: Reading): void {
  for (const price of prices)
    requireThat(
      brokenRuleOfPrice(price) === undefined,
      `a price breaks a rule: ${brokenRuleOfPrice(price)}`,
    );
  if (end !== undefined || text.includes('"')) return;
  const rows = text
    .replace("\uFEFF", "")
    .split(/\r?\n/)
    .flatMap((line, index) => (line === "" ? [] : [index + 1]));
  const read = prices.map(({ row }) => row);
  requireThat(
    isDeepStrictEqual(read, rows.slice(1)),
    `rows ${read.join(" ")} of ${rows.join(" ")}`,
  );
}

/** Each raw text is in the file, in order; of a table nothing but line ends lies between and behind them. */
function requireAll(text: string, { tellings, end }: Reading, isTable: boolean): void {
  let before = text.length;
  for (const { raw } of tellings.toReversed()) {
    const at = before < raw.length ? -1 : text.lastIndexOf(raw, before - raw.length);
    requireThat(at >= 0, `not in the file: ${raw.slice(0, 200)}`);
    const between = text.slice(at + raw.length, before);
    if (isTable && end === undefined)
      requireThat(/^[\r\n]*$/.test(between), `left out: ${between.slice(0, 200)}`);
    before = at;
  }
}

export async function judge(
  input: FuzzInput,
  seed: number,
  tally: Tally,
  read: ReadFile = readFile,
): Promise<void> {
  const { bytes, from } = input;
  const whole = await readingOf(read, [bytes], from);
  let lastRow = 0;
  for (const telling of whole.tellings) {
    requireTelling(telling, lastRow);
    lastRow = telling.row;
    if (telling.fact === undefined) tally.refusedRows += 1;
    else tally.facts += 1;
  }
  if (whole.end !== undefined) {
    tally.refusedFiles += 1;
    requireMessage(whole.end, /^(?:BAD_INPUT|UNKNOWN_FORMAT) input.*?(?:: .{5}| is ).*\| .{9}/);
  }
  tally.prices += whole.prices.length;
  const text = bytes.toString();
  if (from === pricesFormat) requirePrices(text, whole);
  else requireAll(text, whole, from?.endsWith("csv") === true);
  const pieces = await readingOf(read, cut(bytes, seed), from);
  requireThat(
    isDeepStrictEqual(pieces, whole),
    `read otherwise in pieces: ${pieces.tellings.length} rows, ${pieces.end}; ` +
      `whole: ${whole.tellings.length} rows, ${whole.end}`,
  );
}
