/**
 * Which cause changed which sale, by how much. Causes are applied one at a time, policy first, then facts in
 * the order given; what comes out otherwise at a cause is its own. docs/spec/diff.md.
 */
import type { Policy } from "../matching/walk.ts";
import type { Movement } from "../movement.ts";
import { compareLedgerOrder } from "../order.ts";
import { BookConclusions, type Change } from "./book.ts";
import { pnlOf, sameSale, type Sale } from "./sale.ts";

/** Causes that a sale lists one by one; the others are one sum. */
const causesListed = 20;

export type Cause<Fact extends Change = Change> =
  | { readonly kind: "scope" | "method"; readonly from: string; readonly to: string }
  | { readonly kind: "fact"; readonly change: Fact };

/** What a cause owns. Amounts here and below in units of 10^-36. */
export interface Effect<Fact extends Change = Change> {
  readonly cause: Cause<Fact>;
  /** Sales that came out otherwise at it, of those selected. */
  sales: number;
  pnl: bigint;
}

export interface ChangedSale<Fact extends Change = Change> {
  readonly before: Sale | undefined;
  readonly after: Sale | undefined;
  /** In the order of application; together with `others` their changes add up to the sale's. */
  readonly causes: ReadonlyArray<{ readonly cause: Effect<Fact>; readonly pnl: bigint }>;
  readonly others: { readonly causes: number; readonly pnl: bigint };
}

export interface Attribution<Fact extends Change = Change> {
  /** Policy causes, and the facts that changed a sale. */
  readonly effects: readonly Effect<Fact>[];
  /** Those whose conclusions differ in the end, in ledger order. */
  readonly sales: readonly ChangedSale<Fact>[];
}

export interface AttributionInput<Fact extends Change = Change> {
  /** What stands at the beginning, in any order. */
  readonly movements: readonly Movement[];
  readonly before: Policy;
  readonly after: Policy;
  /** In the order of application. */
  readonly changes: readonly Fact[];
  /** Which sales are counted; all are computed. */
  readonly selects?: (close: Movement) => boolean;
  /** Are given the conclusions of the whole book, to look at, before anything is applied and after all is. */
  readonly onStart?: (book: BookConclusions) => void;
  readonly onEnd?: (book: BookConclusions) => void;
}

interface Followed<Fact extends Change> {
  readonly before: Sale | undefined;
  after: Sale | undefined;
  readonly causes: { cause: Effect<Fact>; pnl: bigint }[];
  readonly others: { causes: number; pnl: bigint };
}

class Tally<Fact extends Change> {
  readonly effects: Effect<Fact>[] = [];
  readonly #selects: (close: Movement) => boolean;
  readonly #sales = new Map<number, Followed<Fact>>();
  #current: Effect<Fact> | undefined;

  constructor(selects: (close: Movement) => boolean) {
    this.#selects = selects;
  }

  begin(cause: Cause<Fact>): void {
    this.#current = { cause, sales: 0, pnl: 0n };
    if (cause.kind !== "fact") this.effects.push(this.#current);
  }

  readonly onChange = (before: Sale | undefined, after: Sale | undefined): void => {
    const { close } = (after ?? before)!;
    if (!this.#selects(close)) return;
    const effect = this.#current!;
    if (effect.sales === 0 && effect.cause.kind === "fact") this.effects.push(effect);
    const pnl = pnlOf(after) - pnlOf(before);
    effect.sales += 1;
    effect.pnl += pnl;
    let sale = this.#sales.get(close.entry);
    if (sale === undefined) {
      sale = { before, after, causes: [], others: { causes: 0, pnl: 0n } };
      this.#sales.set(close.entry, sale);
    }
    sale.after = after;
    if (sale.causes.length < causesListed) {
      sale.causes.push({ cause: effect, pnl });
      return;
    }
    sale.others.causes += 1;
    sale.others.pnl += pnl;
  };

  /** In ledger order. */
  changed(): ChangedSale<Fact>[] {
    const close = ({ before, after }: Followed<Fact>): Movement => (after ?? before)!.close;
    return [...this.#sales.values()]
      .filter(({ before, after }) => !sameSale(before, after))
      .sort((left, right) => compareLedgerOrder(close(left), close(right)));
  }
}

/** Facts that are not there at the beginning and come to be, each once. */
function comingOf(changes: readonly Change[], movements: readonly Movement[]): Movement[] {
  const coming = new Map<number, Movement>();
  for (const { after } of changes) if (after !== undefined) coming.set(after.entry, after);
  for (const { entry } of movements) coming.delete(entry);
  return [...coming.values()];
}

/** Attributes what differs in one book to its causes. */
export function attribute<Fact extends Change>(input: AttributionInput<Fact>): Attribution<Fact> {
  const { movements, changes, before, after, selects = () => true } = input;
  const tally = new Tally<Fact>(selects);
  const coming = comingOf(changes, movements);
  let policy = before;
  let book = new BookConclusions(policy, movements, coming);
  input.onStart?.(book);
  for (const kind of ["scope", "method"] as const) {
    if (policy[kind] === after[kind]) continue;
    tally.begin({ kind, from: policy[kind], to: after[kind] });
    policy =
      kind === "scope"
        ? { scope: after.scope, method: policy.method }
        : { scope: policy.scope, method: after.method };
    const next = new BookConclusions(policy, movements, coming);
    next.compare(book, tally.onChange);
    book = next;
  }
  for (const change of changes) {
    tally.begin({ kind: "fact", change });
    book.change(change, tally.onChange);
  }
  input.onEnd?.(book);
  return { effects: tally.effects, sales: tally.changed() };
}
