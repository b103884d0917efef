/**
 * Late facts in long books: the replay begins at the affected place and stops where nothing later can differ,
 * and what it leaves is what a build from nothing gives. `LOTBOOK_SEQUENCES=n` draws n / 40 arrivals a book.
 */
import { expect, test } from "vitest";
import type { Scope } from "../../src/core/movement.ts";
import type { FillInput } from "../../src/index.ts";
import type { RecordInput } from "../../src/ledger/record-facts.ts";
import { Dice } from "../../src/testing/histories.ts";
import { describeEngines } from "../engines.ts";
import { conclusions } from "./conclusions.ts";
import { expectVerified, fill, withLedger, type TestLedger } from "./ledger.ts";

const arrivals = Math.ceil(parseInt(process.env["LOTBOOK_SEQUENCES"] ?? "200", 10) / 40);
const only = process.env["LOTBOOK_SEED"];

/** How a bot trades: what it holds decides how far a late fact reaches. */
const characters = {
  "sold out again and again": { sizes: ["1", "2"], buysOf10: 5, flatOf10: 4 },
  "always holding some": { sizes: ["1", "2", "3", "10"], buysOf10: 6, flatOf10: 0 },
  "often selling what is not there": { sizes: ["1", "2", "5"], buysOf10: 4, flatOf10: 1 },
} as const;

type Character = (typeof characters)[keyof typeof characters];

const book = { symbol: "BTC-USD" } as const;
const facts = 1_100;

/** A book that a test adds facts to; remembers what can be voided and valued. */
class Trading {
  readonly #dice: Dice;
  readonly #character: Character;
  readonly #standing: FillInput[] = [];
  readonly #held = new Map<string, number>();
  #made = 0;

  constructor(dice: Dice, character: Character) {
    this.#dice = dice;
    this.#character = character;
  }

  history(): FillInput[] {
    const fills: FillInput[] = [];
    while (fills.length < facts) {
      // Now and then several at one instant.
      const minute = this.#dice.once(12) ? fills.length - 1 : fills.length;
      fills.push(this.#trade(Math.max(0, minute)));
    }
    return fills;
  }

  #trade(minute: number): FillInput {
    const account = this.#dice.pick(["main", "main", "other"]);
    const held = this.#held.get(account) ?? 0;
    const { sizes, buysOf10, flatOf10 } = this.#character;
    const isBuy = this.#dice.below(10) < buysOf10;
    let quantity: string = this.#dice.pick(sizes);
    if (!isBuy && held > 0 && this.#dice.below(10) < flatOf10) quantity = held.toString();
    const size = parseInt(quantity, 10);
    this.#held.set(account, Math.max(0, held + (isBuy ? size : -size)));
    return this.#fill(isBuy, minute, quantity, account);
  }

  #fill(isBuy: boolean, minute: number, quantity: string, account: string): FillInput {
    this.#made += 1;
    const fee = this.#dice.once(5) ? { fee: "0.01", feeAsset: "BNB" } : { fee: "0.3" };
    const price = `${90 + this.#dice.below(20)}`;
    const made = fill(`${isBuy ? "b" : "s"}${this.#made}`, minute, quantity, price, {
      ...fee,
      account,
    });
    this.#standing.push(made);
    return made;
  }

  /** Facts that belong together and come late. */
  arrival(): RecordInput[] {
    const minute = this.#dice.below(facts);
    const quantity = this.#dice.pick(this.#character.sizes);
    const account = this.#dice.pick(["main", "other"]);
    switch (this.#dice.below(7)) {
      case 0:
        return [
          this.#fill(true, minute, quantity, account),
          this.#fill(false, minute, quantity, account),
        ];
      case 1:
        return [this.#fill(this.#dice.once(2), minute, quantity, account)];
      case 2:
        return [this.#bust(this.#take())];
      case 3:
        return this.#replaced(this.#take());
      case 4:
        return this.#valued();
      case 5:
        return [this.#fill(true, facts + minute, quantity, account), this.#bust(this.#take())];
      default:
        return [this.#openingLot(minute, quantity, account)];
    }
  }

  #openingLot(minute: number, quantity: string, account: string): RecordInput {
    this.#made += 1;
    const { executedAt: openedAt } = fill("b", minute, "1", "1");
    const key = `k${this.#made}`;
    return {
      kind: "opening lot",
      ...book,
      account,
      key,
      openedAt,
      quantity,
      cost: "100",
      note: "n",
    };
  }

  #take(): FillInput {
    const at = this.#dice.below(this.#standing.length);
    return this.#standing.splice(at, 1)[0]!;
  }

  #bust({ fillId, account, revision }: FillInput): RecordInput {
    const target = { targetKind: "fill", targetId: fillId, targetRevision: revision ?? 0 } as const;
    return { kind: "void", ...book, ...target, account, reason: "bust" };
  }

  /** Voided, and back with the same content or with another price or quantity. */
  #replaced(gone: FillInput): RecordInput[] {
    const change = this.#dice.pick([{}, { price: "95" }, { quantity: "3" }]);
    const next = { ...gone, ...change, revision: (gone.revision ?? 0) + 1 };
    this.#standing.push(next);
    return [this.#bust(gone), next];
  }

  #valued(): RecordInput[] {
    const paid = this.#standing.filter(({ feeAsset }) => feeAsset === "BNB");
    const { fillId, account, revision } = this.#dice.pick(paid);
    const value = `${1 + this.#dice.below(3)}`;
    const name = { ...book, account, fillId, fillRevision: revision ?? 0, asset: "BNB" };
    return [{ kind: "fee value", ...name, value }];
  }
}

