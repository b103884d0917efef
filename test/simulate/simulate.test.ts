import { afterAll, beforeAll, expect, test } from "vitest";
import { engines } from "../engines.ts";
import { simulate } from "./simulation.ts";
import { openStores, type Stores } from "./stores.ts";
let stores: Stores;
beforeAll(async () => {
  const engine = engines.find((e) => e.kind === "pglite")!;
  const places = [await engine.place(), await engine.place()];
  stores = await openStores([places[0]!.location, places[1]!.location]);
});
afterAll(() => stores.dispose());
const only = process.env["LOTBOOK_SEED"];
const seeds = only === undefined ? Array.from({ length: Number(process.env["LOTBOOK_SIMULATIONS"] ?? 20) }, (_, i) => i + 1) : [Number(only)];
test.each(seeds)("seed %i", async (seed) => {
  const s = performance.now();
  try {
  const { counts } = await simulate(stores, seed);
  console.log(seed, (performance.now() - s).toFixed(0), JSON.stringify(counts));
  } catch (e) { if (only !== undefined) console.log((e as any).transcript.slice(-6).join("\n")); console.log(String((e as Error).message).slice(0, 1500)); throw (e as any).cause; }
  expect(true).toBe(true);
});
