/**
 * What a person should look at, as SQL. Items are never stored: each follows from facts, observations and
 * what the published version concluded, and its name from where it stands, so that a decision which says the
 * name finds it again. A statement takes the parameters of `itemParameters`.
 */
import type { Value } from "../../store/database.ts";

export const itemKinds = ["conflict", "waiting", "adjusted", "fee-value", "unmatched"] as const;
export type ItemKind = (typeof itemKinds)[number];

/** `conflict:BTC-USD:42`; of another portfolio than the default one `conflict:fund/BTC-USD:42`. */
const nameOf = (kind: ItemKind, place: string): string =>
  `'${kind}:' || CASE book.portfolio WHEN 'default' THEN '' ELSE book.portfolio || '/' END
    || book.symbol || ':' || ${place}`;

/** The columns that all kinds have, in one order. */
interface ItemColumns {
  readonly name: string;
  /** Entry number of the fact, or number of the observation, that it is about: it orders and names items. */
  readonly place: string;
  readonly asset?: string;
  readonly venue: string;
  readonly account: string;
  readonly id: string;
  readonly day: string;
  /** Entry of the fact that is recorded: its latest revision. */
  readonly entry?: string;
  readonly observation?: string;
  readonly told?: string;
  readonly source?: string;
  readonly valueEntry?: string;
  readonly quantity?: string;
  readonly amountAsset?: string;
  readonly amount: string;
}

function select(kind: ItemKind, columns: ItemColumns, from: string): string {
  return `SELECT '${kind}' AS kind, ${columns.name} AS item, book.book_id, book.portfolio, book.symbol,
    book.quote_asset AS quote, ${columns.place} AS place, ${columns.asset ?? "NULL"}::text AS asset,
    ${columns.venue}::text AS venue, ${columns.account}::text AS account, ${columns.id}::text AS id,
    ${columns.day} AS day, ${columns.entry ?? "NULL"}::bigint AS entry,
    ${columns.observation ?? "NULL"}::bigint AS observation, ${columns.told ?? "NULL"}::text AS told,
    ${columns.source ?? "NULL"}::text AS source, ${columns.valueEntry ?? "NULL"}::bigint AS value_entry,
    ${columns.quantity ?? "NULL"}::numeric AS quantity,
    ${columns.amountAsset ?? "book.quote_asset"}::text AS amount_asset, ${columns.amount}::numeric AS amount
    FROM ${from} AND book.portfolio = coalesce($3::text, book.portfolio)
      AND book.symbol = coalesce($4::text, book.symbol)`;
}

const dayOf = (instant: string): string =>
  `date '1970-01-01' + (${instant} / 86400000000000)::integer`;

/** SQL: a fact of the book that no void takes out. */
const stands = (alias: string): string =>
  `NOT EXISTS (SELECT FROM voids gone WHERE gone.book_id = ${alias}.book_id
    AND gone.target_entry = ${alias}.entry)`;

/** The part of a sale that no lot covers, where it is more than the instrument's tolerance. */
const unmatched = select(
  "unmatched",
  {
    name: nameOf("unmatched", "slice.close_entry"),
    place: "slice.close_entry",
    venue: "sale.venue",
    account: "sale.account",
    id: "sale.fill_id",
    day: dayOf("sale.executed_at"),
    entry: "slice.close_entry",
    quantity: "slice.quantity",
    amount: "slice.proceeds - slice.close_fee",
  },
  `allocations slice JOIN books book USING (book_id)
    JOIN fills sale ON sale.book_id = slice.book_id AND sale.entry = slice.close_entry
    LEFT JOIN (SELECT DISTINCT ON (symbol) symbol, tolerance FROM tolerances ORDER BY symbol, number DESC)
      tolerated ON tolerated.symbol = book.symbol
    WHERE slice.version = $1::integer AND slice.step <> ALL ($2::bigint[])
      AND (slice.superseded IS NULL OR slice.superseded = ANY ($2::bigint[]))
      AND slice.open_entry IS NULL AND slice.quantity > coalesce(tolerated.tolerance, 0)`,
);

/** Of the revisions of one fact the latest. */
const latest = (table: string, alias: string, same: readonly string[]): string =>
  `(SELECT later.entry FROM ${table} later WHERE later.book_id = ${alias}.book_id
    AND ${same.map((column) => `later.${column} = ${alias}.${column}`).join(" AND ")}
    ORDER BY later.revision DESC LIMIT 1)`;

/** A telling that contradicts a fact. */
const conflict = select(
  "conflict",
  {
    name: nameOf("conflict", "said.number"),
    place: "said.number",
    venue: "coalesce(fill.venue, lot.venue, value.venue, gone.venue, adjusted.venue)",
    account: "coalesce(fill.account, lot.account, value.account, gone.account, adjusted.account)",
    id: "coalesce(fill.fill_id, lot.lot_key, value.fill_id, gone.target_id, adjusted.entry_id)",
    day: dayOf("coalesce(fill.executed_at, lot.opened_at, adjusted.executed_at)"),
    entry: `coalesce(${latest("fills", "fill", ["fill_id", "venue", "account"])},
      ${latest("opening_lots", "lot", ["lot_key", "venue", "account"])},
      ${latest("fee_values", "value", ["target_entry", "asset"])}, said.entry)`,
    observation: "said.number",
    told: "said.told",
    source: "said.source",
    amount: "fill.quantity * fill.price",
  },
  `observations said JOIN books book USING (book_id)
    LEFT JOIN fills fill ON fill.book_id = said.book_id AND fill.entry = said.entry
    LEFT JOIN opening_lots lot ON lot.book_id = said.book_id AND lot.entry = said.entry
    LEFT JOIN fee_values value ON value.book_id = said.book_id AND value.entry = said.entry
    LEFT JOIN voids gone ON gone.book_id = said.book_id AND gone.entry = said.entry
    LEFT JOIN adjustments adjusted ON adjusted.book_id = said.book_id AND adjusted.entry = said.entry
    WHERE said.outcome = 'conflict'`,
);

