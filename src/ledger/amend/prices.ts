/**
 * `fee-value from-prices`: values of fees in third assets by a file of prices. The file is staged in a
 * temporary table, and fees are valued and recorded some thousand a batch, so memory grows with neither. A
 * run that ends early has recorded whole batches; the next one goes on with the fees that are left.
 */
import { basename } from "node:path";
import { type Price, readPrices } from "../../adapters/prices-csv.ts";
import { factToLine } from "../../adapters/lotbook-ndjson/lines.ts";
import { type Decimal, parseDecimal } from "../../core/decimal.ts";
import { shownText } from "../../core/problem.ts";
import { formatInstant, type Instant } from "../../core/time.ts";
import { worthOf } from "../../core/worth.ts";
import { LotbookError } from "../../errors.ts";
import { CopyText } from "../../store/copy-text.ts";
import type { Connection, Database } from "../../store/database.ts";
import { findFile, type InputFile, readInput } from "../input-file.ts";
import type { Ports } from "../ports.ts";
import { recordBatch, type SourcedTelling } from "../record/batch.ts";
import type { Narrowing } from "./named.ts";
import { lockBookRows } from "./append.ts";
import { authorOf } from "./person.ts";

export interface PricesOptions extends Narrowing {
  /** How old a price may be at the fill's time, in nanoseconds: an hour when left out. */
  readonly maxAge?: bigint | undefined;
  readonly author?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Rows of the file read. */
  readonly progress?: ((rows: number) => void) | undefined;
  /** Told of each fee as it is valued, or is not: some thousand at a time. */
  readonly onFees?: ((fees: readonly PricedFee[]) => void | Promise<void>) | undefined;
}

/** A fee that had no value, and what the file says it was worth. */
export interface PricedFee {
  readonly portfolio: string;
  readonly symbol: string;
  readonly venue: string;
  readonly account: string;
  readonly fill_id: string;
  readonly executed_at: string;
  readonly asset: string;
  readonly amount: Decimal;
  /** Null: it stays without a value. */
  readonly value: Decimal | null;
  /** Of a value, what explains it; else why there is none. */
  readonly source: string;
}

export interface PricesResult {
  readonly prices: number;
  readonly valued: number;
  readonly without: number;
  /** Facts were recorded in these, in this order. */
  readonly batches: readonly string[];
}

const hour = 3_600_000_000_000n;
const feesABatch = 5_000;
/** What a source may have, in bytes. */
const sourceBytes = 200;

async function* pricesAsCopy(
  input: InputFile,
  progress: (rows: number) => void,
): AsyncGenerator<Uint8Array> {
  const copy = new CopyText();
  let rows = 0;
  for await (const prices of readPrices(input.name, readInput(input))) {
    for (const { row, asset, quote, at, price } of prices as readonly Price[]) {
      copy.whole(row);
      copy.text(asset);
      copy.text(quote);
      copy.plain(at.toString());
      copy.plain(price);
      copy.endRow();
    }
    rows += prices.length;
    progress(rows);
    if (copy.length > 0) yield copy.take();
  }
}

async function stagePrices(
  connection: Connection,
  input: InputFile,
  progress: (rows: number) => void,
): Promise<number> {
  await connection.script(
    `DROP TABLE IF EXISTS pg_temp.prices;
     CREATE TEMP TABLE prices (place bigint, asset text COLLATE "C", quote text COLLATE "C", at bigint,
       price numeric)`,
  );
  const rows = await connection.copyIn("COPY prices FROM STDIN", pricesAsCopy(input, progress));
  await connection.script("CREATE INDEX ON prices (asset, quote, at); ANALYZE prices");
  const [twice] = await connection.query<{ first: bigint; last: bigint }>(
    `SELECT min(place) AS first, max(place) AS last FROM prices GROUP BY asset, quote, at
     HAVING min(price) <> max(price) ORDER BY min(place) LIMIT 1`,
  );
  if (twice === undefined) return rows;
  const places = `rows ${twice.first} and ${twice.last}`;
  throw new LotbookError(
    "BAD_INPUT",
    `${shownText(input.name)}: ${places} say two prices of one time`,
    {
      advice: "nothing was recorded; keep the one that is right",
    },
  );
}

