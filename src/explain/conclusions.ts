/** What readers of conclusions share: the words for what is missing, and what made a row. */
import { formatInstant } from "../core/time.ts";
import type { Concluded } from "./node.ts";

/** The steps of rows of `alias`, with their runs. */
export const madeBy = (alias: string): string => `
  JOIN steps made ON made.step = ${alias}.step
  JOIN runs run ON run.run = made.run
  JOIN revisions revision ON revision.revision = made.revision`;

export const concludedColumns = `made.run, run.mode, made.step, made.revision,
  (extract(epoch FROM revision.stamp) * 1000000)::bigint AS micros`;

export interface ConcludedRow {
  readonly run: bigint;
  readonly mode: string;
  readonly step: bigint;
  readonly revision: bigint;
  readonly micros: bigint;
}

export function concludedOf(row: ConcludedRow): Concluded {
  return {
    run: Number(row.run),
    mode: row.mode,
    step: Number(row.step),
    revision: Number(row.revision),
    at: formatInstant(row.micros * 1000n),
  };
}

const words: readonly (readonly [bit: number, word: string])[] = [
  [1, "opening cost"],
  [2, "closing fee value"],
  [4, "unmatched"],
];

/** Bits of `missing` (docs/spec/matching.md 4) as the words of reports. */
export function missingWords(bits: number): string[] {
  return words.filter(([bit]) => (bits & bit) !== 0).map(([, word]) => word);
}
