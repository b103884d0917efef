/**
 * The staging table: every row of a batch as it was resolved, before it is judged. One COPY stream for all
 * kinds, so that entry numbers follow the order in which facts were told.
 */
import type { Decision } from "../../core/decision.ts";
import type { Adjustment, Fact, Fee, Fill } from "../../core/fact.ts";
import { parseSymbol } from "../../core/instrument.ts";
import { CopyText } from "../../store/copy-text.ts";

/**
 * Made once a session; emptied by every commit. Columns have the ledger's own domains, so values are tested
 * while they stream in and not again when they are inserted. `extra` holds what only one rare kind has (see
 * fact-table.ts).
 */
export const stagingTables = `
  CREATE TEMP TABLE IF NOT EXISTS staged (
    ordinal bigint, file integer, place bigint, kind text COLLATE "C", book_id uuid, book_ordinal bigint,
    venue label, account label, id label, revision integer, part text COLLATE "C",
    executed_at instant, side text COLLATE "C", quantity amount, price amount, quote_fee amount,
      base_fee amount,
    third_fee_assets text[] COLLATE "C", third_fee_amounts numeric[], sequence bigint, order_id label,
    strategy label, trade_id label, quote_size amount, grain text COLLATE "C", extra text[] COLLATE "C",
    leaf hash, source label, telling hash, raw bytea, space text COLLATE "C"
  ) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS exceptions (
    ordinal bigint PRIMARY KEY, outcome text, entry bigint, leaf bytea, first bigint, problem text,
    alias boolean NOT NULL DEFAULT false, heard boolean NOT NULL DEFAULT false
  ) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS renamed (ordinal bigint PRIMARY KEY, id text COLLATE "C")
    ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS sides (place bigint PRIMARY KEY, told boolean, ordinal bigint, entry bigint,
    number bigint, book_id uuid, source text, first instant, last instant) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS repeated (
    book_id uuid, venue text COLLATE "C", account text COLLATE "C", id text COLLATE "C", revision integer,
    part text COLLATE "C", first bigint
  ) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS numbered (ordinal bigint, entry bigint, outcome text, leaf bytea)
    ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS told (ordinal bigint, number bigint) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS told_lines (ordinal bigint, line text COLLATE "C") ON COMMIT DELETE ROWS`;

export const stagingCopy = "COPY staged FROM STDIN";

/** A staged row's place in the batch and what was computed about it. */
export interface StagedRow {
  readonly ordinal: number;
  readonly file: number;
  readonly row: number;
  readonly bookId: string;
  /** Which fact of its book it is in this batch, from 1. */
  readonly bookOrdinal: number;
  readonly source: string;
  readonly telling: string;
  readonly raw: string;
  /**
   * Whose id it is, where not `given`; `unnamed` for a row that had none, `beside` for what a row says beside
   * its fill, `decided` for what is recorded as it stands.
   */
  readonly space?: string | undefined;
}

/** An array of text in PostgreSQL's own notation. */
function arrayText(values: readonly (string | undefined)[]): string {
  const elements = values.map((value) =>
    value === undefined ? "NULL" : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
  );
  return `{${elements.join(",")}}`;
}

/** Fees by their part in the computation: in the quote, in the base, in third assets. */
export function splitFees(
  symbol: string,
  fees: readonly Fee[],
): { quote: string; base: string; third: readonly Fee[] } {
  if (fees.length === 0) return { quote: "0", base: "0", third: [] };
  const instrument = parseSymbol(symbol);
  const of = (asset: string | undefined): string =>
    fees.find((fee) => fee.asset === asset)?.amount ?? "0";
  return {
    quote: of(instrument?.quote),
    base: of(instrument?.base),
    third: fees.filter((fee) => fee.asset !== instrument?.quote && fee.asset !== instrument?.base),
  };
}

/** Writes the columns that a kind of fact has, in the order of the staging table; the rest is null. */
class FactColumns {
  readonly #copy: CopyText;

  constructor(copy: CopyText) {
    this.#copy = copy;
  }

