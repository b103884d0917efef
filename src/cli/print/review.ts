/** The review queue for people: a row an item, what differs side by side, and what can be done. */
import type { Action, ReviewItem } from "../../index.ts";
import type { ReportRow } from "../../reports/column.ts";
import { valueText } from "../amending.ts";
import type { Output } from "../output.ts";
import type { Format } from "../session.ts";
import { forTerminal } from "./escape.ts";
import { heading, tableText } from "./records.ts";
import { jsonLine } from "./report.ts";
import { headerLine, layOut, type Layout, rowLine, ruleLine } from "./table.ts";
import { hang, joinParts } from "./wrap.ts";

const sampleRows = 500;

const columns = [
  heading("item", "name"),
  { ...heading("account", "text"), rank: 6 },
  { ...heading("venue", "text"), rank: 7 },
  heading("fill_id", "text"),
  { ...heading("executed_at", "name"), rank: 4 },
  heading("what", "name"),
  { ...heading("state", "name"), rank: 3 },
  { ...heading("decision", "name"), rank: 5 },
];

type Line = NonNullable<ReviewItem["recorded"]>;

const text = (line: Line, key: string): string => valueText(line[key]);

/** `buy 1 @ 100`, with what of it is known. */
function tradeText(line: Line): string {
  const side = line["side"] === undefined ? "" : `${text(line, "side")} `;
  return `${side}${text(line, "quantity")} @ ${text(line, "price")}`;
}

const idOf = (line: Line): string => text(line, "fill_id");

/** What an item says in one line. */
function whatText({
  kind,
  recorded,
  told,
  differs,
  quantity,
  asset,
  candidates,
}: ReviewItem): string {
  switch (kind) {
    case "conflict":
      if (told === null || recorded === null) return "what was told was not kept as fields";
      if (differs.length === 0) return "says what is recorded by now";
      return differs
        .map((key) => `${key} ${text(recorded, key)}, told ${text(told, key)}`)
        .join("; ");
    case "waiting": {
      const like = candidates.map(idOf).join(", ");
      return `${tradeText(told!)}${like === "" ? ", like no fill" : `, may be ${like}`}`;
    }
    case "adjusted": {
      const of =
        candidates.length === 0 ? "no fill has its trade id" : candidates.map(idOf).join(", ");
      return `${text(recorded!, "trade_type")} ${tradeText(recorded!)}: ${of}`;
    }
    case "fee-value":
      return `${quantity} ${forTerminal(asset!)}`;
    case "unmatched":
      return `${quantity} of ${text(recorded!, "quantity")} sold`;
  }
}

function toRow(item: ReviewItem): ReportRow {
  const line = item.recorded ?? item.told;
  const { decision } = item;
  return {
    item: item.item,
    account: item.account,
    venue: item.venue,
    fill_id: item.fill_id,
    executed_at: (line?.["executed_at"] as string | undefined) ?? null,
    what: whatText(item),
    state: item.state,
    decision: decision === null ? null : `${decision.action} by ${forTerminal(decision.author)}`,
  };
}

/** What each action does. */
const meanings: Readonly<Record<Action, string>> = {
  keep: "what is recorded stands",
  take: "what was told takes its place: a void and a replacement",
  record: "it is a fill of its own",
  attach: "it is that fill, told under another id",
  dismiss: "it is no fill; nothing is recorded",
  value: "what the fee was worth, in the quote asset",
  void: "take out the fill that shares its trade id",
  accept: "nothing to be done while this quantity is unmatched",
  reopen: "a person should look at it again",
};

/** An action as it is typed. */
function written(action: Action): string {
  if (action === "attach") return "attach <fill id>";
  return action === "value" ? "value <amount>" : action;
}

const advice: Partial<Record<ReviewItem["kind"], string>> = {
  adjusted: "another mistake in its fill: lotbook correct <fill id> …",
  unmatched: "bought before the history begins: lotbook opening-lot add …",
  "fee-value": "for many fees: lotbook fee-value from-prices <prices.csv>",
};

/** How to act on the kinds of items that were shown. */
function actingLines(
  seen: ReadonlyMap<ReviewItem["kind"], ReadonlySet<Action>>,
  width: number | undefined,
): string {
  const lines = [...seen].flatMap(([kind, actions]) => [
    ...[...actions].map((action) => [kind, written(action), meanings[action]] as const),
    ...(advice[kind] === undefined ? [] : [[kind, "", advice[kind]] as const]),
  ]);
  const [kindRoom, room] = [0, 1].map((at) => Math.max(...lines.map((line) => line[at]!.length)));
  return lines
    .map(([kind, action, meaning]) =>
      hang(`  ${kind.padEnd(kindRoom!)}  ${action.padEnd(room!)}  `, meaning, width),
    )
    .join("");
}

