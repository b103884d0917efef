/** `import`: every format; new rows, known ones, both; contradictions, rounded copies, and bad files. */
import { expect } from "vitest";
import type { Fact, Fill } from "../../../src/core/fact.ts";
import { factName } from "../../../src/testing/arrival.ts";
import type { Dice } from "../../../src/testing/histories.ts";
import {
  csvFile,
  csvLine,
  ndjsonFile,
  restFile,
  statementFile,
  unnamedFile,
  type Written,
} from "../formats.ts";
import { coinbaseWallet } from "../market.ts";
import { thirdFees, voidOf } from "../model/facts.ts";
import type { Judged, Outcome, Told } from "../model/telling.ts";
import type { Archived, World } from "../world.ts";

interface Counted {
  readonly recorded: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly rounded_copies: number;
  readonly waiting: number;
  readonly rejected: number;
}

interface Imported extends Counted {
  readonly new_conflicts: number;
  readonly new_waiting: number;
  readonly batch: string | null;
  readonly files: readonly (Counted & { readonly rows: number })[];
}

function countsOf(judged: readonly Judged[], rejected: number): Counted {
  const count = (outcome: Outcome): number =>
    judged.filter((each) => each.outcome === outcome).length;
  return {
    recorded: count("recorded"),
    duplicates: count("duplicate"),
    conflicts: count("conflict"),
    rounded_copies: count("roundedCopy"),
    waiting: count("waiting"),
    rejected,
  };
}

const news = (judged: readonly Judged[], outcome: Outcome): number =>
  judged.filter((each) => each.news && each.outcome === outcome).length;

/** Imports files and compares what the command says became of every row with the model. */
async function importFiles(world: World, files: readonly Archived[]): Promise<void> {
  const rejected = files.reduce((total, { bad }) => total + bad, 0);
  const argv = ["import", ...files.map(({ path }) => path), ...files[0]!.options];
  const ended = await world.ends(["--format", "json", ...argv]);
  const judged = world.model.record(files.map(({ tellings }) => tellings));
  const all = judged.flat();
  const [conflicts, waiting] = [news(all, "conflict"), news(all, "waiting")];
  expect([ended.status, ended.stderr], argv.join(" ")).toEqual([
    conflicts + waiting + rejected > 0 ? 1 : 0,
    expect.any(String),
  ]);
  const result = JSON.parse(ended.stdout) as Imported;
  expect(result, argv.join(" ")).toMatchObject({
    ...countsOf(all, rejected),
    new_conflicts: conflicts,
    new_waiting: waiting,
    files: files.map((file, index) => ({
      ...countsOf(judged[index]!, file.bad),
      rows: file.tellings.length + file.bad,
    })),
  });
  expect(result.batch === null, "nothing new, no batch").toBe(!all.some((each) => each.news));
  for (const file of files) if (!world.archive.includes(file)) world.archive.push(file);
}

function archived(
  world: World,
  extension: string,
  { text, tellings }: Written,
  options: readonly string[] = [],
  bad = 0,
): Archived {
  return { path: world.file(extension, text), options, tellings, bad };
}

const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** Rows that some earlier file of the source told, too: overlapping exports. */
function overlap(world: World, dice: Dice, source: string): Told[] {
  const told = world.archive.flatMap((file) => file.tellings);
  const same = dice.shuffle(told.filter((each) => each.source === source));
  // Two rows of one file that say different things of one fact are a bad file.
  const names = same.map(({ fact }) => factName(fact));
  const once = same.filter(({ fact }, index) => names.indexOf(factName(fact)) === index);
  return once.slice(0, 1 + dice.below(4));
}

/** Whether two files say different things of one fact. */
function contradict(first: Archived, second: Archived): boolean {
  const said = new Map(first.tellings.map(({ fact, raw }) => [factName(fact), raw]));
  return second.tellings.some(({ fact, raw }) => (said.get(factName(fact)) ?? raw) !== raw);
}

const isFill = (fact: Fact): fact is Fill => fact.kind === "fill";

export async function importCsv(world: World, dice: Dice): Promise<void> {
  const fresh = many(1 + dice.below(6), () => world.market.fill(dice));
  const known = overlap(world, dice, "file:lotbook-csv")
    .filter(({ space }) => space === "given")
    .map(({ fact }) => fact)
    .filter(isFill);
  // One row twice in a file says nothing new.
  const rows = dice.shuffle([...fresh, ...known, ...(dice.once(3) ? fresh.slice(0, 1) : [])]);
  await importFiles(world, [archived(world, "csv", csvFile(rows))]);
}

