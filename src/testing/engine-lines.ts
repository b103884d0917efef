/** The engine's conclusions in the naive model's text, so that a test can compare them line by line. */
import type { AllocateResult, UnmatchedSale } from "../core/allocate.ts";
import { movementsOf } from "../core/allocate.ts";
import { fromUnits } from "../core/decimal.ts";
import type { Fact } from "../core/fact.ts";
import { lotCostBasis, sliceAmounts, wideScale } from "../core/matching/amounts.ts";
import type { AllocationSink, OpenLot } from "../core/matching/lot.ts";
import { startWalk, type Walk } from "../core/matching/walk.ts";
import type { Movement, Scope } from "../core/movement.ts";
import { standingBooks } from "../core/standing.ts";
import type { ModelResult } from "./naive-model.ts";

function nameOf(movement: Movement): string {
  const kind = movement.kind === "fill" ? "fill" : "lot";
  return `${kind} ${movement.venue}/${movement.account}/${movement.id}/${movement.revision}`;
}

const wide = (units: bigint | undefined): string =>
  units === undefined ? "-" : fromUnits(units, wideScale);

/** A sink that writes lines. */
export class LineSink implements AllocationSink {
  readonly lines: string[] = [];
  readonly slices: number[] = [];

  allocation(
    close: Movement,
    open: Movement | undefined,
    slice: number,
    quantity: bigint,
    openShare: bigint,
    closeShare: bigint,
  ): void {
    const amounts = sliceAmounts(close, open, quantity, openShare, closeShare);
    const { missing, costBasis, proceeds, netProceeds, pnl } = amounts;
    const openText = open === undefined ? "- " : `${nameOf(open)} `;
    const openFee = open === undefined ? "-" : fromUnits(openShare, open.feeScale);
    this.slices.push(slice);
    this.lines.push(
      `${nameOf(close)} ${openText}${fromUnits(quantity)} ${openFee} ` +
        `${fromUnits(closeShare, close.feeScale)} ${wide(costBasis)} ${wide(proceeds)} ` +
        `${wide(netProceeds)} ${wide(pnl)} ${missing}`,
    );
  }
}

export function lotLine(lot: OpenLot): string {
  const { movement, quantity, share } = lot;
  return (
    `${nameOf(movement)} ${fromUnits(quantity)} ${fromUnits(share, movement.feeScale)} ` +
    `${wide(lotCostBasis(lot))} ${movement.missing}`
  );
}

export interface WalkStyle {
  readonly scope: Scope;
  /** Movements a call of take(). */
  readonly chunk: number;
  /** After every so many chunks the walk is dropped and a new one resumed from its lots; 0 is never. */
  readonly resumeEvery: number;
}

function walkInStyle(movements: readonly Movement[], style: WalkStyle, sink: AllocationSink): Walk {
  const policy = { method: "fifo", scope: style.scope } as const;
  let walk = startWalk(policy, sink);
  let chunks = 0;
  for (let start = 0; start < movements.length; start += style.chunk) {
    walk.take(movements.slice(start, start + style.chunk));
    chunks += 1;
    if (style.resumeEvery > 0 && chunks % style.resumeEvery === 0) {
      // What a database would keep of a lot, and nothing else.
      const stored = walk.openLots().map(({ movement, consumed }) => ({ movement, consumed }));
      walk = startWalk(policy, sink, stored);
    }
  }
  return walk;
}

/** The engine's conclusions of facts of any number of books. Open lots are sorted as text. */
export function engineLines(facts: readonly Fact[], style: WalkStyle): ModelResult {
  const { books, faults } = standingBooks(facts);
  if (faults[0] !== undefined) throw new Error(`fact ${faults[0].index}: ${faults[0].message}`);
  const sink = new LineSink();
  const openLots: string[] = [];
  for (const book of books) {
    const walk = walkInStyle(movementsOf(book, style.scope), style, sink);
    for (const lot of walk.openLots()) openLots.push(lotLine(lot));
  }
  return { allocations: sink.lines, openLots: openLots.toSorted() };
}

function closeOf(row: UnmatchedSale): string {
  return `fill ${row.venue}/${row.account}/${row.closeFillId}`;
}

function moneyOf(row: UnmatchedSale): string {
  return `${row.proceeds} ${row.netProceeds}`;
}

/** What of the model's lines `allocate` tells too: identities without revisions, in two lists. */
export function publicLines(result: AllocateResult): { slices: string[]; openLots: string[] } {
  const unmatched = result.unmatched.map(
    (row) => `${closeOf(row)} - ${row.quantity} - ${row.closeFee} - ${moneyOf(row)} -`,
  );
  const matched = result.allocations.map((row) => {
    const kind = row.openKind === "fill" ? "fill" : "lot";
    const open = `${kind} ${row.openVenue}/${row.openAccount}/${row.openFillId}`;
    const known = `${row.costBasis ?? "-"} ${moneyOf(row)} ${row.pnl ?? "-"}`;
    return `${closeOf(row)} ${open} ${row.quantity} ${row.openFee} ${row.closeFee} ${known}`;
  });
  const openLots = result.openLots.map((lot) => {
    const kind = lot.openKind === "fill" ? "fill" : "lot";
    const open = `${kind} ${lot.venue}/${lot.account}/${lot.openFillId}`;
    return `${open} ${lot.remaining} ${lot.openFee} ${lot.costBasis ?? "-"} ${lot.complete ? 0 : 1}`;
  });
  return { slices: [...matched, ...unmatched].toSorted(), openLots: openLots.toSorted() };
}
