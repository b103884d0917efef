/**
 * One simulated world: a ledger, its users' files, the model of what it should be, the clock and the faults.
 * What happens in it is written down; the same seed gives the same transcript, byte for byte.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Fact } from "../../src/core/fact.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { readBookRows, readFacts } from "../../src/ledger/read-facts.ts";
import type { RecordInput, RecordResult } from "../../src/ledger/record-facts.ts";
import type { OpenDatabase } from "../../src/store/open.ts";
import type { Dice } from "../../src/testing/histories.ts";
import type { Clock } from "./clock.ts";
import { type Ended, runCommand } from "./command.ts";
import { Market } from "./market.ts";
import { bookOf, factText } from "./model/facts.ts";
import { Model } from "./model/model.ts";
import type { Told } from "./model/telling.ts";
import { type Fault, SimulatedPorts } from "./ports.ts";
import type { Store, Stores } from "./stores.ts";

/** A file that was imported, to be imported again. */
export interface Archived {
  readonly path: string;
  readonly options: readonly string[];
  readonly tellings: readonly Told[];
  /** Rows that are left out, of a file imported with --skip-bad-rows. */
  readonly bad: number;
}

/** A report that was asked for with all its cuts named: it never changes. */
interface Asked {
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly version: number;
}

/** What a world counts, for the table of what was tried. */
export interface Counts {
  operations: number;
  commands: number;
  faults: number;
  asked: number;
}

export class World {
  readonly model = new Model();
  readonly market = new Market();
  readonly transcript: string[] = [];
  readonly archive: Archived[] = [];
  readonly counts: Counts = { operations: 0, commands: 0, faults: 0, asked: 0 };
  readonly clock: Clock;
  readonly ports: SimulatedPorts;
  readonly files: string;
  /** By failpoint: each comes about in the next change that reaches it. */
  readonly faults = new Map<string, Fault>();
  asked: Asked[] = [];
  readonly #stores: Stores;
  #image: string | undefined;
  #made = 0;
  /** Runs something as if nothing were going on: beside what holds the connection. */
  readonly beside = AsyncLocalStorage.snapshot();

  constructor(stores: Stores, dice: Dice) {
    this.#stores = stores;
    this.clock = stores.clock;
    this.ports = new SimulatedPorts(dice, () => {
      this.#image = stores.main.image();
    });
    this.files = join(tmpdir(), `lotbook-simulation-${randomBytes(6).toString("hex")}`);
    mkdirSync(this.files);
  }

  dispose(): void {
    rmSync(this.files, { recursive: true, force: true });
  }

  get main(): Store {
    return this.#stores.main;
  }

  get other(): Store {
    return this.#stores.other;
  }

  get ledger(): Ledger {
    return new Ledger(this.main.database, this.ports);
  }

  /** A path that nothing is at. */
  path(extension: string): string {
    this.#made += 1;
    return join(this.files, `${this.#made}.${extension}`);
  }

  file(extension: string, text: string | Uint8Array): string {
    const path = this.path(extension);
    writeFileSync(path, text);
    return path;
  }

  note(text: string): void {
    const named = text
      .replaceAll(this.files, "FILES")
      .replaceAll(this.main.directory, "MAIN")
      .replaceAll(this.other.directory, "OTHER");
    this.transcript.push(named);
  }

  /** Runs a command on the ledger, or on the store given. */
  async command(argv: readonly string[], store: Store = this.main): Promise<Ended> {
    const openDatabase = async (location: string): Promise<OpenDatabase> =>
      location === this.main.directory ? this.main.database : this.other.database;
    const all = ["--db", store.directory, ...argv];
    const ended = await runCommand(all, { openDatabase, ports: this.ports });
    this.counts.commands += 1;
    this.note(`$ lotbook ${argv.join(" ")}\n${ended.stdout}${ended.stderr}exit ${ended.status}`);
    return ended;
  }

  /** Runs a command that only looks, and expects it to end well; gives what its JSON says. */
  async look<T = Record<string, unknown>>(
    argv: readonly string[],
    store: Store = this.main,
    status = 0,
  ): Promise<T> {
    const ended = await this.command(["--format", "json", ...argv], store);
    return parsed<T>(argv, ended, status);
  }