  write(fact: Fact): void {
    switch (fact.kind) {
      case "fill":
        return this.#fill(fact);
      case "opening lot":
        this.#head(fact.key, fact.revision, "", fact.openedAt, undefined, fact.quantity);
        return this.#rest(11, [fact.cost, fact.author, fact.note]);
      case "adjustment":
        return this.#adjustment(fact);
      case "fee value": {
        const part = `${fact.revision} ${fact.asset}`;
        this.#head(fact.fillId, fact.fillRevision, part, undefined, undefined, undefined);
        return this.#rest(11, [fact.asset, `${fact.revision}`, fact.value, fact.source]);
      }
      case "void": {
        const { targetKind, asset, author, reason } = fact;
        const valueRevision = fact.valueRevision?.toString();
        const part = `${targetKind} ${valueRevision ?? ""} ${asset ?? ""}`;
        this.#head(fact.targetId, fact.targetRevision, part, undefined, undefined, undefined);
        return this.#rest(11, [targetKind, asset, valueRevision, author, reason]);
      }
    }
  }

  /** revision to extra. */
  writeDecision(about: Decision["about"]): void {
    const entry = about !== undefined && "entry" in about ? `${about.entry}` : undefined;
    const row = about !== undefined && "row" in about ? `${about.row}` : undefined;
    this.#rest(16, [entry, row]);
  }

  /** id to quantity. */
  #head(
    id: string,
    revision: number,
    part: string,
    at: bigint | undefined,
    side: string | undefined,
    quantity: string | undefined,
  ): void {
    this.#copy.text(id);
    this.#copy.whole(revision);
    this.#copy.text(part);
    this.#copy.optional(at?.toString());
    this.#copy.optional(side);
    this.#copy.optional(quantity);
  }

  #fees(fees: readonly Fee[]): void {
    if (fees.length === 0) return this.#nothing(2);
    this.#copy.text(arrayText(fees.map((fee) => fee.asset)));
    this.#copy.text(arrayText(fees.map((fee) => fee.amount)));
  }

  #nothing(columns: number): void {
    for (let column = 0; column < columns; column += 1) this.#copy.nothing();
  }

  /** Nulls, then what only this kind has. */
  #rest(nulls: number, extra: readonly (string | undefined)[]): void {
    this.#nothing(nulls);
    this.#copy.text(arrayText(extra));
  }

  #fill(fill: Fill): void {
    const copy = this.#copy;
    const fees = splitFees(fill.symbol, fill.fees);
    this.#head(fill.fillId, fill.revision, "", fill.executedAt, fill.side, fill.quantity);
    copy.plain(fill.price);
    copy.plain(fees.quote);
    copy.plain(fees.base);
    this.#fees(fees.third);
    copy.optional(fill.sequence?.toString());
    copy.optionalText(fill.orderId);
    copy.optionalText(fill.strategy);
    copy.optionalText(fill.tradeId);
    copy.optional(fill.quoteSize);
    copy.optional(fill.grain);
    copy.nothing();
  }

  #adjustment(fact: Adjustment): void {
    const { entryId, executedAt, side, quantity, price, fees, orderId, tradeId } = fact;
    this.#head(entryId, 0, "", executedAt, side, quantity);
    this.#copy.optional(price);
    this.#nothing(2);
    this.#fees(fees);
    this.#nothing(1);
    this.#copy.optionalText(orderId);
    this.#nothing(1);
    this.#copy.optionalText(tradeId);
    this.#rest(2, [fact.tradeType]);
  }
}

/** Rows on their way into the staging table. */
export class StagedRows {
  readonly #copy = new CopyText();
  readonly #columns = new FactColumns(this.#copy);

  get length(): number {
    return this.#copy.length;
  }

  add(fact: Fact, leaf: string, staged: StagedRow): void {
    const copy = this.#copy;
    this.#place(fact.kind, staged);
    copy.text(fact.venue);
    copy.text(fact.account);
    this.#columns.write(fact);
    copy.hex(leaf);
    this.#telling(staged);
  }

  /** A decision has no columns of a fact but the id that it gives to one. */
  addDecision({ about, alias }: Decision, staged: StagedRow): void {
    const copy = this.#copy;
    this.#place("decision", staged);
    for (const text of [alias?.venue, alias?.account, alias?.fillId]) copy.optionalText(text);
    this.#columns.writeDecision(about);
    copy.nothing();
    this.#telling(staged);
  }

  #place(kind: string, staged: StagedRow): void {
    const copy = this.#copy;
    copy.whole(staged.ordinal);
    copy.whole(staged.file);
    copy.whole(staged.row);
    copy.plain(kind);
    copy.plain(staged.bookId);
    copy.whole(staged.bookOrdinal);
  }

  #telling(staged: StagedRow): void {
    const copy = this.#copy;
    copy.text(staged.source);
    copy.hex(staged.telling);
    copy.raw(staged.raw);
    copy.optional(staged.space);
    copy.endRow();
  }

  take(): Uint8Array {
    return this.#copy.take();
  }
}
