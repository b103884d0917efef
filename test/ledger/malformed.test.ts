/**
 * Broken files through the whole of an import, into one ledger: each is recorded as its result says, or
 * nothing of it is. test/adapters/fuzz.test.ts has many more of them, up to the database.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LotbookError } from "../../src/errors.ts";
import type { ImportResult } from "../../src/ledger/import.ts";
import { generatorNames, inputOf, replayOf } from "../adapters/fuzz/run.ts";
import { engines } from "../engines.ts";
import { counts, expectVerified, withDirectory, withLedger } from "./ledger.ts";

const embedded = engines.find(({ kind }) => kind === "pglite");
const firstSeed = parseInt(process.env["LOTBOOK_SEED"] ?? "300", 10);
const inputs = parseInt(process.env["LOTBOOK_RECORDED_INPUTS"] ?? "150", 10);

type Counts = Readonly<Record<string, bigint>>;

const facts = ["fills", "opening_lots", "fee_values", "voids", "adjustments"] as const;
const factCount = (of: Counts): bigint => facts.reduce((sum, table) => sum + of[table]!, 0n);

/** What must be so of the tables after an import that came to its end, or did not. */
function requireWhole(before: Counts, after: Counts, result: ImportResult | undefined): void {
  if (result === undefined) return expect(after).toEqual(before);
  if (result.batch === null) {
    // A book is made before its rows are judged, and stays if all of them were refused and left out.
    return expect({ ...after, books: 0n }).toEqual({ ...before, books: 0n });
  }
  expect(factCount(after) - factCount(before)).toBe(BigInt(result.recorded));
  expect(after["batches"]! - before["batches"]!).toBe(1n);
}

test.skipIf(embedded === undefined)("a broken file is recorded whole or not at all", () =>
  withDirectory((directory) =>
    withLedger(embedded!, async (opened) => {
      const file = join(directory, "input");
      const tally = { recorded: 0, refused: 0 };
      let before: Counts = await counts(opened);
      for (let index = 0; index < inputs * 2; index += 1) {
        const generator = generatorNames[index % 2]!;
        const seed = firstSeed + index;
        const { bytes, from } = inputOf(generator, seed);
        await writeFile(file, bytes);
        const options = { ...(from === undefined ? {} : { from }), skipBadRows: index % 3 > 0 };
        const outcome = await opened.ledger
          .import([file], options)
          .catch((error: unknown) => error);
        const result = outcome instanceof Error ? undefined : (outcome as ImportResult);
        const where = replayOf(generator, seed);
        if (result === undefined) expect(outcome, where).toBeInstanceOf(LotbookError);
        if (result === undefined) tally.refused += 1;
        else if (result.batch !== null) tally.recorded += 1;
        const after: Counts = await counts(opened);
        requireWhole(before, after, result);
        before = after;
      }
      expect(tally.refused).toBeGreaterThan(inputs / 4);
      expect(tally.recorded).toBeGreaterThan(inputs / 4);
      await expectVerified(opened);
    }),
  ),
);
