/** Which fact an id means. */
import { LotbookError } from "../errors.ts";
import { Parameters } from "../reports/parameters.ts";
import type { Connection } from "../store/database.ts";
import type { FactKind, FactRequest } from "./request.ts";

/** A fact by its names. */
export interface Found {
  readonly kind: FactKind;
  readonly book_id: string;
  readonly portfolio: string;
  readonly symbol: string;
  readonly quote: string;
  readonly venue: string;
  readonly account: string;
  readonly revision: number;
  readonly entry: bigint;
}

const candidatesShown = 10;
const nearIdsShown = 5;

/** Where each kind of fact is, and what its id is called there. */
const tables: Record<FactKind, { table: string; id: string; revision: string }> = {
  fill: { table: "fills", id: "fill_id", revision: "revision" },
  "opening lot": { table: "opening_lots", id: "lot_key", revision: "revision" },
  adjustment: { table: "adjustments", id: "entry_id", revision: "0" },
};
const kinds = Object.keys(tables) as readonly FactKind[];

/** Books that the request leaves. An id is looked for book by book: its indexes begin with the book. */
function booksOf(request: FactRequest, parameters: Parameters): string {
  const { portfolio, symbol } = request;
  return `books book
    CROSS JOIN (SELECT ${parameters.add(request.id)}::text AS id) wanted
    CROSS JOIN LATERAL (SELECT ${parameters.add(portfolio ?? null)}::text AS portfolio,
      ${parameters.add(symbol ?? null)}::text AS symbol OFFSET 0) narrow`;
}
const inBook = `book.portfolio = coalesce(narrow.portfolio, book.portfolio)
  AND book.symbol = coalesce(narrow.symbol, book.symbol)`;

async function candidates(connection: Connection, request: FactRequest): Promise<Found[]> {
  const parameters = new Parameters();
  const books = booksOf(request, parameters);
  const { venue, account } = request;
  const wallet = `(${parameters.add(venue ?? null)}::text IS NULL OR fact.venue = $4)
    AND (${parameters.add(account ?? null)}::text IS NULL OR fact.account = $5)`;
  const parts = (request.kind === undefined ? kinds : [request.kind]).map((kind) => {
    const { table, id, revision } = tables[kind];
    // OFFSET 0 keeps it a look-up a book, by the index.
    return `SELECT '${kind}' AS kind, book.book_id, book.portfolio::text, book.symbol::text,
        book.quote_asset::text AS quote, fact.venue::text, fact.account::text, fact.revision, fact.entry
      FROM ${books} CROSS JOIN LATERAL (SELECT venue, account, ${revision} AS revision, entry
        FROM ${table} named WHERE named.book_id = book.book_id AND named.${id} = wanted.id OFFSET 0) fact
      WHERE ${inBook} AND ${wallet}`;
  });
  return connection.query<Found>(
    `${parts.join(" UNION ALL ")} ORDER BY portfolio, symbol, venue, account, kind, revision LIMIT 1000`,
    parameters.values,
  );
}

/** Ids that stand beside the one asked for, and share its beginning. */
async function nearIds(connection: Connection, request: FactRequest): Promise<string[]> {
  const parameters = new Parameters();
  const books = booksOf(request, parameters);
  const neighbours = kinds.flatMap((kind) => {
    const { table, id } = tables[kind];
    return [
      ["<", "DESC"],
      [">", "ASC"],
    ].map(
      ([than, order]) => `SELECT near.id FROM ${books} CROSS JOIN LATERAL (
        SELECT ${id}::text COLLATE "C" AS id FROM ${table} named
        WHERE named.book_id = book.book_id AND named.${id} ${than} wanted.id
        ORDER BY ${id} ${order} LIMIT ${nearIdsShown}) near WHERE ${inBook}`,
    );
  });
  const shared = `(SELECT count(*) FROM generate_series(1, length($1)) AS place
    WHERE left(id, place) = left($1, place))`;
  const rows = await connection.query<{ id: string }>(
    `SELECT id FROM (SELECT DISTINCT id FROM (${neighbours.join(" UNION ALL ")}) both_sides) named,
       LATERAL (SELECT ${shared} AS same) likeness
     WHERE same > 0 ORDER BY same DESC, id LIMIT ${nearIdsShown}`,
    parameters.values,
  );
  return rows.map(({ id }) => id);
}

