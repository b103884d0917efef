/**
 * What new facts cost in a long book, as ratios to what the same rows cost bare, to a short book and to a
 * full recompute, each measured in the same run and in turns. Exits with 1 when a bound is broken.
 *
 *   node bench/late.ts [--fills 1000000] [--only postgres] [--only pglite] [--statements]
 *
 * LOTBOOK_BENCH_POSTGRES_URL names a server (its databases lotbook_bench… are made and dropped); else one
 * is started. The embedded engine gets a tenth of the fills and no bounds.
 */
import { execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { burst, burstSize, bookFill, symbol, timeOf, writeBook } from "./late/book.ts";
import { rowsOfLastStep, writeBare } from "./late/bare.ts";
import { expectedChange } from "./late/expected.ts";
import { watched, type Watch } from "./late/watch.ts";
import { Figures, median, timed, write } from "./shared/figures.ts";
import { type Engine, openPlace, type Place } from "./shared/place.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { livePorts } from "../src/ledger/ports.ts";
import { openDatabase } from "../src/store/open.ts";
import type { FillInput } from "../src/index.ts";
import { Dice } from "../src/testing/histories.ts";

const { values: options } = parseArgs({
  options: {
    fills: { type: "string", default: "1000000" },
    only: { type: "string", multiple: true, default: ["postgres", "pglite"] },
    statements: { type: "boolean", default: false },
  },
});

const lateFacts = 21;
const appendRounds = 41;

interface Watched {
  readonly ledger: Ledger;
  readonly location: string;
  readonly watch: Watch;
}

/** A ledger of that many bursts, its first version built. */
async function openBook(
  place: Place,
  scratch: string,
  name: string,
  bursts: number,
): Promise<Watched> {
  const file = join(scratch, `${name}.csv`);
  await writeBook(file, bursts);
  const location = await place.fresh(name);
  const { database, watch } = watched(await openDatabase(location, { command: "bench" }));
  const ledger = new Ledger(database, livePorts);
  const imported = await timed(() => ledger.import([file]));
  const computed = await timed(() => ledger.compute());
  const [importing, computing] = [imported, computed].map(({ took }) => `${Math.round(took)} ms`);
  write(`  ${bursts * burstSize} fills: import ${importing}, compute ${computing}`);
  return { ledger, location, watch };
}

/** Computes once, prints what each statement took where that is asked for; gives the statements' number. */
async function computeOnce({ ledger, watch }: Watched, told = options.statements) {
  watch.statements = 0;
  watch.longestMilliseconds = 0;
  watch.onStatement = told
    ? (text, took) =>
        write(
          `    ${took.toFixed(2).padStart(8)} ms  ${text.replaceAll(/\s+/g, " ").slice(0, 150)}`,
        )
    : undefined;
  const { took, result } = await timed(() => ledger.compute());
  watch.onStatement = undefined;
  if (told) write(`    ${took.toFixed(2).padStart(8)} ms  all, ${watch.statements} statements`);
  return { took, result, statements: watch.statements };
}

/** What a user waits for: the start of a process, and a connection. */
async function appendByCommand({ ledger, location }: Watched, figures: Figures): Promise<void> {
  const main = new URL("../src/cli/main.ts", import.meta.url).pathname;
  await ledger.record([bookFill("end-command", timeOf(0, 2 ** 30), "buy", "1")]);
  const command = [main, "compute", "--db", location];
  const { took } = await timed(() => promisify(execFile)(process.execPath, command));
  figures.tell("the whole command lotbook compute, one new fill", took, " ms");
}

/** New fills at the end, a buy and a sale in turns, in a long book and in a short one. */
async function appends(
  long: Watched,
  short: Watched,
  figures: Figures,
  bounded: boolean,
): Promise<void> {
  const took = { long: [] as number[], short: [] as number[] };
  const statements = new Set<number>();
  for (let round = 0; round < appendRounds; round += 1) {
    for (const [name, book] of Object.entries({ long, short })) {
      const at = new Date(Date.UTC(2040, 0, 1) + round * 1000).toISOString();
      await book.ledger.record([
        bookFill(`end-${round}`, at, round % 2 === 0 ? "buy" : "sell", "1"),
      ]);
      const run = await computeOnce(book, options.statements && round > appendRounds - 3);
      if (round > 0) took[name as "long"].push(run.took);
      statements.add(run.statements);
    }
  }
  figures.tell("append, long book, median", median(took.long), " ms");
  figures.tell("append, short book, median", median(took.short), " ms");
  write(`  statements: ${[...statements].join(" ")}`);
  if (bounded) await appendByCommand(long, figures);
  const ratio = median(took.long) / median(took.short);
  if (bounded) figures.judge("append in a long book / in a short one", ratio, 1.3);
  else figures.tell("append in a long book / in a short one", ratio);
}

/** Late sales, each in a burst of its own; gives them. */
async function lateSales(
  book: Watched,
  bursts: number,
  figures: Figures,
  bounded: boolean,
): Promise<FillInput[]> {
  const { version } = await book.ledger.compute({ full: true, publish: false });
  const dice = new Dice(3);
  const sales: FillInput[] = [];
  const took = { late: [] as number[], bare: [] as number[] };
  const statements = new Set<number>();
  const rows: number[] = [];
  for (let index = 0; index < lateFacts; index += 1) {
    const number = 1 + Math.floor((index * (bursts - 2)) / lateFacts);
    // Near the burst's beginning: the effect is nearly all of its thousand fills.
    const place = 1 + dice.below(burstSize / 10);
    const at = timeOf(number * burstSize + place, 15);
    const sale = bookFill(`late-${number}`, at, "sell", "0.00005");
    sales.push(sale);
    await book.ledger.record([sale]);
    const run = await computeOnce(book, options.statements && index > lateFacts - 3);
    const expected = expectedChange(burst(number), sale);
    const { superseded, allocations: inserted } = run.result;
    if (superseded !== expected.superseded || inserted !== expected.inserted) {
      throw new Error(
        `${sale.fillId}: ${superseded} rows superseded and ${inserted} inserted; the core says ` +
          `${expected.superseded} and ${expected.inserted}`,
      );
    }
    rows.push(inserted);
    statements.add(run.statements);
    took.late.push(run.took);
    const bare = await book.ledger.database.connect(async (connection) => {
      const step = await rowsOfLastStep(connection, 1, version);
      return timed(() => writeBare(connection, step));
    });
    took.bare.push(bare.took);
  }
  await book.ledger.drop(version);
  figures.tell("rows that a late fact supersedes and inserts, median", median(rows));
  figures.tell("late fact, median (target 100 ms)", median(took.late), " ms");
  figures.tell("the same rows bare, median", median(took.bare), " ms");
  write(`  statements: ${[...statements].join(" ")}`);
  const ratio = median(took.late) / median(took.bare);
  if (bounded) figures.judge("late fact / the same rows bare", ratio, 3);
  else figures.tell("late fact / the same rows bare", ratio);
  return sales;
}

/** Starts a writer on a connection of its own; `end` gives what its acknowledgements took. */
async function startWriter(location: string, name: string): Promise<{ end(): Promise<number[]> }> {
  const script = new URL("late/writer.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, location, name], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    async end() {
      child.stdin.end();
      const { value } = await lines.next();
      return JSON.parse(value as string) as number[];
    },
  };
}

