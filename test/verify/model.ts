/**
 * numbers.md, time.md and matching.md once more, as plainly as can be and for small ledgers only: every sale
 * walks the lots from the first. Amounts are bigints in units of 10^-36, where every product of two inputs is
 * exact.
 */
import { identity } from "./hashes.ts";

const decimals = 36;
const one = 10n ** BigInt(decimals);

export function units(text: string): bigint {
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const size = BigInt(whole + fraction.padEnd(decimals, "0"));
  return text.startsWith("-") ? -size : size;
}

export function decimal(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  const text = digits.slice(0, -decimals) + (fraction === "" ? "" : `.${fraction}`);
  return value < 0n ? `-${text}` : text;
}

export const times = (a: bigint, b: bigint): bigint => {
  if ((a * b) % one !== 0n) throw new Error("the product does not fit the model's scale");
  return (a * b) / one;
};

interface Named {
  readonly venue: string;
  readonly account: string;
  readonly id: string;
  readonly revision: number;
}

export interface Fill extends Named {
  readonly kind: "fill";
  readonly at: bigint;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly price: string;
  readonly quoteFee?: string;
  readonly baseFee?: string;
  readonly third?: readonly (readonly [asset: string, amount: string])[];
  readonly sequence?: bigint;
  readonly order?: string;
  readonly strategy?: string;
  readonly trade?: string;
  readonly quoteSize?: string;
  readonly grain?: "order";
}

export interface OpeningLot extends Named {
  readonly kind: "opening lot";
  readonly at: bigint;
  readonly quantity: string;
  readonly cost?: string;
}

export interface FeeValue extends Named {
  readonly kind: "fee value";
  readonly asset: string;
  readonly value: string;
  readonly valueRevision: number;
}

export interface Void extends Named {
  readonly kind: "void";
  readonly target: "fill" | "opening lot" | "fee value";
  readonly asset?: string;
  readonly valueRevision?: number;
}

export interface Adjustment extends Named {
  readonly kind: "adjustment";
  readonly at: bigint;
  readonly fees: readonly (readonly [asset: string, amount: string])[];
}

export type Fact = Fill | OpeningLot | FeeValue | Void | Adjustment;

/** The entry number of the fact that a void or a fee value acts on. */
export function targetEntry(facts: readonly Fact[], fact: FeeValue | Void): number {
  const kind = fact.kind === "void" ? fact.target : "fill";
  const index = facts.findIndex(
    (other) =>
      other.kind === kind &&
      other.venue === fact.venue &&
      other.account === fact.account &&
      other.id === fact.id &&
      other.revision === fact.revision &&
      (other.kind !== "fee value" ||
        fact.kind !== "void" ||
        (other.asset === fact.asset && other.valueRevision === fact.valueRevision)),
  );
  if (index === -1) throw new Error(`no target for ${JSON.stringify(fact.id)}`);
  return index + 1;
}

interface Movement {
  readonly fact: Fill | OpeningLot;
  readonly entry: number;
  readonly opens: boolean;
  readonly quantity: bigint;
  readonly price: bigint;
  readonly fee: bigint;
  readonly incomplete: boolean;
}

export interface Allocation {
  readonly close: Fill;
  readonly closeEntry: number;
  readonly slice: number;
  readonly open: Fill | OpeningLot | null;
  readonly openEntry: number | null;
  readonly quantity: string;
  readonly openFee: string | null;
  readonly closeFee: string;
  readonly costBasis: string | null;
  readonly proceeds: string;
  readonly pnl: string | null;
  readonly missing: number;
}

export interface OpenLot {
  readonly open: Fill | OpeningLot;
  readonly openEntry: number;
  readonly quantity: string;
  readonly openFee: string;
  readonly costBasis: string | null;
  readonly missing: number;
}

export interface Conclusions {
  readonly allocations: readonly Allocation[];
  readonly openLots: readonly OpenLot[];
  readonly lastPlace: number | null;
}

/** The keys of time.md 2 in order; undefined sorts as equal. */
function ledgerKeys(fact: Fill | OpeningLot): (bigint | Buffer)[] {
  const { at, revision } = fact;
  const [venue, account, id] = [fact.venue, fact.account, fact.id].map((text) => Buffer.from(text));
  const text = [venue, account, id].map((bytes) => bytes ?? Buffer.alloc(0));
  const [v, a, i] = text as [Buffer, Buffer, Buffer];
  if (fact.kind === "opening lot") return [at, 0n, v, a, i, BigInt(revision)];
  const side = fact.side === "buy" ? 0n : 1n;
  if (fact.sequence === undefined) return [at, 1n, side, v, a, i, BigInt(revision)];
  return [at, 2n, v, a, fact.sequence, side, i, BigInt(revision)];
}

export function inLedgerOrder(a: Fill | OpeningLot, b: Fill | OpeningLot): number {
  const [left, right] = [ledgerKeys(a), ledgerKeys(b)];
  for (const [index, key] of left.entries()) {
    const other = right[index];
    if (typeof key === "bigint") {
      if (key !== other) return key < (other as bigint) ? -1 : 1;
    } else {
      const order = Buffer.compare(key, other as Buffer);
      if (order !== 0) return order;
    }
  }
  return 0;
}

