/**
 * Broken input of every kind, from two generators that were written apart. fuzz/judge.ts says what must
 * hold; millions.fuzz.ts runs the same for long.
 */
import { describe, expect, test } from "vitest";
import type { Fact, Telling } from "../../src/core/fact.ts";
import { makeProblem } from "../../src/core/problem.ts";
import { readFile, type ReadFile, type Row } from "./fuzz/judge.ts";
import { emptyTally, generatorNames, judgeSeed, seedOr } from "./fuzz/run.ts";
import { samples } from "./fuzz/samples.ts";
import { runInputs, runTask } from "./fuzz/threads.ts";

const first = seedOr(20_261_125);
const inputs = parseInt(process.env["LOTBOOK_INPUTS"] ?? "50000", 10);

test.concurrent.each(generatorNames)("%s inputs", async (generator) => {
  const { failures, done, slowest, ...tally } = await runInputs(generator, {
    first,
    inputs,
    threads: 1,
  });
  expect(failures.join("\n\n")).toBe("");
  expect(done).toBe(inputs);
  expect(slowest).toBeLessThan(1000);
  // Each way out is taken often, so that the test says something.
  if (inputs > 1000)
    for (const count of Object.values(tally)) expect(count).toBeGreaterThan(inputs / 50);
});

test("an input that never ends is reported", async () => {
  const task = { generator: "blind", first: 1, end: 50, every: 1, hangsAt: 7 } as const;
  const { failures } = await runTask(task, 2000);
  expect(failures).toEqual([expect.stringMatching(/^does not end\nLOTBOOK_SEED=7 /)]);
});

