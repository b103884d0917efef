/** Reading the review queue: items with what is recorded, what was told, and what can be done. */
import { factToLine, type Line } from "../../adapters/lotbook-ndjson/lines.ts";
import { parseDecimal } from "../../core/decimal.ts";
import { fetchRows } from "../../store/cursor.ts";
import type { Connection, Database } from "../../store/database.ts";
import { type BookRow, readFactsAt, type RecordedFact } from "../read-facts.ts";
import { adjustedFills, waitingCandidates } from "./candidates.ts";
import { differences } from "./differences.ts";
import {
  type ItemFilter,
  type ItemKind,
  itemKinds,
  itemOrder,
  itemParameters,
  itemsQuery,
  type PublishedSteps,
} from "./items.ts";

export interface ReviewRequest {
  /** All kinds when left out. */
  readonly kinds?: readonly ItemKind[] | undefined;
  readonly portfolio?: string | undefined;
  readonly symbol?: string | undefined;
  /** These items only, by their names. */
  readonly items?: readonly string[] | undefined;
  /** Resolved ones too. */
  readonly all?: boolean | undefined;
}

export type Action =
  | "keep"
  | "take"
  | "record"
  | "attach"
  | "dismiss"
  | "value"
  | "void"
  | "accept"
  | "reopen";

export interface ItemDecision {
  readonly action: Action;
  readonly author: string;
  readonly reason: string;
  /** RFC 3339, as the database prints it. */
  readonly recorded_at: string | null;
}

/** An item as JSON shows it. Facts are lines of an export; amounts are decimal text. */
export interface ReviewItem {
  readonly item: string;
  readonly kind: ItemKind;
  readonly portfolio: string;
  readonly symbol: string;
  readonly venue: string | null;
  readonly account: string | null;
  /** Of what the item is about: a fill's id, an opening lot's key, an adjustment's entry id. */
  readonly fill_id: string | null;
  /** The fact concerned, its latest revision; null while a telling waits. */
  readonly recorded: Line | null;
  /** What a telling says that contradicts it, or that waits; null where it was not kept. */
  readonly told: Line | null;
  /** Who told it. */
  readonly source: string | null;
  /** Fields in which the two differ. */
  readonly differs: readonly string[];
  /** The unmatched quantity, or the amount of the fee. */
  readonly quantity: string | null;
  /** The asset of the fee. */
  readonly asset: string | null;
  /** Of an adjustment the fills with its trade id; of a telling that waits what it may be the same as. */
  readonly candidates: readonly Line[];
  readonly actions: readonly Action[];
  readonly state: "open" | "resolved";
  readonly decision: ItemDecision | null;
}

/** An item as it is worked with: what is shown, and where it stands. */
export interface FoundItem {
  readonly shown: ReviewItem;
  readonly bookId: string;
  /** The fact concerned. */
  readonly recorded: (RecordedFact & { readonly book: BookRow }) | undefined;
  readonly candidates: readonly (RecordedFact & { readonly book: BookRow })[];
  readonly observation: bigint | null;
  /** Decisions about it so far. */
  readonly decisions: number;
}

/** A row of `itemsQuery`. */
export interface ItemRow {
  readonly kind: ItemKind;
  readonly item: string;
  readonly book_id: string;
  readonly portfolio: string;
  readonly symbol: string;
  readonly asset: string | null;
  readonly venue: string | null;
  readonly account: string | null;
  readonly id: string | null;
  readonly entry: bigint | null;
  readonly observation: bigint | null;
  readonly told: string | null;
  readonly source: string | null;
  readonly value_entry: bigint | null;
  readonly quantity: string | null;
  readonly action: Action | null;
  readonly author: string | null;
  readonly reason: string | null;
  readonly decision: bigint | null;
  readonly decisions: number;
  readonly resolved: boolean;
}

export const filterOf = ({ kinds, portfolio, symbol, items }: ReviewRequest): ItemFilter => ({
  kinds: kinds ?? itemKinds,
  portfolio,
  symbol,
  names: items,
});

/** The published version as it stands; version 0, which has no rows, where there is none. */
export async function publishedSteps(connection: Connection): Promise<PublishedSteps> {
  const [published] = await connection.query<{ version: number }>(
    "SELECT version FROM revisions WHERE kind = 'publish' ORDER BY revision DESC LIMIT 1",
  );
  const version = published?.version ?? 0;
  const hidden = await connection.query<{ step: bigint }>(
    "SELECT step FROM steps WHERE version = $1::integer AND revision IS NULL ORDER BY step",
    [version],
  );
  return { version, hidden: hidden.map((row) => row.step) };
}

/** When decisions were recorded, by book and number. */
async function decisionTimes(
  connection: Connection,
  rows: readonly ItemRow[],
): Promise<ReadonlyMap<string, string>> {
  const decided = rows.filter((row) => row.decision !== null);
  if (decided.length === 0) return new Map();
  const times = await connection.query<{ key: string; at: string }>(
    `SELECT book_id || ' ' || decision AS key,
       to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
     FROM unnest($1::uuid[], $2::bigint[]) AS asked (book_id, decision)
     CROSS JOIN LATERAL (SELECT batch_id FROM seals WHERE seals.book_id = asked.book_id
       AND first_observation <= decision AND observation_count > 0 ORDER BY number DESC LIMIT 1) seal
     JOIN batches USING (batch_id)`,
    [decided.map((row) => row.book_id), decided.map((row) => row.decision!)],
  );
  return new Map(times.map(({ key, at }) => [key, at]));
}

