/** `lotbook report <name>`. */
import { Argument, InvalidArgumentError, type Command } from "commander";
import { readReport } from "../../reports/report.ts";
import { groupKeys, parseGroupBy, reportNames, type ReportName } from "../../reports/request.ts";
import { LotbookError } from "../../errors.ts";
import { printReport } from "../print/report.ts";
import type { Session } from "../session.ts";

interface ReportOptions {
  readonly groupBy?: string;
  readonly from?: string;
  readonly to?: string;
  readonly tz?: string;
  readonly portfolio?: string;
  readonly account?: string;
  readonly symbol?: string;
  readonly strategy?: string;
  readonly version?: number;
  readonly asOf?: string;
  readonly knownAt?: string;
}

/** A version's number. */
export function versionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return parseInt(text, 10);
  throw new InvalidArgumentError("A version is a whole number from 1.");
}

export function define(command: Command, session: Session): void {
  command
    .description("Show what was computed, at any cut. docs/reports.md tells of every column.")
    .usage("<name> [options]")
    .addArgument(new Argument("<name>", "which report").choices(reportNames))
    .option(
      "--group-by <keys>",
      `of pnl, one or several: ${groupKeys.join(", ")} (default: symbol)`,
    )
    .option("--from <time>", "from this time or date on (inclusive)")
    .option("--to <time>", "up to this time or date (exclusive)")
    .option("--tz <zone>", "zone of dates, days, weeks and months (default: UTC)")
    .option("--portfolio <name>", "of one portfolio")
    .option("--account <name>", "of one account")
    .option("--symbol <symbol>", "of one instrument")
    .option("--strategy <name>", "of one strategy")
    .option("--version <number>", "of this version instead of the published one", versionNumber)
    .option("--as-of <time>", "cut on execution time (inclusive)")
    .option("--known-at <revision>", "as it was known at this revision or time")
    .action(async (name: ReportName, options: ReportOptions) => {
      const { groupBy, ...rest } = options;
      if (groupBy !== undefined && name !== "pnl")
        throw new LotbookError("BAD_USAGE", "--group-by is for pnl only");
      const keys = groupBy === undefined ? undefined : parseGroupBy(groupBy);
      await session.withDatabase(`report ${name}`, (database) =>
        readReport(database, { ...rest, report: name, groupBy: keys }, (report) =>
          printReport(report, session.format, session.output),
        ),
      );
    });
}
