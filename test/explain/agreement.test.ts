/**
 * Explanations of everything in random ledgers: each figure is what its numbers give, evaluated apart, and
 * what the reports say, to the last digit. `LOTBOOK_EXPLAINED=n` draws n histories.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fact } from "../../src/core/fact.ts";
import type { ReportRow } from "../../src/reports/column.ts";
import type { GroupKey, ViewRequest } from "../../src/reports/request.ts";
import { Dice, drawHistory } from "../../src/testing/histories.ts";
import { describeEngines } from "../engines.ts";
import { arrange } from "../../src/testing/arrival.ts";
import { openTestLedger, type TestLedger } from "../ledger/ledger.ts";
import { read } from "../reports/read.ts";
import { add, decimal, same } from "./evaluate.ts";
import { type Explained, explained, textOf, wrongFigures, wrongLines } from "./read.ts";

const histories = parseInt(process.env["LOTBOOK_EXPLAINED"] ?? "4", 10);
const seed = parseInt(process.env["LOTBOOK_SEED"] ?? "11", 10);

const facts: Fact[] = Array.from({ length: histories }, (_, index) =>
  drawHistory(seed + index, 12).facts.map((fact) => ({
    ...fact,
    portfolio: `${index} ${fact.portfolio}`,
  })),
).flat();

/** A fact that can be asked for, by all its names. */
function requestsOf(fact: Fact) {
  if (fact.kind !== "fill" && fact.kind !== "opening lot" && fact.kind !== "adjustment") return [];
  const { kind, portfolio, symbol, venue, account } = fact;
  const id =
    fact.kind === "fill" ? fact.fillId : fact.kind === "opening lot" ? fact.key : fact.entryId;
  const revision = fact.kind === "adjustment" ? 0 : fact.revision;
  return [{ kind, id, revision, portfolio, symbol, venue, account }];
}
const requests = facts.flatMap(requestsOf);
type Request = (typeof requests)[number];

const names = (row: ReportRow | Request, id: unknown): string =>
  [row["portfolio"], row["symbol"], row["venue"], row["account"], id].map(String).join("\0");

/** Rows of a report by the fact that they are of. */
async function rowsBy(
  opened: TestLedger,
  report: "allocations" | "trades" | "lots",
  view: ViewRequest,
): Promise<Map<string, ReportRow[]>> {
  const { rows } = await read(opened.database, { report, ...view });
  const id = report === "lots" ? "open_fill_id" : "close_fill_id";
  return Map.groupBy(rows, (row) => names(row, row[id]));
}

const figureNames = ["pnl", "cost_basis", "proceeds", "net_proceeds"] as const;

/** The slices of an explanation as rows of `report allocations`. */
function asRows({ slices }: Explained): unknown[] {
  return slices.map((slice) => {
    const value = (name: string): unknown =>
      (slice[name] as { value: string | null } | null)?.value ?? null;
    const opening = slice["opening"] as { id: string } | null;
    return {
      ...Object.fromEntries(figureNames.map((name) => [name, value(name)])),
      open_fee: value("open_share"),
      close_fee: value("close_share"),
      open_fill_id: opening?.id ?? null,
      quantity: slice["quantity"],
      complete: slice["complete"],
      missing: slice["missing"],
    };
  });
}

const compared = [
  ...figureNames,
  "open_fee",
  "close_fee",
  "open_fill_id",
  "quantity",
  "complete",
  "missing",
];
const pick = (row: ReportRow): unknown =>
  Object.fromEntries(compared.map((name) => [name, row[name]]));

/** The facts whose revision is not the one that stands share their names with another. */
const replacedOrVoided = (told: Explained): boolean => told.state !== "taken in";