function actionsOf(
  row: ItemRow,
  { differs, told, candidates }: Pick<ReviewItem, "differs" | "told" | "candidates">,
): Action[] {
  if (row.resolved) return ["reopen"];
  switch (row.kind) {
    case "conflict":
      return differs.length > 0 ? ["keep", "take"] : ["keep"];
    case "waiting":
      // What waits beside a fill, as the value of its fee does, can't be another fill.
      return told?.["type"] === "fill" ? ["record", "attach", "dismiss"] : ["record", "dismiss"];
    case "adjusted":
      return candidates.length === 1 ? ["keep", "void"] : ["keep"];
    case "fee-value":
      return row.value_entry === null ? ["value"] : ["keep"];
    case "unmatched":
      return ["accept"];
  }
}

/** Kinds of fact that a correction can replace. */
const replaceable: ReadonlySet<string> = new Set(["fill", "opening lot", "fee value"]);

function showItem(
  row: ItemRow,
  recorded: RecordedFact | undefined,
  candidates: readonly RecordedFact[],
  recordedAt: string | undefined,
): ReviewItem {
  const told = row.told === null ? null : (JSON.parse(row.told) as Line);
  const line = recorded === undefined ? null : factToLine(recorded.fact);
  const differs = told === null || line === null ? [] : differences(line, told);
  const like = candidates.map(({ fact }) => factToLine(fact));
  const takes = recorded !== undefined && replaceable.has(recorded.fact.kind);
  const { kind, item, portfolio, symbol, venue, account, id, source, asset, quantity } = row;
  return {
    item,
    kind,
    portfolio,
    symbol,
    venue,
    account,
    fill_id: id,
    recorded: line,
    told,
    source,
    differs,
    quantity: quantity === null ? null : parseDecimal(quantity)!,
    asset,
    candidates: like,
    actions: actionsOf(row, { differs: takes ? differs : [], told, candidates: like }),
    state: row.resolved ? "resolved" : "open",
    decision:
      row.action === null
        ? null
        : {
            action: row.action,
            author: row.author!,
            reason: row.reason!,
            recorded_at: recordedAt ?? null,
          },
  };
}

const placeKey = (bookId: string, number: bigint): string => `${bookId} ${number}`;

/** Looks up what a page of items is about: as many queries for one item as for a page. */
async function lookUp(connection: Connection, rows: readonly ItemRow[]): Promise<FoundItem[]> {
  const places = rows
    .filter((row) => row.entry !== null)
    .map((row) => ({ bookId: row.book_id, entry: row.entry! }));
  const facts = new Map(
    (await readFactsAt(connection, places)).map((fact) => [
      placeKey(fact.book.bookId, fact.entry),
      fact,
    ]),
  );
  const times = await decisionTimes(connection, rows);
  const candidates = new Map([
    ...(await adjustedFills(connection, rows)),
    ...(await waitingCandidates(connection, rows)),
  ]);
  return rows.map((row) => {
    const recorded = row.entry === null ? undefined : facts.get(placeKey(row.book_id, row.entry));
    const found = candidates.get(row.item) ?? [];
    const at = row.decision === null ? undefined : times.get(placeKey(row.book_id, row.decision));
    return {
      shown: showItem(row, recorded, found, at),
      bookId: row.book_id,
      recorded,
      candidates: found,
      observation: row.observation,
      decisions: row.decisions,
    };
  });
}

/** The items asked for, some hundred at a time. Within a transaction only. */
export async function* findItems(
  connection: Connection,
  request: ReviewRequest,
): AsyncGenerator<FoundItem[]> {
  const filter = filterOf(request);
  const parameters = itemParameters(filter, await publishedSteps(connection));
  const text = `SELECT * FROM (${itemsQuery(filter.kinds)}) found
    ${request.all === true ? "" : "WHERE NOT resolved"} ORDER BY ${itemOrder}`;
  for await (const rows of fetchRows<ItemRow>(connection, text, parameters))
    yield await lookUp(connection, rows);
}

/** Runs `work` in a transaction that reads one state of the database. */
export async function readOnly<T>(
  database: Database,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return database.connect((connection) =>
    connection.transaction(async () => {
      await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
      await connection.execute("SET LOCAL work_mem = '64MB'");
      return work(connection);
    }),
  );
}

async function* shownItems(
  connection: Connection,
  request: ReviewRequest,
): AsyncGenerator<ReviewItem> {
  for await (const page of findItems(connection, request))
    for (const { shown } of page) yield shown;
}

/**
 * Hands the items asked for to `work`, in one read transaction; they come by a cursor, so memory does not
 * grow with them. Open ones, unless `all` is asked for.
 */
export async function readReview<T>(
  database: Database,
  request: ReviewRequest,
  work: (items: AsyncIterable<ReviewItem>) => Promise<T>,
): Promise<T> {
  return readOnly(database, (connection) => work(shownItems(connection, request)));
}
