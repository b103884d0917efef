/** The engine as a pure function: facts in, conclusions out. docs/allocate.md shows it at work. */
import { InvalidFactError, resolveInput, type FactInput } from "./allocate-input.ts";
import { fromUnits, type Decimal } from "./decimal.ts";
import { parseSymbol } from "./instrument.ts";
import { lotCostBasis, sliceAmounts, widen, wideScale } from "./matching/amounts.ts";
import type { AllocationSink, OpenLot } from "./matching/lot.ts";
import { methods, startWalk, type Method, type Policy } from "./matching/walk.ts";
import { resolveMovement, type Movement, type Scope } from "./movement.ts";
import { compareLedgerOrder, compareText } from "./order.ts";
import { standingBooks, type StandingBook } from "./standing.ts";
import { formatInstant } from "./time.ts";

export interface AllocateOptions {
  /** Which lot a sale takes from: `fifo`, the oldest. */
  readonly method?: Method | undefined;
  /** Which facts of a book share lots: all of them (`portfolio`), or those of one venue and account. */
  readonly scope?: Scope | undefined;
}

interface Closing {
  readonly portfolio: string;
  readonly venue: string;
  readonly account: string;
  readonly symbol: string;
  readonly quote: string;
  readonly closeFillId: string;
  /** In the base asset. */
  readonly quantity: Decimal;
  readonly closePrice: Decimal;
  /** The share of the closing fill's fees, in the quote asset. */
  readonly closeFee: Decimal;
  /** closePrice x quantity. */
  readonly proceeds: Decimal;
  /** proceeds - closeFee. */
  readonly netProceeds: Decimal;
  /** RFC 3339 in UTC. */
  readonly closedAt: string;
}

/** This much of this closing fill came out of this lot. Money is in the quote asset. */
export interface Allocation extends Closing {
  readonly direction: "long";
  readonly openKind: "fill" | "opening lot";
  /** The id of the fill, or the key of the opening lot. */
  readonly openFillId: string;
  readonly openVenue: string;
  readonly openAccount: string;
  /** Null for an opening lot, which has a cost instead. */
  readonly openPrice: Decimal | null;
  /** The share of the opening fill's fees; of an opening lot, of its cost. */
  readonly openFee: Decimal;
  /** openPrice x quantity + openFee; null where the opening cost is not wholly known. */
  readonly costBasis: Decimal | null;
  /** netProceeds - costBasis; null unless complete. */
  readonly pnl: Decimal | null;
  /** Whether all costs and fees are known. */
  readonly complete: boolean;
  readonly openedAt: string;
}

/** The part of a sale that no lot covers. It has no cost and no profit. */
export type UnmatchedSale = Closing;

/** What is left of an opening fact. */
export interface OpenLotLeft {
  readonly portfolio: string;
  readonly venue: string;
  readonly account: string;
  readonly symbol: string;
  readonly quote: string;
  readonly direction: "long";
  readonly openKind: "fill" | "opening lot";
  readonly openFillId: string;
  readonly openPrice: Decimal | null;
  /** The whole effective quantity of the opening fact. */
  readonly quantity: Decimal;
  readonly remaining: Decimal;
  /** The share of the fees that what remains carries; of an opening lot, of its cost. */
  readonly openFee: Decimal;
  /** Of what remains; null where it is not wholly known. */
  readonly costBasis: Decimal | null;
  readonly complete: boolean;
  readonly openedAt: string;
}

/** Sums over all books with one quote asset; over complete allocations, unless said otherwise. */
export interface QuoteTotals {
  readonly quote: string;
  readonly realizedPnl: Decimal;
  readonly proceeds: Decimal;
  readonly costBasis: Decimal;
  /** Shares of fees on both sides; the cost of opening lots is not among them. */
  readonly fees: Decimal;
  /** The net proceeds of what is incomplete or unmatched. */
  readonly incompleteProceeds: Decimal;
  /** Whether everything is in the sums above. */
  readonly complete: boolean;
}

export interface AllocateResult {
  /** By book (portfolio, symbol), then in ledger order of the sale, then of the lot. */
  readonly allocations: Allocation[];
  /** By book, then pool, then in ledger order. */
  readonly openLots: OpenLotLeft[];
  /** By book, then in ledger order. */
  readonly unmatched: UnmatchedSale[];
  /** By quote asset. */
  readonly totals: QuoteTotals[];
}

/** Sums in units of 10^-36. */
interface Sums {
  pnl: bigint;
  proceeds: bigint;
  costBasis: bigint;
  fees: bigint;
  incompleteProceeds: bigint;
  complete: boolean;
}

const wide = (units: bigint): Decimal => fromUnits(units, wideScale);

class Collector implements AllocationSink {
  readonly result: AllocateResult = { allocations: [], openLots: [], unmatched: [], totals: [] };
  readonly #sums = new Map<string, Sums>();
  #portfolio = "";
  #symbol = "";
  #quote = "";
  #sum: Sums = Collector.#zero();

