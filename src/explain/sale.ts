/** A sale: its slices, each with the arithmetic of its figures and the opening fact it came out of. */
import { formatInstant } from "../core/time.ts";
import { selectList, toRow, type ReportRow } from "../reports/column.ts";
import { Parameters } from "../reports/parameters.ts";
import { fromSlices, inView, type Selection } from "../reports/selection.ts";
import { sliceSums, sumColumns } from "../reports/sums.ts";
import type { Connection } from "../store/database.ts";
import {
  concludedColumns,
  concludedOf,
  type ConcludedRow,
  madeBy,
  missingWords,
} from "./conclusions.ts";
import { Exact, sumText, term } from "./exact.ts";
import { Agreement } from "./figure.ts";
import { type BookView, readFacts } from "./history.ts";
import type { FactNode, Figure, Outcome, SliceNode } from "./node.ts";
import { isVoided, isWhole, type Share, shareOf } from "./terms.ts";

const slicesAPage = 200;

/** A closing fill in a view. */
export interface Sale {
  readonly connection: Connection;
  readonly selection: Selection;
  readonly book: BookView;
  readonly fact: FactNode;
  readonly entry: bigint;
  readonly closedAt: bigint;
}

/** The sums of `report trades`; undefined where the sale has no slices in the view. */
export async function saleFigures(sale: Sale): Promise<ReportRow | undefined> {
  const parameters = new Parameters();
  const { selection } = sale;
  const slices = fromSlices(selection, parameters, { sale: false, lot: selection.openingLots });
  const [row] = await sale.connection.query<Record<string, unknown>>(
    `SELECT ${selectList(sumColumns)} FROM (SELECT ${sliceSums(selection)} ${slices}
       AND slice.close_entry = ${parameters.add(sale.entry)}::bigint
       AND slice.closed_at = ${parameters.add(sale.closedAt)}::bigint) trade WHERE slices > 0`,
    parameters.values,
  );
  return row === undefined ? undefined : toRow(sumColumns, row);
}

/** The condition that a row of `alias` is a slice of the sale. */
function ofSale(sale: Sale, parameters: Parameters, alias: string): string {
  return `${inView(sale.selection, parameters, alias)}
    AND ${alias}.closed_at = ${parameters.add(sale.closedAt)}::bigint
    AND ${alias}.close_entry = ${parameters.add(sale.entry)}::bigint`;
}

/** Ledger order of sales of one instant: docs/spec/time.md 2. `alias` is of fills. */
const placeOf = (alias: string): string => `(${alias}.sequence IS NOT NULL, ${alias}.venue,
  ${alias}.account, coalesce(${alias}.sequence, 0), ${alias}.fill_id, ${alias}.revision)`;

/**
 * What earlier sales took from the opening facts of this one. Under FIFO that is of one of them at most; none
 * is assumed here.
 */
async function consumedBefore(sale: Sale): Promise<ReadonlyMap<bigint, Exact>> {
  const parameters = new Parameters();
  const own = `SELECT own.open_entry, own.opened_at FROM allocations own
    WHERE ${ofSale(sale, parameters, "own")}`;
  const closedAt = parameters.add(sale.closedAt);
  const rows = await sale.connection.query<{ entry: bigint; quantity: string }>(
    `WITH own AS MATERIALIZED (${own})
     SELECT earlier.open_entry AS entry, trim_scale(sum(earlier.quantity))::text AS quantity
     FROM allocations earlier
     WHERE ${inView(sale.selection, parameters, "earlier")}
       AND earlier.closed_at >= (SELECT min(opened_at) FROM own) AND earlier.closed_at <= ${closedAt}::bigint
       AND earlier.open_entry IN (SELECT open_entry FROM own)
       AND (earlier.closed_at < ${closedAt}::bigint OR EXISTS (SELECT FROM fills before
         JOIN fills this ON this.book_id = before.book_id
           AND this.entry = ${parameters.add(sale.entry)}::bigint
         WHERE before.book_id = earlier.book_id AND before.entry = earlier.close_entry
           AND ${placeOf("before")} < ${placeOf("this")}))
     GROUP BY earlier.open_entry`,
    parameters.values,
  );
  return new Map(rows.map((row) => [row.entry, Exact.of(row.quantity)]));
}

interface SliceRow extends ConcludedRow {
  readonly slice: number;
  readonly open_entry: bigint | null;
  readonly quantity: string;
  readonly open_fee: string | null;
  readonly close_fee: string;
  readonly cost_basis: string | null;
  readonly proceeds: string;
  readonly net_proceeds: string;
  readonly pnl: string | null;
  readonly missing: number;
  readonly opened_at: bigint | null;
  readonly closed_at: bigint;
  readonly row_hash: string;
}

