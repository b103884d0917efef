/** What a run of the command line takes from outside: the process gives its own, a test what it likes. */
import type { Writable } from "node:stream";
import type { Ports } from "../ledger/ports.ts";
import type { OpenDatabase, OpenOptions } from "../store/open.ts";

/** A stream that may be a terminal. */
export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface Surroundings {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly environment: NodeJS.ProcessEnv;
  /** Opens a database; `openDatabase` of the store where it is left out. */
  readonly openDatabase?: (location: string, options: OpenOptions) => Promise<OpenDatabase>;
  /** Ids and failpoints; live ones where they are left out. */
  readonly ports?: Ports;
}