  static #zero(): Sums {
    const [pnl, proceeds, costBasis, fees, incompleteProceeds] = [0n, 0n, 0n, 0n, 0n];
    return { pnl, proceeds, costBasis, fees, incompleteProceeds, complete: true };
  }

  enter(book: StandingBook): void {
    this.#portfolio = book.portfolio;
    this.#symbol = book.symbol;
    this.#quote = parseSymbol(book.symbol)!.quote;
    const sum = this.#sums.get(this.#quote) ?? Collector.#zero();
    this.#sums.set(this.#quote, sum);
    this.#sum = sum;
  }

  allocation(
    close: Movement,
    open: Movement | undefined,
    _slice: number,
    quantity: bigint,
    openShare: bigint,
    closeShare: bigint,
  ): void {
    const amounts = sliceAmounts(close, open, quantity, openShare, closeShare);
    const { costBasis, pnl } = amounts;
    const closing: Closing = {
      ...this.#place(close),
      closeFillId: close.id,
      quantity: fromUnits(quantity),
      closePrice: fromUnits(close.price),
      closeFee: fromUnits(closeShare, close.feeScale),
      proceeds: wide(amounts.proceeds),
      netProceeds: wide(amounts.netProceeds),
      closedAt: formatInstant(close.at),
    };
    const sum = this.#sum;
    if (open === undefined || pnl === undefined) {
      sum.incompleteProceeds += amounts.netProceeds;
      sum.complete = false;
    } else {
      sum.pnl += pnl;
      sum.proceeds += amounts.proceeds;
      sum.costBasis += costBasis ?? 0n;
      sum.fees += widen(closeShare, close.feeScale);
      if (open.kind === "fill") sum.fees += widen(openShare, open.feeScale);
    }
    if (open === undefined) this.result.unmatched.push(closing);
    else
      this.result.allocations.push({
        ...closing,
        direction: "long",
        openKind: open.kind,
        openFillId: open.id,
        openVenue: open.venue,
        openAccount: open.account,
        openPrice: open.kind === "fill" ? fromUnits(open.price) : null,
        openFee: fromUnits(openShare, open.feeScale),
        costBasis: costBasis === undefined ? null : wide(costBasis),
        pnl: pnl === undefined ? null : wide(pnl),
        complete: amounts.missing === 0,
        openedAt: formatInstant(open.at),
      });
  }

  openLot(lot: OpenLot): void {
    const { movement } = lot;
    const costBasis = lotCostBasis(lot);
    this.result.openLots.push({
      ...this.#place(movement),
      direction: "long",
      openKind: movement.kind,
      openFillId: movement.id,
      openPrice: movement.kind === "fill" ? fromUnits(movement.price) : null,
      quantity: fromUnits(movement.quantity),
      remaining: fromUnits(lot.quantity),
      openFee: fromUnits(lot.share, movement.feeScale),
      costBasis: costBasis === undefined ? null : wide(costBasis),
      complete: movement.missing === 0,
      openedAt: formatInstant(movement.at),
    });
  }

  finish(): AllocateResult {
    const sums = [...this.#sums].toSorted(([left], [right]) => compareText(left, right));
    for (const [quote, sum] of sums)
      this.result.totals.push({
        quote,
        realizedPnl: wide(sum.pnl),
        proceeds: wide(sum.proceeds),
        costBasis: wide(sum.costBasis),
        fees: wide(sum.fees),
        incompleteProceeds: wide(sum.incompleteProceeds),
        complete: sum.complete,
      });
    return this.result;
  }

  #place(
    movement: Movement,
  ): Pick<Closing, "portfolio" | "venue" | "account" | "symbol" | "quote"> {
    const { venue, account } = movement;
    return {
      portfolio: this.#portfolio,
      venue,
      account,
      symbol: this.#symbol,
      quote: this.#quote,
    };
  }
}

/** The movements of a book's standing facts, in ledger order. */
export function movementsOf(book: StandingBook, scope: Scope): Movement[] {
  return book.facts
    .map(({ index, fact, values }) => resolveMovement(index, fact, values, scope))
    .toSorted(compareLedgerOrder);
}

function policyOf({ method = "fifo", scope = "portfolio" }: AllocateOptions): Policy {
  if (!Object.hasOwn(methods, method))
    throw new TypeError(`method ${String(method)} is none of: ${Object.keys(methods).join(", ")}`);
  if (scope !== "portfolio" && scope !== "account")
    throw new TypeError(`scope ${String(scope)} is none of: portfolio, account`);
  return { method, scope };
}

/**
 * Allocates every sale to the lots it came out of, exactly, and says what is left and what no lot covers.
 *
 * Facts may come in any order and of any number of books (a book is one portfolio in one symbol); the
 * result depends on the facts alone. An exact repeat of a fact counts once. Amounts go in and come out as
 * decimal text: up to 20 digits before the point and 18 after it in, exact products of these out, without
 * exponent or trailing zeros.
 *
 * @throws {InvalidFactError} for a fact that breaks a rule: `index`, `field` and `rule` say which.
 * @throws {TypeError} for a method or scope that does not exist.
 *
 * @example
 * const symbol = "BTC-USD";
 * const [bought, sold] = ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"];
 * const { allocations } = allocate([
 *   { fillId: "b1", executedAt: bought, symbol, side: "buy", quantity: "0.3", price: "60000", fee: "9" },
 *   { fillId: "s1", executedAt: sold, symbol, side: "sell", quantity: "0.1", price: "66000", fee: "6" },
 * ]);
 * allocations[0].costBasis; // "6003": 0.1 x 60000, and a third of the fee of 9
 * allocations[0].pnl; // "591": 6600 - 6 - 6003
 */
export function allocate(
  facts: readonly FactInput[],
  options: AllocateOptions = {},
): AllocateResult {
  const policy = policyOf(options);
  const { books, faults } = standingBooks(facts.map((fact, index) => resolveInput(index, fact)));
  const fault = faults.toSorted((left, right) => left.index - right.index)[0];
  if (fault !== undefined)
    throw new InvalidFactError(fault.index, fault.field, fault.value, fault.message);
  const collector = new Collector();
  for (const book of books) {
    collector.enter(book);
    const walk = startWalk(policy, collector);
    walk.take(movementsOf(book, policy.scope));
    for (const lot of walk.openLots()) collector.openLot(lot);
  }
  return collector.finish();
}
