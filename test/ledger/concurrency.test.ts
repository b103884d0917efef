/**
 * Many at once, on servers: 8 writers, 2 computers and 8 readers, each on connections of its own. Whatever
 * they meet, a report asked again is the same, nothing is lost or doubled, nobody deadlocks, and what is
 * concluded in the end is what the model says. `LOTBOOK_CONCURRENCY_SECONDS=n` takes that long a server.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { BookName, Fact, Fill, OpeningLot, Void } from "../../src/core/fact.ts";
import { explain } from "../../src/explain/explain.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { livePorts } from "../../src/ledger/ports.ts";
import type { ReportRow } from "../../src/reports/column.ts";
import type { GroupKey, ReportRequest } from "../../src/reports/request.ts";
import { openDatabase } from "../../src/store/open.ts";
import { Dice } from "../../src/testing/histories.ts";
import { naiveModel } from "../../src/testing/naive-model.ts";
import { engines, type TestEngine } from "../engines.ts";
import { read } from "../reports/read.ts";
import { conclusions } from "./conclusions.ts";
import { counts, expectVerified, openTestLedger, type TestLedger, withLedger } from "./ledger.ts";

const seconds = parseFloat(process.env["LOTBOOK_CONCURRENCY_SECONDS"] ?? "3");
const seed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);
const writers = 8;
const readers = 8;
/** Bounds the ledger where a machine is fast, so that the end can be checked in little time. */
const mostFacts = Math.ceil(1_000 * seconds);
const mostBuilds = 3;
const minutes = 3_000;

const books: readonly BookName[] = [
  { portfolio: "default", symbol: "BTC-USD" },
  { portfolio: "default", symbol: "ETH-USD" },
  { portfolio: "other", symbol: "BTC-USD" },
];

const instant = (minute: number): bigint =>
  1_772_323_200_000_000_000n + BigInt(minute) * 60_000_000_000n;

/** A fact and what follows it: each part comes with what it names, or after it. */
type Family = readonly (readonly Fact[])[];

/** Makes up facts that no other writer makes up, in books that all share. */
class Trader {
  readonly #dice: Dice;
  readonly #name: string;
  #made = 0;

  constructor(dice: Dice, name: string) {
    this.#dice = dice;
    this.#name = name;
  }

