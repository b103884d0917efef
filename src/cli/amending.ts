/** What the commands that amend facts share: who does it, which fact is meant, what to do next. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import type { Fee } from "../core/fact.ts";
import { LotbookError } from "../errors.ts";
import { forTerminal } from "./print/escape.ts";
import type { Session } from "./session.ts";

export interface AmendCommandOptions {
  readonly author?: string;
  readonly dryRun?: boolean;
}

export interface NarrowingOptions {
  readonly portfolio?: string;
  readonly symbol?: string;
  readonly venue?: string;
  readonly account?: string;
}

/** Options that say which of several facts of one id is meant. */
export function addNarrowing(command: Command): Command {
  return command
    .option("--portfolio <name>", "of this portfolio, where an id is not unique")
    .option("--symbol <symbol>", "of this instrument")
    .option("--venue <venue>", "of this venue")
    .option("--account <account>", "of this account");
}

export function addAuthor(command: Command): Command {
  return command
    .option("--author <name>", "who does it (default: your login name)")
    .option("--dry-run", "show what would be recorded, and record nothing");
}

/** The author given, or the login name. */
export function authorName(author: string | undefined): string {
  if (author !== undefined) return author;
  try {
    return userInfo().username;
  } catch (cause) {
    throw new LotbookError("BAD_USAGE", "the machine does not say who you are", {
      advice: "name yourself with --author",
      cause,
    });
  }
}

/** After something was recorded, or was not: what to do next. */
export function sayNext(session: Session, batch: string | null, dryRun: boolean | undefined): void {
  if (dryRun === true) session.say("dry run: nothing was recorded");
  else if (batch !== null)
    session.say("recorded; run `lotbook compute` to bring the conclusions up to date");
}

const isFee = (value: unknown): value is Fee =>
  typeof value === "object" && value !== null && "asset" in value && "amount" in value;

/** A value of a fact's line, for reading: `0.01 BNB, 2 USD` of fees. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return "-";
  if (!Array.isArray(value)) return forTerminal(String(value));
  if (value.length === 0) return "none";
  return value
    .map((each: unknown) =>
      forTerminal(isFee(each) ? `${each.amount} ${each.asset}` : String(each)),
    )
    .join(", ");
}
