/**
 * Whatever persons do by the commands, the ledger ends as if the facts that stand had been recorded at once:
 * a random sequence of corrections, values, opening lots and decisions, against a fresh ledger with all its
 * facts, computed in full.
 */
import { expect, test } from "vitest";
import type { FillInput, Resolution, ReviewItem } from "../../src/index.ts";
import { Dice } from "../../src/testing/histories.ts";
import { readBookRows, readFacts } from "../../src/ledger/read-facts.ts";
import type { Fact } from "../../src/core/fact.ts";
import type { RecordInput } from "../../src/ledger/record-facts.ts";
import { describeEngines } from "../engines.ts";
import { expectVerified, fill, type TestLedger, time, withLedger } from "./ledger.ts";

const person = { author: "ana", reason: "r" };
const book = { symbol: "BTC-USD" };
const rounds = 40;

/** One person at work on one ledger. */
class Work {
  readonly #opened: TestLedger;
  readonly #dice: Dice;
  #made = 0;
  readonly #ids: string[] = [];

  constructor(opened: TestLedger, dice: Dice) {
    this.#opened = opened;
    this.#dice = dice;
  }

  #fill(more: Partial<FillInput> = {}): FillInput {
    const dice = this.#dice;
    this.#made += 1;
    const fee = dice.once(3) ? { fee: dice.pick(["0.01", "-0.02"]), feeAsset: "BNB" } : {};
    const id = `${dice.once(2) ? "b" : "s"}${this.#made}`;
    this.#ids.push(id);
    const quantity = dice.pick(["1", "2", "0.000000000000000003"]);
    return fill(id, dice.below(60), quantity, `${90 + dice.below(20)}`, { ...fee, ...more });
  }

  history(): FillInput[] {
    return Array.from({ length: 12 }, () =>
      this.#fill(this.#dice.once(4) ? { tradeId: `t${this.#dice.below(3)}` } : {}),
    );
  }

  /** One command; says what it was. What the rules forbid at that moment is refused and changes nothing. */
  async step(): Promise<string> {
    const { ledger } = this.#opened;
    const dice = this.#dice;
    const id = dice.pick(this.#ids);
    switch (dice.below(11)) {
      case 0:
        return this.#try("void", () => ledger.correct({ id }, undefined, person));
      case 1:
        return this.#try("replace", () =>
          ledger.correct({ id }, { price: "95", ...(dice.once(2) ? { fee: "0.03" } : {}) }, person),
        );
      case 2:
        return this.#try("opening lot", () => this.#openingLot());
      case 3:
        return this.#try("value", () =>
          ledger.setFeeValue({ fillId: id, asset: "BNB", value: "6" }),
        );
      case 4:
        return this.#try("late", () => ledger.record([this.#fill()]));
      case 5:
        return this.#try("contradict", () =>
          ledger.record([fill(id, 1, "7", "99")], { source: `s${dice.below(2)}` }),
        );
      case 6:
        return this.#try("adjust", () => ledger.record([this.#adjustment()]));
      default:
        return this.#decide();
    }
  }

  #openingLot(): Promise<unknown> {
    const key = `k${this.#dice.below(20)}`;
    const cost = this.#dice.pick(["100", undefined]);
    const lot = {
      key,
      ...book,
      quantity: "1",
      cost,
      openedAt: time(this.#dice.below(30)),
      note: "n",
    };
    return this.#opened.ledger.addOpeningLot(lot);
  }

  #adjustment(): RecordInput {
    this.#made += 1;
    const trade = { tradeType: "REVERSAL", tradeId: `t${this.#dice.below(3)}` };
    return {
      kind: "adjustment",
      ...book,
      entryId: `a${this.#made}`,
      ...trade,
      executedAt: time(70),
    };
  }

  async #decide(): Promise<string> {
    const { ledger } = this.#opened;
    await ledger.compute();
    const found = await ledger.review({ all: this.#dice.once(2) }, async (items) => {
      const all: ReviewItem[] = [];
      for await (const item of items) all.push(item);
      return all;
    });
    if (found.length === 0) return "nothing to decide";
    const { item, actions } = this.#dice.pick(found);
    const action = this.#dice.pick(actions);
    if (action === "reopen") return this.#try("reopen", () => ledger.reopen([item], person));
    const resolution = action === "value" ? { action, value: "-3.5" } : { action };
    return this.#try(`${action} ${item}`, () =>
      ledger.resolve({ items: [item] }, resolution as Resolution, person),
    );
  }

  async #try(what: string, work: () => Promise<unknown>): Promise<string> {
    try {
      await work();
      return what;
    } catch (error) {
      // A refusal is a LotbookError of the user's kind; anything else is a fault.
      if ((error as { exit?: number }).exit !== 2) throw error;
      return `${what}: ${(error as Error).message}`;
    }
  }
}

async function allFacts({ database }: TestLedger): Promise<Fact[]> {
  return database.connect(async (connection) => {
    const facts: Fact[] = [];
    for (const each of await readBookRows(connection))
      for await (const page of readFacts(connection, each))
        facts.push(...page.map(({ fact }) => fact));
    return facts;
  });
}

describeEngines("persons at work", (engine) => {
  test("as from nothing", () =>
    withLedger(engine, async (opened) => {
      const seed = Number(process.env["LOTBOOK_SEED"] ?? 11);
      const dice = new Dice(seed);
      const work = new Work(opened, dice);
      const done: string[] = [];
      await opened.ledger.record(work.history());
      for (let round = 0; round < rounds; round += 1) {
        done.push(await work.step());
        if (dice.once(4)) await opened.ledger.compute();
      }
      const { digest, totalPnl } = await opened.ledger.compute();
      await expectVerified(opened);
      const facts = await allFacts(opened);
      await withLedger(engine, async (fresh) => {
        await fresh.ledger.record(facts as RecordInput[]);
        const full = await fresh.ledger.compute();
        expect([full.digest, full.totalPnl], `seed ${seed}: ${done.join(" | ")}`).toEqual([
          digest,
          totalPnl,
        ]);
      });
    }));
});
