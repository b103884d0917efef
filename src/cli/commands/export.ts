/** `lotbook export <directory>`. */
import type { Command } from "commander";
import { heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";

export function define(command: Command, session: Session): void {
  command
    .description("Write all facts, and what was computed from them, to files in a new directory.")
    .usage("<directory> [options]")
    .argument("<directory>", "made by the command; an earlier export in it is replaced")
    .action(async (directory: string) => {
      await session.withLedger("export", async (ledger) => {
        const result = await ledger.export(directory);
        const columns = [heading("file", "text"), heading("rows")];
        const rows = result.files.map(({ file, rows: count }) => ({ file, rows: count }));
        await printRecords({ columns, rows, json: { ...result } }, session.format, session.output);
      });
    });
}
