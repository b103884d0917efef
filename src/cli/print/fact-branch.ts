/** What was recorded of a fact, as branches of a tree. */
import type {
  FactNode,
  FeeValueNode,
  Figure,
  ObservationNode,
  RecordedNode,
  VoidNode,
} from "../../explain/node.ts";
import { forTerminal } from "./escape.ts";
import { counted } from "./report-table.ts";
import type { Branch } from "./tree.ts";

/** `proceeds = 120 * 10 = 1200`, and what is stored where that is something else. */
export function figureText(name: string, figure: Figure): string {
  const { arithmetic, value } = figure;
  if (figure.computed !== undefined)
    return (
      `${name} = ${arithmetic ?? "not known"} = ${figure.computed ?? "not known"}\n` +
      `  DOES NOT AGREE: stored is ${value ?? "nothing"}`
    );
  if (value === null) return `${name}: not known`;
  return arithmetic === null || arithmetic === value
    ? `${name} = ${value}`
    : `${name} = ${arithmetic} = ${value}`;
}

function filesOf(inputs: unknown): string[] {
  if (!Array.isArray(inputs)) return [];
  return inputs.flatMap((input: unknown) => {
    const file = typeof input === "object" && input !== null && "file" in input ? input.file : "";
    return typeof file === "string" && file !== "" ? [forTerminal(file)] : [];
  });
}

const filesShown = 3;

/** `entry 3, recorded … by import from fills.csv`, and the seal that covers it. */
function recordedText(node: RecordedNode): string {
  const { recorded, seal } = node;
  const files = filesOf(recorded.inputs);
  const more = files.length > filesShown ? ` and ${files.length - filesShown} more` : "";
  const from = files.length === 0 ? "" : ` from ${files.slice(0, filesShown).join(", ")}${more}`;
  const waits = node.taken_in ? "" : ", not yet computed here";
  return [
    `entry ${node.entry}${waits}, recorded ${recorded.recorded_at} by ${forTerminal(recorded.author)}${from}`,
    `batch ${recorded.batch} of ${forTerminal(recorded.source)}`,
    `seal ${seal.number} of the book ${seal.hash}`,
    `leaf ${node.leaf}`,
  ].join("\n");
}

function observationText(told: ObservationNode): string {
  const bytes = told.raw === null ? `bytes ${told.raw_hex}` : forTerminal(told.raw);
  const source = `${forTerminal(told.source)}, ${told.recorded_at}`;
  const content = told.told === null ? "" : `\ntold: ${forTerminal(JSON.stringify(told.told))}`;
  return `observation ${told.observation}, ${told.outcome}: ${source}\n${bytes}${content}`;
}

/** When and how something came into the ledger, and what its sources said. */
function recordedBranches(node: RecordedNode): Branch[] {
  const more = node.observation_count - node.observations.length;
  return [
    { text: recordedText(node) },
    ...node.observations.map((told) => ({ text: observationText(told) })),
    ...(more > 0 ? [{ text: `and ${counted(more, "observation")} more` }] : []),
  ];
}

function voidBranch(voided: VoidNode): Branch {
  const text = `voided by ${forTerminal(voided.author)}: ${forTerminal(voided.reason)}`;
  return { text, branches: recordedBranches(voided) };
}

function valueBranch(value: FeeValueNode, quote: string): Branch {
  const { asset, source, revision } = value;
  const which = revision === 0 ? "" : ` (revision ${revision})`;
  const worth = `${value.value} ${forTerminal(quote)}`;
  return {
    text: `value of the fee in ${forTerminal(asset)}${which}: ${worth}, by ${forTerminal(source)}`,
    branches: [...recordedBranches(value), ...(value.voided ? [voidBranch(value.voided)] : [])],
  };
}

/** `buy b1: 10 BTC-USD at 100, 2026-03-01T00:10:00Z`. */
export function factText(fact: FactNode): string {
  const { kind, side } = fact;
  const name = kind === "fill" ? (side === "buy" ? "buy" : "sale") : kind;
  const which = fact.revision === 0 ? "" : ` (revision ${fact.revision})`;
  const amount = fact.quantity === null ? "" : ` ${fact.quantity}`;
  const price = fact.price === null ? "" : ` at ${fact.price}`;
  const cost = fact.cost === null ? " of unknown cost" : ` for ${fact.cost}`;
  const worth = kind === "opening lot" ? cost : price;
  const what = `${amount} ${forTerminal(fact.symbol)}${worth}`;
  return `${name} ${forTerminal(fact.id)}${which}:${what}, ${fact.executed_at}`;
}

/** `1.2 USD and 0.02 BNB`. */
const feesText = (fact: FactNode): string =>
  fact.fees.map(({ asset, amount }) => `${amount} ${forTerminal(asset)}`).join(" and ");

function namesText(fact: FactNode): string {
  const names = {
    portfolio: fact.portfolio,
    venue: fact.venue,
    account: fact.account,
    order: fact.order_id,
    strategy: fact.strategy,
    sequence: fact.sequence,
    trade: fact.trade_id,
    "quote size": fact.quote_size,
    grain: fact.grain,
    type: fact.trade_type ?? null,
  };
  return Object.entries(names)
    .flatMap(([name, value]) => (value === null ? [] : [`${name} ${forTerminal(value)}`]))
    .join(", ");
}

/** Fees and quantity, where matching works with something else than was told. */
function termBranches(fact: FactNode): Branch[] {
  const { effective_quantity: quantity, total_fee: fee } = fact;
  const branches: Branch[] = [];
  if (fact.fees.length > 0) branches.push({ text: `fee told: ${feesText(fact)}` });
  if (quantity !== null && quantity.value !== fact.quantity)
    branches.push({ text: figureText("effective quantity", quantity) });
  if (fee !== null && fact.fees.length > 0)
    branches.push({ text: `${figureText("total fee", fee)} (${forTerminal(fee.formula)})` });
  for (const asset of fact.values_missing)
    branches.push({ text: `what the fee in ${forTerminal(asset)} was worth is NOT KNOWN` });
  return branches;
}

/** All that was recorded of a fact. */
export function factBranches(fact: FactNode, quote: string): Branch[] {
  const { author, note, replaces, replaced_by: next } = fact;
  const evidence =
    note === undefined || author === undefined
      ? []
      : [{ text: `vouched for by ${forTerminal(author)}: ${forTerminal(note)}` }];
  return [
    { text: namesText(fact) },
    ...evidence,
    ...termBranches(fact),
    ...recordedBranches(fact),
    ...fact.fee_values.map((value) => valueBranch(value, quote)),
    ...(fact.voided === null ? [] : [voidBranch(fact.voided)]),
    ...(replaces === null
      ? []
      : [{ text: `replaces revision ${replaces.revision}, entry ${replaces.entry}` }]),
    ...(next === null
      ? []
      : [{ text: `replaced by revision ${next.revision}, entry ${next.entry}` }]),
  ];
}

export function factBranch(fact: FactNode, quote: string): Branch {
  return { text: factText(fact), branches: factBranches(fact, quote) };
}
