/** `lotbook diff` and, for two named versions, `lotbook versions diff`. */
import { type Command, Option } from "commander";
import { LotbookError } from "../../errors.ts";
import type { DiffRequest } from "../../diff/diff.ts";
import { type DiffRows, printDiff } from "../print/diff.ts";
import type { Session } from "../session.ts";

export interface DiffOptions extends Omit<DiffRequest, "ends"> {
  readonly by?: DiffRows;
  readonly knownAt?: readonly string[];
}

/** The options that both forms of the command have. */
export function defineSelection(command: Command): Command {
  return command
    .option("--known-at <revisions...>", "two revisions or times: before and after")
    .addOption(new Option("--by <rows>", "rows: a cause or a sale each").choices(["cause", "sale"]))
    .option("--from <time>", "sales from this time or date on (inclusive)")
    .option("--to <time>", "sales up to this time or date (exclusive)")
    .option("--tz <zone>", "zone of dates (default: UTC)")
    .option("--portfolio <name>", "of one portfolio")
    .option("--account <name>", "sales of one account")
    .option("--symbol <symbol>", "of one instrument")
    .option("--strategy <name>", "sales of one strategy");
}

/** The revisions of both ends, where they are given. */
export function revisionsOf(knownAt: DiffOptions["knownAt"]): [string, string] | undefined {
  if (knownAt === undefined) return undefined;
  const [before, after, ...rest] = knownAt;
  if (before !== undefined && after !== undefined && rest.length === 0) return [before, after];
  throw new LotbookError("BAD_USAGE", "--known-at takes two revisions or times", {
    advice: "for example --known-at 3 7; `lotbook report runs` shows the revision of each run",
  });
}

/** Runs a diff and prints it; stored rows that are not what the facts give end it with status 1. */
export async function runDiff(
  session: Session,
  request: DiffRequest,
  by: DiffRows | undefined,
): Promise<void> {
  await session.withDatabase("diff", async (database) => {
    const { readDiff } = await import("../../diff/diff.ts");
    const diff = await readDiff(database, request);
    const disagreements = await printDiff(diff, by, session.format, session.output);
    for (const { portfolio, symbol, end } of disagreements) {
      session.say(
        `DOES NOT AGREE: ${symbol} of portfolio ${portfolio}, ${end}: the stored conclusions are not what ` +
          "the facts give; run `lotbook verify`",
      );
    }
    if (disagreements.length > 0) session.status = 1;
  });
}

const examples = `
Examples:
  lotbook diff
  lotbook diff --known-at 3 7 --symbol BTC-USD
  lotbook diff --known-at 2026-03-01 2026-04-01 --by sale
  lotbook versions diff 1 2`;

export function define(command: Command, session: Session): void {
  defineSelection(
    command.description(
      "Which sales came out otherwise, by how much, and which fact or change of policy did it. Without\n" +
        "--known-at: what the last run changed. docs/diff.md tells of every column.",
    ),
  )
    .addHelpText("after", examples)
    .action(async ({ by, knownAt, ...rest }: DiffOptions) => {
      const revisions = revisionsOf(knownAt);
      const ends = revisions && {
        before: { knownAt: revisions[0] },
        after: { knownAt: revisions[1] },
      };
      await runDiff(session, { ...rest, ends }, by);
    });
}
