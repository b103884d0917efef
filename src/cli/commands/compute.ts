/** `lotbook compute`. */
import type { Command } from "commander";
import type { ComputeResult } from "../../ledger/compute/compute.ts";
import { moneyDecimals, roundDecimal } from "../print/amount.ts";
import { forTerminal } from "../print/escape.ts";
import { factsText, heading, printRecords } from "../print/records.ts";
import type { Session } from "../session.ts";

interface ComputeCommandOptions {
  readonly full?: boolean;
  readonly method?: string;
  readonly scope?: string;
  readonly publish: boolean;
  readonly symbol?: string;
  readonly portfolio?: string;
}

function amounts(totals: Readonly<Record<string, string>>): string {
  const parts = Object.entries(totals).map(
    ([quote, amount]) => `${roundDecimal(amount, moneyDecimals([amount]))} ${forTerminal(quote)}`,
  );
  return parts.length === 0 ? "-" : parts.join(", ");
}

export async function printCompute(session: Session, result: ComputeResult): Promise<void> {
  const { totalPnl, ...rest } = result;
  const json = { ...rest, total_pnl: totalPnl };
  if (session.format !== "table") {
    const columns = Object.keys(json).map((name) =>
      name === "total_pnl" ? heading(name, "amounts") : heading(name, "name"),
    );
    return printRecords({ columns, rows: [json], json }, session.format, session.output);
  }
  const { version, published, method, scope, mode, run, digest } = result;
  const superseded = result.superseded === 0 ? "" : `, ${result.superseded} superseded`;
  const revision = result.revision === null ? "" : `, revision ${result.revision}`;
  await session.output.write(
    factsText({
      "realized PnL": amounts(totalPnl),
      allocations: `${result.allocations} written${superseded}`,
      "facts taken in": `${result.opens} opening, ${result.closes} closing; books: ${result.books}`,
      version: `${version}${published ? ", published" : ""} (${method}, scope ${scope})`,
      run: `${run}, ${mode}${revision}`,
      digest,
    }),
  );
}

export function define(command: Command, session: Session): void {
  command
    .description(
      "Bring the published version up to date; the first time, build version 1 and publish it.",
    )
    .option("--full", "build a new version from nothing, over all books, and publish it")
    .option("--method <method>", "of a new version: fifo")
    .option("--scope <scope>", "of a new version: portfolio or account")
    .option("--no-publish", "leave a new version unpublished; `report --version` reads it")
    .option("--symbol <symbol>", "only books of this instrument")
    .option("--portfolio <name>", "only books of this portfolio")
    .action(async (options: ComputeCommandOptions) => {
      await session.withLedger("compute", async (ledger) => {
        await session.warnOfPowerLoss(ledger.database);
        const result = await ledger.compute({
          ...options,
          trigger: "command",
          progress: (done, total) => session.progress.update({ phase: "computing", done, total }),
          onWait: () => session.say("waiting for another run to end …"),
        });
        session.progress.clear();
        await printCompute(session, result);
      });
    });
}
