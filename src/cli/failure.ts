/** How a command ends when it fails: lines on stderr and an exit status. */
import { CommanderError } from "commander";
import { LotbookError } from "../errors.ts";
import { ReaderGone } from "./output.ts";
import type { ExitStatus } from "./session.ts";

export interface Failure {
  readonly status: ExitStatus;
  /** Without a line's end; empty where everything was said already. */
  readonly message: string;
}

function trace(error: unknown, environment: NodeJS.ProcessEnv): string {
  if (!environment["LOTBOOK_DEBUG"] || !(error instanceof Error)) return "";
  const cause = error.cause === undefined ? "" : trace(error.cause, environment);
  return `\n${error.stack ?? ""}${cause === "" ? "" : `\ncaused by:${cause}`}`;
}

/** What the machine is at fault for; other errors of files are of what was named. */
const machineCodes = new Set(["ENOSPC", "EIO", "EROFS", "EMFILE", "ENFILE", "EDQUOT", "ENOMEM"]);

/** An error of the operating system about a file that was named: bad usage, or the environment. */
function fileFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  const status = machineCodes.has(String(error.code)) ? 3 : 2;
  return { status, message: `lotbook: ${error.message}` };
}

export function describeFailure(error: unknown, environment: NodeJS.ProcessEnv): Failure {
  if (error instanceof ReaderGone) return { status: 0, message: "" };
  // The parser has printed its message; asking for help is no failure.
  if (error instanceof CommanderError) return { status: error.exitCode === 0 ? 0 : 2, message: "" };
  if (error instanceof LotbookError) {
    const advice = error.advice === undefined ? "" : `\n${error.advice}`;
    return {
      status: error.exit,
      message: `lotbook: ${error.message}${advice}${trace(error, environment)}`,
    };
  }
  const file = fileFailure(error);
  if (file !== undefined) return { ...file, message: file.message + trace(error, environment) };
  const what = error instanceof Error ? error.message : String(error);
  return {
    status: 4,
    message:
      `lotbook: a fault of lotbook: ${what}\nLOTBOOK_DEBUG=1 shows where; please report it` +
      trace(error, environment),
  };
}
