/** How a command ends when it fails: lines on stderr and an exit status. */
import { CommanderError } from "commander";
import { explainPath, isSystemError, LotbookError } from "../errors.ts";
import { forTerminal, messageForTerminal } from "./print/escape.ts";
import type { ExitStatus } from "./session.ts";

export interface Failure {
  readonly status: ExitStatus;
  /** Fit for a terminal, without a line's end; empty where everything was said already. */
  readonly message: string;
}

function trace(error: unknown, environment: NodeJS.ProcessEnv): string {
  if (!environment["LOTBOOK_DEBUG"] || !(error instanceof Error)) return "";
  const cause = error.cause === undefined ? "" : trace(error.cause, environment);
  const stack = messageForTerminal(error.stack ?? "");
  return `\n${stack}${cause === "" ? "" : `\ncaused by:${cause}`}`;
}

export function describeFailure(error: unknown, environment: NodeJS.ProcessEnv): Failure {
  // The parser has printed its message; asking for help is no failure.
  if (error instanceof CommanderError) return { status: error.exitCode === 0 ? 0 : 2, message: "" };
  // An error of the operating system that nobody on the way knew more of than its path.
  const known = isSystemError(error) ? explainPath(error.path ?? "a file", error) : error;
  if (known instanceof LotbookError) {
    const advice = known.advice === undefined ? "" : `\n${messageForTerminal(known.advice)}`;
    return {
      status: known.exit,
      message: `lotbook: ${forTerminal(known.message)}${advice}${trace(known, environment)}`,
    };
  }
  const what = error instanceof Error ? error.message : String(error);
  return {
    status: 4,
    message:
      `lotbook: a fault of lotbook: ${forTerminal(what)}\nLOTBOOK_DEBUG=1 shows where; please report it` +
      trace(error, environment),
  };
}
