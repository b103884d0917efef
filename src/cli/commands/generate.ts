/** `lotbook generate`. */
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { InvalidArgumentError, Option, type Command } from "commander";
import { explainNewFile } from "../../errors.ts";
import { legacyBlocks, type LegacyForm, legacyForms } from "../../generate/legacy/write.ts";
import { generatedBlocks, writeBlocks } from "../../generate/write.ts";
import type { Session } from "../session.ts";

interface GenerateCommandOptions {
  readonly seed: number;
  readonly fills: number;
  readonly symbols: number;
  readonly days?: number;
  readonly portfolio?: string;
  readonly out?: string;
  readonly legacy?: LegacyForm;
}

/** Fills, or an old database with its faults. */
function blocksOf({
  legacy,
  portfolio,
  ...options
}: Omit<GenerateCommandOptions, "out">): Generator<string, number> {
  if (legacy === undefined) return generatedBlocks({ ...options, portfolio });
  return legacyBlocks({ ...options, orders: options.fills }, legacy);
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return parseInt(text, 10);
  throw new InvalidArgumentError("A whole number is needed.");
}

function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number > 0) return number;
  throw new InvalidArgumentError("At least 1 is needed.");
}

export function define(command: Command, session: Session): void {
  command
    .description(
      "Make up life-like fills by bots, the same ones from the same seed, as a fills CSV.",
    )
    .option("--fills <count>", "how many different fills", positiveNumber, 10_000)
    .option("--symbols <count>", "how many instruments", positiveNumber, 5)
    .option("--seed <number>", "what they are made from", wholeNumber, 1)
    .option(
      "--days <count>",
      "spread over so many days from 2025-01-01 (default: 365)",
      positiveNumber,
    )
    .option("--portfolio <name>", "the portfolio they belong to")
    .addOption(
      new Option(
        "--legacy <form>",
        "the trade_records of an old system, with its faults, as sql or csv; --fills are its orders",
      ).choices(legacyForms),
    )
    .option("--out <file>", "write to a file instead of stdout")
    .action(async ({ out, ...options }: GenerateCommandOptions) => {
      if (out === undefined) {
        for (const block of blocksOf(options)) await session.output.write(block);
        return;
      }
      try {
        const stream = createWriteStream(out);
        const rows = await writeBlocks(blocksOf(options), stream);
        stream.end();
        await finished(stream);
        session.say(`${rows} rows written to ${out}`);
      } catch (error) {
        throw explainNewFile(out, error);
      }
    });
}
