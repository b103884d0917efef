/** `lotbook opening-lot add`. */
import type { Command } from "commander";
import {
  addAuthor,
  type AmendCommandOptions,
  authorName,
  type NarrowingOptions,
  sayNext,
  valueText,
} from "../amending.ts";
import { factsText, heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";

interface AddOptions extends AmendCommandOptions, NarrowingOptions {
  readonly symbol: string;
  readonly quantity: string;
  readonly cost: string;
  readonly at: string;
  readonly note: string;
}

const example = `
Example:
  lotbook opening-lot add 2025-balance --symbol BTC-USD --quantity 0.5 --cost 21000 \\
    --at 2026-01-01T00:00:00Z --note "statement of December 2025"
It sorts before all fills of its time. Of unknown cost, what sales take from it has no PnL.`;

async function add(session: Session, key: string, options: AddOptions): Promise<void> {
  const { cost, at, author, dryRun, ...rest } = options;
  await session.withLedger("opening-lot add", async (ledger) => {
    const known = cost === "unknown" ? {} : { cost };
    const lot = { key, ...rest, ...known, openedAt: at, author: authorName(author) };
    const { openingLot, batch } = await ledger.addOpeningLot(lot, { dryRun });
    const { type: _, ...fields } = openingLot;
    if (session.format === "table") {
      const cells = { ...fields, cost: fields["cost"] ?? "unknown" };
      const shown = Object.entries(cells).map(([name, value]) => [name, valueText(value)]);
      await session.output.write(factsText(Object.fromEntries(shown)));
    } else {
      const row = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, String(value)]),
      );
      const columns = Object.keys(row).map((name) => heading(name, "text"));
      const json = { opening_lot: openingLot, batch };
      await printRecords({ columns, rows: [row], json }, session.format, session.output);
    }
    sayNext(session, batch, dryRun);
  });
}

export function define(command: Command, session: Session): void {
  command
    .description("Quantity that was there before the recorded history, and the evidence for it.")
    .usage("<add> [options]");
  const adding = command
    .command("add")
    .description("append an opening lot")
    .argument("<key>", "a name of its own")
    .requiredOption("--symbol <symbol>", "the instrument")
    .requiredOption("--quantity <amount>", "how much there was, in the base asset")
    .requiredOption("--cost <amount>", "the total cost, in the quote asset, or: unknown")
    .requiredOption("--at <time>", "since when, RFC 3339 with a zone")
    .requiredOption("--note <text>", "what evidence there is")
    .option("--venue <venue>", "where (default: manual)")
    .option("--account <account>", "in which account (default: main)")
    .option("--portfolio <name>", "of which portfolio (default: default)");
  addAuthor(adding)
    .addHelpText("after", example)
    .action((key: string, options: AddOptions) => add(session, key, options));
}
