/** Finding the fact that a person means: by its id, and by as much of the rest as tells it from others. */
import type { FeeValue, Fill, OpeningLot } from "../../core/fact.ts";
import { shownText, shownValue } from "../../core/problem.ts";
import { LotbookError } from "../../errors.ts";
import type { Connection } from "../../store/database.ts";
import { type BookRow, readFactsAt } from "../read-facts.ts";
import { lockBookRows } from "./append.ts";

/** What narrows an id that several facts have. */
export interface Narrowing {
  readonly portfolio?: string | undefined;
  readonly symbol?: string | undefined;
  readonly venue?: string | undefined;
  readonly account?: string | undefined;
}

export interface FactName extends Narrowing {
  /** `fill` when left out. */
  readonly kind?: "fill" | "opening lot" | "fee value" | undefined;
  /** The fill's id (of a fee value too), or the opening lot's key. */
  readonly id: string;
  /** Of a fee value: the asset that the fee was paid in. */
  readonly asset?: string | undefined;
}

export type Amendable = Fill | OpeningLot | FeeValue;

/** The latest revision of a fact. */
export interface NamedFact<Kind extends Amendable = Amendable> {
  readonly book: BookRow;
  readonly entry: bigint;
  /** Taken out by a void. */
  readonly voided: boolean;
  readonly fact: Kind;
}

interface Place {
  readonly bookId: string;
  readonly entry: bigint;
  readonly portfolio: string;
  readonly symbol: string;
  readonly venue: string;
  readonly account: string;
}

/** Candidates that a message lists. */
const listed = 20;

function placesOf(table: "fills" | "opening_lots"): string {
  const id = table === "fills" ? "fill_id" : "lot_key";
  return `SELECT DISTINCT ON (b.portfolio, b.symbol, f.venue, f.account) b.book_id AS "bookId", f.entry,
      b.portfolio, b.symbol, f.venue, f.account
    FROM books b JOIN ${table} f ON f.book_id = b.book_id AND f.${id} = $1::text
    WHERE b.portfolio = coalesce($2::text, b.portfolio) AND b.symbol = coalesce($3::text, b.symbol)
      AND f.venue = coalesce($4::text, f.venue) AND f.account = coalesce($5::text, f.account)
    ORDER BY b.portfolio, b.symbol, f.venue, f.account, f.revision DESC LIMIT ${listed + 1}`;
}

async function findPlaces(connection: Connection, name: FactName): Promise<Place[]> {
  const { kind = "fill", id, portfolio, symbol, venue, account } = name;
  return connection.query<Place>(placesOf(kind === "opening lot" ? "opening_lots" : "fills"), [
    id,
    portfolio ?? null,
    symbol ?? null,
    venue ?? null,
    account ?? null,
  ]);
}

const narrowings = ["portfolio", "symbol", "venue", "account"] as const;

/** The one place that a name leaves; refuses none and several, and lists those. */
function onlyPlace(name: FactName, places: readonly Place[]): Place {
  const what = name.kind === "opening lot" ? "opening lot" : "fill";
  const shown = `${what} "${shownValue(name.id)}"`;
  const [place, ...others] = places;
  if (place === undefined)
    throw new LotbookError("NOT_FOUND", `there is no ${shown}`, {
      advice: "ids are compared byte for byte; portfolio, symbol, venue and account narrow it",
    });
  if (others.length === 0) return place;
  const differing = narrowings.filter((key) => places.some((each) => each[key] !== place[key]));
  const lines = places
    .slice(0, listed)
    .map((each) => differing.map((key) => `  --${key} ${shownText(each[key])}`).join(" "));
  const more = places.length > listed ? ["  and more"] : [];
  throw new LotbookError("BAD_USAGE", `there are several of ${shown}`, {
    advice: ["say which one is meant:", ...lines, ...more].join("\n"),
  });
}

/** Finds the latest revision of the fact that is named, and locks its book for the transaction. */
export async function lockNamed(connection: Connection, name: FactName): Promise<NamedFact> {
  const { bookId } = onlyPlace(name, await findPlaces(connection, name));
  await lockBookRows(connection, [bookId]);
  // Again, under the lock: somebody may have corrected it since.
  const place = onlyPlace(name, await findPlaces(connection, name));
  const named = await readOne(connection, place);
  if (name.kind !== "fee value") return named;
  const value = await findFeeValue(connection, named as NamedFact<Fill>, name.asset ?? "");
  if (value !== undefined) return value;
  const fee = `"${shownValue(name.asset ?? "")}" of fill "${shownValue(name.id)}"`;
  throw new LotbookError("NOT_FOUND", `there is no value of the fee in ${fee}`);
}

/** Like `lockNamed`, of a fill that is in force. */
export async function lockFill(
  connection: Connection,
  name: Omit<FactName, "kind" | "asset">,
): Promise<NamedFact<Fill>> {
  const named = await lockNamed(connection, { ...name, kind: "fill" });
  if (!named.voided) return named as NamedFact<Fill>;
  throw new LotbookError("REFUSED", `fill "${shownValue(name.id)}" is voided`, {
    advice: "it takes part in nothing; `lotbook correct` can give it a replacement",
  });
}

async function readOne(
  connection: Connection,
  place: { readonly bookId: string; readonly entry: bigint },
): Promise<NamedFact> {
  const [found] = await readFactsAt(connection, [place]);
  return found as NamedFact;
}

/** The latest value of a fill's fee in an asset. */
export async function findFeeValue(
  connection: Connection,
  { book, entry }: NamedFact<Fill>,
  asset: string,
): Promise<NamedFact<FeeValue> | undefined> {
  const [place] = await connection.query<{ entry: bigint }>(
    `SELECT entry FROM fee_values WHERE book_id = $1 AND target_entry = $2 AND asset = $3
     ORDER BY revision DESC LIMIT 1`,
    [book.bookId, entry, asset],
  );
  if (place === undefined) return undefined;
  const value = await readOne(connection, { bookId: book.bookId, entry: place.entry });
  return value as NamedFact<FeeValue>;
}
