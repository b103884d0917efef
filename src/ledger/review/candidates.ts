/** Fills that an item may be about: with the trade id of an adjustment, or like a telling that waits. */
import type { Connection } from "../../store/database.ts";
import { type BookRow, readFactsAt, type RecordedFact } from "../read-facts.ts";
import type { ItemRow } from "./review.ts";

export type Candidates = ReadonlyMap<
  string,
  readonly (RecordedFact & { readonly book: BookRow })[]
>;

interface Pair {
  readonly item: string;
  readonly book_id: string;
  readonly entry: bigint;
}

/** How many candidates an item is shown with. */
const shown = 5;

const inForce = `NOT EXISTS (SELECT FROM voids WHERE voids.book_id = fill.book_id
  AND voids.target_entry = fill.entry)`;

async function readPairs(connection: Connection, pairs: readonly Pair[]): Promise<Candidates> {
  const facts = await readFactsAt(
    connection,
    pairs.map(({ book_id: bookId, entry }) => ({ bookId, entry })),
  );
  const byPlace = new Map(facts.map((fact) => [`${fact.book.bookId} ${fact.entry}`, fact]));
  const found = new Map<string, (RecordedFact & { readonly book: BookRow })[]>();
  for (const { item, book_id: bookId, entry } of pairs) {
    const list = found.get(item) ?? [];
    list.push(byPlace.get(`${bookId} ${entry}`)!);
    found.set(item, list);
  }
  return found;
}

/** The fills in force that share their trade id with an adjustment. */
export async function adjustedFills(
  connection: Connection,
  rows: readonly ItemRow[],
): Promise<Candidates> {
  const adjusted = rows.filter((row) => row.kind === "adjusted");
  if (adjusted.length === 0) return new Map();
  const pairs = await connection.query<Pair>(
    `SELECT asked.item, fill.book_id, fill.entry
     FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS asked (item, book_id, entry)
     JOIN adjustments adjusted USING (book_id, entry)
     JOIN fills fill ON fill.book_id = adjusted.book_id AND fill.venue = adjusted.venue
       AND fill.account = adjusted.account AND fill.trade_id = adjusted.trade_id
     WHERE ${inForce} ORDER BY asked.item, fill.entry`,
    [
      adjusted.map((row) => row.item),
      adjusted.map((row) => row.book_id),
      adjusted.map((row) => row.entry!),
    ],
  );
  return readPairs(connection, pairs);
}

/** The fills in force of the same side and quantity within a second of what waits, the nearest first. */
export async function waitingCandidates(
  connection: Connection,
  rows: readonly ItemRow[],
): Promise<Candidates> {
  const waiting = rows.filter((row) => row.kind === "waiting" && row.told !== null);
  if (waiting.length === 0) return new Map();
  const pairs = await connection.query<Pair>(
    `SELECT asked.item, fill.book_id, fill.entry
     FROM (SELECT item, book_id, told ->> 'side' AS side, (told ->> 'quantity')::numeric AS quantity,
         (extract(epoch FROM (told ->> 'executed_at')::timestamptz) * 1000000000)::bigint AS at
       FROM unnest($1::text[], $2::uuid[], $3::json[]) AS given (item, book_id, told)) asked
     CROSS JOIN LATERAL (SELECT fill.book_id, fill.entry, abs(fill.executed_at - asked.at) AS apart
       FROM fills fill WHERE fill.book_id = asked.book_id
         AND fill.executed_at BETWEEN asked.at - 1000000000 AND asked.at + 1000000000
         AND fill.side = asked.side AND fill.quantity = asked.quantity AND ${inForce}
       ORDER BY apart, fill.entry LIMIT ${shown}) fill
     ORDER BY asked.item, fill.apart, fill.entry`,
    [
      waiting.map((row) => row.item),
      waiting.map((row) => row.book_id),
      waiting.map((row) => row.told!),
    ],
  );
  return readPairs(connection, pairs);
}