export async function importUnnamed(world: World, dice: Dice): Promise<void> {
  const { market } = world;
  for (let count = dice.below(4); count >= 0; count -= 1) market.unnamedFill(dice);
  const rows = market.unnamed.filter(() => !dice.once(3));
  // Equal rows of one file are as many fills.
  const twice = dice.once(3) ? rows.slice(0, 1) : [];
  if (rows.length === 0) return;
  await importFiles(world, [archived(world, "csv", unnamedFile([...rows, ...twice]))]);
}

export async function importNdjson(world: World, dice: Dice): Promise<void> {
  const { market, model } = world;
  const facts: Fact[] = many(1 + dice.below(4), () => market.richFill(dice));
  for (const fill of facts.filter(isFill))
    for (const { asset } of thirdFees(fill))
      if (dice.once(2)) facts.push(market.feeValue(dice, fill, asset));
  if (dice.once(2)) facts.push(market.openingLot(dice));
  if (dice.once(3)) facts.push(market.adjustment(dice));
  const standing = model.facts.standingFills.filter(({ venue }) => venue !== coinbaseWallet.venue);
  if (standing.length > 0 && dice.once(3)) facts.push(voidOf(dice.pick(standing)));
  const known = overlap(world, dice, "file:lotbook-ndjson").map(({ fact }) => fact);
  const rows = [...facts, ...known.filter((fact) => !facts.includes(fact))];
  await importFiles(world, [archived(world, "ndjson", ndjsonFile(rows))]);
}

export async function importRest(world: World, dice: Dice): Promise<void> {
  const { market } = world;
  const fresh = many(1 + dice.below(4), () => market.trade(dice));
  const known = dice.shuffle(market.trades.filter((trade) => !fresh.includes(trade))).slice(0, 3);
  const reversed = dice.once(3) ? [dice.pick(fresh).tradeId] : [];
  await importFiles(world, [archived(world, "json", restFile([...fresh, ...known], reversed))]);
}

export async function importStatement(world: World, dice: Dice): Promise<void> {
  const { market } = world;
  const fresh = many(dice.below(3), () => market.trade(dice));
  const known = dice.shuffle(market.trades.filter((trade) => !fresh.includes(trade))).slice(0, 4);
  if (fresh.length + known.length === 0) return;
  await importFiles(world, [archived(world, "csv", statementFile([...fresh, ...known]))]);
}

/** The same bytes again, perhaps several files at once. */
export async function importAgain(world: World, dice: Dice): Promise<void> {
  const plain = world.archive.filter(({ options }) => options.length === 0);
  if (plain.length === 0) return;
  const first = dice.pick(plain);
  const second = dice.pick(plain);
  // Rows without ids are counted file by file; of Coinbase's sources one at a time.
  const alone = [first, second].some(({ tellings }) => tellings[0]?.space !== "given");
  const one = first === second || alone || contradict(first, second);
  await importFiles(world, one ? [first] : [first, second]);
}

/** Several files of one command: what the first records is known to the second. */
export async function importSeveral(world: World, dice: Dice): Promise<void> {
  const fills = many(4, () => world.market.fill(dice));
  const files = [csvFile(fills.slice(0, 3)), csvFile(fills.slice(1))];
  await importFiles(
    world,
    files.map((file) => archived(world, "csv", file)),
  );
}

const told = (world: World): Fill[] =>
  world.model.facts.all
    .filter(isFill)
    .filter(
      ({ revision, venue, fees }) =>
        revision === 0 && venue !== coinbaseWallet.venue && venue !== "paper" && fees.length < 2,
    );

/** A file that says something else of what is recorded. */
export async function importConflict(world: World, dice: Dice): Promise<void> {
  const known = told(world);
  if (known.length === 0) return;
  const chosen = dice.shuffle(known).slice(0, 2);
  const rows = chosen.map((fill) => ({ ...fill, price: world.market.price(dice) }));
  await importFiles(world, [archived(world, "csv", csvFile(rows))]);
}

const cut = (text: string, digits: number): string => {
  const [whole, fraction = ""] = text.split(".");
  const kept = fraction.slice(0, digits).replace(/0+$/, "");
  return kept === "" ? whole! : `${whole}.${kept}`;
};