/** Does `work` while a source records; gives what that took and what its acknowledgements took. */
async function besideWriter<T>(
  { location }: Watched,
  name: string,
  isServer: boolean,
  work: () => Promise<T>,
): Promise<{ took: number; result: T; acknowledged: number[] }> {
  // The embedded engine has one process, so nobody else can record there.
  const writer = isServer ? await startWriter(location, name) : undefined;
  const done = await timed(work);
  return { ...done, acknowledged: (await writer?.end()) ?? [] };
}

/** A late buy at the beginning of a complete book: every later match shifts, and recording goes on. */
async function lateBuy(book: Watched, figures: Figures, bounded: boolean): Promise<void> {
  const { ledger, watch } = book;
  const rebuild = async (): Promise<void> => {
    const { version } = await ledger.compute({ full: true, publish: false });
    await ledger.drop(version);
  };
  const fulls = [(await besideWriter(book, "before", bounded, rebuild)).took];
  await ledger.compute();
  const quiet = await besideWriter(book, "quiet", bounded, () => setTimeout(2_000));
  await ledger.record([bookFill("late-buy", timeOf(1, 15), "buy", "0.00005")]);
  const late = await besideWriter(book, "busy", bounded, () => computeOnce(book, false));
  const longest = watch.longestMilliseconds;
  fulls.push((await besideWriter(book, "after", bounded, rebuild)).took);
  figures.tell("rows that a late buy supersedes", late.result.result.superseded);
  figures.tell("late buy", late.took, " ms");
  figures.tell("full recompute, mean of before and after", (fulls[0]! + fulls[1]!) / 2, " ms");
  const ratio = (2 * late.took) / (fulls[0]! + fulls[1]!);
  const name = "late buy in a complete book / full recompute of it";
  if (bounded) figures.judge(name, ratio, 1);
  else figures.tell(name, ratio);
  figures.tell("longest transaction meanwhile", longest, " ms");
  if (!bounded) return;
  const [calm, busy] = [Math.max(...quiet.acknowledged), Math.max(...late.acknowledged)];
  figures.tell("acknowledgement, nothing computed, median", median(quiet.acknowledged), " ms");
  figures.tell("acknowledgement meanwhile, median", median(late.acknowledged), " ms");
  figures.tell("longest acknowledgement, nothing computed", calm, " ms");
  figures.tell(`longest acknowledgement meanwhile, of ${late.acknowledged.length}`, busy, " ms");
  figures.judge("the latter / (longest transaction + the former)", busy / (longest + calm), 1);
}

