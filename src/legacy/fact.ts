/** An old row as a fact, as an order to pass over, or as a problem. docs/spec/legacy.md 1 to 3. */
import { expandExponent } from "../core/decimal.ts";
import type { Fill, Problem } from "../core/fact.ts";
import { isProblem, makeProblem } from "../core/problem.ts";
import { resolveFill } from "../core/resolve.ts";
import { instantFault, parseInstant, type Instant } from "../core/time.ts";
import {
  amountColumns,
  arrayElements,
  doubleText,
  type LegacyCells,
  type LegacyRow,
  requiredColumns,
  zonedTime,
} from "./row.ts";

export interface Wallet {
  readonly portfolio: string;
  readonly venue: string;
  readonly account: string;
}

export interface LegacyChoice {
  readonly symbol?: string;
  /** What was executed at or after it. */
  readonly since?: Instant;
}

/** A filled order: its fact, what told of it, and the row itself. */
export interface LegacyOrder {
  readonly row: number;
  readonly fact: Fill;
  readonly raw: string;
  readonly cells: LegacyCells;
  readonly parents: readonly string[] | undefined;
}

export type LegacyReading =
  | { readonly order: LegacyOrder }
  | { readonly problem: Problem }
  /** By its status. */
  | { readonly passed: string }
  /** By the choice of symbol and time. */
  | { readonly left: true };

const taken = new Set(["filled", "done", "closed", "completed", "settled", "executed"]);
const passed = new Set(
  (
    "cancelled canceled expired failed rejected open new active pending queued cancel_queued " +
    "edit_queued unknown_order_status"
  ).split(" "),
);

/** The columns that a telling has, in its order: none of the conclusions. */
const told = [...requiredColumns, "trigger"] as const;

/** What the columns are called that a fill is made of. */
const names = {
  fillId: "order_id",
  executedAt: "order_time",
  quantity: "size",
  fee: "total_fees_usd",
  strategy: "trigger",
};

/** Reads rows of one source into facts of one wallet. */
export class LegacyReader {
  readonly #file: string;
  readonly #wallet: Wallet;
  readonly #choice: LegacyChoice;

  constructor(file: string, wallet: Wallet, choice: LegacyChoice) {
    this.#file = file;
    this.#wallet = wallet;
    this.#choice = choice;
  }

  read({ row, cells, fault }: LegacyRow): LegacyReading {
    if (cells === undefined) return this.#refuse(row, undefined, undefined, undefined, fault!);
    if (!this.#isChosen(cells)) return { left: true };
    const status = cells.status?.toLowerCase();
    if (status !== undefined && passed.has(status)) return { passed: status };
    if (status !== undefined && !taken.has(status))
      return this.#refuse(row, cells, "status", cells.status, unknownStatus);
    return this.#order(row, cells);
  }

  #isChosen({ symbol, order_time: time }: LegacyCells): boolean {
    const choice = this.#choice;
    if (choice.symbol !== undefined && symbol !== choice.symbol) return false;
    const at = time === undefined ? undefined : parseInstant(zonedTime(time));
    // A time that can't be read is told as a problem, whatever was chosen.
    return choice.since === undefined || at === undefined || at >= choice.since;
  }

  #order(row: number, cells: LegacyCells): LegacyReading {
    const refuse = (column: keyof LegacyCells, message: string): LegacyReading =>
      this.#refuse(row, cells, column, cells[column], message);
    const fact = resolveFill(
      {
        ...this.#wallet,
        symbol: cells.symbol,
        fillId: cells.order_id,
        orderId: cells.order_id,
        executedAt: cells.order_time && zonedTime(cells.order_time),
        side: sideText(cells.side),
        quantity: cells.size && expandExponent(cells.size),
        price: cells.price && expandExponent(cells.price),
        fee: cells.total_fees_usd && expandExponent(cells.total_fees_usd),
        strategy: strategyOf(cells.trigger),
        grain: "order",
      },
      { file: this.#file, row },
      names,
    );
    if (isProblem(fact)) return { problem: { ...fact, column: ofOrder(fact.column, cells) } };
    for (const column of amountColumns)
      if (cells[column] !== undefined && doubleText(cells[column]) === undefined)
        return refuse(column, "is no number; write digits, or leave it empty");
    const parents = cells.parent_ids === undefined ? undefined : arrayElements(cells.parent_ids);
    if (cells.parent_ids !== undefined && parents === undefined)
      return refuse("parent_ids", "is no array of text; write it like {first,second}");
    const reconciled = cells.last_reconciled_at && zonedTime(cells.last_reconciled_at);
    if (reconciled !== undefined && parseInstant(reconciled) === undefined)
      return refuse("last_reconciled_at", instantFault(reconciled));
    if (cells.trigger !== undefined && !isStorableJson(cells.trigger))
      return refuse("trigger", "is no JSON that a database keeps; correct it, or leave it empty");
    const raw = JSON.stringify(Object.fromEntries(told.map((name) => [name, cells[name] ?? null])));
    return { order: { row, fact: fact as Fill, raw, cells, parents } };
  }

  #refuse(
    row: number,
    cells: LegacyCells | undefined,
    column: string | undefined,
    value: string | undefined,
    message: string,
  ): LegacyReading {
    const place = { file: this.#file, row };
    return { problem: makeProblem(place, ofOrder(column, cells), value, message) };
  }
}

const unknownStatus =
  "is no status that is known; correct it to filled or cancelled, or leave the row out";

/** Rows of a database have no numbers that a person knows: the order is the place. */
export function ofOrder(
  column: string | undefined,
  cells: LegacyCells | undefined,
): string | undefined {
  if (cells?.order_id === undefined) return column;
  return column === undefined ? `order ${cells.order_id}` : `${column} of order ${cells.order_id}`;
}

function sideText(text: string | undefined): string | undefined {
  const small = text?.toLowerCase();
  return small === "buy" || small === "sell" ? small : text;
}

/** PostgreSQL's JSON takes no U+0000. */
function isStorableJson(text: string): boolean {
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  return !/\\u0000/i.test(text);
}

/** The name of what made the order, where its trigger has one. */
function strategyOf(trigger: string | undefined): string | undefined {
  if (trigger === undefined) return undefined;
  let said: unknown;
  try {
    said = JSON.parse(trigger);
  } catch {
    return undefined;
  }
  if (typeof said === "string") return said;
  if (typeof said !== "object" || said === null) return undefined;
  const { trigger: first, name } = said as { trigger?: unknown; name?: unknown };
  return [first, name].find((each) => typeof each === "string");
}
