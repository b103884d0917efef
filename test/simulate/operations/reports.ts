/** Reports, explanations and differences: what the naive model says, at any cut. */
import { expect } from "vitest";
import type { Fill } from "../../../src/core/fact.ts";
import type { Dice } from "../../../src/testing/histories.ts";
import { sum, timeText } from "../amounts.ts";
import { changes, type Conclusions, type Lot, type Slice } from "../model/conclusions.ts";
import { bookOf } from "../model/facts.ts";
import type { State, Version } from "../model/versions.ts";
import type { World } from "../world.ts";

type Row = Readonly<Record<string, unknown>>;

/** Without its last part, the revision: a report names the fill and not which of its revisions. */
const withoutRevision = (name: string): string => name.slice(0, name.lastIndexOf("/"));

function sliceRow(slice: Slice): Row {
  const { book, close, open, missing } = slice;
  return {
    book,
    close: withoutRevision(close),
    open: open === null ? null : withoutRevision(open),
    quantity: slice.quantity,
    open_fee: slice.openFee,
    close_fee: slice.closeFee,
    cost_basis: slice.costBasis,
    proceeds: slice.proceeds,
    net_proceeds: slice.netProceeds,
    pnl: slice.pnl,
    complete: missing === 0,
  };
}

const path = (...parts: unknown[]): string => parts.join("/");

function shownSlice(row: Row): Row {
  const { portfolio, symbol, venue, account, close_fill_id: close, open_fill_id: open } = row;
  const keys = ["quantity", "open_fee", "close_fee", "cost_basis", "proceeds", "net_proceeds"];
  const same = Object.fromEntries([...keys, "pnl", "complete"].map((key) => [key, row[key]]));
  return {
    book: path(portfolio, symbol),
    close: path(venue, account, close),
    open: open === null ? null : path(row["open_venue"], row["open_account"], open),
    ...same,
  };
}

const lotRow = ({ book, open, quantity, costBasis }: Lot): Row => ({
  book,
  open: withoutRevision(open),
  remaining: quantity,
  cost_basis: costBasis,
});

const shownLot = (row: Row): Row => ({
  book: path(row["portfolio"], row["symbol"]),
  open: path(row["venue"], row["account"], row["open_fill_id"]),
  remaining: row["remaining"],
  cost_basis: row["cost_basis"],
});

const texts = (rows: readonly Row[]): string[] =>
  rows.map((row) => JSON.stringify(row, Object.keys(row).toSorted())).toSorted();

const sumOf = (some: readonly Slice[], amount: (slice: Slice) => string | null): string =>
  sum(some.map((slice) => amount(slice) ?? "0"));

/** PnL by symbol and quote, as `report pnl` sums it. */
function pnlRows({ slices }: Conclusions): Row[] {
  const symbols = new Map<string, Slice[]>();
  for (const slice of slices) {
    const symbol = slice.book.slice(slice.book.indexOf("/") + 1);
    symbols.set(symbol, [...(symbols.get(symbol) ?? []), slice]);
  }
  return [...symbols].map(([symbol, all]) => {
    const complete = all.filter(({ missing }) => missing === 0);
    const rest = all.filter(({ missing }) => missing !== 0);
    return {
      symbol,
      realized_pnl: sumOf(complete, ({ pnl }) => pnl),
      proceeds: sumOf(complete, ({ proceeds }) => proceeds),
      cost_basis: sumOf(complete, ({ costBasis }) => costBasis),
      closed_quantity: sumOf(
        all.filter(({ open }) => open !== null),
        ({ quantity }) => quantity,
      ),
      unmatched_quantity: sumOf(
        all.filter(({ open }) => open === null),
        ({ quantity }) => quantity,
      ),
      incomplete_proceeds: sumOf(rest, ({ netProceeds }) => netProceeds),
      complete: rest.length === 0,
    };
  });
}

function shownPnl(row: Row): Row {
  const keys = ["symbol", "realized_pnl", "proceeds", "cost_basis", "closed_quantity"];
  const more = ["unmatched_quantity", "incomplete_proceeds", "complete"];
  return Object.fromEntries([...keys, ...more].map((key) => [key, row[key]]));
}

/** Compares reports of a version, at a revision and a cut in time, with the naive model. */
export async function checkReports(
  world: World,
  version: Version,
  state: State,
  asOf?: bigint,
): Promise<void> {
  const expected = world.model.versions.conclusions(version, state, asOf);
  const cuts = ["--version", `${version.version}`, "--known-at", `${state.revision}`];
  if (asOf !== undefined) cuts.push("--as-of", timeText(asOf));
  const rows = async (name: string, key = name): Promise<readonly Row[]> => {
    const report = await world.look<Record<string, Row[]>>(["report", name, ...cuts]);
    return report[key]!;
  };
  const allocations = await rows("allocations");
  expect(texts(allocations.map(shownSlice))).toEqual(texts(expected.slices.map(sliceRow)));
  const lots = await rows("lots");
  expect(texts(lots.map(shownLot))).toEqual(texts(expected.lots.map(lotRow)));
  const pnl = await rows("pnl", "rows");
  expect(texts(pnl.map(shownPnl))).toEqual(texts(pnlRows(expected)));
  const unmatched = await rows("unmatched");
  expect(unmatched).toHaveLength(expected.slices.filter(({ open }) => open === null).length);
}