  family(): Family {
    const dice = this.#dice;
    this.#made += 1;
    const id = `${this.#name}-${this.#made}`;
    const book = dice.pick(books);
    if (dice.once(15)) return [[this.#openingLot(book, id)]];
    const fill = this.#fill(book, id);
    const parts: Fact[][] = [[fill]];
    if (fill.fees[0]?.asset === "BNB" && dice.once(2)) parts.push([this.#value(fill)]);
    if (dice.once(8)) parts.push(this.#correction(fill));
    return parts;
  }

  #wallet() {
    return { venue: this.#dice.pick(["coinbase", "kraken"]), account: "main" };
  }

  #fill(book: BookName, fillId: string): Fill {
    const dice = this.#dice;
    const assets = [book.symbol.slice(4), book.symbol.slice(0, 3), "BNB"];
    const fees = dice.once(3) ? [] : [{ asset: dice.pick(assets), amount: dice.pick(["1", "-1"]) }];
    return {
      kind: "fill",
      ...book,
      ...this.#wallet(),
      fillId,
      revision: 0,
      executedAt: instant(dice.below(minutes)),
      side: dice.once(2) ? "buy" : "sell",
      quantity: dice.pick(["3", "5", "7", "12"]),
      price: `${90 + dice.below(20)}.25`,
      fees,
      ...(dice.once(4) ? { sequence: BigInt(dice.below(9)) } : {}),
    };
  }

  #openingLot(book: BookName, key: string): OpeningLot {
    const openedAt = instant(this.#dice.below(minutes));
    const evidence = { author: "ana", note: "carried over" };
    const names = { ...book, ...this.#wallet(), key, revision: 0, openedAt };
    return { kind: "opening lot", ...names, quantity: "4", cost: "333.33", ...evidence };
  }

  #value({ portfolio, symbol, venue, account, fillId }: Fill): Fact {
    const names = { portfolio, symbol, venue, account, fillId, fillRevision: 0 };
    return { kind: "fee value", ...names, asset: "BNB", revision: 0, value: "6.1", source: "m" };
  }

  /** A void, perhaps with a replacement. */
  #correction(fill: Fill): Fact[] {
    const { portfolio, symbol, venue, account, fillId: targetId } = fill;
    const names = { portfolio, symbol, venue, account, targetId, targetRevision: 0 };
    const bust: Void = {
      kind: "void",
      targetKind: "fill",
      ...names,
      author: "ana",
      reason: "bust",
    };
    return this.#dice.once(3) ? [bust] : [bust, { ...fill, revision: 1, quantity: "2" }];
  }
}

/** What one of them does. */
type Part = (ledger: Ledger) => Promise<void>;

/** What all of them do, and have done. */
class Scene {
  /** Told by somebody, or about to be: others tell of it again. */
  readonly families: Family[] = [];
  /** Tellings with a price that is not the recorded one. */
  conflicts = 0;
  recorded = 0;
  /** Which fact was told by which source. */
  readonly told = new Set<string>();
  #end = 0;
  #failed = false;

  get goesOn(): boolean {
    return !this.#failed && performance.now() < this.#end;
  }

  get facts(): Fact[] {
    return this.families.flatMap((family) => family.flat());
  }

  /** Lets all of them play, each on connections of their own. One who fails stops all. */
  async play(location: string, parts: readonly Part[]): Promise<void> {
    const ledgers = await Promise.all(
      parts.map(async () => {
        return new Ledger(await openDatabase(location, { connections: 3 }), livePorts);
      }),
    );
    this.#end = performance.now() + seconds * 1000;
    const ended = await Promise.allSettled(
      parts.map(async (part, index) => {
        try {
          await part(ledgers[index]!);
        } catch (error) {
          this.#failed = true;
          throw error;
        } finally {
          await ledgers[index]!.close();
        }
      }),
    );
    const failures = ended.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    if (failures.length > 0) throw new AggregateError(failures, String(failures[0]));
  }
}

const nameOf = (fact: Fact): string =>
  JSON.stringify(fact, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );

/** Tells of new facts, of those of others, of some wrongly; what follows a fact comes now or later. */
async function write(scene: Scene, ledger: Ledger, index: number): Promise<void> {
  const dice = new Dice(seed * 100 + index);
  const trader = new Trader(dice, `w${index}`);
  const source = `writer ${index}`;
  const waiting: (readonly Fact[])[] = [];
  const tell = async (facts: readonly Fact[]): Promise<void> => {
    const { recorded, conflicts } = await ledger.record(dice.shuffle(facts), { source });
    expect(conflicts).toBe(0);
    scene.recorded += recorded;
    for (const fact of facts) scene.told.add(`${source} ${nameOf(fact)}`);
  };
  let count = 0;
  let told = 0;
  while (scene.goesOn && count < mostFacts / writers) {
    const batch: Fact[] = [];
    const own = Array.from({ length: 1 + dice.below(5) }, () => trader.family());
    // In the scene before they are recorded: others may be first.
    scene.families.push(...own);
    for (const [first = [], ...rest] of own) {
      batch.push(...first);
      count += first.length + rest.flat().length;
      waiting.push(...rest);
    }
    while (waiting.length > 0 && dice.once(2)) batch.push(...waiting.shift()!);
    if (dice.once(2)) batch.push(...dice.pick(scene.families).flat());
    told += 1;
    await tell([...new Map(batch.map((fact) => [nameOf(fact), fact])).values()]);
    const [first] = own[0]![0]!;
    if (first!.kind === "fill" && (told === 1 || dice.once(4))) {
      const wrong = { ...first!, price: "1" };
      const { conflicts } = await ledger.record([wrong], { source });
      expect(conflicts).toBe(1);
      scene.conflicts += 1;
    }
  }
  // One by one: what follows something may not overtake it.
  for (const part of waiting) await tell(part);
}

/** Computes again and again; the builder sometimes from nothing, as the version to read from then on. */
async function compute(scene: Scene, ledger: Ledger, builds: boolean): Promise<void> {
  const dice = new Dice(seed * 100 + 50);
  for (let built = 0; scene.goesOn;) {
    const full = builds && built < mostBuilds && dice.once(4);
    if (full) built += 1;
    await ledger.compute({ full });
    await sleep(5);
  }
}

const reports = ["pnl", "lots", "allocations", "unmatched", "trades", "orders"] as const;
const groupings: readonly GroupKey[] = ["symbol", "venue", "month", "day", "portfolio", "account"];

function drawRequest(dice: Dice): ReportRequest {
  const report = dice.pick(reports);
  return {
    report,
    ...(dice.once(3) ? { asOf: new Date(Date.UTC(2026, 2, 1, dice.below(50))).toISOString() } : {}),
    ...(dice.once(2) ? dice.pick(books) : {}),
    ...(report === "pnl" ? { groupBy: [dice.pick(groupings)] } : {}),
  };
}

interface Remembered {
  readonly request: ReportRequest;
  readonly bytes: string;
}

const textOf = ({ rows, totals, feesNotTaken }: Awaited<ReturnType<typeof read>>): string =>
  JSON.stringify([rows, totals, feesNotTaken]);

async function askAgain(ledger: Ledger, { request, bytes }: Remembered): Promise<void> {
  expect(textOf(await read(ledger.database, request)), JSON.stringify(request)).toBe(bytes);
}

/** Asks for an explanation of a row at the cut of its report; what is stored is what the facts give. */
async function explainRow(
  ledger: Ledger,
  row: ReportRow,
  cut: Pick<ReportRequest, "version" | "knownAt">,
): Promise<void> {
  const [id, portfolio, symbol] = ["close_fill_id", "portfolio", "symbol"].map((name) =>
    String(row[name]),
  ) as [string, string, string];
  const outcome = await explain(
    ledger.database,
    { ...cut, id, portfolio, symbol },
    async (explanation) => {
      for await (const part of explanation.rows) expect(part).toBeDefined();
      return explanation.outcome();
    },
  );
  expect(outcome.disagreements, id).toEqual([]);
}

/** Reads what comes; asks again for what was read before, at its version and cuts. */
async function readOn(scene: Scene, ledger: Ledger, index: number): Promise<number> {
  const dice = new Dice(seed * 100 + 60 + index);
  const remembered: Remembered[] = [];
  let asked = 0;
  while (scene.goesOn) {
    if (dice.once(10)) await read(ledger.database, { report: "runs" });
    if (remembered.length > 0 && dice.once(2)) {
      await askAgain(ledger, dice.pick(remembered));
      asked += 1;
      continue;
    }
    const request = drawRequest(dice);
    const report = await read(ledger.database, request);
    const { version, known_at: knownAt } = report.header;
    const cut = { version: version!, knownAt: `${knownAt!.revision}` };
    const again = { request: { ...request, ...cut }, bytes: textOf(report) };
    if (remembered.length < 20) remembered.push(again);
    else remembered[dice.below(20)] = again;
    if (request.report === "trades" && report.rows.length > 0)
      await explainRow(ledger, dice.pick(report.rows), cut);
  }
  for (const each of remembered) await askAgain(ledger, each);
  return asked + remembered.length;
}

/** The rows of the version against the model's, and the digest against a ledger told all at once. */
async function expectModel(engine: TestEngine, opened: TestLedger, scene: Scene): Promise<void> {
  const { ledger } = opened;
  const { version, digest } = await ledger.compute();
  expect(await expectVerified(opened)).toBe(digest);
  const rows = await opened.database.connect((connection) => conclusions(connection, version));
  for (const { portfolio, symbol } of books) {
    const facts = scene.facts.filter(
      (fact) => fact.portfolio === portfolio && fact.symbol === symbol,
    );
    expect(rows.get(`${portfolio}\n${symbol}`)).toEqual(naiveModel(facts, "portfolio"));
  }
  await withLedger(engine, async (fresh) => {
    await fresh.ledger.record(scene.facts);
    expect((await fresh.ledger.compute({ full: true })).digest).toBe(digest);
  });
}

async function expectCounts(opened: TestLedger, scene: Scene): Promise<void> {
  const of = (kind: Fact["kind"]): bigint =>
    BigInt(scene.facts.filter((fact) => fact.kind === kind).length);
  expect(scene.recorded).toBe(scene.facts.length);
  expect(await counts(opened)).toMatchObject({
    books: BigInt(books.length),
    fills: of("fill"),
    opening_lots: of("opening lot"),
    fee_values: of("fee value"),
    voids: of("void"),
    adjustments: 0n,
    observations: BigInt(scene.told.size + scene.conflicts),
  });
}

async function playAll(opened: TestLedger): Promise<{ scene: Scene; asked: number }> {
  const scene = new Scene();
  const first = new Trader(new Dice(seed), "first");
  scene.families.push(...Array.from({ length: 20 }, () => first.family()));
  await opened.ledger.record(scene.facts, { source: "first" });
  scene.recorded = scene.facts.length;
  for (const fact of scene.facts) scene.told.add(`first ${nameOf(fact)}`);
  await opened.ledger.compute();
  let asked = 0;
  await scene.play(opened.location, [
    ...Array.from(
      { length: writers },
      (_, index): Part =>
        (ledger) =>
          write(scene, ledger, index),
    ),
    (ledger) => compute(scene, ledger, false),
    (ledger) => compute(scene, ledger, true),
    ...Array.from({ length: readers }, (_, index): Part => async (ledger) => {
      asked += await readOn(scene, ledger, index);
    }),
  ]);
  return { scene, asked };
}

for (const engine of engines.filter(({ kind }) => kind === "postgres"))
  describe(`many at once (${engine.name})`, () => {
    test(`${writers} writers, 2 computers and ${readers} readers`, async () => {
      const opened = await openTestLedger(engine);
      try {
        const { scene, asked } = await playAll(opened);
        expect(asked).toBeGreaterThanOrEqual(readers);
        expect(scene.conflicts).toBeGreaterThan(0);
        await expectCounts(opened, scene);
        await expectModel(engine, opened, scene);
        const [statistics] = await opened.query(
          "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
        );
        expect(statistics).toEqual({ deadlocks: 0n });
      } catch (error) {
        const replay =
          `LOTBOOK_SEED=${seed} LOTBOOK_CONCURRENCY_SECONDS=${seconds} ` +
          `LOTBOOK_TEST_ENGINES=${engine.name} npx vitest run test/ledger/concurrency.test.ts`;
        throw new Error(`replay: ${replay}`, { cause: error });
      } finally {
        await opened.dispose();
      }
    }, 600_000);
  });