/** A venue's reversal or correction entry. */
const adjusted = select(
  "adjusted",
  {
    name: nameOf("adjusted", "adjusted.entry"),
    place: "adjusted.entry",
    venue: "adjusted.venue",
    account: "adjusted.account",
    id: "adjusted.entry_id",
    day: dayOf("adjusted.executed_at"),
    entry: "adjusted.entry",
    amount: "adjusted.quantity * adjusted.price",
  },
  "adjustments adjusted JOIN books book USING (book_id) WHERE true",
);

/** A fee in a third asset; with a value in force it is an item only where a person decided about it. */
const feeValue = select(
  "fee-value",
  {
    name: nameOf("fee-value", "fill.entry || ':' || fee.asset"),
    place: "fill.entry",
    asset: "fee.asset",
    venue: "fill.venue",
    account: "fill.account",
    id: "fill.fill_id",
    day: dayOf("fill.executed_at"),
    entry: "fill.entry",
    valueEntry: "valued.entry",
    quantity: "fee.amount",
    amountAsset: "fee.asset",
    amount: "fee.amount",
  },
  `fills fill JOIN books book USING (book_id)
    CROSS JOIN LATERAL unnest(fill.third_fee_assets, fill.third_fee_amounts) AS fee (asset, amount)
    LEFT JOIN LATERAL (SELECT value.entry FROM fee_values value WHERE value.book_id = fill.book_id
      AND value.target_entry = fill.entry AND value.asset = fee.asset AND ${stands("value")} LIMIT 1)
      valued ON true
    WHERE fill.third_fee_assets IS NOT NULL AND ${stands("fill")}`,
);

/** A telling that waits until a person says which fill it is, if any that is recorded. */
const waiting = select(
  "waiting",
  {
    name: nameOf("waiting", "said.number"),
    place: "said.number",
    venue: "said.told::json ->> 'venue'",
    account: "said.told::json ->> 'account'",
    id: "said.told::json ->> 'fill_id'",
    // A line of an export is in UTC.
    day: "left(said.told::json ->> 'executed_at', 10)::date",
    observation: "said.number",
    told: "said.told",
    source: "said.source",
    amount: "(said.told::json ->> 'quantity')::numeric * (said.told::json ->> 'price')::numeric",
  },
  "observations said JOIN books book USING (book_id) WHERE said.outcome = 'waiting'",
);

const statements: Readonly<Record<ItemKind, string>> = {
  conflict,
  waiting,
  adjusted,
  "fee-value": feeValue,
  unmatched,
};

/** The last decision about each item. */
const decided = `decided AS (
  SELECT DISTINCT ON (book_id, said ->> 'item') book_id, said ->> 'item' AS item, said ->> 'action' AS action,
    said ->> 'author' AS author, said ->> 'reason' AS reason, (said ->> 'number')::integer AS decisions,
    (said ->> 'quantity')::numeric AS accepted, number AS decision
  FROM observations, LATERAL (SELECT convert_from(raw, 'UTF8')::jsonb AS said) words
  WHERE outcome = 'decision' ORDER BY book_id, said ->> 'item', number DESC)`;

/**
 * Resolved is what was decided and not opened again: an unmatched part while its quantity is the accepted
 * one, a fee while it has a value.
 */
const resolved = `coalesce(action <> 'reopen' AND CASE kind WHEN 'unmatched' THEN accepted = quantity
  WHEN 'fee-value' THEN value_entry IS NOT NULL ELSE true END, false)`;

/** The items of some kinds as a subquery: a row an item, with the last decision about it, if any. */
export function itemsQuery(kinds: readonly ItemKind[]): string {
  return `WITH ${decided}, items AS (${kinds.map((kind) => statements[kind]).join(" UNION ALL ")})
    SELECT items.*, action, author, reason, decision, coalesce(decisions, 0) AS decisions,
      ${resolved} AS resolved
    FROM items LEFT JOIN decided USING (book_id, item)
    WHERE ($5::text[] IS NULL OR item = ANY ($5::text[]))
      -- Not every kind uses these, and a parameter needs a type.
      AND ($1::integer, $2::bigint[]) IS NOT NULL
      AND (kind <> 'fee-value' OR value_entry IS NULL OR action IS NOT NULL)`;
}

/** What a review is over. */
export interface ItemFilter {
  readonly kinds: readonly ItemKind[];
  readonly portfolio?: string | undefined;
  readonly symbol?: string | undefined;
  /** Names of items; all when left out. */
  readonly names?: readonly string[] | undefined;
}

/** The version that is published, and its steps that nobody sees yet. */
export interface PublishedSteps {
  readonly version: number;
  readonly hidden: readonly bigint[];
}

export function itemParameters(
  { portfolio, symbol, names }: ItemFilter,
  { version, hidden }: PublishedSteps,
): Value[] {
  return [version, hidden, portfolio ?? null, symbol ?? null, names ?? null];
}

/** Kinds in the order of `itemKinds`, then by book and place. */
export const itemOrder = `array_position(ARRAY['${itemKinds.join("', '")}'], kind), portfolio, symbol, place,
  asset COLLATE "C"`;
