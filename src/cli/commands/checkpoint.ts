/** `lotbook checkpoint`. */
import type { Command } from "commander";
import { factsText, heading, printRecords } from "../print/records.ts";
import { forTerminal } from "../print/escape.ts";
import type { Session } from "../session.ts";

async function show(session: Session, facts: Readonly<Record<string, string>>): Promise<void> {
  if (session.format === "table") {
    const safe = Object.entries(facts).map(([name, value]) => [name, forTerminal(value)]);
    return session.output.write(factsText(Object.fromEntries(safe)));
  }
  const columns = Object.keys(facts).map((name) => heading(name, "text"));
  await printRecords({ columns, rows: [facts], json: facts }, session.format, session.output);
}

export function define(command: Command, session: Session): void {
  command
    .description("Sign the heads of all books, to keep elsewhere: docs/spec/checkpoint.md.")
    .argument("[file]", "a new file for the note; FILE.books goes beside it", "lotbook.checkpoint")
    .option("--key <file>", "the private key")
    .action(async (file: string, { key }: { key?: string }) => {
      if (key === undefined)
        command.error("error: --key is missing: `lotbook checkpoint new-key FILE`");
      const { writeCheckpoint } = await import("../../ledger/checkpoint/write.ts");
      const { livePorts } = await import("../../ledger/ports.ts");
      await session.withDatabase("checkpoint", async (database) => {
        const made = await writeCheckpoint(database, livePorts, { key, file });
        const texts = Object.entries(made).map(([name, value]) => [name, String(value)]);
        await show(session, Object.fromEntries(texts) as Record<string, string>);
      });
    });
  command
    .command("new-key <file>")
    .description("Make a key that its owner alone may read; refused in the data directory.")
    .action(async (file: string) => {
      const { makeKey, refuseInside } = await import("../../ledger/checkpoint/key.ts");
      await refuseInside(session.location, file, "a key");
      const { key_id, note_key } = await makeKey(file);
      await show(session, { file, key_id, note_key });
    });
  command
    .command("public-key <file>")
    .description("Print the public key of a key file, as PEM.")
    .action(async (file: string) => {
      const { readPublicKey, describeKey } = await import("../../ledger/checkpoint/key.ts");
      const described = describeKey(await readPublicKey(file));
      if (session.format === "table") return session.output.write(described.pem);
      await show(session, { ...described });
    });
}
