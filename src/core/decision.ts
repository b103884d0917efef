/** Decisions: what a person said about a fact or about a telling that waits. Never changed, only followed. */
import type { BookName } from "./fact.ts";

/** What a decision says, in the words that are kept. */
export interface DecisionWords {
  /** What it is about, by the name that a review shows. */
  readonly item: string;
  readonly action: string;
  /** The how-manieth decision about that item: so the same words said again are another decision. */
  readonly number: number;
  readonly author: string;
  readonly reason: string;
  /** What it was about, where it holds for that only: the unmatched quantity that was accepted. */
  readonly quantity?: string;
  /** Another id of the fill that it is about, where the decision says that it is one. */
  readonly alias?: FillName;
}

/** A fill within its book, whatever its revision. */
export interface FillName {
  readonly venue: string;
  readonly account: string;
  readonly fillId: string;
}

/** The source that decisions are from. */
export const decisionSource = "review";

export interface Decision extends BookName {
  /** `decisionText` of what was said. */
  readonly raw: string;
  /**
   * The fact it is about: an entry of the ledger, or the row of a telling in the same source of the same
   * batch. Left out where there is none yet.
   */
  readonly about?: { readonly entry: bigint } | { readonly row: number };
  /** As in the words: recorded as another id of the fill that it is about. */
  readonly alias?: FillName;
}

/** The one line of JSON that is kept, its keys in a fixed order. docs/spec/telling.md 7. */
export function decisionText(words: DecisionWords): string {
  const { item, action, number, author, reason, quantity, alias } = words;
  const other =
    alias === undefined
      ? {}
      : { venue: alias.venue, account: alias.account, fill_id: alias.fillId };
  return JSON.stringify({ item, action, number, author, reason, quantity, ...other });
}
