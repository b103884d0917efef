/** The fixture's tellings: of each kind that telling.md 6 and 7 know, in the first batch of each book. */
import type { Connection } from "../../src/store/database.ts";
import type { FixtureBook } from "./facts.ts";
import { bookId, leaf } from "./hashes.ts";
import { insert } from "./insert.ts";
import type { Fill } from "./model.ts";

export interface Head {
  entry: number;
  observation: number;
  seal: number;
  head: Buffer;
}

interface Observation {
  readonly outcome: string;
  readonly entry?: number;
  readonly told?: object;
  /** Another id under which this one tells of a fill. */
  readonly alias?: string;
  /** Of a decision; the row of a file by default. */
  readonly said?: object;
}

/** With all that JSON escapes, and what it leaves as it is. */
export const otherId = 'τ"1\\\u0007\n\u007f\u2028';

/** As a line of an export; no amount matters here. */
const line = (book: FixtureBook, fill: Fill, id: string, revision: number): object => ({
  type: "fill",
  portfolio: book.portfolio,
  symbol: book.symbol,
  venue: fill.venue,
  account: fill.account,
  fill_id: id,
  revision,
  side: fill.side,
  quantity: fill.quantity,
});

function feeValue(book: FixtureBook, fill: Fill): object {
  const { portfolio, symbol } = book;
  const { venue, account } = fill;
  const value = { fill_id: otherId, fill_revision: 0, asset: "BNB", revision: 0, value: "1" };
  return { type: "fee value", portfolio, symbol, venue, account, ...value, source: "ana" };
}

/** Numbers are within the batch: 1 plain, 2 to 4 with an entry, 5 to 8 waiting, 9 and later decisions. */
function tellings(book: FixtureBook, facts: number): Observation[] {
  const index = book.facts.findIndex((fact) => fact.kind === "fill");
  const fill = book.facts[index] as Fill;
  if (index >= facts) throw new Error("the first batch of a book has a fill");
  const entry = index + 1;
  const another = line(book, fill, otherId, 0);
  const said = { item: `conflict ${otherId}`, action: "attach", number: 1, author: "ana" };
  const reason = `it "is", {"fill_id":"so"}`;
  const { venue, account } = fill;
  return [
    { outcome: "duplicate", entry },
    { outcome: "duplicate", entry, told: another, alias: otherId },
    { outcome: "rounded copy", entry, told: { ...another, order_id: "o" }, alias: otherId },
    { outcome: "conflict", entry, told: line(book, fill, fill.id, 0) },
    { outcome: "waiting", told: line(book, fill, "w", 0), alias: "w" },
    { outcome: "waiting", told: line(book, fill, "w", 1) },
    { outcome: "waiting", told: feeValue(book, fill) },
    { outcome: "decision", said: { ...said, reason } },
    { outcome: "decision", entry, said: { ...said, reason: "none" } },
    {
      outcome: "decision",
      entry,
      said: { ...said, reason, venue, account, fill_id: otherId },
      alias: otherId,
    },
  ];
}

/** One for each new fact, and one that waits from before it was kept what was told; then those beside. */
export async function recordObservations(
  connection: Connection,
  book: FixtureBook,
  head: Head,
  factLeaves: readonly Buffer[],
): Promise<Buffer[]> {
  const plain = factLeaves.map((_, index) => ({
    outcome: "recorded",
    entry: head.entry + index + 1,
  }));
  const others = head.seal === 0 ? tellings(book, factLeaves.length) : [];
  const leaves: Buffer[] = [];
  for (const told of [...plain, { outcome: "waiting" }, ...others]) {
    const leafOfFact = told.entry === undefined ? null : factLeaves[told.entry - head.entry - 1];
    leaves.push(
      await recordObservation(
        connection,
        book,
        head.observation + leaves.length + 1,
        told,
        leafOfFact,
      ),
    );
  }
  return leaves;
}

async function recordObservation(
  connection: Connection,
  book: FixtureBook,
  number: number,
  { outcome, entry, told, alias, said }: Observation,
  leafOfFact: Buffer | null | undefined,
): Promise<Buffer> {
  const id = bookId(book.portfolio, book.symbol);
  const source = said === undefined ? "lotbook-csv" : "review";
  const row = Buffer.concat([Buffer.from(`row ${number}`), Buffer.from([0, 255])]);
  const raw = said === undefined ? row : Buffer.from(JSON.stringify(said));
  const telling = leaf(0x10, [
    [1, source],
    [2, raw],
  ]);
  const text = told === undefined ? null : JSON.stringify(told);
  await insert(connection, "observations", {
    book_id: id,
    number,
    entry: entry ?? null,
    outcome,
    source,
    raw,
    telling,
    told: text,
  });
  if (alias !== undefined) {
    const { venue, account } = book.facts.find((fact) => fact.kind === "fill") as Fill;
    const names = { venue, account, fill_id: alias };
    await insert(connection, "aliases", { book_id: id, ...names, number, entry: entry ?? null });
  }
  return leaf(0x11, [
    [1, telling],
    [2, outcome],
    [3, leafOfFact],
    [4, text],
  ]);
}