async function readPage(sale: Sale, after: number): Promise<SliceRow[]> {
  const parameters = new Parameters();
  const amounts = ["quantity", "open_fee", "close_fee", "cost_basis", "proceeds", "pnl"].map(
    (name) => `trim_scale(slice.${name})::text AS ${name}`,
  );
  return sale.connection.query<SliceRow>(
    `SELECT slice.slice, slice.open_entry, ${amounts.join(", ")}, slice.missing, slice.opened_at,
       trim_scale(slice.proceeds - slice.close_fee)::text AS net_proceeds,
       slice.closed_at, encode(slice.row_hash, 'hex') AS row_hash, ${concludedColumns}
     FROM allocations slice ${madeBy("slice")} WHERE ${ofSale(sale, parameters, "slice")}
       AND slice.slice > ${parameters.add(after)}::integer
     ORDER BY slice.slice LIMIT ${slicesAPage}`,
    parameters.values,
  );
}

/** What would complete a slice, in sentences. */
function healingOf(sale: Sale, row: SliceRow, opening: FactNode | undefined): string[] {
  const { fact, book } = sale;
  const value = (of: FactNode): string[] =>
    of.values_missing.map(
      (asset) =>
        `record what the fee in ${asset} of ${of.id} was worth in ${book.quote}, as a fee value`,
    );
  if (opening === undefined)
    return [
      `import the missing buys of ${row.quantity} ${book.base} from before ${fact.executed_at}, ` +
        "or record an opening lot of then; a later buy never covers it",
      ...value(fact),
    ];
  const unknown = opening.kind === "opening lot" && opening.cost === null;
  const cost = unknown
    ? [`void the opening lot ${opening.id} and record it again with its cost`]
    : [];
  return [...cost, ...value(opening), ...value(fact)];
}

/** What the figures of a slice are made of. */
interface SliceParts {
  /** How a disagreement names it. */
  readonly where: string;
  readonly quantity: Exact;
  readonly closePrice: Exact;
  readonly openPrice: Exact;
  readonly close: Share;
  /** Undefined: unmatched. */
  readonly open: Share | undefined;
  /** Whether the costs of either side are wholly known. */
  readonly openWhole: boolean;
  readonly closeWhole: boolean;
}

type SliceFigures = Pick<
  SliceNode,
  "pnl" | "open_share" | "close_share" | "cost_basis" | "proceeds" | "net_proceeds"
>;

/** The figures of a slice (docs/spec/numbers.md 5), what is stored held against them. */
function figuresOf(agreement: Agreement, row: SliceRow, parts: SliceParts): SliceFigures {
  const { where, quantity, closePrice, openPrice, close, open } = parts;
  const shared = open?.value ?? Exact.zero;
  const proceeds = closePrice.times(quantity);
  const net = proceeds.minus(close.value);
  const cost = parts.openWhole ? openPrice.times(quantity).plus(shared) : undefined;
  const pnl = parts.closeWhole && cost !== undefined ? net.minus(cost) : undefined;
  const figure = (
    name: string,
    stored: string | null,
    { formula, arithmetic, value }: Pick<Share, "formula" | "arithmetic"> & { value?: Exact },
  ): Figure => agreement.figure(where + name, stored, formula, arithmetic, value);
  return {
    pnl: figure("pnl", row.pnl, {
      formula: "(close price - open price) * quantity - open share - close share",
      arithmetic: `(${closePrice} - ${openPrice}) * ${quantity}${term(shared, "-")}${term(close.value, "-")}`,
      ...(pnl === undefined ? {} : { value: pnl }),
    }),
    open_share: open === undefined ? null : figure("open share", row.open_fee, open),
    close_share: figure("close share", row.close_fee, close),
    cost_basis: figure("cost basis", row.cost_basis, {
      formula: "open price * quantity + open share",
      arithmetic: `${openPrice} * ${quantity}${term(shared)}`,
      ...(cost === undefined ? {} : { value: cost }),
    }),
    proceeds: figure("proceeds", row.proceeds, {
      formula: "close price * quantity",
      arithmetic: `${closePrice} * ${quantity}`,
      value: proceeds,
    }),
    net_proceeds: figure("net proceeds", row.net_proceeds, {
      formula: "proceeds - close share",
      arithmetic: `${proceeds}${term(close.value, "-")}`,
      value: net,
    }),
  };
}

/** Walks the slices of a sale, in their order. */
class SliceWalk {
  readonly agreement: Agreement = new Agreement();
  readonly #sale: Sale;
  readonly #before: ReadonlyMap<bigint, Exact>;
  readonly gains: Exact[] = [];
  readonly quantities: Exact[] = [];
  #taken = Exact.zero;
  #sum = Exact.zero;

  constructor(sale: Sale, before: ReadonlyMap<bigint, Exact>) {
    this.#sale = sale;
    this.#before = before;
  }

