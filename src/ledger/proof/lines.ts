/**
 * The lines of a proof file: docs/spec/proof.md 3. JSON.stringify leaves out what is undefined and keeps the
 * order of keys, which is that of the page.
 */
import { factToLine } from "../../adapters/lotbook-ndjson/lines.ts";
import type { Fact } from "../../core/fact.ts";
import { formatInstant } from "../../core/time.ts";
import type { Version } from "../compute/policy.ts";
import type {
  AllocationRow,
  BookHeadRow,
  ObservationRow,
  OpenLotRow,
  RevisionRow,
  SealRow,
  StateRow,
} from "./stored.ts";

const line = (type: string, fields: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify({ type, ...fields })}\n`;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const whole = (value: number | bigint | null): string | undefined => value?.toString();
const digestOf = (bytes: Uint8Array | null): string | undefined =>
  bytes === null ? undefined : hex(bytes);
const instant = (micros: bigint): string => formatInstant(micros * 1000n);

export const proofLine = (): string =>
  line("proof", { format: "lotbook-proof", format_version: "1" });

export const versionLine = (version: Version, digest: string): string =>
  line("version", {
    version: whole(version.version),
    method: version.method,
    scope: version.scope,
    fee_policy: version.feePolicy,
    engine_version: whole(version.engineVersion),
    digest,
  });

export const bookLine = (book: BookHeadRow): string =>
  line("book", {
    book_id: book.book_id,
    portfolio: book.portfolio,
    symbol: book.symbol,
    last_entry: whole(book.last_entry),
    last_observation: whole(book.last_observation),
    last_seal: whole(book.last_seal),
    head: hex(book.head),
  });

/** That of an export without what the book says, whole numbers as text like everything else. */
export function factLine(entry: bigint, fact: Fact, leaf: Uint8Array): string {
  const { type, portfolio: _, symbol: __, ...fields } = factToLine(fact);
  const texts = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "number" ? value.toString() : value,
  ]);
  const named = Object.fromEntries(texts) as Record<string, unknown>;
  return line(type as string, { entry: whole(entry), ...named, leaf: hex(leaf) });
}

export const observationLine = (row: ObservationRow): string =>
  line("observation", {
    number: whole(row.number),
    outcome: row.outcome,
    entry: whole(row.entry),
    telling: hex(row.telling),
    told: row.told ?? undefined,
  });

export const sealLine = (row: SealRow): string =>
  line("seal", {
    number: whole(row.number),
    batch_id: row.batch_id,
    recorded_at: instant(row.recorded_micros),
    source: row.source,
    author: row.author,
    inputs: row.inputs,
    first_entry: whole(row.first_entry),
    fact_count: whole(row.fact_count),
    fact_root: hex(row.fact_root),
    first_observation: whole(row.first_observation),
    observation_count: whole(row.observation_count),
    observation_root: hex(row.observation_root),
    hash: hex(row.hash),
  });

export const stateLine = (row: StateRow): string =>
  line("state", {
    revision: whole(row.revision),
    computed_entry: whole(row.computed_entry),
    digest: digestOf(row.digest),
  });

export const allocationLine = (row: AllocationRow): string =>
  line("allocation", {
    close_entry: whole(row.close_entry),
    slice: whole(row.slice),
    open_entry: whole(row.open_entry),
    quantity: row.quantity,
    open_fee: row.open_fee ?? undefined,
    close_fee: row.close_fee,
    cost_basis: row.cost_basis ?? undefined,
    proceeds: row.proceeds,
    pnl: row.pnl ?? undefined,
    missing: whole(row.missing),
    hash: hex(row.row_hash),
  });

export const openLotLine = (row: OpenLotRow): string =>
  line("open lot", {
    open_entry: whole(row.open_entry),
    quantity: row.quantity,
    open_fee: row.open_fee,
    cost_basis: row.cost_basis ?? undefined,
    missing: whole(row.missing),
    hash: hex(row.row_hash),
  });

export const revisionLine = (row: RevisionRow): string =>
  line("revision", {
    number: whole(row.revision),
    stamp: instant(row.stamp_micros),
    kind: row.kind,
    version: whole(row.version),
    book_id: row.book_id ?? undefined,
    digest: digestOf(row.digest),
    inputs: hex(row.inputs),
    hash: hex(row.hash),
  });

export const checkpointLine = (note: string): string => line("checkpoint", { note });
