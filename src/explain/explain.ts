/** Explaining: the whole tree behind a figure, from the stored conclusions down to what a source said. */
import { parseInstant } from "../core/time.ts";
import { headerOf } from "../reports/report.ts";
import { resolveSelection, type Selection } from "../reports/selection.ts";
import { readTransaction, resolveView, type View } from "../reports/view.ts";
import type { Connection, Database } from "../store/database.ts";
import { explainCell } from "./cell.ts";
import { chooseRevision, findFact, type Found } from "./find.ts";
import { type BookView, readFacts } from "./history.ts";
import type { Explanation, FactNode, FactState, Outcome } from "./node.ts";
import { explainOpening } from "./opening.ts";
import type { ExplainRequest, FactRequest } from "./request.ts";
import { explainSale, saleFigures } from "./sale.ts";
import { isVoided } from "./terms.ts";

async function computedEntryOf(
  connection: Connection,
  view: View,
  bookId: string,
): Promise<bigint> {
  const [row] = await connection.query<{ entry: bigint }>(
    `SELECT computed_entry AS entry FROM book_states WHERE version = $1 AND book_id = $2
       AND step <> ALL ($3::bigint[]) AND (superseded IS NULL OR superseded = ANY ($3::bigint[]))`,
    [view.version, bookId, view.hiddenSteps],
  );
  return row?.entry ?? 0n;
}

function stateOf(fact: FactNode, view: View): FactState {
  if (fact.kind === "adjustment") return "outside matching";
  if (!fact.taken_in) return "not yet computed";
  if (isVoided(fact)) return "voided";
  const at = parseInstant(fact.executed_at)!;
  return view.asOf !== undefined && at > view.asOf ? "after as of" : "taken in";
}

/** What the state means, where there is more to say than that the fact is taken in. */
function noteOf(fact: FactNode, state: FactState, view: View): string | null {
  const { voided, replaced_by } = fact;
  const next =
    replaced_by === null
      ? "; nothing replaces it"
      : `; revision ${replaced_by.revision} replaces it (entry ${replaced_by.entry})`;
  switch (state) {
    case "outside matching":
      return "an adjustment takes no part in matching until a person decides";
    case "voided":
      return `voided by ${voided!.author} (${voided!.reason}) and in no conclusion${next}`;
    case "not yet computed":
      return view.past
        ? `recorded as entry ${fact.entry}, after what was known at revision ${view.knownAt.revision}`
        : "recorded, but not yet computed: run `lotbook compute`";
    case "after as of":
      return "after the cut on execution time";
    case "taken in":
      return voided === null
        ? null
        : `voided by ${voided.author} (${voided.reason}), which is not yet computed here${next}`;
  }
}

const nothingStored = async (): Promise<Outcome> => ({ agrees: true, disagreements: [] });

async function* noRows(): AsyncGenerator<never> {}

async function explainFound(
  connection: Connection,
  selection: Selection,
  found: Found,
  computedEntry: bigint,
  request: FactRequest,
): Promise<Explanation> {
  const { view } = selection;
  const { book_id: bookId, portfolio, symbol, quote, entry } = found;
  const base = symbol.slice(0, -quote.length - 1);
  const book: BookView = { bookId, portfolio, symbol, base, quote, computedEntry };
  const fact = (await readFacts(connection, book, [entry])).get(entry)!;
  const state = stateOf(fact, view);
  const { tz } = request;
  const header = await headerOf(connection, selection, { report: "trades", tz });
  const common = { header, quote, fact, state, note: noteOf(fact, state, view) };
  if (fact.kind === "adjustment")
    return { kind: "adjustment", ...common, rows: noRows(), outcome: nothingStored };
  const at = parseInstant(fact.executed_at)!;
  if (fact.side === "sell") {
    const sale = { connection, selection, book, fact, entry, closedAt: at };
    const figures = await saleFigures(sale);
    const walk = explainSale(sale, figures, state === "taken in");
    return { kind: "sale", ...common, figures: figures ?? null, ...walk };
  }
  const opening = { connection, selection, fact, entry, openedAt: at };
  const kind = fact.kind === "fill" ? "buy" : "opening lot";
  return { kind, ...common, ...explainOpening(opening, state === "taken in") };
}

async function explainFact(connection: Connection, request: FactRequest): Promise<Explanation> {
  const view = await resolveView(connection, request);
  const revisions = await findFact(connection, request);
  const [{ book_id: bookId, portfolio, symbol }] = revisions as [Found];
  const computedEntry = await computedEntryOf(connection, view, bookId);
  const found = chooseRevision(revisions, request.revision, computedEntry);
  const selection = await resolveSelection(connection, view, {
    report: "trades",
    portfolio,
    symbol,
  });
  return explainFound(connection, selection, found, computedEntry, request);
}

/**
 * Explains a fact or a PnL cell and hands the explanation to `work`, within one read transaction. Its rows
 * come as they are read: read them to their end, then ask for the outcome, which says whether the facts give
 * what is stored. Throws LotbookError NOT_FOUND where there is no such fact, BAD_USAGE where an id or a cell
 * is ambiguous.
 */
export async function explain<T>(
  database: Database,
  request: ExplainRequest,
  work: (explanation: Explanation) => Promise<T>,
): Promise<T> {
  return database.connect((connection) =>
    readTransaction(connection, async () =>
      work(
        "cell" in request
          ? await explainCell(connection, request)
          : await explainFact(connection, request),
      ),
    ),
  );
}
