/** `lotbook import <file…>`. */
import type { Command } from "commander";
import { describeProblem } from "../../core/problem.ts";
import type { ImportOptions, ImportResult } from "../../ledger/import.ts";
import { heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";

interface ImportCommandOptions {
  readonly from?: string;
  readonly skipBadRows?: boolean;
}

/** Bad rows that are listed when nothing is recorded: enough to see what is wrong with a file. */
const listedRows = 100;

const counts = ["rows", "recorded", "duplicates", "conflicts", "rejected"] as const;
const columns = [
  heading("file", "text"),
  heading("format", "name"),
  ...counts.map((name) => heading(name)),
];

/** Imports files and says what became of their rows; shared with the demonstration. */
export async function printImport(session: Session, result: ImportResult): Promise<void> {
  const { files, conflictExamples, ...rest } = result;
  const rows = files.map((file) =>
    Object.fromEntries(columns.map(({ name }) => [name, file[name as keyof typeof file]])),
  );
  const total = Object.fromEntries(
    counts.map((name) => [name, files.reduce((sum, file) => sum + file[name], 0)]),
  );
  const examples = conflictExamples.map(({ file, row, kind, id, told, recorded }) => ({
    file,
    row,
    kind,
    id,
    told,
    recorded,
  }));
  const { newConflicts: new_conflicts, ...counted } = rest;
  const json = { ...counted, new_conflicts, files, conflict_examples: examples };
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

export function define(command: Command, session: Session): void {
  command
    .description(
      "Record fills from files, whole or not at all. The same file twice changes nothing.",
    )
    .usage("<file...> [options]")
    .argument("<file...>", "files of fills; - is standard input")
    .option("--from <format>", "the files' format; else it is detected")
    .option("--skip-bad-rows", "record the good rows and list the bad ones (exit status 1)")
    .action(async (files: string[], { from, skipBadRows = false }: ImportCommandOptions) => {
      // Before a ledger is made for files that are not there, or are none.
      const { checkFiles, standardInput } = await import("../../ledger/input-file.ts");
      await checkFiles(files, from);
      if (files.includes(standardInput) && process.stdin.isTTY)
        session.say("reading what is typed here; end it with Ctrl-D");
      await session.withLedger("import", async (ledger) => {
        await session.warnOfPowerLoss(ledger.database);
        const result = await ledger.import(files, {
          ...(from === undefined ? {} : { from }),
          skipBadRows,
          progress: (progress) => session.progress.update(progress),
          onProblem: problemSayer(session, skipBadRows),
        });
        session.progress.clear();
        // A conflict that was told before waits already; it is no news.
        if (result.newConflicts > 0 || result.rejected > 0) session.status = 1;
        await printImport(session, result);
        sayConflicts(session, result);
      });
    });
}
