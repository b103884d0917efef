/** What is kept of tellings, held against the seals by the pure code of hashing alone. */
import { expect } from "vitest";
import { observationLeaf, telling } from "../../src/seal/leaf.ts";
import { RootBuilder } from "../../src/seal/merkle.ts";
import type { TestLedger } from "./ledger.ts";

const facts = ["fills", "opening_lots", "fee_values", "voids", "adjustments"]
  .map((table) => `SELECT book_id, entry, leaf FROM ${table}`)
  .join(" UNION ALL ");

/** Expects the observations' leaves to be those that the seals cover. */
export async function expectSealed({ query }: Pick<TestLedger, "query">): Promise<void> {
  const observations = await query(
    `SELECT o.book_id, o.number, o.outcome, o.source, o.told, convert_from(o.raw, 'UTF8') AS raw,
       encode(o.telling, 'hex') AS telling, encode(f.leaf, 'hex') AS fact
     FROM observations o LEFT JOIN (${facts}) f USING (book_id, entry) ORDER BY o.book_id, o.number`,
  );
  const seals = await query(
    `SELECT book_id, first_observation AS first, observation_count AS count,
       encode(observation_root, 'hex') AS root FROM seals ORDER BY book_id, number`,
  );
  const leaves = new Map<string, string[]>();
  for (const row of observations) {
    const told = row as Record<"book_id" | "source" | "raw" | "telling" | "outcome", string>;
    expect(telling(told.source, told.raw)).toBe(told.telling);
    const ofBook = leaves.get(told.book_id) ?? [];
    leaves.set(told.book_id, ofBook);
    ofBook.push(
      observationLeaf({
        telling: told.telling,
        outcome: told.outcome,
        fact: (row["fact"] as string | null) ?? undefined,
        told: (row["told"] as string | null) ?? undefined,
      }),
    );
  }
  for (const seal of seals) {
    const first = Number(seal["first"]) - 1;
    const root = new RootBuilder();
    const ofBook = leaves.get(seal["book_id"] as string)!;
    for (const leaf of ofBook.slice(first, first + Number(seal["count"]))) root.add(leaf);
    expect(Buffer.from(root.root()).toString("hex")).toBe(seal["root"]);
  }
}
