/** `lotbook import <file…>`. */
import type { Command } from "commander";
import { describeProblem } from "../../core/problem.ts";
import type { ImportOptions, ImportResult } from "../../ledger/import.ts";
import { parseRounding } from "../../ledger/record/source-name.ts";
import { heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";

interface ImportCommandOptions {
  readonly from?: string;
  readonly skipBadRows?: boolean;
  readonly rounding?: string;
}

/** Bad rows that are listed when nothing is recorded: enough to see what is wrong with a file. */
const listedRows = 100;

const counts = ["rows", "recorded", "duplicates", "conflicts", "rejected"] as const;
/** Shown only where there are any: most files have none. */
const rareCounts = ["rounded_copies", "waiting"] as const;

type Count = (typeof counts)[number] | (typeof rareCounts)[number];

/** A file as it is printed. */
function fileRow({ roundedCopies, ...file }: ImportResult["files"][number]) {
  const { waiting, ...rest } = file;
  return { ...rest, rounded_copies: roundedCopies, waiting };
}

/** Imports files and says what became of their rows; shared with the demonstration. */
export async function printImport(session: Session, result: ImportResult): Promise<void> {
  const { conflictExamples, waitingExamples: waiting_examples, ...rest } = result;
  const files = result.files.map(fileRow);
  const sum = (name: Count): number => files.reduce((total, file) => total + file[name], 0);
  const shownCounts: Count[] = [...counts, ...rareCounts.filter((name) => sum(name) > 0)];
  const columns = [
    heading("file", "text"),
    heading("format", "name"),
    ...shownCounts.map((name) => heading(name)),
  ];
  const rows = files.map((file) =>
    Object.fromEntries(columns.map(({ name }) => [name, file[name as keyof typeof file]])),
  );
  const total = Object.fromEntries(shownCounts.map((name) => [name, sum(name)]));
  const examples = conflictExamples.map(({ file, row, kind, id, told, recorded }) => ({
    file,
    row,
    kind,
    id,
    told,
    recorded,
  }));
  const { roundedCopies: rounded_copies, waiting, newConflicts, newWaiting, ...counted } = rest;
  const json = {
    ...counted,
    rounded_copies,
    waiting,
    new_conflicts: newConflicts,
    new_waiting: newWaiting,
    files,
    conflict_examples: examples,
    waiting_examples,
  };
  const shown =
    session.format === "table" && files.length > 1
      ? [...rows, { file: "total", format: "", ...total }]
      : rows;
  await printRecords({ columns, rows: shown, json }, session.format, session.output);
  if (result.batch === null) session.say("nothing new: the ledger is as it was");
}

/** Says bad rows as they are found; `all` of them or the first ones. */
export function problemSayer(
  session: Session,
  all: boolean,
): NonNullable<ImportOptions["onProblem"]> {
  let listed = 0;
  return (problem) => {
    listed += 1;
    if (all || listed <= listedRows) session.say(describeProblem(problem));
    else if (listed === listedRows + 1) session.say("and more");
  };
}

function sayConflicts(session: Session, { conflicts, conflictExamples }: ImportResult): void {
  if (conflicts === 0) return;
  for (const { file, row, kind, id, told, recorded } of conflictExamples)
    session.say(
      `${file} row ${row}: ${kind} ${id} is recorded as ${recorded}, told here as ${told}`,
    );
  const more = conflicts - conflictExamples.length;
  if (more > 0) session.say(`and ${more} more`);
  session.say(
    `${conflicts} ${conflicts === 1 ? "row disagrees" : "rows disagree"} with what the ledger has; ` +
      "the first recorded stands",
  );
}

function sayWaiting(session: Session, result: ImportResult): void {
  const { waiting, newWaiting, waitingExamples } = result;
  if (waiting === 0) return;
  for (const { file, row, kind, id, told } of waitingExamples)
    session.say(`${file} row ${row}: ${kind} ${id} waits, told as ${told}`);
  const more = waiting - waitingExamples.length;
  if (more > 0) session.say(`and ${more} more`);
  session.say(
    `${waiting} ${waiting === 1 ? "row waits" : "rows wait"} for a person` +
      (newWaiting === waiting ? "" : ` (${newWaiting} new)`) +
      ": another source tells of that time under ids of its own, and content or counts don't agree. " +
      "They are kept, and are in no computation",
  );
}

export function define(command: Command, session: Session): void {
  command
    .description(
      "Record fills from files, whole or not at all. The same file twice changes nothing.",
    )
    .usage("<file...> [options]")
    .argument("<file...>", "files of fills; - is standard input")
    .option("--from <format>", "the files' format; else it is detected")
    .option("--skip-bad-rows", "record the good rows and list the bad ones (exit status 1)")
    .option(
      "--rounding <digits>",
      "how the files round: quantity=4,price=2,fee=2,executed_at=ms (s, ms, us or ns)",
    )
    .action(async (files: string[], options: ImportCommandOptions) => {
      const { from, skipBadRows = false } = options;
      const rounding = options.rounding === undefined ? undefined : parseRounding(options.rounding);
      // Before a ledger is made for files that are not there, or are none.
      const { checkFiles, standardInput } = await import("../../ledger/input-file.ts");
      await checkFiles(files, from);
      if (files.includes(standardInput) && process.stdin.isTTY)
        session.say("reading what is typed here; end it with Ctrl-D");
      await session.withLedger("import", async (ledger) => {
        await session.warnOfPowerLoss(ledger.database);
        const result = await ledger.import(files, {
          ...(from === undefined ? {} : { from }),
          ...(rounding === undefined ? {} : { rounding }),
          skipBadRows,
          progress: (progress) => session.progress.update(progress),
          onProblem: problemSayer(session, skipBadRows),
        });
        session.progress.clear();
        // What was told before waits already; it is no news.
        if (result.newConflicts + result.newWaiting + result.rejected > 0) session.status = 1;
        await printImport(session, result);
        sayConflicts(session, result);
        sayWaiting(session, result);
      });
    });
}