/** The late sales voided again: the book is complete as it was, to the same digest. */
async function undo(
  book: Watched,
  sales: readonly FillInput[],
  digest: string | null,
): Promise<void> {
  await book.ledger.record(
    sales.map(({ fillId }) => ({
      kind: "void",
      symbol,
      targetKind: "fill",
      targetId: fillId,
      targetRevision: 0,
      reason: "bench",
    })),
  );
  const undone = await book.ledger.compute();
  if (undone.digest !== digest)
    throw new Error(`the digest after the voids is ${undone.digest}, before the facts ${digest}`);
}

async function measure(engine: Engine, scratch: string, figures: Figures): Promise<void> {
  const bounded = engine === "postgres";
  const fills = parseInt(options.fills, 10) / (bounded ? 1 : 10);
  const bursts = Math.ceil(fills / burstSize);
  write(`a book of ${bursts * burstSize} fills, ${engine}`);
  const place = await openPlace(engine, scratch);
  try {
    const long = await openBook(place, scratch, "long", bursts);
    const short = await openBook(place, scratch, "short", 1);
    try {
      await appends(long, short, figures, bounded);
      const { digest } = await long.ledger.compute();
      const sales = await lateSales(long, bursts, figures, bounded);
      await undo(long, sales, digest);
      await lateBuy(long, figures, bounded);
    } finally {
      await short.ledger.close();
      await long.ledger.close();
    }
  } finally {
    await place.end();
  }
}

const scratch = await mkdtemp(join(tmpdir(), "lotbook-bench-"));
await chmod(scratch, 0o755);
const figures = new Figures();
try {
  for (const engine of options.only)
    await measure(engine === "pglite" ? "pglite" : "postgres", scratch, figures);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
figures.conclude();
