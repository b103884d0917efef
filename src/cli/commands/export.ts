/** `lotbook export <directory>` and `lotbook export --proof <file>`. */
import type { Command } from "commander";
import type { ProofResult } from "../../ledger/proof/write.ts";
import { printFacts } from "../print/facts.ts";
import { heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";

interface Options {
  readonly proof?: string;
  readonly key?: string;
}

export function define(command: Command, session: Session): void {
  command
    .description("Write all facts, and what was computed from them, to files in a new directory.")
    .usage("<directory> | --proof <file> [--key <file>]")
    .argument("[directory]", "made by the command; an earlier export in it is replaced")
    .option(
      "--proof <file>",
      "write instead a new file that can be checked without lotbook, or - for stdout: docs/spec/proof.md",
    )
    .option("--key <file>", "sign the proof's checkpoint with this private key")
    .action(async (directory: string | undefined, { proof, key }: Options) => {
      if ((directory === undefined) === (proof === undefined))
        command.error("error: name either a directory or --proof FILE");
      if (key !== undefined && proof === undefined)
        command.error("error: --key signs a proof; without --proof there is none");
      if (directory !== undefined) return exportDirectory(session, directory);
      await exportProof(session, proof!, key);
    });
}

async function exportDirectory(session: Session, directory: string): Promise<void> {
  await session.withLedger("export", async (ledger) => {
    const result = await ledger.export(directory);
    const columns = [heading("file", "text"), heading("rows")];
    const rows = result.files.map(({ file, rows: count }) => ({ file, rows: count }));
    await printRecords({ columns, rows, json: { ...result } }, session.format, session.output);
  });
}

async function exportProof(session: Session, file: string, key: string | undefined): Promise<void> {
  const { writeProof, writeProofFile } = await import("../../ledger/proof/write.ts");
  const options = {
    key,
    progress: (done: number, total: number) =>
      session.progress.update({ phase: "writing", done, total }),
  };
  await session.withDatabase("export", async (database) => {
    if (file === "-") {
      await writeProof(database, (text) => session.output.write(text), options);
      return;
    }
    const made = await writeProofFile(database, file, options);
    session.progress.clear();
    await printFacts(session, shown(made));
  });
}

/** Numbers as text, as a checkpoint shows them. */
function shown(made: ProofResult): Record<string, string | null> {
  const texts = Object.entries(made).map(([name, value]) => [
    name,
    value === null ? null : String(value),
  ]);
  return Object.fromEntries(texts) as Record<string, string | null>;
}
