import { describe, expect, it } from "vitest";
import { toUnits } from "../decimal.ts";
import { Dice } from "../../testing/histories.ts";
import { fillMovement, type Movement } from "../movement.ts";
import type { AllocationSink } from "./lot.ts";
import { startWalk, type Policy } from "./walk.ts";

const policy: Policy = { method: "fifo", scope: "account" };
const silent: AllocationSink = { allocation: () => undefined };

function movement(
  entry: number,
  side: "buy" | "sell",
  quantity: string,
  account = "main",
): Movement {
  const identity = { entry, venue: "manual", account, id: `${entry}`, revision: 0 };
  const place = { at: BigInt(entry), side, sequence: undefined };
  const fees = { quoteFee: toUnits("1"), baseFee: 0n, thirdValue: 0n, valueMissing: false };
  const amounts = { quantity: toUnits(quantity), price: toUnits("10"), ...fees };
  return fillMovement({ ...identity, ...place, ...amounts }, policy.scope);
}

/** Checks what the walk says against I1, I2, I4, I5 and I6 while it says it. */
class InvariantSink implements AllocationSink {
  readonly taken = new Map<Movement, { quantity: bigint; share: bigint; slices: number }>();
  readonly #lastOpen = new Map<string, Movement>();

  allocation(
    close: Movement,
    open: Movement | undefined,
    slice: number,
    quantity: bigint,
    openShare: bigint,
    closeShare: bigint,
  ): void {
    expect(quantity).toBeGreaterThan(0n);
    expect(this.#take(close, quantity, closeShare)).toBe(slice);
    if (open === undefined) return;
    expect(open.pool).toBe(close.pool);
    expect(open.at).toBeLessThan(close.at);
    const last = this.#lastOpen.get(open.pool);
    if (last !== undefined && last !== open) {
      expect(last.at).toBeLessThan(open.at);
      expect(this.taken.get(last)).toMatchObject({ quantity: last.quantity, share: last.fee });
    }
    this.#lastOpen.set(open.pool, open);
    this.#take(open, quantity, openShare);
  }

  #take(fact: Movement, quantity: bigint, share: bigint): number {
    const before = this.taken.get(fact) ?? { quantity: 0n, share: 0n, slices: 0 };
    const slices = before.slices + 1;
    this.taken.set(fact, {
      quantity: before.quantity + quantity,
      share: before.share + share,
      slices,
    });
    return slices;
  }
}

describe("the walk keeps the invariants", () => {
  it("over a long history with two pools", () => {
    const dice = new Dice(7);
    const movements = Array.from({ length: 20_000 }, (_, entry) => {
      const side = dice.once(2) ? "buy" : "sell";
      return movement(entry, side, `${1 + dice.below(30)}.5`, dice.pick(["main", "bot"]));
    });
    const sink = new InvariantSink();
    const walk = startWalk(policy, sink);
    walk.take(movements);
    const left = new Map(walk.openLots().map((lot) => [lot.movement, lot]));
    for (const fact of movements) {
      const taken = sink.taken.get(fact) ?? { quantity: 0n, share: 0n };
      const lot = left.get(fact);
      expect(taken.quantity + (lot?.quantity ?? 0n)).toBe(fact.quantity);
      expect(taken.share + (lot?.share ?? 0n)).toBe(fact.fee);
    }
    for (const lot of left.values()) expect(lot.quantity).toBeGreaterThan(0n);
  });
});

describe("the walk", () => {
  it("refuses movements that are not in ledger order, across calls too", () => {
    const walk = startWalk(policy, silent);
    walk.take([movement(2, "buy", "1")]);
    expect(() => walk.take([movement(1, "buy", "1")])).toThrow("entries 2, 1");
    expect(() => walk.take([movement(3, "buy", "1"), movement(3, "buy", "1")])).toThrow("3, 3");
  });

  it("refuses to go on from what is no open lot", () => {
    const buy = movement(1, "buy", "1");
    const stored = (consumed: bigint) => () =>
      startWalk(policy, silent, [{ movement: buy, consumed }]);
    expect(stored(buy.quantity)).toThrow("entry 1");
    expect(stored(-1n)).toThrow("entry 1");
    expect(stored(0n)).not.toThrow();
    const partly = { movement: buy, consumed: 1n };
    const next = { movement: movement(2, "buy", "1"), consumed: 1n };
    expect(() => startWalk(policy, silent, [partly, next])).toThrow("entry 2 is consumed in part");
    const sale = { movement: movement(2, "sell", "1"), consumed: 0n };
    expect(() => startWalk(policy, silent, [sale])).toThrow("entry 2");
  });

  it("tells the lot that the next close takes from", () => {
    const walk = startWalk(policy, silent);
    expect(walk.nextLot("manual\0main")).toBeUndefined();
    walk.take([movement(1, "buy", "1"), movement(2, "buy", "1"), movement(3, "sell", "1.5")]);
    const next = walk.nextLot("manual\0main");
    expect(next).toMatchObject({ consumed: 5n * 10n ** 17n, quantity: 5n * 10n ** 17n });
    expect(next?.movement.entry).toBe(2);
    expect(next?.share).toBe(5n * 10n ** 17n);
    walk.take([movement(4, "sell", "0.5")]);
    expect(walk.nextLot("manual\0main")).toBeUndefined();
  });

  it("lists open lots by pool, then in ledger order, when the queue was cut many times", () => {
    const movements: Movement[] = [];
    for (let entry = 0; entry < 9000; entry += 3) {
      movements.push(movement(entry, "buy", "1"), movement(entry + 1, "buy", "1", "bot"));
      if (entry > 1500) movements.push(movement(entry + 2, "sell", "1"));
    }
    const walk = startWalk(policy, silent);
    walk.take(movements);
    const lots = walk.openLots();
    const pools = lots.map((lot) => lot.movement.account);
    expect(pools).toEqual(pools.toSorted());
    const entries = lots.map((lot) => lot.movement.entry);
    const bots = pools.lastIndexOf("bot") + 1;
    expect(entries.slice(0, bots)).toEqual(
      Array.from({ length: 3000 }, (_, index) => index * 3 + 1),
    );
    const main = Array.from({ length: 501 }, (_, index) => 7497 + index * 3);
    expect(entries.slice(bots)).toEqual(main);
  });
});
