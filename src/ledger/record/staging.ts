/**
 * The staging table: every row of a batch as it was resolved, before it is judged. One COPY stream for all kinds, so that
 * entry numbers follow the order in which facts were told.
 */
import type { Fact, Fee } from "../../core/fact.ts";
import { parseSymbol } from "../../core/instrument.ts";

/** Made once a session; emptied by every commit. `extra` holds what only one rare kind has (see fact-table.ts). */
export const stagingTables = `
  CREATE TEMP TABLE IF NOT EXISTS staged (
    ordinal bigint, file integer, place bigint, kind text COLLATE "C", book_id uuid, book_ordinal bigint,
    venue text COLLATE "C", account text COLLATE "C", id text COLLATE "C", revision integer, part text COLLATE "C",
    executed_at bigint, side text COLLATE "C", quantity numeric, price numeric, quote_fee numeric, base_fee numeric,
    third_fee_assets text[] COLLATE "C", third_fee_amounts numeric[], sequence bigint, order_id text COLLATE "C",
    strategy text COLLATE "C", trade_id text COLLATE "C", quote_size numeric, grain text COLLATE "C",
    extra text[] COLLATE "C", leaf bytea, source text COLLATE "C", telling bytea, raw bytea
  ) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS exceptions (
    ordinal bigint PRIMARY KEY, outcome text, entry bigint, leaf bytea, first bigint, problem text
  ) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS numbered (ordinal bigint, entry bigint, outcome text, leaf bytea)
    ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS told (ordinal bigint, number bigint) ON COMMIT DELETE ROWS`;

export const stagingCopy = "COPY staged FROM STDIN";

/** A staged row's place in the batch and what was computed about it. */
export interface StagedRow {
  readonly ordinal: number;
  readonly file: number;
  readonly row: number;
  readonly bookId: string;
  /** Which fact of its book it is in this batch, from 1. */
  readonly bookOrdinal: number;
  readonly leaf: string;
  readonly source: string;
  readonly telling: string;
  readonly raw: string;
}

const special = /[\\\t\n\r]/;
const absent = "\\N";

/** Text as a COPY column. */
function escape(text: string): string {
  if (!special.test(text)) return text;
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("\t", "\\t")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
}

const optional = (text: string | undefined): string => (text === undefined ? absent : escape(text));

/** Raw text as a bytea column: bytea's escape format doubles a backslash, and COPY doubles both. */
const bytes = (raw: string): string =>
  escape(raw.includes("\\") ? raw.replaceAll("\\", "\\\\") : raw);

function array(values: readonly (string | undefined)[]): string {
  const element = (value: string | undefined): string =>
    value === undefined ? "NULL" : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return escape(`{${values.map(element).join(",")}}`);
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

function feeArrays(fees: readonly Fee[]): string {
  if (fees.length === 0) return `${absent}\t${absent}`;
  return `${array(fees.map((fee) => fee.asset))}\t${array(fees.map((fee) => fee.amount))}`;
}

const noFillColumns = `${absent}\t`.repeat(13);

/** The columns id … extra of a fact. */
function factColumns(fact: Fact): string {
  switch (fact.kind) {
    case "fill": {
      const fees = splitFees(fact.symbol, fact.fees);
      const third = fees.third.length === 0 ? `${absent}\t${absent}` : feeArrays(fees.third);
      const sequence = fact.sequence === undefined ? absent : fact.sequence.toString();
      return (
        `${escape(fact.fillId)}\t${fact.revision}\t\t${fact.executedAt}\t${fact.side}\t${fact.quantity}\t${fact.price}\t` +
        `${fees.quote}\t${fees.base}\t${third}\t${sequence}\t${optional(fact.orderId)}\t${optional(fact.strategy)}\t` +
        `${optional(fact.tradeId)}\t${fact.quoteSize ?? absent}\t${fact.grain ?? absent}\t${absent}`
      );
    }
    case "opening lot":
      return (
        `${escape(fact.key)}\t${fact.revision}\t\t${fact.openedAt}\t${absent}\t${fact.quantity}\t` +
        `${absent}\t`.repeat(11) +
        array([fact.cost, fact.author, fact.note])
      );
    case "adjustment":
      return (
        `${escape(fact.entryId)}\t0\t\t${fact.executedAt}\t${fact.side ?? absent}\t${fact.quantity ?? absent}\t` +
        `${fact.price ?? absent}\t${absent}\t${absent}\t${feeArrays(fact.fees)}\t${absent}\t${optional(fact.orderId)}\t` +
        `${absent}\t${optional(fact.tradeId)}\t${absent}\t${absent}\t${array([fact.tradeType])}`
      );
    case "fee value": {
      const part = escape(`${fact.revision} ${fact.asset}`);
      return (
        `${escape(fact.fillId)}\t${fact.fillRevision}\t${part}\t${absent}\t${noFillColumns}` +
        array([fact.asset, fact.revision.toString(), fact.value, fact.source])
      );
    }
    case "void": {
      const part = escape(`${fact.targetKind} ${fact.valueRevision ?? ""} ${fact.asset ?? ""}`);
      return (
        `${escape(fact.targetId)}\t${fact.targetRevision}\t${part}\t${absent}\t${noFillColumns}` +
        array([
          fact.targetKind,
          fact.asset,
          fact.valueRevision?.toString(),
          fact.author,
          fact.reason,
        ])
      );
    }
  }
}

/** One line of the COPY stream. */
export function stagedLine(fact: Fact, staged: StagedRow): string {
  return (
    `${staged.ordinal}\t${staged.file}\t${staged.row}\t${fact.kind}\t${staged.bookId}\t${staged.bookOrdinal}\t` +
    `${escape(fact.venue)}\t${escape(fact.account)}\t${factColumns(fact)}\t\\\\x${staged.leaf}\t` +
    `${escape(staged.source)}\t\\\\x${staged.telling}\t${bytes(staged.raw)}\n`
  );
}
