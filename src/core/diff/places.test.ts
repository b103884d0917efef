import { describe, expect, it } from "vitest";
import { Dice } from "../../testing/histories.ts";
import { Places } from "./places.ts";

describe("places", () => {
  it("tell the next and the previous one as a plain set does", () => {
    const dice = new Dice(1);
    for (const limit of [0, 1, 31, 32, 33, 1024, 1025, 40_000]) {
      const places = new Places(limit);
      const plain = new Set<number>();
      for (let turn = 0; turn < 60; turn += 1) {
        const place = dice.below(Math.max(1, limit));
        if (limit > 0 && dice.once(3)) places.delete(place);
        else if (limit > 0) places.add(place);
        if (places.has(place)) plain.add(place);
        else plain.delete(place);
        const all = [...plain];
        for (const asked of [place, 0, limit, dice.below(limit + 1)]) {
          expect(places.next(asked)).toBe(Math.min(Infinity, ...all.filter((at) => at >= asked)));
          expect(places.previous(asked)).toBe(Math.max(-1, ...all.filter((at) => at < asked)));
        }
      }
    }
  });
});