interface FeeRow {
  readonly bookId: string;
  readonly entry: bigint;
  readonly portfolio: string;
  readonly symbol: string;
  readonly quote: string;
  readonly venue: string;
  readonly account: string;
  readonly fillId: string;
  readonly revision: number;
  readonly executedAt: Instant;
  readonly asset: string;
  readonly amount: string;
  /** Of the last value, which is voided; null where there was none. */
  readonly last: number | null;
  readonly at: Instant | null;
  readonly price: string | null;
}

/**
 * Fees in third assets of fills in force, without a value in force, each with its price. Looked for once: a
 * page of them is looked at again under the locks.
 */
const stageFees = `
  CREATE TEMP TABLE unvalued AS
  SELECT row_number() OVER (ORDER BY fill.book_id, fill.entry, fee.asset COLLATE "C") AS place,
    fill.book_id AS "bookId", fill.entry, book.portfolio, book.symbol, book.quote_asset AS quote,
    fill.venue, fill.account, fill.fill_id AS "fillId", fill.revision, fill.executed_at AS "executedAt",
    fee.asset, fee.amount, found.at, found.price
  FROM books book JOIN fills fill USING (book_id)
  CROSS JOIN LATERAL unnest(fill.third_fee_assets, fill.third_fee_amounts) AS fee (asset, amount)
  LEFT JOIN LATERAL (SELECT at, price FROM prices WHERE prices.asset = fee.asset
    AND prices.quote = book.quote_asset AND at <= fill.executed_at ORDER BY at DESC LIMIT 1) found ON true
  WHERE fill.third_fee_assets IS NOT NULL
    AND book.portfolio = coalesce($1::text, book.portfolio) AND book.symbol = coalesce($2::text, book.symbol)
    AND fill.venue = coalesce($3::text, fill.venue) AND fill.account = coalesce($4::text, fill.account)
    AND ${standing("fill")}
    AND NOT EXISTS (SELECT FROM fee_values value WHERE value.book_id = fill.book_id
      AND value.target_entry = fill.entry AND value.asset = fee.asset AND ${standing("value")})`;

/** SQL: no void takes the fact out. */
function standing(alias: string): string {
  return `NOT EXISTS (SELECT FROM voids gone WHERE gone.book_id = ${alias}.book_id
    AND gone.target_entry = ${alias}.entry)`;
}

const onPage = `place > $1::bigint AND place <= $1::bigint + ${feesABatch}`;

/** A page of those that still have no value, with the revision of the last value, which is voided. */
const readPage = `
  SELECT unvalued.*, value.revision AS last
  FROM unvalued LEFT JOIN LATERAL (SELECT value.revision, ${standing("value")} AS stands
    FROM fee_values value WHERE value.book_id = "bookId" AND value.target_entry = unvalued.entry
      AND value.asset = unvalued.asset ORDER BY value.revision DESC LIMIT 1) value ON true
  WHERE ${onPage} AND value.stands IS NOT TRUE
    AND NOT EXISTS (SELECT FROM voids gone WHERE gone.book_id = "bookId"
      AND gone.target_entry = unvalued.entry)
  ORDER BY place`;

/** Finds the fees; gives their number. */
async function findFees(
  connection: Connection,
  { portfolio, symbol, venue, account }: Narrowing,
): Promise<number> {
  const narrowing = [portfolio, symbol, venue, account].map((each) => each ?? null);
  await connection.script("DROP TABLE IF EXISTS pg_temp.unvalued");
  await connection.execute(stageFees, narrowing);
  await connection.script("CREATE INDEX ON unvalued (place); ANALYZE unvalued");
  const [row] = await connection.query<{ count: number }>(
    "SELECT count(*)::integer AS count FROM unvalued",
  );
  return row!.count;
}

/** The end of a text that fits: of a path the end tells most. */
function fitting(text: string, bytes: number): string {
  const characters = Array.from(text);
  while (Buffer.byteLength(characters.join("")) > bytes) characters.shift();
  return characters.join("");
}

/** What explains a value: pair, price, its time and the file it is from. */
function sourceOf(fee: FeeRow, price: string, at: Instant, rounded: boolean, file: string): string {
  const pair = `${fee.asset}-${fee.quote}`;
  const text = `${pair} ${price} at ${formatInstant(at)}${rounded ? ", product rounded" : ""}, from `;
  const room = sourceBytes - Buffer.byteLength(text);
  if (room < 8)
    throw new LotbookError(
      "REFUSED",
      `${shownText(pair)} is too long a name to explain a value by`,
    );
  return text + fitting(basename(file), room);
}

class Valuing {
  readonly #file: string;
  readonly #maxAge: bigint;

