/**
 * The tree of an explanation. Names are those of its JSON, shapes those of docs/explain.md. Amounts are
 * decimal text in normal form, times RFC 3339, hashes hexadecimal.
 */
import type { ReportHeader } from "../reports/body.ts";
import type { ReportRow } from "../reports/column.ts";
import type { FactKind } from "./request.ts";

/** A figure and how it comes about. */
export interface Figure {
  /** In words: `close price * quantity`. */
  readonly formula: string;
  /**
   * With the numbers: `120 * 10`. `trunc18(x)` cuts x toward zero after 18 decimals. Null where the figure is
   * not known.
   */
  readonly arithmetic: string | null;
  /** Of a conclusion, as it is stored; else what the arithmetic gives. */
  readonly value: string | null;
  /** What the arithmetic gives; only where that is not what is stored. */
  readonly computed?: string | null;
}

/** Where what is stored is not what the facts give. */
export interface Disagreement {
  readonly what: string;
  readonly stored: string | null;
  readonly computed: string | null;
}

export interface Batch {
  readonly batch: string;
  readonly recorded_at: string;
  readonly source: string;
  readonly author: string;
  /** Files or calls, as they were recorded. */
  readonly inputs: unknown;
}

/** What a source said. */
export interface ObservationNode {
  readonly observation: number;
  readonly outcome: string;
  readonly source: string;
  /** The source's own text; null where its bytes are no text. */
  readonly raw: string | null;
  /** The bytes in hexadecimal where they are no text. */
  readonly raw_hex?: string;
  /** The fact as it was told, a line of an export, where that is not the recorded one just as it stands. */
  readonly told: unknown;
  readonly recorded_at: string;
  readonly batch: string;
}

/** When and how something came into the ledger. */
export interface RecordedNode {
  readonly entry: number;
  /** Whether the version, as it is seen, has taken it in. */
  readonly taken_in: boolean;
  readonly leaf: string;
  readonly seal: { readonly number: number; readonly hash: string };
  readonly recorded: Batch;
  /** The first twenty. */
  readonly observations: readonly ObservationNode[];
  readonly observation_count: number;
}

export interface VoidNode extends RecordedNode {
  readonly author: string;
  readonly reason: string;
}

export interface FeeValueNode extends RecordedNode {
  readonly asset: string;
  readonly revision: number;
  readonly value: string;
  readonly source: string;
  readonly voided: VoidNode | null;
}

/** A fill, an opening lot or an adjustment, with all that was recorded of it. */
export interface FactNode extends RecordedNode {
  readonly kind: FactKind;
  readonly portfolio: string;
  readonly symbol: string;
  readonly venue: string;
  readonly account: string;
  readonly id: string;
  readonly revision: number;
  readonly side: "buy" | "sell" | null;
  readonly executed_at: string;
  /** As told. */
  readonly quantity: string | null;
  /** Null of an opening lot. */
  readonly price: string | null;
  /** Of an opening lot: its cost; null: unknown. */
  readonly cost?: string | null;
  readonly fees: readonly { readonly asset: string; readonly amount: string }[];
  readonly sequence: string | null;
  readonly order_id: string | null;
  readonly strategy: string | null;
  readonly trade_id: string | null;
  readonly quote_size: string | null;
  readonly grain: string | null;
  /** Of an opening lot: who vouches for it, and by what. */
  readonly author?: string;
  readonly note?: string;
  /** Of an adjustment: the venue's word. */
  readonly trade_type?: string;
  readonly fee_values: readonly FeeValueNode[];
  readonly voided: VoidNode | null;
  /** The facts of the same identity before and after it. */
  readonly replaces: Replacement | null;
  readonly replaced_by: Replacement | null;
  /** What matching works with; null of an adjustment. */
  readonly effective_quantity: Figure | null;
  readonly total_fee: Figure | null;
  /** Assets of fees whose value is not known. */
  readonly values_missing: readonly string[];
}

