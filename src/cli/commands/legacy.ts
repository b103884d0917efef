/** `lotbook legacy import|compare`: out of an old system. */
import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { parseInstant, type Instant } from "../../core/time.ts";
import { LotbookError } from "../../errors.ts";
import { type CompareRequest, readComparison } from "../../legacy/compare.ts";
import { importLegacy, type LegacyImportResult } from "../../legacy/import.ts";
import { checkLegacySource } from "../../legacy/read.ts";
import { comparisonPage } from "../../legacy/page.ts";
import { livePorts } from "../../ledger/ports.ts";
import { type ComparedRows, comparedRows, printComparison } from "../print/comparison.ts";
import { heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";
import { problemSayer } from "./import.ts";

interface ImportOptions {
  readonly symbol?: string;
  readonly since?: string;
  readonly portfolio?: string;
  readonly venue?: string;
  readonly account?: string;
  readonly skipBadRows?: boolean;
}

/** A time with its zone, or a date: its midnight in UTC. */
function sinceOf(text: string): Instant {
  const instant = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (instant !== undefined) return instant;
  throw new LotbookError("BAD_USAGE", `--since does not understand "${text}"`, {
    advice: "write a date (2025-10-01) or a time with its zone (2025-10-01T14:05:11Z)",
  });
}

const counts = ["rows", "recorded", "duplicates", "conflicts", "passed_over", "rejected"] as const;

async function printImport(session: Session, result: LegacyImportResult): Promise<void> {
  const { rows, recorded, duplicates, conflicts, waiting, rejected, snapshot, batch } = result;
  const passed = Object.values(result.passedOver).reduce((sum, count) => sum + count, 0);
  const row = {
    source: result.source,
    rows,
    recorded,
    duplicates,
    conflicts,
    passed_over: passed,
    rejected,
    ...(waiting > 0 ? { waiting } : {}),
    conclusions: snapshot.taken + snapshot.changed,
  };
  const columns = [
    heading("source", "text"),
    ...counts.map((name) => heading(name)),
    ...(waiting > 0 ? [heading("waiting")] : []),
    heading("conclusions"),
  ];
  const json = {
    ...row,
    waiting,
    passed_over_by_status: result.passedOver,
    without_fee: result.withoutFee,
    conclusions_taken: snapshot.taken,
    conclusions_changed: snapshot.changed,
    lacking: result.lacking,
    new_conflicts: result.newConflicts,
    new_waiting: result.newWaiting,
    batch,
  };
  await printRecords({ columns, rows: [row], json }, session.format, session.output);
}

/** What a person should know beside the counts. */
function sayNotes(session: Session, result: LegacyImportResult): void {
  const { passedOver, withoutFee, lacking, snapshot } = result;
  const statuses = Object.entries(passedOver).toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (statuses.length > 0)
    session.say(
      `passed over, not filled: ${statuses.map(([name, count]) => `${count} ${name}`).join(", ")}`,
    );
  if (withoutFee > 0)
    session.say(`${withoutFee} filled orders state no fee (null): it is taken to be none`);
  if (lacking.length > 0)
    session.say(`the table lacks ${lacking.join(", ")}: taken as null throughout`);
  if (snapshot.changed > 0)
    session.say(`of ${snapshot.changed} orders the old system says something else than last time`);
  if (result.batch === null && snapshot.taken + snapshot.changed === 0)
    session.say("nothing new: the ledger is as it was");
  for (const { kind, id, told, recorded } of result.conflictExamples)
    session.say(`${kind} ${id} is recorded as ${recorded}, told here as ${told}`);
  if (result.conflicts > 0)
    session.say(
      `${result.conflicts} orders disagree with what the ledger has; the first recorded stands`,
    );
  if (result.waiting > 0)
    session.say(
      `${result.waiting} orders wait for a person: a source with executions tells of that time. ` +
        "They are kept, and are in no computation; see `lotbook review list`",
    );
}

const importExamples = `
Examples:
  lotbook legacy import postgres://reader@old-host/trading --symbol DOGE-USD --since 2025-10-01
  lotbook legacy import dump.csv      (\\copy trade_records TO 'dump.csv' CSV HEADER)`;

function defineImport(command: Command, session: Session): void {
  command
    .command("import")
    .summary("record the filled orders of an old database, and keep its conclusions")
    .description(
      "Read trade_records of an old database (never writing to it), or a dump of it:\n" +
        "each filled order becomes one fact, and the old conclusions are kept beside it.\n" +
        "A rerun takes only what is new.",
    )
    .argument("<source>", "a postgres:// URL, or a CSV dump of trade_records")
    .option("--symbol <symbol>", "only this instrument")
    .option("--since <time>", "only what was executed from this time or date (UTC) on")
    .option("--portfolio <name>", "the portfolio they belong to (default: default)")
    .option("--venue <name>", "the venue they were executed on (default: coinbase)")
    .option("--account <name>", "the account they belong to (default: main)")
    .option("--skip-bad-rows", "record the good rows and list the bad ones (exit status 1)")
    .addHelpText("after", importExamples)
    .action(async (source: string, { since, ...options }: ImportOptions) => {
      const from = since === undefined ? {} : { since: sinceOf(since) };
      await checkLegacySource(source);
      await session.withLedger("legacy import", async ({ database }) => {
        await session.warnOfPowerLoss(database);
        const result = await importLegacy(database, livePorts, source, {
          ...options,
          ...from,
          progress: (phase, done) => session.progress.update({ phase, done }),
          onProblem: problemSayer(session, options.skipBadRows === true),
        });
        session.progress.clear();
        await printImport(session, result);
        sayNotes(session, result);
        if (result.newConflicts + result.newWaiting + result.rejected > 0) session.status = 1;
      });
    });
}

interface CompareOptions extends Omit<CompareRequest, "version"> {
  readonly version?: string;
  readonly by?: ComparedRows;
  readonly html?: string;
}

const compareExamples = `
Examples:
  lotbook legacy compare
  lotbook legacy compare --symbol DOGE-USD --html compare.html
  lotbook legacy compare --from 2025-12-01 --to 2026-01-01 --by sale --format csv`;

function versionOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return parseInt(text, 10);
  throw new LotbookError("BAD_USAGE", `--version "${text}" is no version`, {
    advice: "write its number; `lotbook versions list` shows them",
  });
}

