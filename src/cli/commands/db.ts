/** `lotbook db status|migrate|copy`. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { LotbookError } from "../../errors.ts";
import { forTerminal } from "../print/escape.ts";
import { factsText, heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";

/** 150020 as 15.20. */
function serverVersionText(number: number): string {
  return `${Math.floor(number / 10_000)}.${number % 10_000}`;
}

async function printStatus(session: Session): Promise<void> {
  await session.withDatabase("db status", async (database) => {
    const { status } = await import("../../store/open.ts");
    const found = await status(database);
    const { durability } = found;
    const json = {
      location: found.location,
      engine: found.engine,
      server_version: serverVersionText(found.serverVersion),
      schema_version: found.schemaVersion,
      role: found.role,
      survives: durability.survives,
      details: durability.details,
    };
    if (session.format === "table") {
      const { details, ...facts } = json;
      await session.output.write(factsText({ ...facts, location: forTerminal(facts.location) }));
      await session.output.write(details.map((detail) => `  ${forTerminal(detail)}\n`).join(""));
      return;
    }
    const columns = Object.keys(json).map((name) =>
      heading(name, name === "details" ? "names" : "text"),
    );
    await printRecords({ columns, rows: [json], json }, session.format, session.output);
  });
}

async function migrateDatabase(session: Session): Promise<void> {
  const database = await session.openDatabase(session.location, {
    command: "db migrate",
    migrate: true,
  });
  try {
    const json = { schema_version: database.schemaVersion };
    if (session.format === "table")
      return await session.output.write(`the schema is at version ${json.schema_version}\n`);
    const columns = [heading("schema_version")];
    await printRecords({ columns, rows: [json], json }, session.format, session.output);
  } finally {
    await database.close();
  }
}

async function copyTo(session: Session, target: string): Promise<void> {
  if (resolve(target) === resolve(session.location))
    throw new LotbookError("BAD_USAGE", `${target} is the ledger itself`, {
      advice: "Name a new directory or database.",
    });
  await session.withDatabase("db copy", async (from) => {
    const { copyLedger } = await import("../../ledger/copy.ts");
    const to = await session.openDatabase(target, { command: "db copy" });
    try {
      let done = 0;
      const { tables } = await copyLedger(from, to, await session.ports(), (table) =>
        session.progress.update({ phase: `copying ${table}`, done: ++done }),
      );
      session.progress.clear();
      const columns = [heading("table", "name"), heading("rows")];
      const rows = tables.map(({ table, rows: count }) => ({ table, rows: count }));
      await printRecords({ columns, rows, json: { tables } }, session.format, session.output);
    } finally {
      await to.close();
    }
  });
}

export function define(command: Command, session: Session): void {
  command
    .description("The database that the ledger is in.")
    .usage("<status|migrate|copy> [options]");
  command
    .command("status")
    .description("engine, schema, role, and what a power cut would lose")
    .action(() => printStatus(session));
  command
    .command("migrate")
    .description("bring an older schema up to date; on a server as the owner of the schema")
    .action(() => migrateDatabase(session));
  command
    .command("copy")
    .description("copy the whole ledger, row for row, hashes intact")
    .argument("<target>", "an empty directory or postgres:// database")
    .action((target: string) => copyTo(session, target));
}
