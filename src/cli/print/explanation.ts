/** An explanation: as a tree to read, or as JSON. Rows are written as they come. */
import type {
  CellExplanation,
  Concluded,
  Explanation,
  Figure,
  OpeningExplanation,
  Outcome,
  SaleExplanation,
  SaleNode,
  SliceNode,
  TakingNode,
} from "../../explain/node.ts";
import type { Output } from "../output.ts";
import { forTerminal } from "./escape.ts";
import { factBranch, figureText } from "./fact-branch.ts";
import { jsonLine } from "./report.ts";
import { counted, viewParts } from "./report-table.ts";
import { type Branch, printTree } from "./tree.ts";
import { joinParts, wrapWords } from "./wrap.ts";

function concludedText({ run, mode, step, revision, at }: Concluded): string {
  return `concluded by run ${run} (${mode}), step ${step}, revision ${revision}, ${at}`;
}

function sliceBranch(slice: SliceNode, quote: string): Branch {
  const from = slice.opening === null ? "no lot: unmatched" : forTerminal(slice.opening.id);
  const pnl = slice.pnl.value === null ? "PnL not known" : `PnL ${slice.pnl.value}`;
  const missing = slice.complete ? [] : [`missing: ${slice.missing.join(", ")}`];
  const texts = [
    figureText("PnL", slice.pnl),
    figureText("cost basis", slice.cost_basis),
    figureText("proceeds", slice.proceeds),
    figureText("net proceeds", slice.net_proceeds),
    ...(slice.open_share === null ? [] : [figureText("open share", slice.open_share)]),
    figureText("close share", slice.close_share),
    ...missing,
    ...slice.heals.map((way) => `it heals when you ${forTerminal(way)}`),
    concludedText(slice.concluded),
  ];
  const branches: Branch[] = texts.map((text) => ({ text }));
  if (slice.opening !== null) branches.push(factBranch(slice.opening, quote));
  return { text: `slice ${slice.slice}: ${slice.quantity} out of ${from}, ${pnl}`, branches };
}

function takingBranch(taking: TakingNode): Branch {
  const known = taking.missing.length === 0 ? "" : ` (missing: ${taking.missing.join(", ")})`;
  const pnl = taking.pnl === null ? `PnL not known${known}` : `PnL ${taking.pnl}`;
  const which = taking.revision === 0 ? "" : ` (revision ${taking.revision})`;
  const sale = `${forTerminal(taking.close_fill_id)}${which}`;
  const texts = [
    figureText("cost basis", taking.cost_basis),
    figureText("open share", taking.open_share),
    concludedText(taking.concluded),
  ];
  return {
    text: `sale ${sale} took ${taking.quantity}, ${taking.closed_at}: ${pnl}; left ${taking.left}`,
    branches: texts.map((text) => ({ text })),
  };
}

/** PnL of a sale or cell in words, its incomplete part with it. */
function pnlText(figures: Readonly<Record<string, unknown>>, quote: string): string {
  const incomplete = Number(figures["incomplete_allocations"]);
  const all = Number(figures["allocations"]);
  if (incomplete > 0 && incomplete === all) return "realized PnL not known";
  const pnl = `realized PnL ${String(figures["realized_pnl"])} ${forTerminal(quote)}`;
  return incomplete === 0 ? pnl : `${pnl}, without ${incomplete} of ${all} allocations`;
}

function titleOf(explanation: Explanation): string {
  const { kind, quote } = explanation;
  if (kind === "pnl") {
    const groups = Object.entries(explanation.cell)
      .filter(([key]) => key !== "quote")
      .map(([key, value]) => `${key} ${value === null ? "-" : forTerminal(value)}`);
    return `${groups.join(", ") || "All sales"}: ${pnlText(explanation.figures, quote)}`;
  }
  const { id } = explanation.fact;
  const name = `${kind[0]!.toUpperCase()}${kind.slice(1)} ${forTerminal(id)}`;
  if (kind === "sale" && explanation.figures !== null)
    return `${name}: ${pnlText(explanation.figures, quote)}`;
  return explanation.state === "taken in" ? name : `${name}: ${explanation.state}`;
}

async function* withOutcome<Row>(
  rows: AsyncIterable<Row>,
  toBranch: (row: Row) => Branch,
  end: () => Promise<readonly Branch[]>,
): AsyncGenerator<Branch> {
  for await (const row of rows) yield toBranch(row);
  yield* await end();
}

function disagreementBranches({ disagreements }: Outcome): Branch[] {
  return disagreements.map(({ what, stored, computed }) => ({
    text:
      `DOES NOT AGREE: ${forTerminal(what)}: stored ${stored ?? "nothing"}, ` +
      `from the facts ${computed ?? "nothing"}`,
  }));
}

/** Where no slice is complete the sum is of nothing: a zero would look like a figure. */
function sumOfSale({ figures }: SaleExplanation, pnl: Figure): string {
  const unknown = figures !== null && figures["allocations"] === figures["incomplete_allocations"];
  return unknown && pnl.computed === undefined
    ? "realized PnL: not known, as no slice is complete"
    : figureText("realized PnL", pnl);
}