test("samples, cut in two at every byte", async () => {
  for (const { format, text } of samples) {
    const bytes = Buffer.from(text);
    const whole = await readAll(format, [bytes]);
    expect(whole.some((row) => "problem" in row && row.problem !== undefined)).toBe(false);
    for (let at = 0; at <= bytes.length; at += 1)
      expect(await readAll(format, [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
  }
});

async function readAll(format: string, pieces: readonly Uint8Array[]): Promise<object[]> {
  const all: object[] = [];
  for await (const chunk of readFile(stream(pieces), format)) all.push(...chunk);
  return all;
}

async function* stream(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

describe("without an end", () => {
  const csvHeader = "fill_id,executed_at,symbol,side,quantity,price\n";
  const cases: readonly (readonly [string, string, begin: string, again: string])[] = [
    ["a line", "lotbook-csv", csvHeader, "x"],
    ["a line of commas", "lotbook-csv", csvHeader, ","],
    ["a header", "lotbook-csv", "fill_id,", "executed_at,"],
    ["a quote, on one line", "lotbook-csv", `${csvHeader}"`, "x"],
    ["a quote, over many lines", "lotbook-csv", `${csvHeader}"`, "x\n"],
    ["doubled quotes", "coinbase-fills-csv", '"', '""'],
    ["digits", "lotbook-csv", `${csvHeader}f,2026-01-01T00:00:00Z,A-B,buy,`, "9"],
    ["a string", "lotbook-ndjson", '{"type":"', "x"],
    ["nesting", "lotbook-ndjson", '{"type":', "["],
    ["spaces in a line", "lotbook-ndjson", "{", " "],
    ["a fill", "coinbase-rest", '{"fills":[{"entry_id":"', "x"],
    ["digits of a fill", "coinbase-rest", '{"fills":[{"size":', "9"],
    ["nesting in a page", "coinbase-rest", '{"a":', "["],
    ["keys of a page", "coinbase-rest", "{", '"a":1,'],
    ["escapes", "coinbase-rest", '{"', "\\"],
    ["a price", "prices-csv", "asset,quote,at,price\nBNB,USD,2026-03-02T14:05:11Z,", "9"],
    ["a quote in prices", "prices-csv", 'asset,quote,at,price\n"', "x\n"],
    ["what is no text", "lotbook-csv", `${csvHeader}f`, "\0"],
  ];
  const piece = 65_536;

  test.each(cases)("%s (%s) is refused, and not kept", async (_, format, begin, again) => {
    let pulled = 0;
    function* endless(): Generator<Uint8Array> {
      yield Buffer.from(begin);
      const bytes = Buffer.alloc(piece, again);
      for (;;) {
        pulled += bytes.length;
        if (pulled > 2 ** 28) throw new Error("it reads on and on");
        yield bytes;
      }
    }
    await expect(async () => {
      for await (const chunk of readFile(stream(endless()), format)) expect(chunk).toEqual([]);
    }).rejects.toThrow(/^input row [12]: /);
    expect(pulled).toBeLessThanOrEqual(2 ** 21 + 2 * piece);
  });
});

const broken = (change: (told: Telling) => readonly Telling[]): ReadFile =>
  async function* (bytes, from) {
    for await (const chunk of readFile(bytes, from))
      yield chunk.flatMap((row): readonly Row[] => ("raw" in row ? change(row) : [row]));
  };
const facts = (change: (fact: Fact) => object): ReadFile =>
  broken((told) => [
    told.fact === undefined
      ? told
      : { ...told, fact: { ...told.fact, ...change(told.fact) } as Fact },
  ]);

describe("a broken importer is reported:", () => {
  const canaries: Readonly<Record<string, [ReadFile, string | RegExp]>> = {
    "one that crashes": [
      broken(() => {
        throw new TypeError("nothing has no length");
      }),
      "TypeError: nothing has no length",
    ],
    "one that tells without end": [
      async function* () {
        for (let row = 1; ; row += 1)
          yield [
            {
              row,
              raw: "x",
              fact: undefined,
              problem: makeProblem({ file: "input", row }, undefined, "x", "is bad; mend it"),
            },
          ];
      },
      "more rows than bytes",
    ],
    "one that drops rows": [broken((told) => (told.row % 3 === 0 ? [] : [told])), "left out"],
    "one that drops prices": [
      async function* (bytes, from) {
        for await (const chunk of readFile(bytes, from))
          yield chunk.filter((told) => "raw" in told || told.row % 3 > 0);
      },
      /rows [\d ]+ of 1 2 3/,
    ],
    "one whose problems have no place": [
      broken((told) => [
        told.problem === undefined ? told : { ...told, problem: { ...told.problem, row: NaN } },
      ]),
      "has a problem of row NaN",
    ],
    "one that shows what moves a cursor": [
      broken((told) => [
        told.problem === undefined
          ? told
          : { ...told, problem: { ...told.problem, message: `is bad: ${told.raw}\r\n` } },
      ]),
      "an unfit message",
    ],
    "one that lets 0 pass": [facts(() => ({ quantity: "0" })), "quantity is 0"],
    "one that rounds": [
      facts((fact) =>
        "price" in fact && fact.price !== undefined
          ? { price: String(Math.round(Number(fact.price)) + 0.5) }
          : {},
      ),
      "is not",
    ],
    "one that keeps zeros": [
      facts((fact) => ("quantity" in fact ? { quantity: `${fact.quantity}.0` } : {})),
      "quantity is",
    ],
    "one that takes any time": [
      facts((fact) => ("executedAt" in fact ? { executedAt: -1n } : {})),
      "executedAt is -1",
    ],
    "one that cuts where the bytes are cut": [
      async function* (bytes, from) {
        for await (const piece of bytes) yield* readFile(stream([piece]), from);
      },
      "read otherwise in pieces",
    ],
  };
  test.each(Object.entries(canaries))("%s", async (_, [read, said]) => {
    const run = async (): Promise<void> => {
      for (const generator of generatorNames)
        for (let seed = 1; seed < 500; seed += 1)
          await judgeSeed(generator, seed, emptyTally(), read);
    };
    await expect(run()).rejects.toThrow(said);
    await expect(run()).rejects.toThrow(/LOTBOOK_SEED=\d+ LOTBOOK_INPUTS=1 npx vitest/);
  });
});