class TableOfItems {
  readonly #output: Output;
  readonly #seen = new Map<ReviewItem["kind"], Set<Action>>();
  #layout: Layout | undefined;
  #waiting: ReportRow[] = [];
  #open = 0;
  #count = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  async add(item: ReviewItem): Promise<void> {
    this.#count += 1;
    if (item.state === "open") {
      this.#open += 1;
      const actions = this.#seen.get(item.kind) ?? new Set<Action>();
      for (const action of item.actions) actions.add(action);
      this.#seen.set(item.kind, actions);
    }
    const row = toRow(item);
    if (this.#layout !== undefined)
      return this.#output.write(`${rowLine(this.#layout, row, this.#output.terminal)}\n`);
    this.#waiting.push(row);
    if (this.#waiting.length === sampleRows) await this.#start(false);
  }

  async #start(whole: boolean): Promise<void> {
    const { terminal } = this.#output;
    const shown = this.#waiting.every((row) => row["decision"] === null)
      ? columns.filter(({ name }) => name !== "decision" && name !== "state")
      : columns;
    const layout = layOut(shown, this.#waiting, { whole, room: terminal.width });
    this.#layout = layout;
    const constants = layout.constants.map(([name, value]) => `${name} ${value}`);
    if (constants.length > 0) await this.#output.write(`${joinParts(constants, terminal.width)}\n`);
    const lines = this.#waiting.map((row) => rowLine(layout, row, terminal));
    const head = [headerLine(layout), ruleLine(layout), ...lines];
    await this.#output.write(head.map((line) => `${line}\n`).join(""));
    this.#waiting = [];
  }

  async end(): Promise<void> {
    if (this.#count === 0) return this.#output.write("nothing needs a person\n");
    if (this.#layout === undefined) await this.#start(true);
    if (this.#open === 0) return;
    const how =
      `\n${this.#open} open. lotbook review show <item> tells more; to act:\n` +
      '  lotbook review resolve <action> <item…> --reason "…"\n';
    await this.#output.write(how + actingLines(this.#seen, this.#output.terminal.width));
  }
}

async function printJson(items: AsyncIterable<ReviewItem>, output: Output): Promise<void> {
  await output.write('{"items":[');
  let first = true;
  for await (const item of items) {
    await output.write(`${first ? "\n" : ",\n"}${jsonLine(item)}`);
    first = false;
  }
  await output.write(`${first ? "" : "\n"}]}\n`);
}

async function printCsv(items: AsyncIterable<ReviewItem>, output: Output): Promise<void> {
  const { csvLines } = await import("./csv.ts");
  const plain = columns.map((column) => ({ ...column, kind: "text" as const }));
  await output.write(csvLines(plain, [], output.terminal, "with a header"));
  for await (const item of items)
    await output.write(csvLines(plain, [toRow(item)], output.terminal));
}

/** Prints items as they come. */
export async function printItems(
  items: AsyncIterable<ReviewItem>,
  format: Format,
  output: Output,
): Promise<void> {
  switch (format) {
    case "json":
      return printJson(items, output);
    case "ndjson":
      for await (const item of items) await output.write(`${jsonLine(item)}\n`);
      return;
    case "csv":
      return printCsv(items, output);
    case "table": {
      const table = new TableOfItems(output);
      for await (const item of items) await table.add(item);
      return table.end();
    }
  }
}

/** The fields of an item's fact, of what was told and of candidates, each in a column. */
function comparison(item: ReviewItem): {
  columns: ReturnType<typeof heading>[];
  rows: ReportRow[];
} {
  const lines: [string, Line][] = [];
  if (item.recorded !== null) lines.push(["recorded", item.recorded]);
  if (item.told !== null) lines.push(["told", item.told]);
  for (const [index, candidate] of item.candidates.entries())
    lines.push([`candidate ${index + 1}`, candidate]);
  const keys = [...new Set(lines.flatMap(([, line]) => Object.keys(line)))];
  const rows = keys.map((field) => ({
    ...Object.fromEntries(lines.map(([name, line]) => [name, text(line, field)])),
    field: item.differs.includes(field) ? `${field} *` : field,
  }));
  const named = lines.map(([name]) => heading(name, "text"));
  return { columns: [heading("field", "name"), ...named], rows };
}

/** Prints one item with all that is known of it. */
export async function printItem(item: ReviewItem, output: Output): Promise<void> {
  const { width } = output.terminal;
  const { decision } = item;
  const head = [forTerminal(item.item), item.state, whatText(item)];
  if (item.source !== null) head.push(`told by ${forTerminal(item.source)}`);
  await output.write(`${joinParts(head, width)}\n`);
  const { columns: shown, rows } = comparison(item);
  await output.write(tableText(shown, rows, output));
  if (item.differs.length > 0) await output.write("* differs\n");
  if (decision !== null)
    await output.write(
      `\n${decision.action} by ${forTerminal(decision.author)}, ${decision.recorded_at ?? "-"}: ` +
        `${forTerminal(decision.reason)}\n`,
    );
  const acting = actingLines(new Map([[item.kind, new Set(item.actions)]]), width);
  await output.write(`\nto act:\n${acting}`);
}
