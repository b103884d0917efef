/** Runs a command of the command line in this process, with its output taken down. */
import { Writable } from "node:stream";
import { run } from "../../src/cli/run.ts";
import type { Surroundings } from "../../src/cli/surroundings.ts";

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Text extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export async function runCommand(
  argv: readonly string[],
  surroundings: Pick<Surroundings, "openDatabase" | "ports">,
): Promise<Ended> {
  const [stdout, stderr] = [new Text(), new Text()];
  const status = await run(argv, { stdout, stderr, environment: {}, ...surroundings });
  return { status, stdout: stdout.text, stderr: stderr.text };
}
