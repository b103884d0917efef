/**
 * Facts with all that was recorded of them: values, voids, replacements, tellings, seals and batches. A
 * constant number of statements, however many facts of a book are asked for.
 */
import { formatInstant } from "../core/time.ts";
import { Parameters } from "../reports/parameters.ts";
import type { Connection } from "../store/database.ts";
import type {
  Batch,
  FactNode,
  FeeValueNode,
  ObservationNode,
  RecordedNode,
  Replacement,
  VoidNode,
} from "./node.ts";
import { withTerms } from "./terms.ts";

/** The book that is looked at, and how far the version has taken it in. */
export interface BookView {
  readonly bookId: string;
  readonly portfolio: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly computedEntry: bigint;
}

const tellingsShown = 20;
const micros = (time: string): string => `(extract(epoch FROM ${time}) * 1000000)::bigint`;

interface SealRow {
  readonly place: bigint;
  readonly number: bigint;
  readonly hash: string;
  readonly batch: string;
  readonly micros: bigint;
  readonly source: string;
  readonly author: string;
  readonly inputs: string;
}

/**
 * The seal that covers each place in a book, with its batch. Seals are many where fills come one by one, so
 * they are searched by halves: the first entry of a seal never goes back.
 */
async function readSeals(
  connection: Connection,
  book: BookView,
  first: "first_entry" | "first_observation",
  places: readonly bigint[],
): Promise<ReadonlyMap<bigint, SealRow>> {
  const rows = await connection.query<SealRow>(
    `WITH RECURSIVE search (place, low, high) AS (
       SELECT place, 1::bigint, book.last_seal
       FROM unnest($2::bigint[]) AS place, (SELECT last_seal FROM books WHERE book_id = $1) book
       UNION ALL
       SELECT place, CASE WHEN seal.${first} <= place THEN middle ELSE low END,
         CASE WHEN seal.${first} <= place THEN high ELSE middle - 1 END
       FROM search CROSS JOIN LATERAL (SELECT (low + high + 1) / 2 AS middle) half
       JOIN seals seal ON seal.book_id = $1 AND seal.number = middle
       WHERE low < high
     )
     SELECT search.place, seal.number, encode(seal.hash, 'hex') AS hash, batch.batch_id::text AS batch,
       ${micros("batch.recorded_at")} AS micros, batch.source::text, batch.author::text, batch.inputs
     FROM search JOIN seals seal ON seal.book_id = $1 AND seal.number = search.low
     JOIN batches batch ON batch.batch_id = seal.batch_id
     WHERE search.low = search.high`,
    [book.bookId, [...new Set(places)]],
  );
  return new Map(rows.map((row) => [row.place, row]));
}

/** Inputs and what was told are recorded as JSON text. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const recordedAt = (row: SealRow): string => formatInstant(row.micros * 1000n);

function batchOf(row: SealRow): Batch {
  return {
    batch: row.batch,
    recorded_at: recordedAt(row),
    source: row.source,
    author: row.author,
    inputs: fromJson(row.inputs),
  };
}

function rawOf(bytes: Uint8Array): Pick<ObservationNode, "raw" | "raw_hex"> {
  try {
    return { raw: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
    return { raw: null, raw_hex: digits.join("") };
  }
}

interface ObservationRow {
  readonly entry: bigint;
  readonly number: bigint;
  readonly outcome: string;
  readonly source: string;
  readonly raw: Uint8Array;
  readonly told: string | null;
  readonly tellings: bigint;
}

/** What was told of facts, the first tellings of each. */
async function readObservations(
  connection: Connection,
  book: BookView,
  entries: readonly bigint[],
): Promise<Pick<RecordedNode, "observations" | "observation_count">[]> {
  const rows = await connection.query<ObservationRow>(
    `SELECT asked.entry, told.* FROM unnest($2::bigint[]) AS asked (entry)
     CROSS JOIN LATERAL (SELECT number, outcome::text, source::text, raw, told::text,
         count(*) OVER () AS tellings
       FROM observations told WHERE told.book_id = $1 AND told.entry = asked.entry
       ORDER BY number LIMIT ${tellingsShown}) told
     ORDER BY asked.entry, told.number`,
    [book.bookId, [...new Set(entries)]],
  );
  const seals = await readSeals(
    connection,
    book,
    "first_observation",
    rows.map((row) => row.number),
  );
  const byEntry = Map.groupBy(rows, (row) => row.entry);
  return entries.map((entry) => {
    const told = byEntry.get(entry) ?? [];
    const observations = told.map((row): ObservationNode => {
      const seal = seals.get(row.number)!;
      return {
        observation: Number(row.number),
        outcome: row.outcome,
        source: row.source,
        ...rawOf(row.raw),
        told: row.told === null ? null : fromJson(row.told),
        recorded_at: recordedAt(seal),
        batch: seal.batch,
      };
    });
    return { observations, observation_count: Number(told[0]?.tellings ?? 0n) };
  });
}

