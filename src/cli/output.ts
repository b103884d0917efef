/** Where results go: stdout in large pieces, at the reader's pace. */
import type { Writable } from "node:stream";
import { explainPath } from "../errors.ts";

const piece = 64 * 1024;

/** The reader has gone away (`lotbook report … | head`): no error, only the end of the work. */
export class ReaderGone extends Error {}

export interface Terminal {
  /** Columns; undefined where the output is no terminal. */
  readonly width: number | undefined;
  readonly colour: boolean;
}

export interface Output {
  readonly terminal: Terminal;
  write(text: string): Promise<void>;
}

export class StreamOutput implements Output {
  readonly terminal: Terminal;
  readonly #stream: Writable;
  #pending = "";
  #failure: unknown;

  constructor(
    stream: Writable & { isTTY?: boolean; columns?: number },
    environment: NodeJS.ProcessEnv,
  ) {
    const isTerminal = stream.isTTY === true;
    this.#stream = stream;
    this.terminal = {
      width: isTerminal ? (stream.columns ?? 80) : undefined,
      colour: isTerminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb",
    };
    // Heard at the next write; unheard, it would end the process.
    stream.on("error", (error) => {
      this.#failure ??= explained(error);
    });
  }

  /** Puts text with what is written next. */
  add(text: string): void {
    this.#pending += text;
  }

  async write(text: string): Promise<void> {
    this.add(text);
    if (this.#pending.length >= piece) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const text = this.#pending;
    this.#pending = "";
    if (text === "") return;
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(text, (error) => {
        if (error === undefined || error === null) return resolve();
        this.#failure ??= explained(error);
        reject(this.#failure);
      });
    });
  }
}

function explained(error: Error): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EPIPE" ? new ReaderGone() : explainPath("standard output", error);
}
