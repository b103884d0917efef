/**
 * One session with the embedded engine, over its protocol rather than its own query functions: those wait for
 * four answers a statement, and take a server that broke off in the middle for one with nothing to say.
 */
import type { PGlite } from "@electric-sql/pglite";
import type { Row, Value } from "../database.ts";
import { LotbookError } from "../../errors.ts";
import type { Session, SessionResult } from "./connection.ts";
import type { DurableFileSystem } from "./durable-file-system.ts";
import { explainRefusal } from "./refusals.ts";
import { ServerError } from "./server-error.ts";
import { Spool } from "./spool.ts";
import { decoderOf, encodeValue } from "./values.ts";
import * as wire from "./wire.ts";

/** How the server's C code says that it caught an error and goes on; all other exceptions are its end. */
const caughtErrorStatus = 100;
const copyMessageBytes = 256 * 1024;
/** How long statements may follow each other before timers, signals and sockets get their turn. */
const turnMilliseconds = 20;
/** Run alone, the server never checkpoints by itself: its log would grow until close. */
const logBytesMax = 256 * 1024 * 1024;

interface ServerModule {
  _PostgresMainLoopOnce: () => void;
  _PostgresMainLongJmp: () => void;
  _PostgresSendReadyForQueryIfNecessary: () => void;
  _pgl_pq_flush: () => void;
  _pq_buffer_remaining_data: () => number;
}

/** What the engine reads a request from. It takes length and subarray of it, and nothing else. */
interface Request {
  readonly length: number;
  subarray(start: number, end: number): Uint8Array;
}

interface Answer {
  readonly rows: Row[];
  readonly count: number;
  readonly command: string | undefined;
  readonly error: ServerError | undefined;
  readonly idle: boolean;
}

export class PgliteSession implements Session {
  #engine: PGlite;
  #fileSystem: DurableFileSystem;
  #directory: string;
  #broken: unknown;
  /** What the server said in the answer in which it ended. */
  #lastWords: ServerError | undefined;
  #turnStart = performance.now();
  /** What a checkpoint is wrapped in: only the owner may run one. */
  role: string | undefined;

  constructor(engine: PGlite, fileSystem: DurableFileSystem, directory: string) {
    this.#engine = engine;
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#watch(engine.Module as unknown as ServerModule);
  }

  /** Whether the server ended in the middle of something: it must not be asked, or closed, any more. */
  get broken(): boolean {
    return this.#broken !== undefined || this.#fileSystem.failure !== undefined;
  }

  async run(text: string, values: readonly Value[]): Promise<SessionResult> {
    await this.#turn();
    const answer = await this.#ask(wire.extendedQuery(text, values.map(encodeValue)));
    const { rows, count, command = "" } = await this.#accept(answer);
    return { rows, count, command };
  }

  async script(text: string): Promise<void> {
    await this.#turn();
    await this.#accept(await this.#ask(wire.simpleQuery(text)));
  }

  async copyIn(
    statement: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<number> {
    const spool = new Spool(this.#directory);
    try {
      spool.append(wire.simpleQuery(statement));
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length; at += copyMessageBytes) {
          const part = chunk.subarray(at, at + copyMessageBytes);
          spool.append(wire.copyDataHeader(part.length));
          spool.append(part);
        }
      }
      spool.append(wire.copyDone());
      await this.#turn();
      const read = (start: number, end: number): Uint8Array => spool.read(start, end);
      const answer = await this.#accept(await this.#ask({ length: spool.length, subarray: read }));
      return answer.count;
    } finally {
      spool.close();
    }
  }