/** Completes rows of facts by when and how they were recorded. */
async function readRecorded(
  connection: Connection,
  book: BookView,
  facts: readonly { readonly entry: bigint; readonly leaf: string }[],
): Promise<Map<bigint, RecordedNode>> {
  const entries = facts.map(({ entry }) => entry);
  const seals = await readSeals(connection, book, "first_entry", entries);
  const told = await readObservations(connection, book, entries);
  return new Map(
    facts.map(({ entry, leaf }, index) => {
      const seal = seals.get(entry)!;
      const recorded: RecordedNode = {
        entry: Number(entry),
        taken_in: entry <= book.computedEntry,
        leaf,
        seal: { number: Number(seal.number), hash: seal.hash },
        recorded: batchOf(seal),
        ...told[index]!,
      };
      return [entry, recorded];
    }),
  );
}

interface FactRow {
  readonly kind: FactNode["kind"];
  readonly entry: bigint;
  readonly leaf: string;
  readonly venue: string;
  readonly account: string;
  readonly id: string;
  readonly revision: number;
  readonly at: bigint;
  readonly side: "buy" | "sell" | null;
  readonly quantity: string | null;
  readonly price: string | null;
  readonly cost: string | null;
  /** JSON: a list of [asset, amount]. */
  readonly fees: string;
  readonly sequence: string | null;
  readonly order_id: string | null;
  readonly strategy: string | null;
  readonly trade_id: string | null;
  readonly quote_size: string | null;
  readonly grain: string | null;
  readonly author: string | null;
  readonly note: string | null;
  readonly trade_type: string | null;
}

const number = (column: string): string => `trim_scale(${column}::numeric)::text`;
const feeList = (assets: string, amounts: string): string => `coalesce((SELECT
  json_agg(json_build_array(asset, trim_scale(amount)::text) ORDER BY place)
  FROM unnest(${assets}, ${amounts}) WITH ORDINALITY AS fee (asset, amount, place))::text, '[]')`;

const factRows = `
  SELECT 'fill' AS kind, entry, encode(leaf, 'hex') AS leaf, venue::text, account::text,
    fill_id::text AS id, revision, executed_at::bigint AS at, side::text,
    ${number("quantity")} AS quantity, ${number("price")} AS price, NULL AS cost, ${feeList(
      "ARRAY[book.quote_asset::text, book.base_asset::text] || third_fee_assets",
      "ARRAY[quote_fee::numeric, base_fee::numeric] || third_fee_amounts",
    )} AS fees, sequence::text, order_id::text, strategy::text, trade_id::text,
    ${number("quote_size")} AS quote_size, grain::text, NULL AS author, NULL AS note, NULL AS trade_type
  FROM fills JOIN books book USING (book_id) WHERE book_id = $1 AND entry = ANY ($2::bigint[])
  UNION ALL
  SELECT 'opening lot', entry, encode(leaf, 'hex'), venue, account, lot_key, revision, opened_at, NULL,
    ${number("quantity")}, NULL, ${number("cost")}, '[]', NULL, NULL, NULL, NULL, NULL, NULL, author,
    note, NULL
  FROM opening_lots WHERE book_id = $1 AND entry = ANY ($2::bigint[])
  UNION ALL
  SELECT 'adjustment', entry, encode(leaf, 'hex'), venue, account, entry_id, 0, executed_at, side,
    ${number("quantity")}, ${number("price")}, NULL, ${feeList("fee_assets", "fee_amounts")}, NULL, order_id,
    NULL, trade_id, NULL, NULL, NULL, NULL, trade_type
  FROM adjustments WHERE book_id = $1 AND entry = ANY ($2::bigint[])`;

interface ValueRow {
  readonly entry: bigint;
  readonly leaf: string;
  readonly target_entry: bigint;
  readonly asset: string;
  readonly revision: number;
  readonly value: string;
  readonly source: string;
}

const valueRows = `
  SELECT entry, encode(leaf, 'hex') AS leaf, target_entry, asset::text, revision, ${number("value")} AS value,
    source::text FROM fee_values WHERE book_id = $1 AND target_entry = ANY ($2::bigint[])
  ORDER BY target_entry, asset, revision`;

interface VoidRow {
  readonly entry: bigint;
  readonly leaf: string;
  readonly target_entry: bigint;
  readonly author: string;
  readonly reason: string;
}

const voidRows = `
  SELECT entry, encode(leaf, 'hex') AS leaf, target_entry, author::text, reason::text
  FROM voids WHERE book_id = $1 AND target_entry = ANY ($2::bigint[])`;

interface NeighbourRow extends Pick<SealRow, "place"> {
  readonly of: bigint;
  readonly revision: number;
}