function movement(
  facts: readonly Fact[],
  entry: number,
  voided: ReadonlySet<number>,
): Movement | null {
  const fact = facts[entry - 1];
  if (fact === undefined || voided.has(entry)) return null;
  if (fact.kind === "opening lot") {
    const [quantity, fee] = [units(fact.quantity), units(fact.cost ?? "0")];
    return {
      fact,
      entry,
      opens: true,
      quantity,
      price: 0n,
      fee,
      incomplete: fact.cost === undefined,
    };
  }
  if (fact.kind !== "fill") return null;
  const [price, base, opens] = [units(fact.price), units(fact.baseFee ?? "0"), fact.side === "buy"];
  let fee = units(fact.quoteFee ?? "0") + times(base, price);
  let incomplete = false;
  for (const [asset] of fact.third ?? []) {
    const value = facts.find(
      (other, index): other is FeeValue =>
        other.kind === "fee value" &&
        other.asset === asset &&
        !voided.has(index + 1) &&
        targetEntry(facts, other) === entry,
    );
    if (value === undefined) incomplete = true;
    else fee += units(value.value);
  }
  const quantity = units(fact.quantity) + (opens ? -base : base);
  return { fact, entry, opens, quantity, price, fee, incomplete };
}

/** trunc(A x c / Q) at scale max(18, decimals of A). */
function prefixOf({ fee, quantity }: Movement, consumed: bigint): bigint {
  const scale = Math.max(18, (decimal(fee).split(".")[1] ?? "").length);
  const unit = 10n ** BigInt(decimals - scale);
  return ((fee * consumed) / quantity / unit) * unit;
}

export function conclude(known: readonly Fact[], scope: "portfolio" | "account"): Conclusions {
  const voids = known.filter((fact) => fact.kind === "void");
  const voided = new Set(voids.map((fact) => targetEntry(known, fact)));
  const movements = known
    .map((_, index) => movement(known, index + 1, voided))
    .filter((found) => found !== null)
    .toSorted((a, b) => inLedgerOrder(a.fact, b.fact));
  const consumed = new Map<Movement, bigint>();
  const allocations: Allocation[] = [];
  for (const [index, close] of movements.entries()) {
    if (close.opens) continue;
    const lots = movements
      .slice(0, index)
      .filter((lot) => lot.opens && (scope === "portfolio" || samePool(lot.fact, close.fact)));
    allocations.push(...match(close, lots, consumed));
  }
  const openLots = movements.flatMap((lot) => {
    const used = consumed.get(lot) ?? 0n;
    if (!lot.opens || used === lot.quantity) return [];
    const [left, share] = [lot.quantity - used, lot.fee - prefixOf(lot, used)];
    return {
      open: lot.fact,
      openEntry: lot.entry,
      quantity: decimal(left),
      openFee: decimal(share),
      costBasis: lot.incomplete ? null : decimal(times(lot.price, left) + share),
      missing: lot.incomplete ? 1 : 0,
    };
  });
  return { allocations, openLots, lastPlace: movements.at(-1)?.entry ?? null };
}

const samePool = (a: Named, b: Named): boolean => a.venue === b.venue && a.account === b.account;

function match(
  close: Movement,
  lots: readonly Movement[],
  consumed: Map<Movement, bigint>,
): Allocation[] {
  const found: Allocation[] = [];
  let done = 0n;
  const take = (open: Movement | null, quantity: bigint): void => {
    const share = prefixOf(close, done + quantity) - prefixOf(close, done);
    done += quantity;
    found.push(allocation(close, open, quantity, share, consumed, found.length + 1));
  };
  for (const lot of lots) {
    const left = lot.quantity - (consumed.get(lot) ?? 0n);
    const wanted = close.quantity - done;
    const quantity = left < wanted ? left : wanted;
    if (quantity > 0n) take(lot, quantity);
  }
  if (done < close.quantity) take(null, close.quantity - done);
  return found;
}

function allocation(
  close: Movement,
  open: Movement | null,
  quantity: bigint,
  closeFee: bigint,
  consumed: Map<Movement, bigint>,
  slice: number,
): Allocation {
  const before = open === null ? 0n : (consumed.get(open) ?? 0n);
  let openFee: bigint | null = null;
  if (open !== null) {
    openFee = prefixOf(open, before + quantity) - prefixOf(open, before);
    consumed.set(open, before + quantity);
  }
  const missing = (open === null ? 4 : open.incomplete ? 1 : 0) + (close.incomplete ? 2 : 0);
  const proceeds = times(close.price, quantity);
  const cost =
    open === null || openFee === null || open.incomplete
      ? null
      : times(open.price, quantity) + openFee;
  return {
    close: close.fact as Fill,
    closeEntry: close.entry,
    slice,
    open: open?.fact ?? null,
    openEntry: open?.entry ?? null,
    quantity: decimal(quantity),
    openFee: openFee === null ? null : decimal(openFee),
    closeFee: decimal(closeFee),
    costBasis: cost === null ? null : decimal(cost),
    proceeds: decimal(proceeds),
    pnl: cost === null || missing !== 0 ? null : decimal(proceeds - closeFee - cost),
    missing,
  };
}

export const identityOf = (fact: Fill | OpeningLot): Buffer =>
  identity(fact.kind === "fill" ? 1 : 3, fact);
