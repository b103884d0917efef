/** `lotbook checkpoint`. */
import type { Command } from "commander";
import { printFacts } from "../print/facts.ts";
import type { Session } from "../session.ts";

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
        await printFacts(session, Object.fromEntries(texts) as Record<string, string>);
      });
    });
  command
    .command("new-key <file>")
    .description("Make a key that its owner alone may read; refused in the data directory.")
    .action(async (file: string) => {
      const { makeKey, refuseInside } = await import("../../ledger/checkpoint/key.ts");
      await refuseInside(session.location, file, "a key");
      const { key_id, note_key } = await makeKey(file);
      await printFacts(session, { file, key_id, note_key });
    });
  command
    .command("public-key <file>")
    .description("Print the public key of a key file, as PEM.")
    .action(async (file: string) => {
      const { readPublicKey, describeKey } = await import("../../ledger/checkpoint/key.ts");
      const described = describeKey(await readPublicKey(file));
      if (session.format === "table") return session.output.write(described.pem);
      await printFacts(session, { ...described });
    });
}