/** The revisions before and after each fact. */
const neighbourRows = (table: string, id: string): string => `
  SELECT fact.entry AS of, other.entry AS place, other.revision
  FROM ${table} fact JOIN ${table} other ON other.book_id = fact.book_id AND other.${id} = fact.${id}
    AND other.venue = fact.venue AND other.account = fact.account
    AND other.revision IN (fact.revision - 1, fact.revision + 1)
  WHERE fact.book_id = $1 AND fact.entry = ANY ($2::bigint[])`;

async function readReplacements(
  connection: Connection,
  book: BookView,
  entries: readonly bigint[],
): Promise<Map<bigint, Replacement[]>> {
  const rows = await connection.query<NeighbourRow>(
    `${neighbourRows("fills", "fill_id")} UNION ALL ${neighbourRows("opening_lots", "lot_key")}`,
    [book.bookId, entries],
  );
  const places = rows.map((row) => row.place);
  const seals = await readSeals(connection, book, "first_entry", places);
  const found = new Map<bigint, Replacement[]>();
  for (const { of, place, revision } of rows) {
    const recorded_at = recordedAt(seals.get(place)!);
    found.set(of, [...(found.get(of) ?? []), { revision, entry: Number(place), recorded_at }]);
  }
  return found;
}

/** What hangs on facts: by the entry of the fact (of a void: of its target). */
interface Attached {
  readonly recorded: ReadonlyMap<bigint, RecordedNode>;
  readonly voids: ReadonlyMap<bigint, VoidRow>;
  readonly values: ReadonlyMap<bigint, readonly ValueRow[]>;
  readonly replacements: ReadonlyMap<bigint, readonly Replacement[]>;
}

function voidNode(entry: bigint, { recorded, voids }: Attached): VoidNode | null {
  const row = voids.get(entry);
  if (row === undefined) return null;
  return { author: row.author, reason: row.reason, ...recorded.get(row.entry)! };
}

function valueNode(row: ValueRow, attached: Attached): FeeValueNode {
  const { entry, asset, revision, value, source } = row;
  const voided = voidNode(entry, attached);
  return { asset, revision, value, source, voided, ...attached.recorded.get(entry)! };
}

/** What only an opening lot or an adjustment has. */
function ofKind(row: FactRow): Partial<FactNode> {
  if (row.kind === "opening lot") return { cost: row.cost, author: row.author!, note: row.note! };
  return row.kind === "adjustment" ? { trade_type: row.trade_type! } : {};
}

function factNode(book: BookView, row: FactRow, attached: Attached): FactNode {
  const fees = JSON.parse(row.fees) as (readonly [asset: string, amount: string])[];
  const others = attached.replacements.get(row.entry) ?? [];
  const bare = {
    kind: row.kind,
    portfolio: book.portfolio,
    symbol: book.symbol,
    venue: row.venue,
    account: row.account,
    id: row.id,
    revision: row.revision,
    side: row.side,
    executed_at: formatInstant(row.at),
    quantity: row.quantity,
    price: row.price,
    fees: fees.filter(([, amount]) => amount !== "0").map(([asset, amount]) => ({ asset, amount })),
    sequence: row.sequence,
    order_id: row.order_id,
    strategy: row.strategy,
    trade_id: row.trade_id,
    quote_size: row.quote_size,
    grain: row.grain,
    ...ofKind(row),
    ...attached.recorded.get(row.entry)!,
    fee_values: (attached.values.get(row.entry) ?? []).map((value) => valueNode(value, attached)),
    voided: voidNode(row.entry, attached),
    replaces: others.find(({ revision }) => revision < row.revision) ?? null,
    replaced_by: others.find(({ revision }) => revision > row.revision) ?? null,
  };
  return withTerms(bare, book);
}

/** Facts of a book, by entry. */
export async function readFacts(
  connection: Connection,
  book: BookView,
  entries: readonly bigint[],
): Promise<ReadonlyMap<bigint, FactNode>> {
  if (entries.length === 0) return new Map();
  const ask = <Row extends object>(sql: string, of: readonly bigint[]): Promise<Row[]> => {
    const parameters = new Parameters();
    parameters.add(book.bookId);
    parameters.add([...of]);
    return connection.query<Row>(sql, parameters.values);
  };
  const facts = await ask<FactRow>(factRows, entries);
  const values = await ask<ValueRow>(valueRows, entries);
  const voids = await ask<VoidRow>(voidRows, [...entries, ...values.map(({ entry }) => entry)]);
  const attached: Attached = {
    recorded: await readRecorded(connection, book, [...facts, ...values, ...voids]),
    voids: new Map(voids.map((row) => [row.target_entry, row])),
    values: Map.groupBy(values, (row) => row.target_entry),
    replacements: await readReplacements(connection, book, entries),
  };
  return new Map(facts.map((row) => [row.entry, factNode(book, row, attached)]));
}
