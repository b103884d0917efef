/**
 * I8: whatever the order in which facts arrive, whatever the batches and the runs between them,
 * incremental or full, on every engine: the rows of the naive model, and one digest.
 * `LOTBOOK_SEQUENCES=n` draws that many histories.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fact } from "../../src/core/fact.ts";
import type { Scope } from "../../src/core/movement.ts";
import type { ComputeResult } from "../../src/ledger/compute/compute.ts";
import { Dice, drawHistory } from "../../src/testing/histories.ts";
import { naiveModel } from "../../src/testing/naive-model.ts";
import { describeEngines } from "../engines.ts";
import { arrange } from "../../src/testing/arrival.ts";
import { bookDigests, conclusions, type BookConclusions } from "./conclusions.ts";
import { expectVerified, openTestLedger, type TestLedger } from "./ledger.ts";

const groupSize = 10;
const sequences = parseInt(process.env["LOTBOOK_SEQUENCES"] ?? "200", 10);
const only = process.env["LOTBOOK_SEED"];
const groups =
  only === undefined
    ? Array.from({ length: Math.ceil(sequences / groupSize) }, (_, group) => group * groupSize)
    : [parseInt(only, 10)];

/** Histories that are told together, each with portfolios of its own. */
function drawGroup(first: number): Fact[] {
  const facts: Fact[] = [];
  for (let seed = first; seed < first + groupSize; seed += 1) {
    for (const fact of drawHistory(seed, 12).facts) {
      facts.push({ ...fact, portfolio: `${seed} ${fact.portfolio}` });
    }
  }
  return facts;
}

/** What the model says of a group's books; a book without rows has none. */
function expected(facts: readonly Fact[], scope: Scope): Map<string, BookConclusions> {
  const books = new Map<string, Fact[]>();
  for (const fact of facts) {
    const name = `${fact.portfolio}\n${fact.symbol}`;
    books.set(name, [...(books.get(name) ?? []), fact]);
  }
  return new Map(
    [...books].map(([name, told]) => [name, naiveModel(told, scope) as BookConclusions]),
  );
}

const replay = (group: number, engine: string): string =>
  `seeds ${group} to ${group + groupSize - 1}; replay: LOTBOOK_SEED=${group} ` +
  `LOTBOOK_TEST_ENGINES=${engine} npx vitest run test/ledger/digests.test.ts`;

/** Realized PnL by quote asset over the rows that stand, zeros left out. */
async function sums({ query }: TestLedger, version: number): Promise<Record<string, string>> {
  const rows = await query(
    `SELECT quote_asset, trim_scale(sum(pnl))::text AS pnl FROM allocations JOIN books USING (book_id)
     WHERE version = ${version} AND superseded IS NULL GROUP BY 1 HAVING sum(pnl) <> 0`,
  );
  return Object.fromEntries(rows.map((row) => [row["quote_asset"], row["pnl"]]));
}

async function computeAndCheck(side: TestLedger, scope: Scope): Promise<ComputeResult> {
  const result = await side.ledger.compute({ scope });
  const totals = Object.entries(result.totalPnl).filter(([, amount]) => amount !== "0");
  expect(Object.fromEntries(totals)).toEqual(await sums(side, result.version));
  return result;
}

/** Tells a fill again with another price: it waits for a person and changes nothing. */
async function contradict(side: TestLedger, fact: Fact): Promise<void> {
  if (fact.kind !== "fill") return;
  const { recorded, conflicts } = await side.ledger.record([{ ...fact, price: "4242" }]);
  expect({ recorded, conflicts }).toEqual({ recorded: 0, conflicts: 1 });
}

/** Records a group in some order, computing now and then. */
async function tell(
  side: TestLedger,
  scope: Scope,
  facts: readonly Fact[],
  dice: Dice,
): Promise<void> {
  const batches = arrange(dice, facts, dice.pick([30, 60, 300]));
  for (const batch of batches) {
    const again = dice.once(3) ? batch.slice(0, 3) : [];
    const { recorded, conflicts } = await side.ledger.record([...batch, ...again]);
    expect({ recorded, conflicts }).toEqual({ recorded: batch.length, conflicts: 0 });
    if (dice.once(4)) await side.ledger.record(dice.pick(batches.slice(0, 1)), { source: "again" });
    if (dice.once(3)) await contradict(side, dice.pick(batch));
    if (dice.once(3)) await computeAndCheck(side, scope);
  }
  await computeAndCheck(side, scope);
}

/** The version's rows against the model's, book by book. */
async function compare(
  side: TestLedger,
  version: number,
  model: ReadonlyMap<string, BookConclusions>,
): Promise<void> {
  const rows = await side.database.connect((connection) => conclusions(connection, version));
  for (const [name, book] of model) {
    expect(rows.get(name) ?? { allocations: [], openLots: [] }, name).toEqual(book);
  }
}

const readDigests = (side: TestLedger, version: number) =>
  side.database.connect((connection) => bookDigests(connection, version));

/** Digests of the versions of one scope, by engine. */
const digests: Record<Scope, Map<string, string>> = { portfolio: new Map(), account: new Map() };

describeEngines("one digest", (engine) => {
  /** One follows the pools of portfolios, the other those of accounts, as facts arrive in two orders. */
  const sides = new Map<Scope, TestLedger>();
  beforeAll(async () => {
    for (const scope of ["portfolio", "account"] as const)
      sides.set(scope, await openTestLedger(engine));
  });
  afterAll(async () => {
    for (const side of sides.values()) await side.dispose();
  });

  test("any order, any batches, runs between them: the model's rows", async () => {
    for (const group of groups) {
      const facts = drawGroup(group);
      for (const [scope, side] of sides) {
        try {
          await tell(side, scope, facts, new Dice(group * 2 + (scope === "account" ? 1 : 0)));
          await compare(side, 1, expected(facts, scope));
        } catch (error) {
          throw new Error(`${scope}: ${replay(group, engine.name)}`, { cause: error });
        }
      }
    }
  }, 600_000);

  test("from nothing, the other order: the same digests", async () => {
    const [portfolio, account] = [sides.get("portfolio")!, sides.get("account")!];
    for (const [scope, follower, other] of [
      ["portfolio", portfolio, account],
      ["account", account, portfolio],
    ] as const) {
      const follows = await follower.ledger.compute();
      const own = await follower.ledger.compute({ full: true, scope, publish: false });
      const full = await other.ledger.compute({ full: true, scope, publish: false });
      const incremental = await readDigests(follower, follows.version);
      expect(await readDigests(follower, own.version)).toEqual(incremental);
      expect(await readDigests(other, full.version)).toEqual(incremental);
      expect([own.digest, full.digest]).toEqual([follows.digest, follows.digest]);
      expect(own.totalPnl).toEqual(full.totalPnl);
      digests[scope].set(engine.name, full.digest!);
    }
  }, 120_000);

  test("verify is green, now and at earlier revisions", async () => {
    for (const side of sides.values()) {
      const published = await expectVerified(side);
      const { version, digest } = await side.ledger.compute();
      expect(published).toBe(digest);
      const [last] = await side.query(
        `SELECT max(revision) AS last FROM steps WHERE version = ${version}`,
      );
      for (const part of [3n, 2n]) {
        await expectVerified(side, { version, revision: (last!["last"] as bigint) / part });
      }
    }
  }, 300_000);
});

test("engines agree", () => {
  for (const byEngine of Object.values(digests)) {
    expect(new Set(byEngine.values()).size, JSON.stringify([...byEngine])).toBeLessThanOrEqual(1);
  }
});
