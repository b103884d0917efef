/** Some tens of thousands of fills, on one server: pages, groups of books and plans as they are at size. */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { generateFills } from "../../src/generate/trading.ts";
import { generatedHeader, generatedRow } from "../../src/generate/write.ts";
import { engines } from "../engines.ts";
import { expectVerified, withDirectory, withLedger } from "./ledger.ts";

const first = 50_000;
const more = 1_000;

/** Rows of two files: the second has the last fills, and some of long before that come late. */
function rowsOfFiles(): readonly (readonly string[])[] {
  // Two instruments: one book of more facts than a page holds, and one of fewer.
  const rows = [...generateFills({ seed: 11, fills: first + more, symbols: 2 })];
  const told: string[] = [];
  const later: string[] = [];
  for (const [index, fill] of rows.entries()) {
    const isLater = index >= first || index % 5_003 === 17;
    (isLater ? later : told).push(generatedRow(fill));
  }
  return [told, later];
}

async function writeRows(path: string, rows: readonly string[]): Promise<string> {
  const file = createWriteStream(path);
  file.end(`${generatedHeader}\n${rows.join("\n")}\n`);
  await once(file, "close");
  return path;
}

const server =
  engines.find((engine) => engine.name === "postgres-18") ??
  engines.find((engine) => engine.kind === "postgres");

describe.skipIf(server === undefined)(
  `a large ledger (${server?.name ?? "needs a server"})`,
  () => {
    test(
      "50,000 fills, then 1,000 more with late ones: incremental and full agree",
      () =>
        withDirectory((directory) =>
          withLedger(server!, async (opened) => {
            const { ledger } = opened;
            const [told, later] = rowsOfFiles();
            const result = await ledger.import([
              await writeRows(join(directory, "told.csv"), told!),
            ]);
            expect([result.recorded + result.duplicates, result.conflicts]).toEqual([
              told!.length,
              0,
            ]);
            const [largest] = await opened.query("SELECT max(last_entry) AS largest FROM books");
            expect(largest!["largest"]).toBeGreaterThan(32_768n);
            const built = await ledger.compute();
            expect(built.opens + built.closes).toBe(result.recorded);
            expect(await expectVerified(opened)).toBe(built.digest);
            await ledger.import([await writeRows(join(directory, "later.csv"), later!)]);
            const extended = await ledger.compute();
            expect(extended).toMatchObject({ mode: "incremental", version: built.version });
            expect(extended.superseded).toBeGreaterThan(0);
            await expectVerified(opened);
            const full = await ledger.compute({ full: true });
            expect([full.digest, full.totalPnl]).toEqual([extended.digest, extended.totalPnl]);
            await expectVerified(opened, {
              version: built.version,
              revision: BigInt(built.revision!),
            });
          }),
        ),
      300_000,
    );
  },
);
