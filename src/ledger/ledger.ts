/** The store as a library: one object for a ledger, whatever database it is in. */
import type { Database } from "../store/database.ts";
import { openDatabase } from "../store/open.ts";
import { type Verification, verifyVersion, type VerifyOptions } from "../verify/run.ts";
import { correct, type Correction, type CorrectionOptions } from "./amend/correct.ts";
import { type NewFeeValue, type SetFeeValue, setFeeValue } from "./amend/fee-value.ts";
import type { FactName } from "./amend/named.ts";
import {
  type AddedOpeningLot,
  addOpeningLot,
  type AmendOptions,
  type NewOpeningLot,
} from "./amend/opening-lot.ts";
import type { Person } from "./amend/person.ts";
import { feeValuesFromPrices, type PricesOptions, type PricesResult } from "./amend/prices.ts";
import type { Changes } from "./amend/replacement.ts";
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
import { type ProofFileResult, type ProofOptions, writeProofFile } from "./proof/write.ts";
import {
  recordFacts,
  type RecordInput,
  type RecordOptions,
  type RecordResult,
} from "./record-facts.ts";
import { groupReview, type ItemGroup, type ReviewGroup } from "./review/groups.ts";
import type { Resolution } from "./review/plan.ts";
import {
  type DecisionOptions,
  type ItemSelection,
  reopenItems,
  type Resolved,
  resolveItems,
} from "./review/resolve.ts";
import { readReview, type ReviewItem, type ReviewRequest } from "./review/review.ts";
import { listTolerances, setTolerance, type Tolerance } from "./review/tolerance.ts";
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

  /**
   * Records files of fills in one batch, whole or not at all; `-` is standard input. Throws BadRowsError
   * where a row is bad.
   */
  import(files: readonly string[], options?: ImportOptions): Promise<ImportResult> {
    return importFiles(this.database, this.#ports, files, options);
  }

  /** Records facts of any kind in one batch, whole or not at all. */
  record(facts: readonly RecordInput[], options?: RecordOptions): Promise<RecordResult> {
    return recordFacts(this.database, this.#ports, facts, options);
  }

  /**
   * Corrects a fact by appending: takes it out (no changes), or puts a replacement in its place. What is not
   * given in `changes` is kept.
   */
  correct(
    name: FactName,
    changes: Changes | undefined,
    options: CorrectionOptions,
  ): Promise<Correction> {
    return correct(this.database, this.#ports, name, changes, options);
  }

  /** Adds quantity that was there before the recorded history. */
  addOpeningLot(lot: NewOpeningLot, options?: AmendOptions): Promise<AddedOpeningLot> {
    return addOpeningLot(this.database, this.#ports, lot, options);
  }

  /** States what a fee in a third asset was worth. One a fee. */
  setFeeValue(value: NewFeeValue, options?: AmendOptions): Promise<SetFeeValue> {
    return setFeeValue(this.database, this.#ports, value, options);
  }

  /** Values the fees in third assets that have no value by a file of prices. */
  valueFeesFromPrices(file: string, options?: PricesOptions): Promise<PricesResult> {
    return feeValuesFromPrices(this.database, this.#ports, file, options);
  }

  /** Hands the items that a person should look at to `work`, as they come from the database. */
  review<T>(
    request: ReviewRequest,
    work: (items: AsyncIterable<ReviewItem>) => Promise<T>,
  ): Promise<T> {
    return readReview(this.database, request, work);
  }

  /** Counts of such items, and what they amount to. */
  reviewGroups(request: ReviewRequest, by: ReviewGroup): Promise<ItemGroup[]> {
    return groupReview(this.database, request, by);
  }

  /** Resolves items in one batch, all of them or none. */
  resolve(
    selection: ItemSelection,
    resolution: Resolution,
    options: DecisionOptions,
  ): Promise<Resolved> {
    return resolveItems(this.database, this.#ports, selection, resolution, options);
  }

  /** Opens resolved items again; facts that were appended stay. */
  reopen(
    items: readonly string[],
    options: DecisionOptions & Pick<ItemSelection, "portfolio" | "symbol">,
  ): Promise<Resolved> {
    return reopenItems(this.database, this.#ports, items, options);
  }

  /** From now on an unmatched part up to this is shown in reports and asks no person. */
  setTolerance(symbol: string, tolerance: string, person: Person): Promise<Tolerance> {
    return setTolerance(this.database, symbol, tolerance, person);
  }

  tolerances(): Promise<Tolerance[]> {
    return listTolerances(this.database);
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
    return writeCheckpoint(this.database, this.#ports, options);
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
    return exportLedger(this.database, this.#ports, directory);
  }

  /** Writes the ledger into a new file that can be checked without lotbook: docs/spec/proof.md. */
  exportProof(file: string, options?: ProofOptions): Promise<ProofFileResult> {
    return writeProofFile(this.database, file, options);
  }

  versions(): Promise<VersionRow[]> {
    return listVersions(this.database);
  }

  /** Makes a version the one that reports read. */
  publish(version: number): Promise<{ version: number; revision: number }> {
    return publishVersion(this.database, this.#ports, version);
  }

  /** Removes a version's conclusions. The published one can't be dropped. */
  drop(version: number): Promise<{ version: number; revision: number }> {
    return dropVersion(this.database, this.#ports, version);
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
