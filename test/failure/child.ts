/** A child process that says lines: what it acknowledges, until it ends or is killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Child {
  readonly process: ChildProcess;
  readonly lines: AsyncIterable<string>;
  /** Its signal, or its exit status. */
  ended(): Promise<{ readonly signal: string | null; readonly status: number | null }>;
  /** What it wrote to stderr so far. */
  said(): string;
}

/** Runs a script beside this file. Most children live for a second: better than fast is to start soon. */
export function startChild(script: string, words: readonly string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ["--liftoff-only", path, ...words], { stdio: "pipe" });
  let said = "";
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  return {
    process: child,
    lines: createInterface({ input: child.stdout }),
    ended: async () => {
      const [status, signal] = await closed;
      return { status, signal };
    },
    said: () => said,
  };
}