  node(row: SliceRow, opening: FactNode | undefined): SliceNode {
    const { fact } = this.#sale;
    const quantity = Exact.of(row.quantity);
    const before = this.#consumed(row);
    const parts: SliceParts = {
      where: `slice ${row.slice} of ${fact.id}: `,
      quantity,
      closePrice: Exact.of(fact.price!),
      openPrice: Exact.of(opening?.price ?? "0"),
      close: shareOf(fact, this.#taken, this.#taken.plus(quantity)),
      open: opening && shareOf(opening, before, before.plus(quantity)),
      openWhole: opening !== undefined && isWhole(opening),
      closeWhole: isWhole(fact),
    };
    this.#holdPlaces(parts.where, row, opening, before.plus(quantity));
    this.#add(quantity, row.pnl);
    return {
      slice: row.slice,
      quantity: row.quantity,
      ...figuresOf(this.agreement, row, parts),
      complete: row.missing === 0,
      missing: missingWords(row.missing),
      heals: healingOf(this.#sale, row, opening),
      concluded: concludedOf(row),
      row_hash: row.row_hash,
      pnl_so_far: this.#sum.toString(),
      opening: opening ?? null,
    };
  }

  /** What earlier sales took from the slice's opening fact. */
  #consumed(row: SliceRow): Exact {
    const before = row.open_entry === null ? undefined : this.#before.get(row.open_entry);
    return before ?? Exact.zero;
  }

  #add(quantity: Exact, pnl: string | null): void {
    this.quantities.push(quantity);
    this.#taken = this.#taken.plus(quantity);
    if (pnl === null) return;
    this.gains.push(Exact.of(pnl));
    this.#sum = this.#sum.plus(Exact.of(pnl));
  }

  /** What is no figure: which facts a slice may name, and what it says of them. */
  #holdPlaces(where: string, row: SliceRow, opening: FactNode | undefined, consumed: Exact): void {
    const { fact } = this.#sale;
    const bits =
      (isWhole(fact) ? 0 : 2) +
      (row.open_entry === null ? 4 : opening !== undefined && !isWhole(opening) ? 1 : 0);
    const hold = this.agreement.hold.bind(this.agreement);
    hold(`${where}missing`, missingWords(row.missing).join(", "), missingWords(bits).join(", "));
    hold(`${where}closed at`, formatInstant(row.closed_at), fact.executed_at);
    if (row.open_entry === null) {
      hold(`${where}open share`, row.open_fee, null);
      return;
    }
    if (opening === undefined) {
      hold(`${where}opening fact`, `entry ${row.open_entry}`, "no fill or opening lot");
      return;
    }
    const openedAt = row.opened_at === null ? null : formatInstant(row.opened_at);
    hold(`${where}opened at`, openedAt, opening.executed_at);
    if (isVoided(opening)) hold(`${where}opening fact`, opening.id, "voided");
    if (opening.side === "sell") hold(`${where}opening fact`, opening.id, "a sale");
    const whole = Exact.of(opening.effective_quantity!.value!);
    if (consumed.minus(whole).units > 0n)
      hold(`${where}taken from ${opening.id} by then`, `${consumed}`, `at most ${whole}`);
  }

  /** What the slices add up to. `expected`: the version should have taken the sale in. */
  outcome(figures: ReportRow | undefined, expected: boolean): Outcome {
    const { agreement, gains, quantities } = this;
    const { disagreements } = agreement;
    const { id, effective_quantity } = this.#sale.fact;
    const there = figures !== undefined;
    agreement.hold(`slices of ${id}`, there ? "some" : "none", expected ? "some" : "none");
    if (figures === undefined) return { agrees: disagreements.length === 0, disagreements };
    const sums = {
      quantity: agreement.figure(
        `quantity of ${id}`,
        effective_quantity!.value,
        "sum of the slices",
        sumText(quantities),
        this.#taken,
      ),
      pnl: agreement.figure(
        `pnl of ${id}`,
        figures["realized_pnl"] as string,
        "sum of the complete slices",
        sumText(gains),
        this.#sum,
      ),
    };
    return { ...sums, agrees: disagreements.length === 0, disagreements };
  }
}

/** The slices of a sale as they come, and after them what they add up to. */
export function explainSale(
  sale: Sale,
  figures: ReportRow | undefined,
  expected: boolean,
): { rows: AsyncGenerator<SliceNode>; outcome: () => Promise<Outcome> } {
  let walk = new SliceWalk(sale, new Map());
  async function* rows(): AsyncGenerator<SliceNode> {
    if (figures === undefined) return;
    walk = new SliceWalk(sale, await consumedBefore(sale));
    for (let after = 0; ;) {
      const page = await readPage(sale, after);
      const entries = page.flatMap((row) => (row.open_entry === null ? [] : [row.open_entry]));
      const facts = await readFacts(sale.connection, sale.book, entries);
      for (const row of page)
        yield walk.node(row, row.open_entry === null ? undefined : facts.get(row.open_entry));
      if (page.length < slicesAPage) return;
      after = page[page.length - 1]!.slice;
    }
  }
  return { rows: rows(), outcome: async () => walk.outcome(figures, expected) };
}
