/**
 * What the causes must be, from the orders themselves and from what the old system did to each sale. It
 * shares no code with src/legacy: its FIFO is a list that is eaten up, and the faults come from the old
 * system's own account of them, not from the amounts that they left behind.
 */
import type { MadeOrder } from "../../src/generate/legacy/orders.ts";
import type { Deed, MadeRow, OldSystem } from "../../src/generate/legacy/system.ts";
import type { Cause } from "../../src/legacy/cause.ts";

/** Whole numbers of 10^-24: no amount of these orders, nor their products, has more decimals. */
const decimals = 24;
type Units = bigint;
const units = (text: string): Units => {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(decimals, "0"));
};
const one = units("1");
const times = (a: Units, b: Units): Units => (a * b) / one;
const size = (a: Units): Units => (a < 0n ? -a : a);

interface Lot {
  readonly order: MadeOrder;
  left: Units;
}

interface Truth {
  readonly takes: readonly {
    readonly lot: Lot;
    readonly quantity: Units;
    /** Consumed of lot and sale before. */
    readonly ofLot: Units;
    readonly ofSale: Units;
  }[];
  readonly unmatched: Units;
  /** What was left of each buy of the symbol when the sale came. */
  readonly left: ReadonlyMap<string, Units>;
}

/** FIFO over the filled orders of one symbol, by time. */
function* fifo(orders: readonly MadeOrder[]): Generator<readonly [MadeOrder, Truth]> {
  const lots: Lot[] = [];
  const sorted = orders.toSorted((a, b) => a.micros - b.micros);
  for (const order of sorted) {
    if (order.side === "buy") {
      lots.push({ order, left: units(order.size) });
      continue;
    }
    const buys = sorted.filter(({ side }) => side === "buy");
    const left = new Map(
      buys.map((buy) => [
        buy.orderId,
        lots.find((lot) => lot.order === buy)?.left ?? units(buy.size),
      ]),
    );
    let wanted = units(order.size);
    const takes: Truth["takes"][number][] = [];
    for (const lot of lots) {
      if (wanted === 0n) break;
      const quantity = lot.left < wanted ? lot.left : wanted;
      if (quantity === 0n) continue;
      const ofLot = units(lot.order.size) - lot.left;
      takes.push({ lot, quantity, ofLot, ofSale: units(order.size) - wanted });
      lot.left -= quantity;
      wanted -= quantity;
    }
    yield [order, { takes, unmatched: wanted, left }];
  }
}

const price = ({ order }: Lot): Units => units(order.price);
const eighteen = units("0.000000000000000001");

/** The fee's share of what comes after `from`, up to `to`: prefixes, cut after 18 decimals. */
function share({ fee, size: whole }: MadeOrder, from: Units, to: Units): Units {
  const prefix = (part: Units): Units => {
    const exact = (units(fee) * part) / units(whole);
    return exact - (exact % eighteen);
  };
  return prefix(to) - prefix(from);
}

/** What the sale earned. */
function earned(order: MadeOrder, { takes }: Truth): Units {
  const sum = (of: (take: Truth["takes"][number]) => Units): Units =>
    takes.reduce((total, take) => total + of(take), 0n);
  const proceeds = sum(({ quantity }) => times(units(order.price), quantity));
  const cost = sum(({ lot, quantity }) => times(price(lot), quantity));
  const fees = sum(
    ({ lot, quantity, ofLot, ofSale }) =>
      share(order, ofSale, ofSale + quantity) + share(lot.order, ofLot, ofLot + quantity),
  );
  return proceeds - cost - fees;
}

const fromDouble = (value: number): Units => {
  const [digits, exponent] = value.toExponential().split("e");
  const shift = Number(exponent);
  const [whole, fraction = ""] = digits!.split(".");
  const number = BigInt(whole + fraction);
  const power = decimals - fraction.length + shift;
  return power >= 0 ? number * 10n ** BigInt(power) : number / 10n ** BigInt(-power);
};

/** The precedence of docs/spec/legacy.md 5, applied to what is known to have happened. */
function expected(row: MadeRow, deed: Deed, truth: Truth): Cause {
  const ids = row.parents;
  const right = truth.takes.map(({ lot }) => lot.order.orderId);
  const isKnown = (id: string): boolean => truth.left.has(id);
  const others = ids.filter((id) => !right.includes(id));
  const isSame = others.length === 0 && ids.length === right.length;
  if (others.some((id) => truth.left.get(id) === 0n)) return "consumed parent reused";
  if (ids.length > 0 && ids.every(isKnown)) {
    const left = ids.reduce((sum, id) => sum + truth.left.get(id)!, 0n);
    const taken = deed.takes.reduce((sum, take) => sum + fromDouble(take.size), 0n);
    const tooLittle = left < units(row.order.size);
    const more = taken - left > units("0.000001") || deed.scaled;
    if (tooLittle && (!isSame || (more && costIsOff(deed, truth)))) return "consumed parent reused";
    if (!isSame) return "parent not the FIFO one";
  }
  if (others.some(isKnown)) return "parent not the FIFO one";
  if (!ids.every(isKnown)) return "stale parent id";
  if (ids.length > 0 && costIsOff(deed, truth)) return "cost scaled wrongly";
  if (ids.length > 0 && deed.fee !== "right") return "fee missing or twice";
  if (row.pnl === undefined && right.length > 0) return "PnL missing";
  const pnl = earned(row.order, truth);
  if (row.pnl !== undefined && fromDouble(row.pnl) !== pnl) return "float rounding only";
  return truth.unmatched > 0n ? "unmatched in the new" : "correct";
}

/** Whether the right parents' cost was taken in other parts than those that were sold. */
function costIsOff({ takes, scaled }: Deed, truth: Truth): boolean {
  const cost = takes.reduce((sum, { orderId, size: part }) => {
    const lot = truth.takes.find(({ lot: each }) => each.order.orderId === orderId)!.lot;
    return sum + times(price(lot), scaled ? units(lot.order.size) : fromDouble(part));
  }, 0n);
  const real = truth.takes.reduce(
    (sum, { lot, quantity }) => sum + times(price(lot), quantity),
    0n,
  );
  return size(cost - real) > real / 10_000_000n;
}

/** By order id, every sale's cause. */
export function expectedCauses({ rows, deeds }: OldSystem): Map<string, Cause> {
  const filled = rows.filter(({ order }) => order.status === "FILLED");
  const rowOf = new Map(filled.map((row) => [row.order.orderId, row]));
  const bySymbol = Map.groupBy(filled, ({ order }) => order.symbol);
  const causes = new Map<string, Cause>();
  for (const some of bySymbol.values()) {
    for (const [{ orderId }, truth] of fifo(some.map(({ order }) => order)))
      causes.set(orderId, expected(rowOf.get(orderId)!, deeds.get(orderId)!, truth));
  }
  return causes;
}