  /**
   * Runs a command that may change the ledger. Where a fault is due it fails first, has changed nothing, and
   * is run again.
   */
  async change<T = Record<string, unknown>>(argv: readonly string[], status = 0): Promise<T> {
    const ended = await this.ends(["--format", "json", ...argv]);
    return parsed<T>(argv, ended, status);
  }

  /** Runs a command whose output holds what is random on purpose: keys and what they sign. */
  async secretly(argv: readonly string[]): Promise<void> {
    const { length } = this.transcript;
    const { status, stderr } = await this.command(argv);
    expect([status, stderr], argv.join(" ")).toEqual([0, ""]);
    this.transcript.length = length;
    this.note(`$ lotbook ${argv.join(" ")}`);
  }

  /** Like `change`, whatever the status and the format. */
  ends(argv: readonly string[]): Promise<Ended> {
    return this.#despiteFaults(
      () => this.command(argv),
      ({ status, stderr }) => {
        expect([status, stderr], `${argv.join(" ")}: an injected fault`).toEqual([
          4,
          expect.stringContaining("on purpose at"),
        ]);
        if (argv.includes("compute")) this.model.runs.failed += 1;
      },
    );
  }

  /** Records through the library, despite a fault. */
  record(facts: readonly Fact[], source: string): Promise<RecordResult> {
    const inputs = facts as readonly RecordInput[];
    return this.#despiteFaults(
      async () => {
        try {
          return await this.ledger.record(inputs, { source });
        } catch (error) {
          if (/on purpose/.test(String(error))) return error as unknown as RecordResult;
          throw error;
        }
      },
      (result) => expect(result).toBeInstanceOf(Error),
    );
  }

  async #despiteFaults<T>(work: () => Promise<T>, onFailure: (outcome: T) => void): Promise<T> {
    if (this.faults.size === 0) return work();
    this.ports.arm(this.faults.values());
    const outcome = await work();
    const fired = this.ports.disarm();
    if (fired === undefined) return outcome;
    this.faults.delete(fired.at);
    this.counts.faults += 1;
    this.note(`${fired.how} at ${fired.at}`);
    onFailure(outcome);
    if (fired.how === "dies") {
      const image = this.#image!;
      this.#image = undefined;
      await this.main.revive(image);
    } else if (fired.how === "ends") await this.main.restart();
    await this.checkFacts();
    return work();
  }

  /** The ledger holds the acknowledged facts and no others. */
  async checkFacts(): Promise<void> {
    const stored = await this.main.database.connect(async (connection) => {
      const found = new Map<string, string[]>();
      for (const book of await readBookRows(connection)) {
        const texts: string[] = [];
        for await (const page of readFacts(connection, book))
          texts.push(...page.map(({ fact }) => factText(fact)));
        if (texts.length > 0) found.set(bookOf(book), texts.toSorted());
      }
      return found;
    });
    const expected = new Map(
      [...this.model.facts.books].map(([book, facts]) => [book, facts.map(factText).toSorted()]),
    );
    expect(stored).toEqual(expected);
  }

  /** Asks for a report whose answer is settled, and keeps the answer. */
  async ask(argv: readonly string[], version: number): Promise<void> {
    const { stdout, status } = await this.command(argv);
    expect(status, argv.join(" ")).toBe(0);
    this.asked.push({ argv, stdout, version });
    this.counts.asked += 1;
  }

  /** The same question has the same answer, to the byte. */
  async askAgain({ argv, stdout }: Asked, store?: Store): Promise<void> {
    const again = await this.command(argv, store);
    expect(again, argv.join(" ")).toEqual({ status: 0, stdout, stderr: "" });
  }
}

function parsed<T>(argv: readonly string[], ended: Ended, status: number): T {
  const { stdout, stderr } = ended;
  expect([ended.status, stderr], argv.join(" ")).toEqual([status, expect.any(String)]);
  if (status > 1) return undefined as T;
  return JSON.parse(stdout) as T;
}