export interface Replacement {
  readonly revision: number;
  readonly entry: number;
  readonly recorded_at: string;
}

/** What made a row of conclusions. */
export interface Concluded {
  readonly run: number;
  readonly mode: string;
  readonly step: number;
  readonly revision: number;
  readonly at: string;
}

/** The part of a sale that came out of one opening fact, or out of none. */
export interface SliceNode {
  readonly slice: number;
  readonly quantity: string;
  readonly pnl: Figure;
  readonly open_share: Figure | null;
  readonly close_share: Figure;
  readonly cost_basis: Figure;
  readonly proceeds: Figure;
  readonly net_proceeds: Figure;
  readonly complete: boolean;
  readonly missing: readonly string[];
  /** What would complete it. */
  readonly heals: readonly string[];
  readonly concluded: Concluded;
  readonly row_hash: string;
  /** PnL of the complete slices up to this one. */
  readonly pnl_so_far: string;
  readonly opening: FactNode | null;
}

/** A sale that took from a lot. */
export interface TakingNode {
  readonly close_fill_id: string;
  readonly revision: number;
  readonly venue: string;
  readonly account: string;
  readonly closed_at: string;
  readonly slice: number;
  readonly quantity: string;
  readonly open_share: Figure;
  readonly cost_basis: Figure;
  readonly pnl: string | null;
  readonly missing: readonly string[];
  readonly concluded: Concluded;
  /** What was left of the lot after it. */
  readonly left: string;
}

/** What is left of a lot. */
export interface LeftNode {
  readonly quantity: Figure;
  readonly open_share: Figure;
  readonly cost_basis: Figure;
  readonly concluded: Concluded | null;
}

/** A sale of a PnL cell. */
export interface SaleNode {
  readonly close_fill_id: string;
  readonly revision: number;
  readonly portfolio: string;
  readonly symbol: string;
  readonly venue: string;
  readonly account: string;
  readonly closed_at: string;
  readonly quantity: string;
  readonly pnl: string;
  readonly allocations: number;
  readonly incomplete_allocations: number;
  /** PnL of the sales up to this one. */
  readonly pnl_so_far: string;
}

/** Why a fact has conclusions, or none. */
export type FactState =
  | "taken in"
  | "voided"
  | "not yet computed"
  | "after as of"
  | "outside matching";

/** What comes after the rows: figures over all of them, and whether everything agrees. */
export interface Outcome {
  readonly quantity?: Figure;
  readonly pnl?: Figure;
  readonly left?: LeftNode | null;
  readonly agrees: boolean;
  readonly disagreements: readonly Disagreement[];
}

interface ExplanationOf<Kind extends string, Rows> {
  readonly kind: Kind;
  readonly header: ReportHeader;
  /** To be read once and to its end, before the outcome. */
  readonly rows: AsyncIterable<Rows>;
  readonly outcome: () => Promise<Outcome>;
}

interface FactExplanation {
  readonly quote: string;
  readonly fact: FactNode;
  readonly state: FactState;
  /** In a sentence, where there is more to say than "taken in". */
  readonly note: string | null;
}

export interface SaleExplanation extends ExplanationOf<"sale", SliceNode>, FactExplanation {
  /** The sums of `report trades`; null where the sale has no conclusions. */
  readonly figures: ReportRow | null;
}

export interface OpeningExplanation
  extends ExplanationOf<"buy" | "opening lot", TakingNode>, FactExplanation {}

export interface AdjustmentExplanation
  extends ExplanationOf<"adjustment", never>, FactExplanation {}

export interface CellExplanation extends ExplanationOf<"pnl", SaleNode> {
  readonly quote: string;
  /** Its groups, as asked for. */
  readonly cell: Readonly<Record<string, string | null>>;
  /** The row of `report pnl`. */
  readonly figures: ReportRow;
}

export type Explanation =
  | SaleExplanation
  | OpeningExplanation
  | AdjustmentExplanation
  | CellExplanation;