async function checkFacts(opened: TestLedger, view: ViewRequest): Promise<Record<string, number>> {
  const slices = await rowsBy(opened, "allocations", view);
  const trades = await rowsBy(opened, "trades", view);
  const lots = await rowsBy(opened, "lots", view);
  const seen: Record<string, number> = {};
  for (const [index, request] of requests.entries()) {
    const told = await explained(opened.database, { ...request, ...view });
    const where = JSON.stringify({ request, view });
    expect(told.disagreements, where).toEqual([]);
    expect(wrongFigures(told), where).toEqual([]);
    seen[`${told.explain} ${told.state}`] = (seen[`${told.explain} ${told.state}`] ?? 0) + 1;
    if (index % 4 === 0) {
      const { wrong, count } = wrongLines(await textOf(opened.database, { ...request, ...view }));
      expect(wrong, where).toEqual([]);
      seen["lines"] = (seen["lines"] ?? 0) + count;
    }
    if (replacedOrVoided(told)) continue;
    const name = names(request, request.id);
    if (told.explain === "sale") {
      expect(asRows(told), where).toEqual((slices.get(name) ?? []).map(pick));
      const [trade] = trades.get(name)!;
      expect(told.pnl.value, where).toBe(trade!["realized_pnl"]);
      expect(told.quantity.value, where).toBe(trade!["quantity"]);
    } else {
      const [lot] = lots.get(name) ?? [];
      expect(told.left?.quantity.value ?? null, where).toBe(lot?.["remaining"] ?? null);
      expect(told.left?.cost_basis.value ?? null, where).toBe(lot?.["cost_basis"] ?? null);
    }
  }
  return seen;
}

async function checkCells(opened: TestLedger, view: ViewRequest): Promise<number> {
  const groupings: GroupKey[][] = [
    ["month"],
    ["day", "account"],
    ["week"],
    ["venue", "strategy"],
    ["quote"],
  ];
  let cells = 0;
  for (const groupBy of groupings) {
    const { rows } = await read(opened.database, { report: "pnl", groupBy, ...view });
    for (const row of rows) {
      const keys = [...groupBy, "quote"].map((key) => [key, row[key]]);
      const told = await explained(opened.database, { ...view, cell: Object.fromEntries(keys) });
      expect(told.disagreements).toEqual([]);
      expect(told.figures).toEqual(row);
      expect(told.pnl.value).toBe(row["realized_pnl"]);
      const sum = told.sales.reduce(
        (total, { pnl }) => add(total, decimal(String(pnl))),
        decimal("0"),
      );
      expect(same(sum, decimal(String(row["realized_pnl"])))).toBe(true);
      expect(told.sales.at(-1)!["pnl_so_far"]).toBe(row["realized_pnl"]);
      cells += 1;
    }
  }
  return cells;
}

describeEngines("explanations agree", (engine) => {
  let opened: TestLedger;
  /** A revision from before the last facts. */
  let earlier: string;

  beforeAll(async () => {
    opened = await openTestLedger(engine);
    const batches = arrange(new Dice(seed), facts, 60);
    const half = Math.ceil(batches.length / 2);
    for (const [index, batch] of batches.entries()) {
      await opened.ledger.record(batch, { source: index % 2 === 0 ? "feed" : "file" });
      if (index === half - 1) earlier = `${(await opened.ledger.compute()).revision}`;
    }
    await opened.ledger.compute();
    await opened.ledger.compute({ full: true, scope: "account", publish: false });
  }, 240_000);
  afterAll(() => opened?.dispose());

  test("of every fact, of two versions", async () => {
    const seen = await checkFacts(opened, { version: 1 });
    expect(seen).toMatchObject({ "sale taken in": expect.any(Number), lines: expect.any(Number) });
    for (const kind of ["buy taken in", "opening lot taken in", "sale voided"])
      expect(seen[kind], kind).toBeGreaterThan(0);
    await checkFacts(opened, { version: 2 });
  }, 240_000);

  test("at a cut of each kind", async () => {
    const seen = await checkFacts(opened, { version: 1, knownAt: earlier });
    expect(Object.keys(seen).some((name) => name.endsWith("not yet computed"))).toBe(true);
    const { rows } = await read(opened.database, { report: "trades", version: 1 });
    const middle = rows[Math.floor(rows.length / 2)]!["closed_at"] as string;
    const cut = await checkFacts(opened, { version: 1, asOf: middle });
    expect(Object.keys(cut).some((name) => name.endsWith("after as of"))).toBe(true);
  }, 240_000);

  test("of cells", async () => {
    expect(await checkCells(opened, { version: 1 })).toBeGreaterThan(4);
    await checkCells(opened, { version: 2, tz: "Europe/Berlin" });
  }, 240_000);
});