async function* saleBranches(
  sale: SaleExplanation,
  ended: (outcome: Outcome) => void,
): AsyncGenerator<Branch> {
  yield factBranch(sale.fact, sale.quote);
  yield* withOutcome(
    sale.rows,
    (slice) => sliceBranch(slice, sale.quote),
    async () => {
      const outcome = await sale.outcome();
      ended(outcome);
      const { quantity, pnl } = outcome;
      return [
        ...(quantity === undefined ? [] : [{ text: figureText("quantity", quantity) }]),
        ...(pnl === undefined ? [] : [{ text: sumOfSale(sale, pnl) }]),
        ...disagreementBranches(outcome),
      ];
    },
  );
}

async function* openingBranches(
  opening: OpeningExplanation,
  ended: (outcome: Outcome) => void,
): AsyncGenerator<Branch> {
  yield factBranch(opening.fact, opening.quote);
  yield* withOutcome(opening.rows, takingBranch, async () => {
    const outcome = await opening.outcome();
    ended(outcome);
    const { left } = outcome;
    const nothing = opening.state === "taken in" ? [{ text: "nothing of it is left" }] : [];
    if (left === undefined || left === null) return [...nothing, ...disagreementBranches(outcome)];
    const texts = [
      figureText("cost basis", left.cost_basis),
      figureText("open share", left.open_share),
      ...(left.concluded === null ? [] : [concludedText(left.concluded)]),
    ];
    return [
      { text: figureText("left", left.quantity), branches: texts.map((text) => ({ text })) },
      ...disagreementBranches(outcome),
    ];
  });
}

function saleOfCell(sale: SaleNode): Branch {
  const { incomplete_allocations: incomplete, allocations } = sale;
  const without =
    incomplete === 0 ? "" : `, without ${incomplete} of ${counted(allocations, "allocation")}`;
  const which = sale.revision === 0 ? "" : ` (revision ${sale.revision})`;
  const what = `${sale.quantity} ${forTerminal(sale.symbol)}, ${sale.closed_at}`;
  const name = `${forTerminal(sale.close_fill_id)}${which}`;
  return { text: `${name}: PnL ${sale.pnl}${without}; sum ${sale.pnl_so_far} (${what})` };
}

function cellBranches(
  cell: CellExplanation,
  ended: (outcome: Outcome) => void,
): AsyncGenerator<Branch> {
  return withOutcome(cell.rows, saleOfCell, async () => {
    const outcome = await cell.outcome();
    ended(outcome);
    return [
      { text: figureText(outcome.pnl!.formula, outcome.pnl!) },
      ...disagreementBranches(outcome),
    ];
  });
}

/** What is explained, at which cut. */
function headText(explanation: Explanation, width: number | undefined): string {
  const { header, kind } = explanation;
  const filters = Object.entries(header.filters)
    .filter(([name]) => name !== "tz")
    .map(([name, value]) => `${name} ${forTerminal(value)}`);
  const note = kind === "pnl" || explanation.note === null ? [] : [forTerminal(explanation.note)];
  return [
    ...[titleOf(explanation)].map((line) => wrapWords(`${line}\n`, width)),
    joinParts(viewParts(header), width),
    ...(filters.length === 0 ? [] : [joinParts([`only: ${filters.join(", ")}`], width)]),
    ...note.map((line) => wrapWords(`${line}\n`, width)),
    "\n",
  ].join("");
}

function branchesOf(
  explanation: Explanation,
  ended: (outcome: Outcome) => void,
): Iterable<Branch> | AsyncIterable<Branch> {
  switch (explanation.kind) {
    case "sale":
      return saleBranches(explanation, ended);
    case "pnl":
      return cellBranches(explanation, ended);
    case "adjustment":
      return [factBranch(explanation.fact, explanation.quote)];
    default:
      return openingBranches(explanation, ended);
  }
}

async function printText(explanation: Explanation, output: Output): Promise<boolean> {
  let agrees = true;
  const ended = (outcome: Outcome): void => {
    agrees = outcome.agrees;
  };
  const { width } = output.terminal;
  await output.write(headText(explanation, width));
  for await (const branch of branchesOf(explanation, ended)) await printTree(branch, output);
  const verdict = agrees
    ? "What is stored is what the facts give.\n"
    : "What is stored is NOT what the facts give: see DOES NOT AGREE, and run `lotbook verify`.\n";
  await output.write(`\n${wrapWords(verdict, width)}`);
  return agrees;
}

const rowNames = {
  sale: "slices",
  buy: "sales",
  "opening lot": "sales",
  pnl: "sales",
  adjustment: "rows",
};

async function printJson(explanation: Explanation, output: Output): Promise<boolean> {
  const { kind, header, rows, outcome, ...rest } = explanation;
  const head = jsonLine({ explain: kind, ...header, ...rest });
  await output.write(`${head.slice(0, -1)},"${rowNames[kind]}":[`);
  let first = true;
  for await (const row of rows) {
    await output.write(`${first ? "\n" : ",\n"}${jsonLine(row)}`);
    first = false;
  }
  const end = await outcome();
  await output.write(`${first ? "" : "\n"}],${jsonLine(end).slice(1)}\n`);
  return end.agrees;
}

/** Prints it; says whether what is stored is what the facts give. */
export function printExplanation(
  explanation: Explanation,
  format: "table" | "json",
  output: Output,
): Promise<boolean> {
  return format === "json" ? printJson(explanation, output) : printText(explanation, output);
}
