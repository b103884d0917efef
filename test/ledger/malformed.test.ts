/**
 * Broken files through the whole of an import, into one ledger: each is recorded as its result says, or
 * nothing of it is. test/adapters/fuzz.test.ts has many more of them, up to the database.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LotbookError } from "../../src/errors.ts";
import { generatorNames, inputOf, seedOr } from "../adapters/fuzz/run.ts";
import { pricesFormat } from "../adapters/fuzz/samples.ts";
import { engines } from "../engines.ts";
import { tellTrials } from "../reliability.ts";
import { counts, expectVerified, type TestLedger, withDirectory, withLedger } from "./ledger.ts";

const embedded = engines.find(({ kind }) => kind === "pglite");
const first = seedOr(300);
const usual = process.env["LOTBOOK_TEST_LONG"] === "1" ? "3000" : "80";
const inputs = parseInt(process.env["LOTBOOK_RECORDED_INPUTS"] ?? usual, 10);

type Counts = Readonly<Record<string, bigint>>;

const facts = ["fills", "opening_lots", "fee_values", "voids", "adjustments"] as const;
const factCount = (of: Counts): bigint => facts.reduce((sum, table) => sum + of[table]!, 0n);

interface Told {
  readonly recorded: number;
  readonly batches: number;
}

/** Takes in the input of a number, of either generator; gives what is said to have been recorded. */
async function takeIn({ ledger }: TestLedger, file: string, seed: number): Promise<Told> {
  const { bytes, from } = inputOf(generatorNames[seed % 2]!, seed);
  await writeFile(file, bytes);
  if (from === pricesFormat) {
    const { valued, batches } = await ledger.valueFeesFromPrices(file);
    return { recorded: valued, batches: batches.length };
  }
  const options = { ...(from === undefined ? {} : { from }), skipBadRows: seed % 3 > 0 };
  const { recorded, batch } = await ledger.import([file], options);
  return { recorded, batches: batch === null ? 0 : 1 };
}

/** What must be so of the tables after an input that was taken in, or refused. */
function requireWhole(before: Counts, after: Counts, told: Told | undefined): void {
  if (told === undefined) return expect(after).toEqual(before);
  // A book is made before its rows are judged, and stays if all of them were refused and left out.
  if (told.batches === 0) return expect({ ...after, books: 0n }).toEqual({ ...before, books: 0n });
  expect(factCount(after) - factCount(before)).toBe(BigInt(told.recorded));
  expect(after["batches"]! - before["batches"]!).toBe(BigInt(told.batches));
}

test.skipIf(embedded === undefined)("a broken file is recorded whole or not at all", () =>
  withDirectory((directory) =>
    withLedger(embedded!, async (opened) => {
      const file = join(directory, "input");
      const tally = { recorded: 0, refused: 0 };
      let before: Counts = await counts(opened);
      for (let index = 0; index < inputs; index += 1) {
        const outcome = await takeIn(opened, file, first + index).catch((error: unknown) => error);
        const told = outcome instanceof Error ? undefined : (outcome as Told);
        const after: Counts = await counts(opened);
        try {
          if (told === undefined) expect(outcome).toBeInstanceOf(LotbookError);
          requireWhole(before, after, told);
        } catch (cause) {
          const replay = `LOTBOOK_SEED=${first} LOTBOOK_RECORDED_INPUTS=${index + 1}`;
          throw new Error(`${replay} npx vitest run test/ledger/malformed.test.ts`, { cause });
        }
        if (told === undefined) tally.refused += 1;
        else if (told.batches > 0) tally.recorded += 1;
        before = after;
      }
      if (inputs >= 80) {
        expect(tally.refused).toBeGreaterThan(inputs / 20);
        expect(tally.recorded).toBeGreaterThan(inputs / 20);
      }
      await expectVerified(opened);
      tellTrials({
        promise: "a broken file is recorded as its result says, or nothing of it is",
        test: "test/ledger/malformed.test.ts",
        engine: "pglite",
        tried: inputs,
        unit: "inputs",
        broken: 0,
        seed: first,
      });
    }),
  ),
);
