/**
 * One phase of the ledger's work in a process of its own, so that its memory can be told. Prints one line
 * of JSON.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { writeGenerated } from "../../src/generate/write.ts";
import { openLedger } from "../../src/ledger/ledger.ts";

/** What a phase took. */
export interface PhaseResult {
  readonly milliseconds: number;
  /** Of this process. */
  readonly cpuMilliseconds: number;
  readonly peakMegabytes: number;
  readonly note: string;
}

type Work = () => Promise<string>;

async function generate(file: string, fills: number, symbols: number): Promise<string> {
  const stream = createWriteStream(file);
  const rows = await writeGenerated({ seed: 7, fills, symbols }, stream);
  stream.end();
  await once(stream, "finish");
  return `${rows} rows`;
}

async function onLedger(phase: string, location: string, argument: string): Promise<string> {
  const ledger = await openLedger(location, { command: "bench" });
  try {
    const begin = performance.now();
    const note = await ledgerWork(phase, argument, ledger);
    spent = performance.now() - begin;
    return note;
  } finally {
    await ledger.close();
  }
}

async function ledgerWork(
  phase: string,
  argument: string,
  ledger: Awaited<ReturnType<typeof openLedger>>,
): Promise<string> {
  if (phase === "import") {
    const { recorded, duplicates } = await ledger.import([argument]);
    return `${recorded} recorded, ${duplicates} duplicates`;
  }
  if (phase === "compute") {
    const { allocations, digest } = await ledger.compute({ full: true });
    return `${allocations} allocations, digest ${digest?.slice(0, 12)}`;
  }
  const { checks } = await ledger.verify();
  const bad = checks.filter((check) => check.violations > 0);
  if (bad.length > 0) throw new Error(`violations: ${bad.map((check) => check.id).join(" ")}`);
  return checks.map((check) => check.id).join(" ");
}

let spent: number | undefined;
const [phase = "", first = "", second = "", third = ""] = process.argv.slice(2);
const work: Work =
  phase === "generate"
    ? () => generate(first, parseInt(second, 10), parseInt(third, 10))
    : () => onLedger(phase, first, second);
const cpu = process.cpuUsage();
const begin = performance.now();
const note = await work();
const used = process.cpuUsage(cpu);
const result: PhaseResult = {
  milliseconds: spent ?? performance.now() - begin,
  cpuMilliseconds: (used.user + used.system) / 1000,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
  note,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
