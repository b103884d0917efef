/**
 * The old system acted out: each row's conclusions are made when it is heard of, out of what was heard
 * before, in doubles, and are then stored beside the fact. Its faults are those that it had; what each did to
 * which sale is kept apart, so that a comparison can be held against it.
 */
import { Random } from "../random.ts";
import { type LegacyOptions, type MadeOrder, makeOrders } from "./orders.ts";

/** A row of trade_records. */
export interface MadeRow {
  readonly order: MadeOrder;
  parents: readonly string[];
  pnl: number | undefined;
  cost: number | undefined;
  proceeds: number | undefined;
  netProceeds: number | undefined;
  remaining: number | undefined;
  reconciledAt: number | undefined;
}

/** What the old system really did with a sale. */
export interface Deed {
  /** How much it took of which buy, as a double. */
  readonly takes: readonly { readonly orderId: string; readonly size: number }[];
  readonly scaled: boolean;
  readonly fee: "right" | "open missing" | "close missing" | "twice";
  /** It ended between storing the row and its conclusions. */
  readonly died: boolean;
}

export interface OldSystem {
  /** In the order in which they were heard of. */
  readonly rows: readonly MadeRow[];
  /** By the sale's order id. */
  readonly deeds: ReadonlyMap<string, Deed>;
}

/** How often, in ten thousand. */
const often = { lostDecrement: 300, scaled: 200, fee: 300, died: 200, reconcile: 400 };
const reconciledAtOnce = 4;
const reconciledOfLast = 40;

/** Runs the old system over made-up orders. All rows are kept: later ones change earlier ones. */
export function runOldSystem(options: LegacyOptions): OldSystem {
  const running = new Running(options.seed + 1);
  const late: MadeOrder[] = [];
  let number = 0;
  for (const order of makeOrders(options)) {
    for (const due of takeDue(late, number)) running.hear(due);
    if (order.heard === number) running.hear(order);
    else late.push(order);
    number += 1;
  }
  for (const due of takeDue(late, Infinity)) running.hear(due);
  return running;
}

/** Takes out of the list what is due, in the order of the list. */
function takeDue(late: MadeOrder[], number: number): MadeOrder[] {
  const due = late.filter(({ heard }) => heard <= number);
  if (due.length > 0) {
    const rest = late.filter(({ heard }) => heard > number);
    late.splice(0, late.length, ...rest);
  }
  return due;
}

class Running implements OldSystem {
  readonly rows: MadeRow[] = [];
  readonly deeds = new Map<string, Deed>();
  /** Buys that it believes to have something left, by symbol, the oldest first. */
  readonly #open = new Map<string, MadeRow[]>();
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  hear(order: MadeOrder): void {
    const row: MadeRow = {
      order,
      parents: [],
      pnl: undefined,
      cost: undefined,
      proceeds: undefined,
      netProceeds: undefined,
      remaining: undefined,
      reconciledAt: undefined,
    };
    this.rows.push(row);
    if (order.status !== "FILLED") return;
    if (order.side === "buy") this.#buy(row);
    else this.#sell(row);
    if (this.#random.oneIn10000(often.reconcile)) this.#reconcile(order.micros);
  }

  #buy(row: MadeRow): void {
    row.remaining = parseFloat(row.order.size);
    this.#reopen(row);
  }

  /** Puts a buy among the open ones, by time. */
  #reopen(row: MadeRow): void {
    const { symbol, micros } = row.order;
    const open = this.#open.get(symbol) ?? [];
    this.#open.set(symbol, open);
    if (open.includes(row)) return;
    const at = open.findLastIndex(({ order }) => order.micros < micros);
    open.splice(at + 1, 0, row);
  }

  #sell(row: MadeRow): void {
    const random = this.#random;
    const died = random.oneIn10000(often.died);
    const takes = died ? [] : this.#match(row);
    const feeFault = random.oneIn10000(often.fee);
    const fees = ["open missing", "close missing", "twice"] as const;
    const fee = feeFault ? fees[random.below(3)]! : "right";
    const scaled = random.oneIn10000(often.scaled);
    this.deeds.set(row.order.orderId, {
      takes: takes.map(({ buy, size }) => ({ orderId: buy.order.orderId, size })),
      scaled,
      fee,
      died,
    });
    if (takes.length > 0) conclude(row, takes, scaled, fee);
    for (const { buy, size } of takes) {
      // Two writers of one row: the decrement of the first is overwritten.
      if (random.oneIn10000(often.lostDecrement)) continue;
      buy.remaining = buy.remaining! - size;
    }
    const open = this.#open.get(row.order.symbol);
    if (open !== undefined && open.some(({ remaining }) => remaining! <= 0))
      this.#open.set(
        row.order.symbol,
        open.filter(({ remaining }) => remaining! > 0),
      );
  }

  /** First in, first out, of the buys that it has heard of and believes to have something left. */
  #match(row: MadeRow): { buy: MadeRow; size: number }[] {
    const takes: { buy: MadeRow; size: number }[] = [];
    let left = parseFloat(row.order.size);
    for (const buy of this.#open.get(row.order.symbol) ?? []) {
      if (left <= 0) break;
      if (buy.order.micros > row.order.micros || buy.remaining! <= 0) continue;
      const size = Math.min(left, buy.remaining!);
      takes.push({ buy, size });
      left -= size;
    }
    return takes;
  }

  /** Rows are overwritten by what the exchange says: parents that are ids of its own, and whole sizes. */
  #reconcile(micros: number): void {
    const random = this.#random;
    for (let turn = 0; turn < reconciledAtOnce; turn += 1) {
      const back = 1 + random.below(Math.min(reconciledOfLast, this.rows.length));
      const row = this.rows[this.rows.length - back]!;
      if (row.order.status !== "FILLED") continue;
      row.reconciledAt = micros;
      if (row.order.side === "sell") {
        if (row.parents.length > 0 && random.below(2) === 0)
          row.parents = [`exchange-${random.next().toString(16)}`];
      } else if (random.below(4) === 0) {
        row.remaining = parseFloat(row.order.size);
        this.#reopen(row);
      }
    }
  }
}

/** The conclusions of a sale, in doubles. */
function conclude(
  row: MadeRow,
  takes: readonly { readonly buy: MadeRow; readonly size: number }[],
  scaled: boolean,
  fee: Deed["fee"],
): void {
  const { order } = row;
  let size = 0;
  let cost = 0;
  for (const { buy, size: taken } of takes) {
    const whole = parseFloat(buy.order.size);
    // The fault: the cost of all that was bought, instead of the part that is sold.
    const part = scaled ? whole : taken;
    cost += part * parseFloat(buy.order.price);
    if (fee !== "open missing") cost += (parseFloat(buy.order.fee) * part) / whole;
    size += taken;
  }
  const closeFee = (parseFloat(order.fee) * size) / parseFloat(order.size);
  const times = fee === "close missing" ? 0 : fee === "twice" ? 2 : 1;
  row.parents = takes.map(({ buy }) => buy.order.orderId);
  row.proceeds = size * parseFloat(order.price);
  row.netProceeds = row.proceeds - times * closeFee;
  row.cost = cost;
  row.pnl = row.netProceeds - cost;
}
