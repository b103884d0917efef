/** `lotbook versions list|diff|publish|drop`. */
import type { Command } from "commander";
import type { ReportRow } from "../../reports/column.ts";
import { heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";
import { defineSelection, type DiffOptions, revisionsOf, runDiff } from "./diff.ts";
import { versionNumber } from "./report.ts";

const columns = [
  heading("version"),
  heading("published", "flag"),
  heading("dropped", "flag", 1),
  heading("revision", "count", 2),
  heading("method", "name"),
  heading("scope", "name"),
  heading("engine_version", "count", 2),
  heading("created_at", "name", 1),
  heading("fee_policy", "name", 3),
];

/** What a command on one version did: `published 2 at revision 7`. */
async function printOutcome(
  session: Session,
  done: "published" | "dropped",
  { version, revision }: { version: number; revision: number },
): Promise<void> {
  const row = { [done]: version, revision };
  if (session.format === "table")
    return session.output.write(`${done} version ${version}, at revision ${revision}\n`);
  const names = [heading(done), heading("revision")];
  return printRecords({ columns: names, rows: [row], json: row }, session.format, session.output);
}

export function define(command: Command, session: Session): void {
  command
    .description(
      "The computed versions: which there are, how two differ, and which one reports read.",
    )
    .usage("<list|diff|publish|drop> [options]");
  command
    .command("list")
    .description("list the versions, dropped ones too")
    .action(async () => {
      await session.withDatabase("versions list", async (database) => {
        const { listVersions } = await import("../../ledger/versions.ts");
        const versions = await listVersions(database);
        const rows = versions.map((version): ReportRow => ({ ...version }));
        await printRecords({ columns, rows, json: { versions } }, session.format, session.output);
      });
    });
  command
    .command("publish")
    .description("make reports read this version")
    .argument("<version>", "its number", versionNumber)
    .action(async (version: number) => {
      await session.withLedger("versions publish", async (ledger) => {
        await printOutcome(session, "published", await ledger.publish(version));
      });
    });
  command
    .command("drop")
    .description("delete what a version concluded; the facts stay, and it can be computed again")
    .argument("<version>", "its number", versionNumber)
    .action(async (version: number) => {
      await session.withLedger("versions drop", async (ledger) => {
        await printOutcome(session, "dropped", await ledger.drop(version));
      });
    });
  defineSelection(
    command
      .command("diff")
      .description(
        "which sales come out otherwise in the second version, and why; see `lotbook diff`",
      )
      .argument("<a>", "the version before", versionNumber)
      .argument("<b>", "the version after", versionNumber),
  ).action(async (a: number, b: number, { by, knownAt, ...rest }: DiffOptions) => {
    const [before, after] = revisionsOf(knownAt) ?? [];
    const ends = {
      before: { version: a, knownAt: before },
      after: { version: b, knownAt: after },
    };
    await runDiff(session, { ...rest, ends }, by);
  });
}
