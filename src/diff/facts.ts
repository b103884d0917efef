/** The facts of a book between two entries, with the earlier ones they name, as the core follows them. */
import { toUnits } from "../core/decimal.ts";
import {
  type Arrival,
  Arrivals,
  type ArrivingFill,
  type ArrivingLot,
  type ArrivingValue,
} from "../core/diff/arrivals.ts";
import type { FactWords } from "../core/describe.ts";
import { type Change, takenBack } from "../core/diff/book.ts";
import type { Movement, Scope } from "../core/movement.ts";
import type { Connection } from "../store/database.ts";

/** Where and when an entry was recorded. */
export interface Recording {
  readonly firstEntry: bigint;
  readonly recordedAt: bigint;
  readonly source: string;
}

export interface FactChange extends Change {
  readonly words: FactWords;
  readonly recording: Recording;
  /** Nanoseconds by which it sorts behind the last fact then known of the book; 0: it came in order. */
  readonly lateBy: bigint;
  /** Whether the difference takes it out: B knows less than A. */
  readonly takenOut: boolean;
}

interface FactRow {
  readonly entry: bigint;
  readonly kind: FactWords["kind"];
  readonly venue: string;
  readonly account: string;
  readonly id: string;
  readonly revision: number;
  readonly at: bigint | null;
  readonly side: "buy" | "sell" | null;
  readonly sequence: bigint | null;
  readonly quantity: string | null;
  readonly price: string | null;
  readonly quote_fee: string | null;
  readonly base_fee: string | null;
  readonly assets: string[] | null;
  readonly target: bigint | null;
  readonly target_kind: string | null;
  readonly asset: string | null;
  readonly value: string | null;
  readonly author: string | null;
  readonly note: string | null;
}

const fills = `SELECT entry, 'fill' AS kind, venue::text, account::text, fill_id::text AS id, revision,
  executed_at::bigint AS at, side::text, sequence, trim_scale(quantity)::text AS quantity,
  trim_scale(price)::text AS price, trim_scale(quote_fee)::text AS quote_fee,
  trim_scale(base_fee)::text AS base_fee, third_fee_assets AS assets, NULL::bigint AS target,
  NULL::text AS target_kind, NULL::text AS asset, NULL::text AS value, NULL::text AS author,
  NULL::text AS note FROM fills f WHERE f.book_id = $1`;
const openingLots = `SELECT entry, 'opening lot', venue, account, lot_key, revision, opened_at, NULL, NULL,
  trim_scale(quantity)::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, trim_scale(cost)::text, author, note
  FROM opening_lots f WHERE f.book_id = $1`;
const feeValues = `SELECT entry, 'fee value', venue, account, fill_id, revision, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, target_entry, NULL, asset, trim_scale(value)::text, NULL, source
  FROM fee_values f WHERE f.book_id = $1`;
const voids = `SELECT entry, 'void', venue, account, target_id, target_revision, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, target_entry, target_kind, asset, NULL, author, reason
  FROM voids f WHERE f.book_id = $1`;

const between = (table: string): string => `${table} AND f.entry > $2 AND f.entry <= $3`;

/** SQL of the earlier facts that those between name, as far as they stood. */
const named = (table: string): string => `${table} AND f.entry <= $2 AND f.entry IN (
    SELECT v.target_entry FROM voids v WHERE v.book_id = $1 AND v.entry > $2 AND v.entry <= $3
    UNION ALL SELECT t.target_entry FROM fee_values t
    WHERE t.book_id = $1 AND t.entry > $2 AND t.entry <= $3
    UNION ALL SELECT t.target_entry FROM voids v
    JOIN fee_values t ON t.book_id = v.book_id AND t.entry = v.target_entry
    WHERE v.book_id = $1 AND v.entry > $2 AND v.entry <= $3)
  AND NOT EXISTS (SELECT FROM voids w
    WHERE w.book_id = $1 AND w.target_entry = f.entry AND w.entry <= $2)`;

/** The first part gives the columns their names. */
const standingValues = `${fills} AND false UNION ALL ${feeValues} AND f.entry <= $2
  AND f.target_entry = ANY ($3::bigint[])
  AND NOT EXISTS (SELECT FROM voids w
    WHERE w.book_id = $1 AND w.target_entry = f.entry AND w.entry <= $2)`;

