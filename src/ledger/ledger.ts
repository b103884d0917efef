/** The store as a library: one object for a ledger, whatever database it is in. */
import type { Database } from "../store/database.ts";
import { openDatabase } from "../store/open.ts";
import { type Verification, verifyVersion, type VerifyOptions } from "../verify/run.ts";
import {
  type AgainstOptions,
  compareWithCheckpoint,
  type Extension,
} from "./checkpoint/against.ts";
import {
  type CheckpointOptions,
  type CheckpointResult,
  writeCheckpoint,
} from "./checkpoint/write.ts";
import { compute, type ComputeOptions, type ComputeResult } from "./compute/compute.ts";
import { type Recomputation, recompute } from "./compute/recompute.ts";
import { type ExportResult, exportLedger } from "./export.ts";
import { importFiles, type ImportOptions, type ImportResult } from "./import.ts";
import { livePorts, type Ports } from "./ports.ts";
import {
  recordFacts,
  type RecordInput,
  type RecordOptions,
  type RecordResult,
} from "./record-facts.ts";
import { dropVersion, listVersions, publishVersion, type VersionRow } from "./versions.ts";

export interface OpenOptions {
  /**
   * What is being done, for the message that another process gets when it finds an embedded ledger open.
   */
  readonly command?: string;
  /** Migrate an older PostgreSQL database; an embedded one migrates by itself. */
  readonly migrate?: boolean;
  /** For tests: ids and failpoints. */
  readonly ports?: Ports;
}

/**
 * An open ledger. Facts go in by `import` and `record`; conclusions are made by `compute` and proven by
 * `verify`.
 */
export class Ledger {
  readonly database: Database;
  readonly #ports: Ports;

  constructor(database: Database, ports: Ports) {
    this.database = database;
    this.#ports = ports;
  }

  /** Records files of fills in one batch, whole or not at all. Throws BadRowsError where a row is bad. */
  import(files: readonly string[], options?: ImportOptions): Promise<ImportResult> {
    return importFiles(this.database, this.#ports, files, options);
  }

  /** Records facts of any kind in one batch, whole or not at all. */
  record(facts: readonly RecordInput[], options?: RecordOptions): Promise<RecordResult> {
    return recordFacts(this.database, this.#ports, facts, options);
  }

  /** Brings the published version up to date, or builds a new one. */
  compute(options?: ComputeOptions): Promise<ComputeResult> {
    return compute(this.database, this.#ports, options);
  }

  /** Proves I1 to I9 of a version by SQL that shares nothing with the engine. */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyVersion(this.database, options);
  }

  /** Signs the heads of all books into a new file, to be kept elsewhere. */
  checkpoint(options: CheckpointOptions): Promise<CheckpointResult> {
    return writeCheckpoint(this.database, options);
  }

  /** Whether the ledger extends a checkpoint; proves something together with `verify` only. */
  compareWithCheckpoint(options: AgainstOptions): Promise<Extension> {
    return compareWithCheckpoint(this.database, options);
  }

  /** Computes a version again in memory and compares its digests with those stored. */
  recompute(version?: number): Promise<Recomputation> {
    return recompute(this.database, version);
  }

  /** Writes all facts and the published conclusions into a directory. */
  export(directory: string): Promise<ExportResult> {
    return exportLedger(this.database, directory);
  }

  versions(): Promise<VersionRow[]> {
    return listVersions(this.database);
  }

  /** Makes a version the one that reports read. */
  publish(version: number): Promise<{ version: number; revision: number }> {
    return publishVersion(this.database, version);
  }

  /** Removes a version's conclusions. The published one can't be dropped. */
  drop(version: number): Promise<{ version: number; revision: number }> {
    return dropVersion(this.database, version);
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

/**
 * Opens a ledger: a directory for the embedded database (made when it is not there) or a `postgres://` URL.
 */
export async function openLedger(location: string, options: OpenOptions = {}): Promise<Ledger> {
  const { ports = livePorts, ...rest } = options;
  return new Ledger(await openDatabase(location, rest), ports);
}
