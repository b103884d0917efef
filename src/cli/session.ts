/**
 * One run of the command line: where the database is, how results look, where they go, and the status it
 * ends with.
 */
import type { Command } from "commander";
import { LotbookError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Ports } from "../ledger/ports.ts";
import type { Database } from "../store/database.ts";
import type { OpenDatabase, OpenOptions } from "../store/open.ts";
import { StreamOutput } from "./output.ts";
import { messageForTerminal } from "./print/escape.ts";
import { ProgressLine } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

export const formats = ["table", "csv", "json", "ndjson"] as const;
export type Format = (typeof formats)[number];

/** 0 done; 1 finished, and something new needs a person. Errors bring their own. */
export type ExitStatus = 0 | 1 | 2 | 3 | 4;

const defaultLocation = "./lotbook-data";

export class Session {
  readonly surroundings: Surroundings;
  readonly output: StreamOutput;
  readonly progress: ProgressLine;
  status: ExitStatus = 0;
  readonly #program: Command;

  constructor(program: Command, surroundings: Surroundings) {
    const { stdout, stderr, environment } = surroundings;
    this.#program = program;
    this.surroundings = surroundings;
    this.output = new StreamOutput(stdout, environment);
    this.progress = new ProgressLine(stderr);
  }

  get location(): string {
    const { db } = this.#program.opts<{ db?: string }>();
    if (db === "")
      throw new LotbookError("BAD_USAGE", "--db is empty", {
        advice: "Name a directory or a postgres:// URL, or leave it out.",
      });
    return db ?? (this.surroundings.environment["LOTBOOK_DB"] || defaultLocation);
  }

  get format(): Format {
    return this.#program.opts<{ format: Format }>().format;
  }

  /** A message to the person at the terminal, beside the results. */
  say(text: string): void {
    this.progress.clear();
    this.surroundings.stderr.write(`${messageForTerminal(text)}\n`);
  }

  /** Before a server is written to: whether it may lose in a power cut what it has acknowledged. */
  async warnOfPowerLoss(database: Database): Promise<void> {
    if (database.engine !== "postgres") return;
    const { survives, details } = await database.durability();
    if (survives === "power loss") return;
    const settings = details.map((detail) => detail.split(":")[0]!);
    const short = settings.filter((setting) => /=(?:off|false)$/.test(setting)).join(", ");
    this.say(
      `warning: a power cut may lose what is written now (${short}): see \`lotbook db status\``,
    );
  }

  async openDatabase(location: string, options: OpenOptions): Promise<OpenDatabase> {
    const open = this.surroundings.openDatabase ?? (await import("../store/open.ts")).openDatabase;
    return open(location, options);
  }

  async openLedger(location: string, command: string): Promise<Ledger> {
    const { Ledger } = await import("../ledger/ledger.ts");
    return new Ledger(await this.openDatabase(location, { command }), await this.ports());
  }

  async ports(): Promise<Ports> {
    return this.surroundings.ports ?? (await import("../ledger/ports.ts")).livePorts;
  }

  /**
   * Opens the ledger for the time of `work`. `command` is what a second opener is told that this process
   * does.
   */
  async withLedger<T>(command: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
    return this.#closing(await this.openLedger(this.location, command), work);
  }

  /** For what amends facts: it refuses to make an empty ledger out of a mistyped directory. */
  async withExistingLedger<T>(command: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
    await this.#refuseMissing();
    return this.withLedger(command, work);
  }

  /** For what only reads: it loads less, and refuses to make an empty ledger out of a mistyped directory. */
  async withDatabase<T>(command: string, work: (database: OpenDatabase) => Promise<T>): Promise<T> {
    await this.#refuseMissing();
    return this.#closing(await this.openDatabase(this.location, { command }), work);
  }

  async #closing<R extends { close(): Promise<void> }, T>(
    opened: R,
    work: (opened: R) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(opened);
    } finally {
      this.progress.clear();
      await opened.close();
    }
  }

  async #refuseMissing(): Promise<void> {
    const { schemeOf } = await import("../store/open.ts");
    if (schemeOf(this.location) !== undefined) return;
    const { access } = await import("node:fs/promises");
    try {
      await access(this.location);
    } catch (cause) {
      throw new LotbookError("NOT_FOUND", `there is no ledger at ${this.location}`, {
        advice: "name it with --db or LOTBOOK_DB, or make one with `lotbook import <file>`",
        cause,
      });
    }
  }
}