/** Rows that one step superseded and another row of it put back as they were. */
const superfluous = ["allocations", "open_lots", "day_digests"]
  .map((table) => {
    const [key, hash] = {
      allocations: ["close_entry, slice", "row_hash"],
      open_lots: ["open_entry", "row_hash"],
      day_digests: ["day", "digest"],
    }[table]!;
    return `SELECT '${table}' AS what, a.step FROM ${table} a
      JOIN ${table} b USING (version, book_id, ${key}, ${hash}) WHERE b.superseded = a.step`;
  })
  .join(" UNION ALL ");

async function follow(
  opened: TestLedger,
  scope: Scope,
  dice: Dice,
  character: Character,
): Promise<void> {
  const { ledger } = opened;
  const trading = new Trading(dice, character);
  await ledger.record(trading.history());
  await ledger.compute({ scope });
  for (let round = 1; round <= arrivals; round += 1) {
    opened.ports.rowsPerTransaction = dice.pick([1, 40, 20_000]);
    const told = dice.once(3) ? [trading.arrival(), trading.arrival()].flat() : trading.arrival();
    const { conflicts } = await ledger.record(told);
    const late = await ledger.compute();
    const full = await ledger.compute({ full: true, scope, publish: false });
    expect([late.digest, late.totalPnl], `round ${round}: ${JSON.stringify(told)}`).toEqual([
      full.digest,
      full.totalPnl,
    ]);
    const [own, again] = await opened.database.connect(async (connection) => [
      await conclusions(connection, 1),
      await conclusions(connection, full.version),
    ]);
    expect(own).toEqual(again);
    // A second value of one fee is the only contradiction here.
    expect(conflicts).toBeLessThanOrEqual(2);
    await ledger.drop(full.version);
  }
  expect(await opened.query(superfluous)).toEqual([]);
  await expectVerified(opened, { version: 1 });
  await expectVerified(opened, { version: 1, revision: 5n });
}

const runs = (["portfolio", "account"] as const).flatMap((scope) =>
  Object.entries(characters).map(([name, character]) => ({ scope, name, character })),
);

/** A round trip of a minute. */
const roundTrip = (minute: number) => [
  fill(`b${minute}x`, minute, "1", "9"),
  fill(`s${minute}x`, minute + 1, "1", "9"),
];

describeEngines("late facts in a long book", (engine) => {
  test.each(runs)("$name, pools of each $scope: as from nothing", ({ scope, name, character }) =>
    withLedger(engine, async (opened) => {
      const seed =
        only === undefined
          ? runs.findIndex((run) => run.character === character)
          : parseInt(only, 10);
      try {
        await follow(opened, scope, new Dice(seed), character);
      } catch (error) {
        const replay = `LOTBOOK_SEED=${seed} LOTBOOK_TEST_ENGINES=${engine.name} npx vitest run`;
        const where = `test/ledger/late.test.ts -t '${name}, pools of each ${scope}'`;
        throw new Error(`replay: ${replay} ${where}`, { cause: error });
      }
    }),
  );

  test("a late round trip of a flat book reads a part of it", () =>
    withLedger(engine, async (opened) => {
      const trips = Array.from({ length: 1_500 }, (_, index) => [
        fill(`b${index}`, index * 10, "1", "100"),
        fill(`s${index}`, index * 10 + 5, "1", "101"),
      ]).flat();
      await opened.ledger.record(trips);
      await opened.ledger.compute();
      for (const minute of [7, 5_007, 14_997]) {
        await opened.ledger.record(roundTrip(minute));
        const run = await opened.ledger.compute();
        expect(run).toMatchObject({ allocations: 1, superseded: 0 });
        expect(run.opens + run.closes).toBeLessThan(600);
      }
      await opened.ledger.record([fill("slate", 3, "1", "101")]);
      expect(await opened.ledger.compute()).toMatchObject({ allocations: 2, superseded: 1 });
      // Two effects far apart: the first is over long before the second begins.
      await opened.ledger.record([...roundTrip(17), fill("sfar", 10_003, "1", "101")]);
      expect(await opened.ledger.compute()).toMatchObject({ allocations: 3, superseded: 1 });
      // Most of a page differs, and the rest stays as it is.
      await opened.ledger.record([fill("bwide", 2_007, "1", "9"), fill("swide", 3_997, "1", "9")]);
      expect(await opened.ledger.compute()).toMatchObject({ allocations: 200, superseded: 199 });
      await expectVerified(opened);
    }));

  test("a replay goes on with what was left of two lots of one instant", () =>
    withLedger(engine, async (opened) => {
      const buys = [fill("bone", 1, "1", "100"), fill("btwo", 1, "1", "101")];
      const sales = [fill("s1", 2, "1", "1"), fill("s2", 3, "0.5", "1"), fill("s3", 9, "0.2", "1")];
      await opened.ledger.record([...buys, ...sales]);
      await opened.ledger.compute();
      await opened.ledger.record([fill("slate", 5, "0.1", "1")]);
      expect(await opened.ledger.compute()).toMatchObject({ allocations: 1, superseded: 1 });
      await expectVerified(opened);
    }));
});
