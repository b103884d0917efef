/** `lotbook correct <id>`. */
import type { Command } from "commander";
import type { Changes, Correction, FactName } from "../../index.ts";
import { LotbookError } from "../../errors.ts";
import {
  addAuthor,
  addNarrowing,
  type AmendCommandOptions,
  authorName,
  type NarrowingOptions,
  sayNext,
  valueText,
} from "../amending.ts";
import { forTerminal } from "../print/escape.ts";
import { heading, printRecords } from "../print/records.ts";
import { joinParts } from "../print/wrap.ts";
import type { Session } from "../session.ts";

interface CorrectCommandOptions extends AmendCommandOptions, NarrowingOptions, Changes {
  readonly reason: string;
  readonly void?: boolean;
  readonly openingLot?: boolean;
  readonly feeValue?: string;
  /** Of an opening lot: `unknown` is written in words. */
  readonly cost?: string;
}

const identity = new Set([
  "type",
  "portfolio",
  "symbol",
  "venue",
  "account",
  "fill_id",
  "key",
  "fill_revision",
  "asset",
]);

/** A row a field: what differs, or all of what a void takes out. */
function fieldRows({ before, after }: Correction) {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after ?? {})])];
  return keys
    .filter((key) => !identity.has(key))
    .map((field) => ({
      field,
      before: valueText(before[field]),
      after: after === null ? "void" : valueText(after[field]),
    }))
    .filter((row) => row.before !== row.after);
}

const columns = [heading("field", "name"), heading("before", "text"), heading("after", "text")];

/** `fill b1 · BTC-USD · portfolio default · venue manual · account main`. */
function nameLine({ kind, before }: Correction, width: number | undefined): string {
  const text = (key: string): string => forTerminal(String(before[key]));
  const id = before["fill_id"] === undefined ? text("key") : text("fill_id");
  const parts = [
    kind === "fee value" ? `value of the ${text("asset")} fee of fill ${id}` : `${kind} ${id}`,
    text("symbol"),
    ...["portfolio", "venue", "account"].map((key) => `${key} ${text(key)}`),
  ];
  return joinParts(parts, width);
}

async function printCorrection(session: Session, correction: Correction): Promise<void> {
  const { output, format } = session;
  const rows = fieldRows(correction);
  if (format === "table") await output.write(`${nameLine(correction, output.terminal.width)}\n`);
  await printRecords({ columns, rows, json: { ...correction } }, format, output);
  const carried = correction.carried.map(forTerminal).join(", ");
  if (carried !== "") session.say(`the values of its fees in ${carried} are carried over`);
}

const fields = [
  ["side", "side"],
  ["quantity", "quantity"],
  ["price", "price"],
  ["executedAt", "executed-at"],
  ["fee", "fee"],
  ["feeAsset", "fee-asset"],
  ["sequence", "sequence"],
  ["orderId", "order-id"],
  ["strategy", "strategy"],
  ["tradeId", "trade-id"],
  ["cost", "cost"],
  ["openedAt", "at"],
  ["note", "note"],
  ["value", "value"],
  ["source", "source"],
] as const satisfies readonly (readonly [keyof Changes, string])[];

function changesOf(options: Record<string, unknown>): Changes | undefined {
  const given = fields.flatMap(([key, option]) => {
    const name = option.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const value = options[name];
    if (typeof value !== "string") return [];
    return [[key, key === "cost" && value === "unknown" ? "" : value]];
  });
  if (options["void"] !== true) return Object.fromEntries(given) as Changes;
  if (given.length === 0) return undefined;
  throw new LotbookError("BAD_USAGE", "--void takes the fact out; leave out what would replace it");
}

function nameOf(id: string, options: CorrectCommandOptions): FactName {
  const { portfolio, symbol, venue, account, openingLot, feeValue } = options;
  if (openingLot === true && feeValue !== undefined)
    throw new LotbookError("BAD_USAGE", "--opening-lot and --fee-value exclude each other");
  const narrowing = { portfolio, symbol, venue, account };
  if (feeValue !== undefined) return { kind: "fee value", id, asset: feeValue, ...narrowing };
  return { kind: openingLot === true ? "opening lot" : "fill", id, ...narrowing };
}

const examples = `
Examples:
  lotbook correct f1 --price 60110 --reason "the statement says 60110"
  lotbook correct f1 --void --reason "the venue took it back"
  lotbook correct old --opening-lot --cost 1200 --reason "found the invoice"
  lotbook correct f1 --fee-value BNB --value 6.12 --reason "price of that minute"
What is not given is kept; an empty text takes an optional field away.`;

export function define(command: Command, session: Session): void {
  command
    .description(
      "Correct a fact by appending: a void, or a void and a replacement of the same identity.",
    )
    .usage("<id> [options]")
    .argument("<id>", "the fill's id; of an opening lot its key")
    .requiredOption("--reason <text>", "why")
    .option("--void", "take it out, with nothing in its place")
    .option("--opening-lot", "the id is an opening lot's key")
    .option("--fee-value <asset>", "the value of the fill's fee in this asset");
  for (const [, option] of fields) command.option(`--${option} <value>`, `replace its ${option}`);
  addAuthor(addNarrowing(command)).addHelpText("after", examples);
  command.action(async (id: string, options: CorrectCommandOptions) => {
    const changes = changesOf(options as unknown as Record<string, unknown>);
    const name = nameOf(id, options);
    const { reason, dryRun } = options;
    await session.withExistingLedger("correct", async (ledger) => {
      const author = authorName(options.author);
      const correction = await ledger.correct(name, changes, { author, reason, dryRun });
      await printCorrection(session, correction);
      sayNext(session, correction.batch, dryRun);
    });
  });
}
