/** What a difference says, as rows: decimal text, times as text, names for people. */
import { fromUnits } from "../core/decimal.ts";
import { describeFact, describeSpan } from "../core/describe.ts";
import type { Attribution, Cause, ChangedSale, Effect } from "../core/diff/attribution.ts";
import { amountsOf, figuresOf, type Sale } from "../core/diff/sale.ts";
import { wideScale } from "../core/matching/amounts.ts";
import { formatInstant } from "../core/time.ts";
import type { FactChange } from "./facts.ts";

export interface CauseRow {
  /** Counts from 1 within the book, in the order of application, facts that changed no sale left out. */
  readonly cause: number;
  readonly kind: string;
  /** For people: `fill f17, recorded 2026-03-02T14:05:11Z by import, late by 3 days`. */
  readonly text: string;
  /** Of a fact; null of a policy. */
  readonly entry: number | null;
  readonly recorded_at: string | null;
  readonly source: string | null;
  /** Whether the fact is taken out: B knows less than A. */
  readonly taken_out: boolean;
  readonly sales: number;
  readonly pnl_change: string;
}

export interface LotRow {
  /** Null: unmatched. */
  readonly open_fill_id: string | null;
  readonly quantity: string;
  readonly pnl: string | null;
}

/** A sale at one end. */
export interface SaleEnd {
  readonly pnl: string;
  readonly unmatched_quantity: string;
  readonly incomplete_quantity: string;
  readonly lots: readonly LotRow[];
}

export interface SaleRow {
  readonly close_fill_id: string;
  readonly revision: number;
  readonly venue: string;
  readonly account: string;
  readonly closed_at: string;
  readonly quantity: string;
  /** Null where the sale is not in that end. */
  readonly before: SaleEnd | null;
  readonly after: SaleEnd | null;
  readonly pnl_change: string;
  /** At most 20; what the others changed is in the next field. */
  readonly causes: ReadonlyArray<{ readonly cause: number; readonly pnl_change: string }>;
  readonly other_causes: { readonly count: number; readonly pnl_change: string };
}

export const wide = (units: bigint): string => fromUnits(units, wideScale);

function textOf({ words, recording, lateBy, takenOut }: FactChange): string {
  const { source, recordedAt } = recording;
  const when = formatInstant(recordedAt).replace(/\.\d+Z$/, "Z");
  const late = lateBy > 0n ? `, late by ${describeSpan(lateBy)}` : "";
  const out = takenOut ? "without " : "";
  return `${out}${describeFact(words)}, recorded ${when} by ${source}${late}`;
}

function causeRow(effect: Effect<FactChange>, index: number): CauseRow {
  const { cause, sales, pnl } = effect;
  const owns = { sales, pnl_change: wide(pnl) };
  if (cause.kind !== "fact") {
    const { kind, from, to } = cause;
    const text = `${kind} ${from} -> ${to}`;
    const none = { entry: null, recorded_at: null, source: null, taken_out: false };
    return { cause: index + 1, kind, text, ...none, ...owns };
  }
  const { change } = cause;
  return {
    cause: index + 1,
    kind: change.words.kind,
    text: textOf(change),
    entry: change.entry,
    recorded_at: formatInstant(change.recording.recordedAt),
    source: change.recording.source,
    taken_out: change.takenOut,
    ...owns,
  };
}

function saleEnd(sale: Sale | undefined): SaleEnd | null {
  if (sale === undefined) return null;
  const { pnl, unmatched, incomplete } = figuresOf(sale);
  const lots = sale.slices.map((slice): LotRow => {
    const amounts = amountsOf(sale.close, slice);
    return {
      open_fill_id: slice.open?.id ?? null,
      quantity: fromUnits(slice.quantity),
      pnl: amounts.pnl === undefined ? null : wide(amounts.pnl),
    };
  });
  const quantities = {
    unmatched_quantity: fromUnits(unmatched),
    incomplete_quantity: fromUnits(incomplete),
  };
  return { pnl: wide(pnl), ...quantities, lots };
}

/** The change of a sale's PnL, in units of 10^-36. */
export function changeOf({ causes, others }: ChangedSale<FactChange>): bigint {
  return causes.reduce((sum, { pnl }) => sum + pnl, others.pnl);
}

/** The rows of one book. */
export function rowsOf({ effects, sales }: Attribution<FactChange>): {
  causes: CauseRow[];
  sales: SaleRow[];
} {
  const numbers = new Map<Cause<FactChange>, number>();
  for (const [index, { cause }] of effects.entries()) numbers.set(cause, index + 1);
  return {
    causes: effects.map(causeRow),
    sales: sales.map((changed): SaleRow => {
      const { before, after, causes, others } = changed;
      const { close } = (after ?? before)!;
      return {
        close_fill_id: close.id,
        revision: close.revision,
        venue: close.venue,
        account: close.account,
        closed_at: formatInstant(close.at),
        quantity: fromUnits(close.quantity),
        before: saleEnd(before),
        after: saleEnd(after),
        pnl_change: wide(changeOf(changed)),
        causes: causes.map(({ cause, pnl }) => ({
          cause: numbers.get(cause.cause)!,
          pnl_change: wide(pnl),
        })),
        other_causes: { count: others.causes, pnl_change: wide(others.pnl) },
      };
    }),
  };
}
