/**
 * What a test of failure or proof did, told for the table of docs/reliability.md: a long run with `--report`
 * names a file in LOTBOOK_RELIABILITY, and each such test appends a line of JSON to it.
 */
import { appendFileSync } from "node:fs";

export interface Trials {
  /** What is promised, in plain words: "an acknowledged fact survives kill -9 while recording". */
  readonly promise: string;
  /** The test's file, from the root of the project. */
  readonly test: string;
  /** "pglite", "postgres-15", "postgres-18"; absent where no database is used. */
  readonly engine?: string;
  /** How often it was tried, and of what: 500 "kills". */
  readonly tried: number;
  readonly unit: string;
  /** How many of these broke the promise. */
  readonly broken: number;
  /** From which the run can be had again. */
  readonly seed?: number;
}

/** Does nothing where no report is being made. */
export function tellTrials(trials: Trials): void {
  tell(trials);
}

function tell(line: Trials | Server): void {
  const file = process.env["LOTBOOK_RELIABILITY"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export interface Server {
  readonly engine: string;
  /** Of PostgreSQL: "15.18". */
  readonly version: string;
}

/** What the engines of the run are; `serverVersion` as 150018. */
export function tellServer(engine: string, serverVersion: number): void {
  const version = `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`;
  tell({ engine, version });
}