function arrivalOf(row: FactRow): Arrival {
  const entry = Number(row.entry);
  const { venue, account, id, revision, asset, value } = row;
  const target = Number(row.target);
  switch (row.kind) {
    case "fill":
      return {
        kind: "fill",
        entry,
        venue,
        account,
        id,
        revision,
        at: row.at!,
        side: row.side!,
        sequence: row.sequence ?? undefined,
        quantity: toUnits(row.quantity!),
        price: toUnits(row.price!),
        quoteFee: toUnits(row.quote_fee!),
        baseFee: toUnits(row.base_fee!),
        thirdAssets: row.assets ?? [],
      };
    case "opening lot": {
      const cost = value === null ? undefined : toUnits(value);
      const place = { entry, venue, account, id, revision, at: row.at! };
      return { kind: "opening lot", ...place, quantity: toUnits(row.quantity!), cost };
    }
    case "fee value":
      return { kind: "fee value", entry, target, asset: asset!, value: toUnits(value!) };
    case "void":
      return { kind: "void", entry, target };
  }
}

/** The facts that later ones name, with the fee values that stand. */
async function readKnown(
  connection: Connection,
  bookId: string,
  low: bigint,
  high: bigint,
): Promise<(ArrivingFill | ArrivingLot | ArrivingValue)[]> {
  const rows = await connection.query<FactRow>(`${named(fills)} UNION ALL ${named(openingLots)}`, [
    bookId,
    low,
    high,
  ]);
  const withFees = rows.filter(({ assets }) => assets !== null).map(({ entry }) => entry);
  const values =
    withFees.length === 0
      ? []
      : await connection.query<FactRow>(standingValues, [bookId, low, withFees]);
  return [...rows, ...values].map(arrivalOf) as (ArrivingFill | ArrivingLot | ArrivingValue)[];
}

async function readRecordings(
  connection: Connection,
  bookId: string,
  low: bigint,
  high: bigint,
): Promise<Recording[]> {
  return connection.query<Recording & Record<string, unknown>>(
    `SELECT s.first_entry AS "firstEntry", b.source::text AS source,
       (extract(epoch FROM b.recorded_at) * 1000000)::bigint * 1000 AS "recordedAt"
     FROM seals s JOIN batches b USING (batch_id)
     WHERE s.book_id = $1 AND s.fact_count > 0 AND s.first_entry <= $3
       AND s.first_entry + s.fact_count > $2 + 1 ORDER BY s.first_entry`,
    [bookId, low, high],
  );
}

export interface Between {
  readonly bookId: string;
  readonly scope: Scope;
  readonly low: bigint;
  readonly high: bigint;
  /** What stands at `low` or at `high`, whichever is A. */
  readonly movements: readonly Movement[];
  readonly takenOut: boolean;
}

/** What each fact after `low` and up to `high` changes, in the order of application. */
export async function readChanges(connection: Connection, range: Between): Promise<FactChange[]> {
  const { bookId, scope, low, high, takenOut } = range;
  if (low === high) return [];
  const parameters = [bookId, low, high];
  const rows = await connection.query<FactRow>(
    `SELECT * FROM (${[fills, openingLots, feeValues, voids].map(between).join(" UNION ALL ")}) f
     ORDER BY entry`,
    parameters,
  );
  const arrivals = new Arrivals(scope, await readKnown(connection, bookId, low, high));
  const recordings = await readRecordings(connection, bookId, low, high);
  let recording = 0;
  let last = -1n;
  for (const { entry, at } of range.movements) if (BigInt(entry) <= low && at > last) last = at;
  const changes = rows.map((row): FactChange => {
    while ((recordings[recording + 1]?.firstEntry ?? row.entry + 1n) <= row.entry) recording += 1;
    const lateBy = row.at !== null && row.at < last ? last - row.at : 0n;
    if (row.at !== null && row.at > last) last = row.at;
    const { kind, id, revision, target_kind: targetKind, asset, value, author, note } = row;
    const words = { kind, id, revision, targetKind, asset, value, author, note };
    const change = arrivals.take(arrivalOf(row));
    return { ...change, words, recording: recordings[recording]!, lateBy, takenOut };
  });
  return takenOut ? takenBack(changes) : changes;
}