  async *copyOut(statement: string): AsyncIterable<Uint8Array> {
    const spool = new Spool(this.#directory);
    try {
      await this.#turn();
      const receive = (bytes: Buffer): void => spool.append(bytes);
      await this.#accept(await this.#ask(wire.simpleQuery(statement), receive));
      for (const chunk of spool.chunks()) {
        await this.#turn();
        yield chunk;
      }
    } finally {
      spool.close();
    }
  }

  /** The engine answers within the same turn of the event loop: without this, nothing else would get one. */
  async #turn(): Promise<void> {
    if (performance.now() - this.#turnStart < turnMilliseconds) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnStart = performance.now();
  }

  /** The engine has read and answered the request before the first await: requests don't mix. */
  async #ask(request: Request, receiveCopy?: (bytes: Buffer) => void): Promise<Answer> {
    this.#assertSound();
    const answer = new AnswerReader(receiveCopy);
    const reader = new wire.MessageReader((type, body) => answer.receive(type, body));
    let failure: unknown;
    try {
      await this.#engine.execProtocolRawStream(this.#guarded(request) as Uint8Array, {
        syncToFs: false,
        onRawData: (bytes) => {
          // An exception must not fly through the server's code; it is thrown when the server is done.
          try {
            if (failure === undefined) reader.push(Buffer.from(bytes));
          } catch (error) {
            failure = error;
          }
        },
      });
    } catch (error) {
      this.#broken ??= error;
    }
    if (this.#broken !== undefined) this.#lastWords ??= answer.error;
    this.#assertSound();
    if (failure !== undefined) throw failure;
    return answer.finish();
  }

  /** A server that ended must not be called again, as PGlite would while there seems to be more to read. */
  #guarded(request: Request): Request {
    const ended = (): boolean => this.#broken !== undefined;
    return {
      get length() {
        return ended() ? 0 : request.length;
      },
      subarray: (start, end) => request.subarray(start, end),
    };
  }

  async #accept(answer: Answer): Promise<Answer> {
    if (answer.error !== undefined) throw explainRefusal(answer.error);
    if (answer.idle && this.#fileSystem.logBytes > logBytesMax) await this.#checkpoint();
    return answer;
  }

  async #checkpoint(): Promise<void> {
    this.#fileSystem.logBytes = 0;
    const role = this.role === undefined ? "" : `; SET ROLE ${this.role}`;
    const { error } = await this.#ask(wire.simpleQuery(`RESET ROLE; CHECKPOINT${role}`));
    if (error !== undefined) throw explainRefusal(error);
  }

  #assertSound(): void {
    if (!this.broken) return;
    const { failure, writeFailure } = this.#fileSystem;
    const cause = failure ?? writeFailure ?? this.#lastWords ?? this.#broken;
    // What the engine throws at its end may be no error, and says nothing.
    const reason = cause instanceof Error ? cause.message : "the engine ended";
    throw new LotbookError(
      "ENVIRONMENT",
      `the database stopped, as it could not write safely: ${reason}`,
      {
        advice:
          "What was acknowledged is safe; the last step may or may not be recorded. " +
          "See to the disk (full? failing?), then run it again.",
        cause,
      },
    );
  }

  /** Learns of exceptions that PGlite catches and drops, and keeps a server that had one from running on. */
  #watch(module: ServerModule): void {
    const loop = module._PostgresMainLoopOnce;
    module._PostgresMainLoopOnce = () => {
      if (this.#broken !== undefined) throw this.#broken;
      try {
        loop();
      } catch (error) {
        if ((error as { status?: unknown }).status !== caughtErrorStatus) this.#broken ??= error;
        throw error;
      }
    };
    const recover = module._PostgresMainLongJmp;
    module._PostgresMainLongJmp = () => {
      try {
        recover();
      } catch (error) {
        this.#broken ??= error;
        throw error;
      }
    };
    const { _PostgresSendReadyForQueryIfNecessary: sendReady, _pgl_pq_flush: flush } = module;
    const { _pq_buffer_remaining_data: remaining } = module;
    module._PostgresSendReadyForQueryIfNecessary = () =>
      this.#broken === undefined ? sendReady() : undefined;
    module._pgl_pq_flush = () => (this.#broken === undefined ? flush() : undefined);
    module._pq_buffer_remaining_data = () => (this.#broken === undefined ? remaining() : 0);
  }
}

/** Gathers what the server says to one request. */
class AnswerReader {
  #fields: { name: string; decode: (text: string) => unknown }[] = [];
  #rows: Row[] = [];
  #command: string | undefined;
  #count = 0;
  error: ServerError | undefined;
  #empty = false;
  #status: string | undefined;
  #receiveCopy: ((bytes: Buffer) => void) | undefined;

  constructor(receiveCopy: ((bytes: Buffer) => void) | undefined) {
    this.#receiveCopy = receiveCopy;
  }

  receive(type: string, body: Buffer): void {
    if (type === "D") this.#rows.push(this.#row(body));
    else if (type === "d") this.#receiveCopy?.(body);
    else if (type === "T") {
      this.#fields = wire
        .readRowDescription(body)
        .map((field) => ({ name: field.name, decode: decoderOf(field.type) }));
    } else if (type === "C") {
      ({ command: this.#command, count: this.#count } = wire.readCommandTag(body));
    } else if (type === "I") this.#empty = true;
    else if (type === "E") this.error ??= new ServerError(wire.readError(body));
    else if (type === "Z") this.#status = String.fromCharCode(body[0]!);
  }

  finish(): Answer {
    const said = this.error !== undefined || this.#command !== undefined || this.#empty;
    // Silence is no success: a server that broke off is the one thing that must never look like a commit.
    if (!said || this.#status === undefined) {
      throw new LotbookError("INTERNAL", "the embedded database broke off its answer");
    }
    return {
      rows: this.#rows,
      count: this.#count,
      command: this.#command,
      error: this.error,
      idle: this.#status === "I",
    };
  }

  #row(body: Buffer): Row {
    const row: Row = {};
    const values = wire.readDataRow(body);
    for (const [index, text] of values.entries()) {
      const field = this.#fields[index]!;
      row[field.name] = text === null ? null : field.decode(text);
    }
    return row;
  }
}
