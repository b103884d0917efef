/** A buy or an opening lot: the sales that took from it, and what is left. */
import { formatInstant } from "../core/time.ts";
import { saleOrder } from "../reports/allocations.ts";
import { readByCursor } from "../reports/cursor.ts";
import { remainders } from "../reports/lots.ts";
import { Parameters } from "../reports/parameters.ts";
import { inRange, inView, type Selection } from "../reports/selection.ts";
import type { Connection } from "../store/database.ts";
import {
  concludedColumns,
  concludedOf,
  type ConcludedRow,
  madeBy,
  missingWords,
} from "./conclusions.ts";
import { Exact, term } from "./exact.ts";
import { Agreement } from "./figure.ts";
import type { FactNode, LeftNode, Outcome, TakingNode } from "./node.ts";
import { isWhole, shareLeft, shareOf } from "./terms.ts";

/** An opening fact in a view. */
export interface Opening {
  readonly connection: Connection;
  readonly selection: Selection;
  readonly fact: FactNode;
  readonly entry: bigint;
  readonly openedAt: bigint;
}

interface TakingRow extends ConcludedRow {
  readonly fill_id: string;
  readonly fill_revision: number;
  readonly venue: string;
  readonly account: string;
  readonly closed_at: bigint;
  readonly slice: number;
  readonly quantity: string;
  readonly open_fee: string;
  readonly cost_basis: string | null;
  readonly pnl: string | null;
  readonly missing: number;
}

/** The slices that came out of it, in ledger order of the sales. */
function takings(opening: Opening, parameters: Parameters): string {
  const { selection } = opening;
  const amounts = ["quantity", "open_fee", "cost_basis", "pnl"].map(
    (name) => `trim_scale(slice.${name})::text AS ${name}`,
  );
  return `SELECT sale.fill_id::text, sale.revision AS fill_revision, sale.venue::text, sale.account::text,
      slice.closed_at, slice.slice, ${amounts.join(", ")}, slice.missing, ${concludedColumns}
    FROM allocations slice ${madeBy("slice")}
    JOIN books book ON book.book_id = slice.book_id
    JOIN fills sale ON sale.book_id = slice.book_id AND sale.entry = slice.close_entry
    WHERE ${inView(selection, parameters, "slice")} AND ${inRange(selection, parameters, "slice.closed_at")}
      AND slice.open_entry = ${parameters.add(opening.entry)}::bigint
      AND slice.closed_at >= ${parameters.add(opening.openedAt)}::bigint
    ORDER BY slice.closed_at, ${saleOrder}, slice.slice`;
}

interface LeftRow extends Partial<ConcludedRow> {
  readonly quantity: string;
  readonly open_fee: string;
  readonly cost_basis: string | null;
}

/** What `report lots` says is left; undefined: nothing. */
async function readLeft(opening: Opening): Promise<LeftRow | undefined> {
  const { connection, selection, entry } = opening;
  const parameters = new Parameters();
  const [row] = await connection.query<LeftRow>(
    `SELECT trim_scale(rest.quantity)::text AS quantity, trim_scale(rest.open_fee)::text AS open_fee,
       trim_scale(rest.cost_basis)::text AS cost_basis, concluded.*
     FROM (${remainders(selection, parameters)}) rest
     LEFT JOIN LATERAL (SELECT ${concludedColumns} FROM open_lots held ${madeBy("held")}
       WHERE ${inView(selection, parameters, "held")} AND held.open_entry = rest.open_entry) concluded ON true
     WHERE rest.open_entry = ${parameters.add(entry)}::bigint`,
    parameters.values,
  );
  return row;
}

class TakingWalk {
  readonly agreement: Agreement = new Agreement();
  consumed: Exact = Exact.zero;
  readonly #fact: FactNode;

  constructor(fact: FactNode) {
    this.#fact = fact;
  }

  node(row: TakingRow): TakingNode {
    const fact = this.#fact;
    const where = `slice ${row.slice} of ${row.fill_id}: `;
    const quantity = Exact.of(row.quantity);
    const share = shareOf(fact, this.consumed, this.consumed.plus(quantity));
    this.consumed = this.consumed.plus(quantity);
    const price = Exact.of(fact.price ?? "0");
    const cost = isWhole(fact) ? price.times(quantity).plus(share.value) : undefined;
    return {
      close_fill_id: row.fill_id,
      revision: row.fill_revision,
      venue: row.venue,
      account: row.account,
      closed_at: formatInstant(row.closed_at),
      slice: row.slice,
      quantity: row.quantity,
      open_share: this.agreement.figure(
        `${where}open share`,
        row.open_fee,
        share.formula,
        share.arithmetic,
        share.value,
      ),
      cost_basis: this.agreement.figure(
        `${where}cost basis`,
        row.cost_basis,
        "open price * quantity + open share",
        `${price} * ${quantity}${term(share.value)}`,
        cost,
      ),
      pnl: row.pnl,
      missing: missingWords(row.missing),
      concluded: concludedOf(row),
      left: this.#left.toString(),
    };
  }

  get #left(): Exact {
    return Exact.of(this.#fact.effective_quantity!.value!).minus(this.consumed);
  }

  /**
   * Holds what is stored as left against what the sales left. `expected`: the version should have taken the
   * fact in.
   */
  left(row: LeftRow | undefined, expected: boolean): LeftNode | null {
    const fact = this.#fact;
    const name = `what is left of ${fact.id}: `;
    if (!expected) {
      const taken = this.consumed.toString();
      this.agreement.hold(`what was taken from ${fact.id}`, taken, "0");
      this.agreement.hold(`${name}quantity`, row?.quantity ?? "0", "0");
      return null;
    }
    const left = this.#left;
    if (row === undefined) {
      this.agreement.hold(`${name}quantity`, "0", left.toString());
      return null;
    }
    const share = shareLeft(fact, this.consumed);
    const price = Exact.of(fact.price ?? "0");
    const cost = isWhole(fact) ? price.times(left).plus(share.value) : undefined;
    return {
      quantity: this.agreement.figure(
        `${name}quantity`,
        row.quantity,
        "quantity - consumed",
        `${fact.effective_quantity!.value}${term(this.consumed, "-")}`,
        left,
      ),
      open_share: this.agreement.figure(
        `${name}open share`,
        row.open_fee,
        share.formula,
        share.arithmetic,
        share.value,
      ),
      cost_basis: this.agreement.figure(
        `${name}cost basis`,
        row.cost_basis,
        "open price * quantity left + open share left",
        `${price} * ${left}${term(share.value)}`,
        cost,
      ),
      concluded: typeof row.run === "bigint" ? concludedOf(row as ConcludedRow) : null,
    };
  }
}

/**
 * The sales that took from it as they come, and after them what is left. `expected`: the version should have
 * taken the fact in.
 */
export function explainOpening(
  opening: Opening,
  expected: boolean,
): { rows: AsyncGenerator<TakingNode>; outcome: () => Promise<Outcome> } {
  const walk = new TakingWalk(opening.fact);
  async function* rows(): AsyncGenerator<TakingNode> {
    const parameters = new Parameters();
    const text = takings(opening, parameters);
    for await (const row of readByCursor<TakingRow>(opening.connection, text, parameters))
      yield walk.node(row);
  }
  return {
    rows: rows(),
    outcome: async () => {
      const left = walk.left(await readLeft(opening), expected);
      const { disagreements } = walk.agreement;
      return { left, agrees: disagreements.length === 0, disagreements };
    },
  };
}