/** A word as a shell reads it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const identity = ["portfolio", "symbol", "venue", "account"] as const;

/** The command that means this candidate alone. */
function commandOf(request: FactRequest, found: Found, all: readonly Found[]): string {
  const differs = (name: "kind" | (typeof identity)[number]): boolean =>
    all.some((other) => other[name] !== all[0]![name]);
  const options = [
    ...identity.map((name) => [name, request[name] ?? (differs(name) ? found[name] : undefined)]),
    ["kind", request.kind ?? (differs("kind") ? found.kind : undefined)],
    ["revision", request.revision?.toString()],
    ["version", request.version?.toString()],
    ["as-of", request.asOf],
    ["known-at", request.knownAt],
    ["tz", request.tz],
  ];
  const words = options.flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${shellWord(value)}`],
  );
  // A word that begins with a dash is no option behind two of them.
  const id = request.id.startsWith("-") ? `-- ${shellWord(request.id)}` : shellWord(request.id);
  return request.id.startsWith("-")
    ? ["lotbook explain", ...words, id].join(" ")
    : ["lotbook explain", id, ...words].join(" ");
}

function refuseAmbiguous(request: FactRequest, all: readonly Found[]): never {
  const shown = all.slice(0, candidatesShown);
  const more = all.length - shown.length;
  const lines = shown.map((found) => commandOf(request, found, all));
  throw new LotbookError(
    "BAD_USAGE",
    `"${request.id}" is the id of ${all.length} facts; say which:`,
    {
      advice: [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    },
  );
}

async function refuseMissing(connection: Connection, request: FactRequest): Promise<never> {
  const near = await nearIds(connection, request);
  const narrowed = identity.filter((name) => request[name] !== undefined);
  const where = narrowed.map((name) => ` of ${name} ${request[name]}`).join("");
  throw new LotbookError(
    "NOT_FOUND",
    `no ${request.kind ?? "fill, opening lot or adjustment"} "${request.id}"${where} is recorded`,
    {
      advice:
        near.length === 0
          ? "ids are compared byte for byte; `lotbook report allocations` shows those there are"
          : `ids are compared byte for byte; near it are ${near.join(", ")}`,
    },
  );
}

const nameOf = (found: Found): string =>
  [found.kind, ...identity.map((name) => found[name])].join("\0");

/** Finds the revisions of the one fact that the request means, in order. */
export async function findFact(connection: Connection, request: FactRequest): Promise<Found[]> {
  const all = await candidates(connection, request);
  const facts = new Map<string, Found[]>();
  for (const found of all) {
    const name = nameOf(found);
    facts.set(name, [...(facts.get(name) ?? []), found]);
  }
  const [revisions, ...others] = [...facts.values()];
  if (revisions === undefined) return refuseMissing(connection, request);
  if (others.length > 0)
    refuseAmbiguous(
      request,
      [...facts.values()].map((same) => same[0]!),
    );
  return revisions;
}

/** Of the revisions of a fact: the one asked for, else the last that was taken in, else the last. */
export function chooseRevision(
  revisions: readonly Found[],
  asked: number | undefined,
  computedEntry: bigint,
): Found {
  if (asked === undefined)
    return (
      revisions.findLast((found) => found.entry <= computedEntry) ??
      revisions[revisions.length - 1]!
    );
  const found = revisions.find(({ revision }) => revision === asked);
  if (found !== undefined) return found;
  const known = revisions.map(({ revision }) => revision).join(", ");
  throw new LotbookError("NOT_FOUND", `there is no revision ${asked} of it`, {
    advice: `recorded are ${known}`,
  });
}