/** Some version as it stood at some time. */
function drawState(world: World, dice: Dice): [Version, State] | undefined {
  const { standing } = world.model.versions;
  if (standing.length === 0) return undefined;
  const version = dice.pick(standing);
  return [version, dice.pick(version.states)];
}

export async function reportPast(world: World, dice: Dice): Promise<void> {
  const drawn = drawState(world, dice);
  if (drawn === undefined) {
    const { status } = await world.command(["report", "pnl"]);
    expect(status).toBe(2);
    return;
  }
  await checkReports(world, ...drawn, dice.once(2) ? world.market.time(dice) : undefined);
}

/** The published version as it stands, and how many facts wait. */
export async function reportNow(world: World): Promise<void> {
  const { published } = world.model.versions;
  if (published === undefined) return;
  const state = published.states.at(-1)!;
  const header = await world.look(["report", "pnl"]);
  expect(header).toMatchObject({
    version: published.version,
    scope: published.scope,
    not_yet_computed: world.model.versions.notYetComputed(state),
  });
  await checkReports(world, published, state);
}

const names = ["allocations", "lots", "pnl", "unmatched", "trades", "orders"];

/** A question with all its cuts named: the answer is kept, and has to stay. */
export async function askReport(world: World, dice: Dice): Promise<void> {
  const drawn = drawState(world, dice);
  if (drawn === undefined) return;
  const [version, { revision }] = drawn;
  const argv = ["--format", dice.pick(["table", "csv", "json", "ndjson"])];
  argv.push("report", dice.pick(names), "--version", `${version.version}`);
  argv.push("--known-at", `${revision}`);
  if (dice.once(2)) argv.push("--as-of", timeText(world.market.time(dice)));
  if (dice.once(4)) argv.push("--symbol", "BTC-USD", "--account", "main");
  await world.ask(argv, version.version);
}

export async function askAgain(world: World, dice: Dice): Promise<void> {
  if (world.asked.length > 0) await world.askAgain(dice.pick(world.asked));
}

/** The log has a row a run, whatever became of it. */
export async function reportRuns(world: World): Promise<void> {
  const { runs } = await world.look<{ runs: { status: string }[] }>(["report", "runs"]);
  const { done, failed } = world.model.runs;
  const count = (status: string): number => runs.filter((run) => run.status === status).length;
  // A run that died says so when the next one begins.
  expect([count("done"), count("failed") + count("running")]).toEqual([done, failed]);
}

/** Any fact explains itself, and a sale by what the naive model says of it. */
export async function explainFact(world: World, dice: Dice): Promise<void> {
  const { facts, versions } = world.model;
  const all = facts.all.filter(
    (fact): fact is Fill => fact.kind === "fill" && facts.latest(fact) === fact,
  );
  if (versions.published === undefined || all.length === 0) return;
  const fill = dice.pick(all);
  const { portfolio, symbol, venue, account, fillId } = fill;
  const place = ["--portfolio", portfolio, "--symbol", symbol, "--venue", venue];
  const argv = ["explain", fillId, ...place, "--account", account];
  const told = await world.look<{ value?: unknown }>(argv);
  if (fill.side !== "sell") return;
  const name = path(venue, account, fillId, fill.revision);
  const slices = versions
    .conclusions(versions.published)
    .slices.filter(({ book, close }) => book === bookOf(fill) && close === name);
  if (slices.length === 0) return;
  const known = slices.flatMap(({ pnl }) => (pnl === null ? [] : [pnl]));
  const text = JSON.stringify(told);
  for (const pnl of known) expect(text).toContain(JSON.stringify(pnl));
  if (known.length > 0) expect(text).toContain(JSON.stringify(sum(known)));
}

/** What changed between two states of two versions adds up to the difference of their totals. */
export async function diffStates(world: World, dice: Dice): Promise<void> {
  const [before, after] = [drawState(world, dice), drawState(world, dice)];
  if (before === undefined || after === undefined) return;
  const ends = [before, after].map(([version]) => `${version.version}`);
  const revisions = [before, after].map(([, { revision }]) => `${revision}`);
  const argv = ["versions", "diff", ...ends, "--known-at", ...revisions];
  const result = await world.look<{ totals: { quote: string; pnl_change: string }[] }>(argv);
  const [totalsBefore, totalsAfter] = [before, after].map(([version, state]) =>
    world.model.versions.conclusions(version, state).totals(),
  );
  const changed = Object.fromEntries(
    result.totals
      .filter(({ pnl_change: change }) => change !== "0")
      .map(({ quote, pnl_change: change }) => [quote, change]),
  );
  expect(changed).toEqual(changes(totalsBefore!, totalsAfter!));
}
