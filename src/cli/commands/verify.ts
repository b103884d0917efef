/** `lotbook verify`. */
import type { Command } from "commander";
import type { ReportRow } from "../../reports/column.ts";
import { type Recomputation, recompute } from "../../ledger/compute/recompute.ts";
import { compareWithCheckpoint, type Extension } from "../../ledger/checkpoint/against.ts";
import { verifyVersion, type Verification } from "../../verify/run.ts";
import type { Database } from "../../store/database.ts";
import { forTerminal } from "../print/escape.ts";
import { heading, printRecords } from "../print/records.ts";
import { hang, wrapWords } from "../print/wrap.ts";
import type { Session } from "../session.ts";
import { versionNumber } from "./report.ts";

const columns = [
  heading("check", "name"),
  heading("result", "name"),
  heading("violations"),
  heading("what", "name", 1),
];

function exampleText(example: Readonly<Record<string, unknown>>): string {
  return Object.entries(example)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => (name === "what" ? String(value) : `${name} ${String(value)}`))
    .map(forTerminal)
    .join(", ");
}

function toRows(verification: Verification): ReportRow[] {
  return verification.checks.map(({ id, title, violations }) => ({
    check: id,
    result: violations === 0 ? "ok" : "VIOLATED",
    violations,
    what: title,
  }));
}

/** A line a check, with what it says: `I1  ok  the slices of a closing fill add up to its quantity`. */
function checkLines(checks: Verification["checks"], width: number | undefined): string {
  const results = checks.map(({ violations }) =>
    violations === 0 ? "ok" : `VIOLATED (${violations})`,
  );
  const room = Math.max(...results.map((result) => result.length));
  const lines = checks.map(({ id, title }, index) =>
    hang(`${id}  ${results[index]!.padEnd(room)}  `, title, width),
  );
  return lines.join("");
}

function recomputation({ books, differences }: Recomputation): string {
  const found = differences.map(({ portfolio, symbol }) => `${symbol} of ${portfolio}`).join(", ");
  return differences.length === 0
    ? `Computed again from the facts: the digests of all ${books} books come out the same.\n`
    : `Computed again from the facts: ${differences.length} of ${books} books DIFFER: ` +
        `${forTerminal(found)}.\n`;
}

export interface VerifyPrintOptions {
  readonly version?: number;
  /** Compute the version again in memory, too, and compare digests. */
  readonly recomputed?: boolean;
  /** The checks and the verdict only: what is around them has told the rest. */
  readonly brief?: boolean;
  /** How the ledger compares with a checkpoint that was kept elsewhere. */
  readonly extension?: Extension | undefined;
}

/** `the checkpoint of 2026-03-02T14:05:11Z, 3 books`. */
function checkpointText({ checkpoint: { time, books } }: Extension): string {
  return `the checkpoint of ${time}, ${books} ${String(books) === "1" ? "book" : "books"}`;
}

/** In the names of verify's JSON. */
function extensionJson({ ok, checkpoint, violations, differences }: Extension): object {
  const { time, books, revision } = checkpoint;
  return { ok, time, books: Number(books), revision: Number(revision), violations, differences };
}

/** What the outcome says, and what it does not. */
function verdict(ok: boolean, brief: boolean, extension: Extension | undefined): string {
  if (extension?.ok === false)
    return (
      `The ledger does NOT extend ${checkpointText(extension)}: what was recorded by then was changed ` +
      "or cut off since. Keep a copy of the database as it is. docs/spec/checkpoint.md has the rules.\n"
    );
  if (!ok)
    return (
      "Something does not hold: keep a copy of the database as it is. docs/spec/matching.md 5 has the " +
      "rules.\n"
    );
  if (extension !== undefined)
    return `All hold: the ledger agrees with itself, and extends ${checkpointText(extension)}.\n`;
  const rewritten = " That nobody rewrote all of it, only a checkpoint kept elsewhere can tell.";
  return `All hold: the ledger agrees with itself.${brief ? "" : rewritten}\n`;
}

/** Proves the invariants and prints the outcome; the session's status says whether all of them hold. */
export async function printVerify(
  session: Session,
  database: Database,
  { brief = false, recomputed, extension, ...options }: VerifyPrintOptions = {},
): Promise<void> {
  let done = 0;
  const verification = await verifyVersion(database, {
    ...options,
    progress: () => session.progress.update({ phase: "verifying", done: ++done, total: 9 }),
  });
  session.progress.clear();
  const { version, revision, digest, checks } = verification;
  const again =
    recomputed === true && version !== null ? await recompute(database, version) : undefined;
  const ok =
    checks.every(({ violations }) => violations === 0) &&
    (again?.differences.length ?? 0) === 0 &&
    extension?.ok !== false;
  // Before it is printed: whoever reads may go away after the first line.
  if (!ok) session.status = 1;
  const json = {
    ok,
    ...(again === undefined ? {} : { recomputed: again }),
    ...(extension === undefined ? {} : { against: extensionJson(extension) }),
    version,
    revision: Number(revision),
    digest,
    checks: checks.map((check) => ({ ok: check.violations === 0, ...check })),
  };
  const rows = toRows(verification);
  if (session.format !== "table")
    return printRecords({ columns, rows, json }, session.format, session.output);
  const of = version === null ? "the facts; nothing is published" : `version ${version}`;
  const { width } = session.output.terminal;
  if (!brief) await session.output.write(`Invariants of ${of}, at revision ${revision}\n\n`);
  await session.output.write(checkLines(checks, width));
  if (again !== undefined)
    await session.output.write(wrapWords(recomputation(again), width ?? 100));
  const examples = checks.flatMap(({ id, examples: found }) =>
    found.map((example) => `${id}: ${exampleText(example)}\n`),
  );
  if (examples.length > 0) await session.output.write(`\n${examples.join("")}`);
  const identity = brief ? "" : `digest ${digest ?? "-"}\n`;
  await session.output.write(
    `\n${identity}${wrapWords(verdict(ok, brief, extension), width ?? 100)}`,
  );
}

interface VerifyCommandOptions {
  readonly version?: number;
  readonly recompute?: boolean;
  readonly against?: string;
  readonly key?: string;
}

/** On stderr: tables and lines of checks keep their shape. */
function sayDifferences(session: Session, { differences, violations }: Extension): void {
  for (const difference of differences) session.say(exampleText({ ...difference }));
  const more = violations - differences.length;
  if (more > 0) session.say(`and ${more} more differences`);
}

export function define(command: Command, session: Session): void {
  command
    .description("Prove the invariants I1 to I9 by SQL that shares no code with the engine.")
    .option("--version <number>", "of this version instead of the published one", versionNumber)
    .option("--recompute", "also compute it again in memory and compare the digests")
    .option("--against <file>", "also check that the ledger extends this checkpoint")
    .option("--key <file>", "the key that it was signed with, public or private")
    .action(async (options: VerifyCommandOptions) => {
      const { against, key } = options;
      if ((against === undefined) !== (key === undefined))
        command.error("error: --against and --key go together");
      await session.withDatabase("verify", async (database) => {
        const extension =
          against === undefined || key === undefined
            ? undefined
            : await compareWithCheckpoint(database, { file: against, key });
        if (extension !== undefined) sayDifferences(session, extension);
        const { version, recompute: recomputed = false } = options;
        await printVerify(session, database, {
          recomputed,
          extension,
          ...(version === undefined ? {} : { version }),
        });
      });
    });
}