  constructor(file: string, maxAge: bigint) {
    this.#file = file;
    this.#maxAge = maxAge;
  }

  /** What a fee was worth, or why that is not known. */
  value(fee: FeeRow): Pick<PricedFee, "value" | "source"> {
    const pair = `${fee.asset}-${fee.quote}`;
    if (fee.at === null || fee.price === null)
      return { value: null, source: `no price of ${pair} at or before the fill` };
    if (fee.executedAt - fee.at > this.#maxAge)
      return { value: null, source: `the last price of ${pair} is of ${formatInstant(fee.at)}` };
    const price = parseDecimal(fee.price)!;
    const worth = worthOf(parseDecimal(fee.amount)!, price);
    if (worth === undefined)
      return { value: null, source: "amount x price does not fit 20 digits" };
    const source = sourceOf(fee, price, fee.at, worth.rounded, this.#file);
    return { value: worth.value, source };
  }

  telling(fee: FeeRow, row: number, value: Decimal, source: string): SourcedTelling {
    const { portfolio, symbol, venue, account, fillId, asset } = fee;
    const fact = {
      kind: "fee value" as const,
      portfolio,
      symbol,
      venue,
      account,
      fillId,
      asset,
      fillRevision: fee.revision,
      revision: fee.last === null ? 0 : fee.last + 1,
      value,
      source,
    };
    return { row, raw: JSON.stringify(factToLine(fact)), fact };
  }
}

function describeFee(fee: FeeRow, valued: Pick<PricedFee, "value" | "source">): PricedFee {
  const { portfolio, symbol, venue, account, asset } = fee;
  return {
    portfolio,
    symbol,
    venue,
    account,
    fill_id: fee.fillId,
    asset,
    executed_at: formatInstant(fee.executedAt),
    amount: parseDecimal(fee.amount)!,
    ...valued,
  };
}

/** One page of fees: valued under the locks of their books, and recorded. */
async function recordPage(
  connection: Connection,
  ports: Ports,
  options: PricesOptions,
  { after, valuing, file }: { after: number; valuing: Valuing; file: string },
): Promise<{ fees: readonly PricedFee[]; batch: string | null }> {
  let fees: PricedFee[] = [];
  const tellings: SourcedTelling[] = [];
  const look = async (): Promise<void> => {
    const page = await connection.query<FeeRow>(readPage, [after]);
    fees = page.map((fee) => describeFee(fee, valuing.value(fee)));
    for (const [row, { value, source }] of fees.entries())
      if (value !== null) tellings.push(valuing.telling(page[row]!, row, value, source));
  };
  if (options.dryRun === true) {
    await look();
    return { fees, batch: null };
  }
  const { batchId } = await recordBatch(connection, ports, {
    sources: [{ source: "prices", tellings: [tellings] }],
    prepare: async () => {
      const books = await connection.query<{ id: string }>(
        `SELECT DISTINCT "bookId" AS id FROM unvalued WHERE ${onPage}`,
        [after],
      );
      await lockBookRows(
        connection,
        books.map((book) => book.id),
      );
      await look();
    },
    author: authorOf(options.author),
    inputs: () => JSON.stringify([{ command: "fee-value from-prices", file: basename(file) }]),
    onJudged: () => {},
    onRejected: ([first]) => {
      if (first !== undefined) throw new LotbookError("REFUSED", first.problem);
    },
  });
  return { fees, batch: batchId };
}

/** Values the fees that have no value by a file of prices; `-` is standard input. */
export async function feeValuesFromPrices(
  database: Database,
  ports: Ports,
  path: string,
  options: PricesOptions = {},
): Promise<PricesResult> {
  const input = await findFile(path);
  const file = input.name;
  const { maxAge = hour, progress = () => {}, onFees = () => {} } = options;
  const valuing = new Valuing(file, maxAge);
  return database.connect(async (connection) => {
    const prices = await stagePrices(connection, input, progress);
    const batches: string[] = [];
    let valued = 0;
    let without = 0;
    const count = await findFees(connection, options);
    for (let after = 0; after < count; after += feesABatch) {
      const step = { after, valuing, file };
      const { fees, batch } = await recordPage(connection, ports, options, step);
      if (batch !== null) batches.push(batch);
      const known = fees.filter((fee) => fee.value !== null).length;
      valued += known;
      without += fees.length - known;
      await onFees(fees);
    }
    await connection.script("DROP TABLE pg_temp.prices, pg_temp.unvalued");
    return { prices, valued, without, batches };
  });
}