function defineCompare(command: Command, session: Session): void {
  command
    .command("compare")
    .summary("every old sale beside what is computed, with the cause of each difference")
    .description(
      "Hold every sale of the old system against what is computed: parents, cost,\n" +
        "proceeds, PnL, difference and cause. Each sale has one cause; by cause, symbol\n" +
        "and month they add up to the total difference, to the last digit.\n" +
        "docs/spec/legacy.md 5 has the rules.",
    )
    .addOption(
      new Option("--by <rows>", "only these rows; csv and ndjson are by sale").choices(
        comparedRows,
      ),
    )
    .option("--html <file>", "write a page to read and send, too")
    .option("--symbol <symbol>", "of one instrument")
    .option("--from <time>", "sales from this time or date on (inclusive)")
    .option("--to <time>", "sales up to this time or date (exclusive)")
    .option("--tz <zone>", "zone of dates and months (default: UTC)")
    .option("--portfolio <name>", "of one portfolio")
    .option("--account <name>", "of one account")
    .option("--version <number>", "another version than the published one")
    .option("--known-at <revision>", "as known at a revision or time")
    .addHelpText("after", compareExamples)
    .action(async ({ by, html, version, ...rest }: CompareOptions) => {
      const request = version === undefined ? rest : { ...rest, version: versionOf(version) };
      await session.withDatabase("legacy compare", (database) =>
        readComparison(database, request, async (comparison) => {
          const passed = await printComparison(comparison, by, session.format, session.output);
          if (html !== undefined) {
            await writeFile(html, comparisonPage(comparison, passed.totals, passed.worst));
            session.say(`the page is in ${html}`);
          }
          const { without_slices: without } = comparison;
          if (without > 0)
            session.say(
              `${without} old sales are left out: voided, or not computed yet (lotbook compute)`,
            );
          const left = passed.totals.by_cause.find(({ cause }) => cause === "unexplained");
          if (left === undefined) return;
          session.say(`${left.sales} sales are unexplained: a person should look at them`);
          session.status = 1;
        }),
      );
    });
}

export function define(command: Command, session: Session): void {
  command.description("Out of an old system: take over its orders, and see what it had wrong.");
  defineImport(command, session);
  defineCompare(command, session);
}
