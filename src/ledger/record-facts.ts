/** Recording through the library: facts as plain objects, each with the raw text that told of it. */
import { type FactInput, InvalidFactError, resolveInput } from "../core/allocate-input.ts";
import { factToLine } from "../adapters/lotbook-ndjson/lines.ts";
import { LotbookError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import type { Ports } from "./ports.ts";
import { type BatchItem, recordBatch, type SourcedTelling } from "./record/batch.ts";
import { type BatchOutcome, noRows } from "./record/outcome.ts";

export interface RecordOptions {
  /**
   * Who told: the same name each time, so that the same telling is known again. `library` when left out.
   */
  readonly source?: string;
  /** Who recorded it; also the author of voids and opening lots that name none. `library` when left out. */
  readonly author?: string;
}

export interface RecordResult {
  readonly recorded: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly roundedCopies: number;
  /** Tellings that may be of a fill that is recorded under another id: they wait for a person. */
  readonly waiting: number;
  /** Null when nothing was new. */
  readonly batch: string | null;
}

/** A fact to record; `raw` is the source's own text where there is one. */
export type RecordInput = FactInput & { readonly raw?: string };

function tell(inputs: readonly RecordInput[], author: string): SourcedTelling[] {
  return inputs.map(({ raw, ...input }, index) => {
    if (input.kind === "void" && input.reason === undefined) {
      throw new InvalidFactError(
        index,
        "reason",
        undefined,
        "is missing; say why the fact is taken out",
      );
    }
    if (input.kind === "opening lot" && input.note === undefined) {
      throw new InvalidFactError(
        index,
        "note",
        undefined,
        "is missing; say what evidence there is",
      );
    }
    const signed =
      input.kind === "void" || input.kind === "opening lot" ? { author, ...input } : input;
    const fact = resolveInput(index, signed as FactInput);
    return { row: index, raw: raw ?? JSON.stringify(factToLine(fact)), fact };
  });
}

/** Refuses names and raw text that the ledger can't hold. */
function requireText(inputs: readonly RecordInput[], names: Record<string, string>): void {
  for (const [name, text] of Object.entries(names)) {
    const bytes = Buffer.byteLength(text);
    if (bytes >= 1 && bytes <= 200 && text.isWellFormed() && !text.includes("\0")) continue;
    throw new LotbookError("BAD_USAGE", `the ${name} is not text of 1 to 200 bytes`);
  }
  for (const [index, { raw }] of inputs.entries()) {
    if (raw === undefined || (raw.isWellFormed() && !raw.includes("\0"))) continue;
    throw new InvalidFactError(index, "raw", undefined, "has U+0000 or a lone surrogate");
  }
}

interface ItemOptions {
  readonly source: string;
  readonly author: string;
  /** Whether fills are compared with those that other sources tell of under other ids. */
  readonly compared?: boolean;
}

/**
 * Records tellings and decisions in one batch, all or none, in this order. A decision may be about a telling
 * of the same list, by its row. Throws InvalidFactError, with the row as its index, for what is rejected.
 */
export function recordItems(
  database: Database,
  ports: Ports,
  items: readonly BatchItem[],
  { source, author, compared = false }: ItemOptions,
): Promise<BatchOutcome> {
  return database.connect((connection) =>
    recordBatch(connection, ports, {
      sources: [{ source, tellings: [items], ...(compared ? {} : { idSpace: "decided" }) }],
      author,
      inputs: () => "[]",
      onJudged: () => {},
      onRejected: ([first]) => {
        if (first !== undefined)
          throw new InvalidFactError(first.row, undefined, undefined, first.problem);
      },
    }),
  );
}

/**
 * Records facts in one batch, all or none. Throws InvalidFactError for what breaks a rule; a conflict is
 * counted, not thrown.
 */
export async function recordFacts(
  database: Database,
  ports: Ports,
  inputs: readonly RecordInput[],
  options: RecordOptions = {},
): Promise<RecordResult> {
  const { source = "library", author = "library" } = options;
  requireText(inputs, { source, author });
  const outcome = await recordItems(database, ports, tell(inputs, author), {
    source,
    author,
    compared: true,
  });
  const { recorded, duplicates, conflicts, roundedCopies, waiting } = outcome.files[0] ?? noRows;
  return { recorded, duplicates, conflicts, roundedCopies, waiting, batch: outcome.batchId };
}
