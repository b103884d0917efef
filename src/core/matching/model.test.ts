/** The engine against the naive model, on random histories. exhaustive.test.ts has all small ones. */
import { describe, expect, it } from "vitest";
import { allocate } from "../allocate.ts";
import { Dice, drawHistory, type History } from "../../testing/histories.ts";
import { engineLines, publicLines, type WalkStyle } from "../../testing/engine-lines.ts";
import { naiveModel, sameResult, type ModelResult } from "../../testing/naive-model.ts";

const firstSeed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);
const historyCount = parseInt(process.env["LOTBOOK_HISTORIES"] ?? "200000", 10);

function replay(seed: number, test: string): string {
  const file = "src/core/matching/model.test.ts";
  return `LOTBOOK_SEED=${seed} LOTBOOK_HISTORIES=1 npx vitest run ${file} -t "${test}"`;
}

/** Every seed has its own way to be walked: in chunks of 1 to 7, some of them dropped and resumed. */
function styleOf(history: History): WalkStyle {
  const dice = new Dice(history.seed + 1_000_000_007);
  const resumeEvery = dice.pick([0, 0, 1, 2]);
  return { scope: history.scope, chunk: 1 + dice.below(7), resumeEvery };
}

function modelOf(history: History): ModelResult {
  const { allocations, openLots } = naiveModel(history.facts, history.scope);
  return { allocations, openLots: openLots.toSorted() };
}

function eachHistory(count: number, test: string, check: (history: History) => void): void {
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    try {
      check(drawHistory(seed));
    } catch (error) {
      throw new Error(`history ${seed} fails; replay: ${replay(seed, test)}`, { cause: error });
    }
  }
}

/** `allocate` does not tell revisions: one of an identity stands. */
function withoutRevisions(line: string): string {
  return line.replaceAll(/((?:fill|lot) [^/]*\/[^/]*\/[^/]*?)\/\d+ /g, "$1 ");
}

describe("random histories", () => {
  const asModel = "give what the model gives";
  it(asModel, { timeout: 0 }, () => {
    let slices = 0;
    eachHistory(historyCount, asModel, (history) => {
      const engine = engineLines(history.facts, styleOf(history));
      const model = modelOf(history);
      // The costly comparison, which says what differs, only where something does.
      if (!sameResult(engine, model)) expect(engine).toEqual(model);
      slices += model.allocations.length;
    });
    expect(slices).toBeGreaterThan(0);
  });

  const asPublic = "give the same through allocate";
  it(asPublic, () => {
    eachHistory(Math.min(historyCount, 5000), asPublic, (history) => {
      const told = publicLines(allocate(history.facts, { scope: history.scope }));
      const model = modelOf(history);
      const slices = model.allocations.map((line) => withoutRevisions(line).replace(/ \d+$/, ""));
      expect(told.slices).toEqual(slices.toSorted());
      expect(told.openLots).toEqual(model.openLots.map(withoutRevisions).toSorted());
    });
  });

  const anyOrder = "do not depend on the order of arrival";
  it(anyOrder, () => {
    eachHistory(Math.min(historyCount, 1000), anyOrder, (history) => {
      const dice = new Dice(history.seed);
      const once = allocate(history.facts, { scope: history.scope });
      for (let turn = 0; turn < 3; turn += 1)
        expect(allocate(dice.shuffle(history.facts), { scope: history.scope })).toEqual(once);
    });
  });

  const anyChunk = "do not depend on chunks, nor on being dropped and resumed";
  it(anyChunk, () => {
    eachHistory(Math.min(historyCount, 1000), anyChunk, (history) => {
      const { scope } = history;
      const whole = engineLines(history.facts, { scope, chunk: 1000, resumeEvery: 0 });
      for (const chunk of [1, 2, 5])
        for (const resumeEvery of [0, 1, 3])
          expect(engineLines(history.facts, { scope, chunk, resumeEvery })).toEqual(whole);
    });
  });
});
