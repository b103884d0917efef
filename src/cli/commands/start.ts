/**
 * `lotbook start [file]`: what lotbook does, on a sample or on a file of one's own, in a directory that
 * is then removed.
 */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { Command } from "commander";
import { writeGenerated } from "../../generate/write.ts";
import { openLedger } from "../../ledger/ledger.ts";
import { readReport } from "../../reports/report.ts";
import { printReport } from "../print/report.ts";
import type { Session } from "../session.ts";
import { printCompute } from "./compute.ts";
import { printImport } from "./import.ts";
import { printVerify } from "./verify.ts";

const sample = { seed: 1, fills: 400, symbols: 3, days: 30 };

async function makeSample(directory: string): Promise<string> {
  const file = join(directory, "sample-fills.csv");
  const stream = createWriteStream(file);
  await writeGenerated(sample, stream);
  stream.end();
  await finished(stream);
  return file;
}

async function demonstrate(session: Session, directory: string, own?: string): Promise<void> {
  const say = (text: string): Promise<void> => session.output.write(`\n# ${text}\n\n`);
  const file = own ?? (await makeSample(directory));
  const ledger = await openLedger(join(directory, "ledger"), { command: "start" });
  try {
    const source = own === undefined ? `${sample.fills} made-up fills` : own;
    await say(`Import ${source}: each fill is recorded once and never changed.`);
    await printImport(session, await ledger.import([file]));
    await say("Compute: which sale took from which lot, first in, first out.");
    await printCompute(session, await ledger.compute({ trigger: "start" }));
    await say("Verify: SQL that shares no code with the engine proves the result.");
    if (!(await printVerify(session, ledger.database))) session.status = 1;
    await say("Report: realized profit by instrument.");
    await readReport(ledger.database, { report: "pnl" }, (report) =>
      printReport(report, session.format, session.output),
    );
    await say("Report: the lots that are still open.");
    await readReport(ledger.database, { report: "lots" }, (report) =>
      printReport(report, session.format, session.output),
    );
  } finally {
    await ledger.close();
  }
  await session.output.write(
    "\nTry it with your own fills: lotbook import <file>, lotbook compute, lotbook report pnl\n",
  );
}

export function define(command: Command, session: Session): void {
  command
    .description("Show what lotbook does, in a directory that is removed afterwards.")
    .usage("[file] [options]")
    .argument("[file]", "fills of your own instead of the sample")
    .action(async (own: string | undefined) => {
      const directory = await mkdtemp(join(tmpdir(), "lotbook-start-"));
      try {
        await demonstrate(session, directory, own);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
}
