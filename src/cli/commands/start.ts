/**
 * `lotbook start [file]`: what lotbook does, on a sample or on a file of one's own, in a directory that
 * is then removed.
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { checkFiles } from "../../ledger/input-file.ts";
import { readReport } from "../../reports/report.ts";
import { printReport } from "../print/report.ts";
import { wrapWords } from "../print/wrap.ts";
import type { Session } from "../session.ts";
import { printCompute } from "./compute.ts";
import { printImport, problemSayer } from "./import.ts";
import { printVerify } from "./verify.ts";

/** What the sample is called; it is beside src and dist alike. */
const sampleName = "examples/fills.csv";
const sample = join(import.meta.dirname, "../../..", sampleName);

const aboutSample =
  "The sample, examples/fills.csv: twelve weeks of made-up trading by bots. It repeats two rows and lacks " +
  "a buy on purpose, as real files do.";

const aboutUnmatched =
  "Unmatched: sold, with no earlier buy on record. Incomplete: that, or a fee whose value nobody told. " +
  "Neither is guessed, so there is no PnL.";

/** In a clone the commands go through npm. */
function hint(environment: NodeJS.ProcessEnv): string {
  const inClone = environment["npm_lifecycle_event"] === "start";
  const [start, lotbook] = inClone
    ? ["npm start --", "npm run -s lotbook --"]
    : ["lotbook start", "lotbook"];
  return (
    `Your own fills:       ${start} my-fills.csv\n` +
    `A ledger that stays:  ${lotbook} import my-fills.csv\n` +
    `                      ${lotbook} compute\n` +
    `                      ${lotbook} report pnl\n`
  );
}

async function demonstrate(session: Session, directory: string, own?: string): Promise<void> {
  const isTable = session.format === "table";
  const { width } = session.output.terminal;
  const say = async (text: string): Promise<void> => {
    if (isTable) await session.output.write(wrapWords(text, width ?? 100));
  };
  const ledger = await session.openLedger(join(directory, "ledger"), "start");
  try {
    if (own === undefined) await say(`${aboutSample}\n\n`);
    const imported = await ledger.import([own ?? sample], {
      onProblem: problemSayer(session, false),
    });
    await say("1. Import: each fill is recorded once and never changed.\n");
    const files = imported.files.map((file) => ({ ...file, file: own ?? sampleName }));
    await printImport(session, { ...imported, files });
    await say("\n2. Compute: which sale took from which buy, first in, first out.\n");
    await printCompute(session, await ledger.compute({ trigger: "start" }));
    await say("\n3. Verify: SQL that shares no code with the engine proves the result.\n");
    await printVerify(session, ledger.database, { brief: true });
    await say("\n4. Report: what was earned.\n");
    await readReport(ledger.database, { report: "pnl" }, async (report) => {
      await printReport(report, session.format, session.output);
      const totals = await report.totals();
      if (totals.some((total) => total["complete"] === false)) await say(`${aboutUnmatched}\n`);
    });
  } finally {
    await ledger.close();
  }
  if (isTable) await session.output.write(`\n${hint(session.surroundings.environment)}`);
}

const interrupts = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Does the work when the process is told to end, which it then does; gives what takes that back. */
function atInterrupt(work: () => void): () => void {
  const end = (signal: NodeJS.Signals): void => {
    work();
    forget();
    process.kill(process.pid, signal);
  };
  const forget = (): void => {
    for (const signal of interrupts) process.off(signal, end);
  };
  for (const signal of interrupts) process.on(signal, end);
  return forget;
}

export function define(command: Command, session: Session): void {
  command
    .description("Show what lotbook does, in a directory that is removed afterwards.")
    .usage("[file] [options]")
    .argument("[file]", "fills of your own instead of the sample")
    .action(async (own: string | undefined) => {
      if (own !== undefined) await checkFiles([own]);
      const directory = await mkdtemp(join(tmpdir(), "lotbook-start-"));
      const remove = (): void => rmSync(directory, { recursive: true, force: true });
      const forget = atInterrupt(remove);
      try {
        await demonstrate(session, directory, own);
      } finally {
        forget();
        remove();
      }
    });
}
