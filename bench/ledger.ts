/**
 * How fast the ledger is, as ratios to what the database takes to move the same rows in the same run; and
 * whether memory grows with history. Exits with 1 when a bound is broken.
 *
 *   node bench/ledger.ts [--fills 1000000] [--only postgres] [--only pglite] [--only memory]
 *
 * LOTBOOK_BENCH_POSTGRES_URL names a server (its databases lotbook_bench… are made and dropped); else one
 * is started.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, chmod, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { openDatabase } from "../src/store/open.ts";
import { floorOfCompute, floorOfImport } from "./ledger/floor.ts";
import type { PhaseResult } from "./ledger/phase.ts";
import { Figures, write } from "./shared/figures.ts";
import { type Engine, openPlace, type Place } from "./shared/place.ts";

const { values: options } = parseArgs({
  options: {
    fills: { type: "string", default: "1000000" },
    only: { type: "string", multiple: true, default: ["postgres", "pglite", "memory"] },
  },
});
const fills = parseInt(options.fills, 10);

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const figures = new Figures();
/** Bounds are of PostgreSQL. */
const judgeBound = figures.judge.bind(figures);
const tell = (name: string, value: number, _bound: number, unit = ""): void =>
  figures.tell(name, value, unit);

async function phase(...parameters: string[]): Promise<PhaseResult> {
  const script = new URL("ledger/phase.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...parameters], {
    maxBuffer: 1 << 24,
  });
  const result = JSON.parse(stdout) as PhaseResult;
  const { milliseconds, peakMegabytes, note } = result;
  const took = seconds(milliseconds).padStart(8);
  const peak = peakMegabytes.toFixed(0).padStart(5);
  write(`  ${parameters[0]!.padEnd(10)} ${took}  ${peak} MB  ${note}`);
  return result;
}

/** A fills CSV, and the same without repeated rows for the plain copy, which can't take them. */
async function makeFills(
  scratch: string,
  count: number,
  symbols: number,
): Promise<{ file: string; unique: string }> {
  const file = join(scratch, `fills-${count}-${symbols}.csv`);
  await phase("generate", file, `${count}`, `${symbols}`);
  const unique = `${file}.unique`;
  const rows = new Set((await readFile(file, "utf8")).split("\n"));
  await writeFile(unique, [...rows].join("\n"));
  return { file, unique };
}

async function ratios(engine: Engine, scratch: string): Promise<void> {
  const place = await openPlace(engine, scratch);
  try {
    await ratiosAt(engine, place, scratch);
  } finally {
    await place.end();
  }
}

async function ratiosAt(engine: Engine, place: Place, scratch: string): Promise<void> {
  write(`${fills} fills over 200 symbols, ${engine}`);
  const judge = engine === "postgres" ? judgeBound : tell;
  const { file, unique } = await makeFills(scratch, fills, 200);
  const location = await place.fresh("ratios");
  const database = await openDatabase(location, { asOwner: true });
  const importFloor = await database.connect((connection) => floorOfImport(connection, unique));
  await database.close();
  write(`  floor: plain copy into one table ${seconds(importFloor)}`);
  const imported = await phase("import", location, file);
  const computed = await phase("compute", location);
  const again = await openDatabase(location, { asOwner: true });
  const floor = await again.connect((connection) =>
    floorOfCompute(connection, 1, join(scratch, "spool")),
  );
  await again.close();
  write(
    `  floor: facts out ${seconds(floor.factsOut)}, allocations in ${seconds(floor.allocationsIn)}, ` +
      `indexes ${seconds(floor.indexes)}`,
  );
  const verified = await phase("verify", location);
  judge("import / plain copy", imported.milliseconds / importFloor, 3.5);
  const computeFloor = floor.factsOut + floor.allocationsIn + floor.indexes;
  judge("full compute / (facts out + rows in + indexes)", computed.milliseconds / computeFloor, 2);
  judge("verify / full compute", verified.milliseconds / computed.milliseconds, 2);
  judge("peak memory of import", imported.peakMegabytes, 400, " MB");
  judge("peak memory of compute", computed.peakMegabytes, 400, " MB");
}

/** Memory at a size and at four times it, over many books and in one, on PostgreSQL. */
async function memory(scratch: string): Promise<void> {
  const place = await openPlace("postgres", scratch);
  try {
    for (const symbols of [200, 1]) await memoryOver(symbols, place, scratch);
  } finally {
    await place.end();
  }
}

async function memoryOver(symbols: number, place: Place, scratch: string): Promise<void> {
  write(`memory, ${symbols} ${symbols === 1 ? "book" : "books"}`);
  const peaks: { imported: number; computed: number }[] = [];
  for (const count of [fills, 4 * fills]) {
    const file = join(scratch, "memory.csv");
    await phase("generate", file, `${count}`, `${symbols}`);
    const location = await place.fresh("memory");
    const imported = await phase("import", location, file);
    const computed = await phase("compute", location);
    peaks.push({ imported: imported.peakMegabytes, computed: computed.peakMegabytes });
  }
  const [small, large] = peaks as [(typeof peaks)[0], (typeof peaks)[0]];
  judgeBound("import's peak at 4 times the fills / at one", large.imported / small.imported, 1.1);
  judgeBound("compute's peak at 4 times the fills / at one", large.computed / small.computed, 1.1);
  judgeBound("import's peak", large.imported, 400, " MB");
  judgeBound("compute's peak", large.computed, 400, " MB");
}

const scratch = await mkdtemp(join(tmpdir(), "lotbook-bench-"));
await chmod(scratch, 0o755);
try {
  for (const part of options.only) {
    if (part === "memory") await memory(scratch);
    else await ratios(part === "pglite" ? "pglite" : "postgres", scratch);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
figures.conclude();
