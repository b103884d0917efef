/** What a source tells, as the simulation makes it up: the fact that it says, and the text that says it. */
import type { Fact } from "../../../src/core/fact.ts";

/** Whose ids they are: docs/spec/telling.md 5. */
export type Space = "given" | "content" | "coinbase entry" | "coinbase trade";

/** How a source rounds: digits after the point, and its clock's unit in nanoseconds. */
export interface Rounding {
  readonly quantity?: number;
  readonly price?: number;
  readonly fee?: number;
  readonly clock?: bigint;
}

export interface Told {
  readonly fact: Fact;
  readonly raw: string;
  readonly source: string;
  readonly space: Space;
  readonly rounding?: Rounding;
}

export type Outcome = "recorded" | "duplicate" | "roundedCopy" | "conflict" | "waiting";

/** What becomes of one telling. */
export interface Judged {
  readonly told: Told;
  readonly outcome: Outcome;
  /** The name of the fact that it is of; of one that waits none. */
  readonly about: string | undefined;
  /** Whether it is kept: its source and bytes are new for that fact. */
  readonly news: boolean;
}
