/** Where results go: stdout in large pieces, at the reader's pace. */
import type { Writable } from "node:stream";

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
  #gone = false;

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
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      this.#gone = true;
    });
  }

  async write(text: string): Promise<void> {
    this.#pending += text;
    if (this.#pending.length >= piece) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#gone) throw new ReaderGone();
    const text = this.#pending;
    this.#pending = "";
    if (text === "") return;
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(text, (error) => {
        if (error === undefined || error === null) resolve();
        else if ((error as NodeJS.ErrnoException).code === "EPIPE") reject(new ReaderGone());
        else reject(error);
      });
    });
  }
}
