import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { allocate } from "../index.ts";
import type { Fill } from "../core/fact.ts";
import { describeProblem, isProblem } from "../core/problem.ts";
import { resolveFill } from "../core/resolve.ts";
import type { GeneratedFill } from "./trading.ts";
import { generateFills } from "./trading.ts";
import { generatedHeader, generatedRow, writeGenerated } from "./write.ts";

const options = { seed: 5, fills: 20_000, symbols: 24, days: 30, portfolio: "p" };
const rows: readonly GeneratedFill[] = [...generateFills(options)];
const fills: readonly Fill[] = rows.map((row, index) => {
  const fill = resolveFill(row, { file: "generated", row: index + 2 });
  if (isProblem(fill)) throw new Error(describeProblem(fill));
  return fill;
});

test("the same seed gives the same bytes, another seed others", async () => {
  let text = "";
  const stream = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      setImmediate(done);
    },
  });
  expect(await writeGenerated(options, stream)).toBe(rows.length);
  expect(text).toBe([generatedHeader, ...rows.map((row) => generatedRow(row)), ""].join("\n"));
  const [other] = generateFills({ ...options, seed: 6 });
  expect(other).not.toEqual(rows[0]);
});

test("so many different fills, of so many symbols, over so many days", () => {
  expect(new Set(rows.map((row) => row.fillId)).size).toBe(options.fills);
  expect(new Set(rows.map((row) => row.symbol)).size).toBe(options.symbols);
  const days = new Set(rows.map((row) => row.executedAt.slice(0, 10)));
  expect(days.size).toBeGreaterThan(20);
  expect(days.size).toBeLessThan(45);
});

test("what real histories have, this one has", () => {
  const count = (holds: (fill: Fill, index: number) => boolean): number =>
    fills.filter((fill, index) => holds(fill, index)).length;
  const feeIn = (choose: (fill: Fill) => string): number =>
    count((fill) => fill.fees.some(({ asset }) => asset === choose(fill)));
  expect(feeIn((fill) => fill.symbol.split("-")[0]!)).toBeGreaterThan(20);
  expect(feeIn(() => "BNB")).toBeGreaterThan(20);
  expect(count(({ fees }) => fees[0]?.amount.startsWith("-") ?? false)).toBeGreaterThan(50);
  expect(rows.length - options.fills).toBeGreaterThan(20);
  expect(
    count(({ executedAt }, index) => executedAt < (fills[index - 1]?.executedAt ?? 0n)),
  ).toBeGreaterThan(100);
  expect(count(({ price }) => /^0\.0000\d{6}$/.test(price))).toBeGreaterThan(100);
  expect(count(({ quantity }) => /\.\d{18}$/.test(quantity))).toBeGreaterThan(100);
  const ties = new Map<string, Fill[]>();
  for (const fill of new Map(fills.map((each) => [each.fillId, each])).values())
    ties.set(`${fill.symbol} ${fill.executedAt}`, [
      ...(ties.get(`${fill.symbol} ${fill.executedAt}`) ?? []),
      fill,
    ]);
  const bothSides = [...ties.values()].filter(
    (tied) => new Set(tied.map(({ side }) => side)).size === 2,
  );
  expect(bothSides.filter(([first]) => first?.sequence !== undefined).length).toBeGreaterThan(20);
  expect(bothSides.filter(([first]) => first?.sequence === undefined).length).toBeGreaterThan(20);

  const { allocations, unmatched, openLots } = allocate(fills);
  expect(allocations.length).toBeGreaterThan(10_000);
  expect(unmatched.length).toBeGreaterThan(50);
  expect(unmatched.length).toBeLessThan(fills.length / 20);
  expect(openLots.length).toBeGreaterThan(options.symbols);
  const lotsOf = Map.groupBy(allocations, ({ openFillId }) => openFillId);
  expect([...lotsOf.values()].filter((slices) => slices.length > 1).length).toBeGreaterThan(1000);
});