/** A file that rounds, and says so; what it is the first to tell of is recorded as it tells it. */
export async function importRounded(world: World, dice: Dice): Promise<void> {
  const known = told(world).filter(
    (fill) => !world.model.facts.isVoided(fill) && world.model.facts.latest(fill) === fill,
  );
  const options = dice.pick([
    { name: "price=2", rounding: { price: 2 } },
    { name: "executed_at=ms", rounding: { clock: 1_000_000n } },
    { name: "price=1,executed_at=s", rounding: { price: 1, clock: 1_000_000_000n } },
  ]);
  const { price, clock = 1n } = options.rounding as { price?: number; clock?: bigint };
  const rows = [...dice.shuffle(known).slice(0, 3), world.market.fill(dice)].map((fill) => ({
    ...fill,
    price: price === undefined ? fill.price : cut(fill.price, price),
    executedAt: fill.executedAt - (fill.executedAt % clock),
  }));
  const written = csvFile(rows, options);
  await importFiles(world, [archived(world, "csv", written, ["--rounding", options.name])]);
}

/** A file with one bad row: nothing of it is recorded, or all but that row. */
export async function importBadRow(world: World, dice: Dice): Promise<void> {
  const good = csvFile(many(3, () => world.market.fill(dice)));
  const bad = csvLine(world.market.fill(dice));
  const spoiled = dice.pick([
    bad.replace(/2026-\d\d-\d\dT/, "2026-02-30T"),
    bad.replace(/,(buy|sell),/, ",hold,"),
    bad.replace(/,(buy|sell),[^,]*/, ",buy,1e400"),
    bad.replace(/,(buy|sell),[^,]*/, ",buy,-1"),
    bad.replace(/,(buy|sell),[^,]*/, ",buy,0.0000000000000000001"),
    bad.replace(/-(USD|BTC),/, "/$1,"),
    `${bad},,,,,,`,
  ]);
  const text = good.text.replace(/\n$/, `\n${spoiled}\n`);
  if (dice.once(2)) {
    const options = ["--skip-bad-rows"];
    await importFiles(world, [archived(world, "csv", { ...good, text }, options, 1)]);
    return;
  }
  const argv = ["import", world.file("csv", text)];
  const ended = await world.ends(argv);
  expect([ended.status, ended.stdout], ended.stderr).toEqual([2, ""]);
  expect(ended.stderr).toMatch(/csv row 5[:, ][\s\S]*1 bad row; nothing was recorded/);
}

/** Files that no format can read. */
export async function importGarbage(world: World, dice: Dice): Promise<void> {
  const header = csvFile([]).text;
  const row = csvLine(world.market.fill(dice));
  const garbage: readonly (string | Uint8Array)[] = [
    "",
    "\0\0\0\0",
    new Uint8Array([0xff, 0xfe, 0x66, 0x00, 0x69, 0x00]),
    `${header}${row.slice(0, 12)}`,
    `${header}"${row}`,
    `${header}${row.replace("2026", "20\ud83d26")}\n`,
    '{"fills":[{"entry_id":"x","trade_type":"FILL"',
    '{"type":"fill","portfolio":"default","symbol":"BTC-USD","quantity":1}\n',
    `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}\n`,
    "a;b;c\n1;2;3\n",
  ];
  const missing = dice.once(8);
  const path = missing
    ? dice.pick([world.path("csv"), world.files])
    : world.file("csv", dice.pick(garbage));
  const ended = await world.ends(["import", path]);
  expect([ended.status, ended.stdout], ended.stderr).toEqual([2, ""]);
  expect(ended.stderr).toMatch(/^\S/);
}

/** Facts through the library, and again. */
export async function recordFacts(world: World, dice: Dice): Promise<void> {
  const { market } = world;
  const facts: Fact[] = many(1 + dice.below(5), () => market.richFill(dice));
  if (dice.once(3)) facts.push(market.adjustment(dice));
  const source = dice.pick(["api", "socket"]);
  const tellings = facts.map((fact): Told => {
    return { fact, raw: JSON.stringify([source, factKey(fact)]), source, space: "given" };
  });
  const result = await world.record(
    tellings.map(({ fact, raw }) => ({ ...fact, raw })) as Fact[],
    source,
  );
  const judged = world.model.record([tellings]).flat();
  const { recorded, duplicates, conflicts, rounded_copies: roundedCopies } = countsOf(judged, 0);
  expect(result).toMatchObject({ recorded, duplicates, conflicts, roundedCopies });
  world.note(`recorded ${recorded} by the library in batch ${result.batch}`);
}

const factKey = (fact: Fact): unknown =>
  Object.entries(fact).map(([key, value]) => [
    key,
    typeof value === "bigint" ? `${value}` : (value as unknown),
  ]);
