/**
 * Facts: what is appended and never changed. Amounts are decimals in normal form, times are instants;
 * `resolve.ts` is the only maker of them from what a source said. docs/spec/hashing.md 2 lists the fields
 * that are hashed.
 */
import type { Decimal } from "./decimal.ts";
import type { Instant } from "./time.ts";

export type Side = "buy" | "sell";

/** An amount of an asset that a venue took (or, negative, gave). */
export interface Fee {
  readonly asset: string;
  readonly amount: Decimal;
}

/** The book of a fact: all facts of one portfolio in one instrument. */
export interface BookName {
  readonly portfolio: string;
  readonly symbol: string;
}

/** One execution of (part of) an order. */
export interface Fill extends BookName {
  readonly kind: "fill";
  readonly venue: string;
  readonly account: string;
  readonly fillId: string;
  /** 0, but for the replacements of a voided fill: 1, 2 … */
  readonly revision: number;
  readonly executedAt: Instant;
  readonly side: Side;
  readonly quantity: Decimal;
  readonly price: Decimal;
  /** One an asset, by asset in byte order, none of them 0. */
  readonly fees: readonly Fee[];
  readonly sequence?: bigint;
  readonly orderId?: string;
  readonly strategy?: string;
  /** The venue's trade id where it is not the identity. */
  readonly tradeId?: string;
  /** The quote size that the quantity was derived from. */
  readonly quoteSize?: Decimal;
  /** `order`: the row stands for a whole order, not for one execution. */
  readonly grain?: "order";
}

/**
 * Quantity that was there before the recorded history began, with its total cost in the quote asset if it
 * is known.
 */
export interface OpeningLot extends BookName {
  readonly kind: "opening lot";
  readonly venue: string;
  readonly account: string;
  readonly key: string;
  readonly revision: number;
  readonly openedAt: Instant;
  readonly quantity: Decimal;
  readonly cost?: Decimal;
  readonly author: string;
  readonly note: string;
}

/** The value, in the quote asset, of a fee that was paid in a third asset. */
export interface FeeValue extends BookName {
  readonly kind: "fee value";
  readonly venue: string;
  readonly account: string;
  readonly fillId: string;
  readonly fillRevision: number;
  readonly asset: string;
  readonly revision: number;
  readonly value: Decimal;
  readonly source: string;
}

/** Takes a fact out. */
export interface Void extends BookName {
  readonly kind: "void";
  readonly targetKind: "fill" | "opening lot" | "fee value";
  readonly venue: string;
  readonly account: string;
  /** The fill's id or the opening lot's key. */
  readonly targetId: string;
  readonly targetRevision: number;
  /** Of a fee value: which asset's, and which revision of it. */
  readonly asset?: string;
  readonly valueRevision?: number;
  readonly author: string;
  readonly reason: string;
}

/** A venue's reversal or correction entry: recorded, but outside matching until a person decides. */
export interface Adjustment extends BookName {
  readonly kind: "adjustment";
  readonly venue: string;
  readonly account: string;
  readonly entryId: string;
  readonly tradeType: string;
  readonly tradeId?: string;
  readonly executedAt: Instant;
  readonly side?: Side;
  readonly quantity?: Decimal;
  readonly price?: Decimal;
  readonly fees: readonly Fee[];
  readonly orderId?: string;
}

export type Fact = Fill | OpeningLot | FeeValue | Void | Adjustment;

/** Where a row or element stands in its source: for messages. Rows count from 1, the header included. */
export interface Place {
  readonly file: string;
  readonly row: number;
}

/** What is wrong with a row, in one line's worth of parts. */
export interface Problem extends Place {
  /** The column or JSON path; undefined where the whole row is meant. */
  readonly column: string | undefined;
  readonly value: string | undefined;
  /** What rule it breaks, and what to do: `has no zone; write 2026-03-02T14:05:11Z`. */
  readonly message: string;
}

/**
 * One row or element of a source: its raw text, and what it resolved to. Exactly one of fact and problem is
 * given.
 */
export interface Telling {
  readonly row: number;
  readonly raw: string;
  readonly fact: Fact | undefined;
  readonly problem: Problem | undefined;
  /** The source names no id: the fact has a stand-in, until its content and occurrence name it. */
  readonly unnamed?: boolean;
  /** The value of the fill's fee in a third asset, where the row states it; its fill id is the fact's. */
  readonly feeValue?: FeeValue;
}
