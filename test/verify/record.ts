/** Writes the fixture's facts with their hashes, as a recorder would, by plain INSERTs. */
import type { Connection, Value } from "../../src/store/database.ts";
import type { FixtureBook } from "./facts.ts";
import { bookId, type Field, leaf, root, uuidBytes, withLength, zeros } from "./hashes.ts";
import { insert } from "./insert.ts";
import {
  type Adjustment,
  type Fact,
  type FeeValue,
  type Fill,
  type OpeningLot,
  targetEntry,
  type Void,
} from "./model.ts";
import { type Head, recordObservations } from "./observations.ts";

const normal = (amount: string | undefined): string | undefined =>
  amount === "0" ? undefined : amount;

const feeBytes = (fees: readonly (readonly [string, string])[] | undefined): Buffer | undefined =>
  fees === undefined || fees.length === 0
    ? undefined
    : Buffer.concat(fees.flatMap(([asset, amount]) => [withLength(asset), withLength(amount)]));

const assets = (fees: readonly (readonly [string, string])[] | undefined): string[] | null =>
  fees?.map(([asset]) => asset) ?? null;
const amounts = (fees: readonly (readonly [string, string])[] | undefined): string[] | null =>
  fees?.map(([, amount]) => amount) ?? null;

function fillLeaf(place: Field[], fact: Fill): Buffer {
  return leaf(1, [
    ...place,
    [6, BigInt(fact.revision)],
    [7, fact.at],
    [8, fact.side],
    [9, fact.quantity],
    [10, fact.price],
    [11, normal(fact.quoteFee)],
    [12, normal(fact.baseFee)],
    [13, feeBytes(fact.third)],
    [14, fact.sequence],
    [15, fact.order],
    [16, fact.strategy],
    [17, fact.trade],
    [18, fact.quoteSize],
    [19, fact.grain],
  ]);
}

const fillColumns = (fact: Fill): Record<string, Value> => ({
  fill_id: fact.id,
  revision: fact.revision,
  executed_at: fact.at,
  side: fact.side,
  quantity: fact.quantity,
  price: fact.price.includes(".") ? fact.price : `${fact.price}.00`, // the scale must not matter
  quote_fee: fact.quoteFee ?? "0",
  base_fee: fact.baseFee ?? "0",
  third_fee_assets: assets(fact.third),
  third_fee_amounts: amounts(fact.third),
  sequence: fact.sequence ?? null,
  order_id: fact.order ?? null,
  strategy: fact.strategy ?? null,
  trade_id: fact.trade ?? null,
  quote_size: fact.quoteSize ?? null,
  grain: fact.grain ?? null,
});

function adjustment(fact: Adjustment, place: Field[]): Written {
  return {
    table: "adjustments",
    columns: {
      entry_id: fact.id,
      trade_type: "REVERSAL",
      executed_at: fact.at,
      side: "buy",
      quantity: "-1.5",
      price: "2",
      fee_assets: assets(fact.fees),
      fee_amounts: amounts(fact.fees),
      order_id: "o-9",
    },
    leaf: leaf(5, [
      ...place,
      [6, "REVERSAL"],
      [8, fact.at],
      [9, "buy"],
      [10, "-1.5"],
      [11, "2"],
      [12, feeBytes(fact.fees)],
      [13, "o-9"],
    ]),
  };
}

interface Written {
  readonly table: string;
  readonly columns: Record<string, Value>;
  readonly leaf: Buffer;
}

function openingLot(_book: FixtureBook, fact: OpeningLot, place: Field[]): Written {
  return {
    table: "opening_lots",
    columns: {
      lot_key: fact.id,
      revision: fact.revision,
      opened_at: fact.at,
      quantity: fact.quantity,
      cost: fact.cost ?? null,
      author: "ana",
      note: "из книг",
    },
    leaf: leaf(3, [
      ...place,
      [6, BigInt(fact.revision)],
      [7, fact.at],
      [8, fact.quantity],
      [9, fact.cost],
      [10, "ana"],
      [11, "из книг"],
    ]),
  };
}

function feeValue(book: FixtureBook, fact: FeeValue, place: Field[]): Written {
  return {
    table: "fee_values",
    columns: {
      fill_id: fact.id,
      fill_revision: fact.revision,
      asset: fact.asset,
      revision: fact.valueRevision,
      value: fact.value,
      source: "ana",
      target_entry: targetEntry(book.facts, fact),
    },
    leaf: leaf(4, [
      ...place,
      [6, BigInt(fact.revision)],
      [7, fact.asset],
      [8, fact.value],
      [9, "ana"],
      [10, BigInt(fact.valueRevision)],
    ]),
  };
}

function voided(book: FixtureBook, fact: Void, place: Field[]): Written {
  return {
    table: "voids",
    columns: {
      target_kind: fact.target,
      target_id: fact.id,
      target_revision: fact.revision,
      asset: fact.asset ?? null,
      value_revision: fact.valueRevision ?? null,
      target_entry: targetEntry(book.facts, fact),
      author: "ana",
      reason: "a mistake",
    },
    leaf: leaf(2, [
      ...place.slice(0, 2),
      [3, fact.target],
      [4, fact.venue],
      [5, fact.account],
      [6, fact.id],
      [7, BigInt(fact.revision)],
      [8, fact.asset],
      [9, "ana"],
      [10, "a mistake"],
      [11, fact.valueRevision === undefined ? undefined : BigInt(fact.valueRevision)],
    ]),
  };
}

function write(book: FixtureBook, fact: Fact): Written {
  const names: Field[] = [
    [1, book.portfolio],
    [2, book.symbol],
  ];
  const place: Field[] = [...names, [3, fact.venue], [4, fact.account], [5, fact.id]];
  switch (fact.kind) {
    case "fill":
      return { table: "fills", columns: fillColumns(fact), leaf: fillLeaf(place, fact) };
    case "opening lot":
      return openingLot(book, fact, place);
    case "fee value":
      return feeValue(book, fact, place);
    case "void":
      return voided(book, fact, place);
    case "adjustment":
      return adjustment(fact, place);
  }
}

/** A batch a book for simplicity; batches over many books hash the same. */
async function recordBatch(
  connection: Connection,
  book: FixtureBook,
  head: Head,
  count: number,
): Promise<void> {
  const id = bookId(book.portfolio, book.symbol);
  const number = head.seal + 1;
  const batch = {
    batch_id: `${id.slice(0, 34)}${number.toString(16).padStart(2, "0")}`,
    recorded_at: `2026-03-10 10:00:00.12345${number}+00`,
    source: "lotbook-csv",
    author: "ana",
    inputs: "fills.csv",
  };
  await insert(connection, "batches", batch);
  const stamp = 1_773_136_800_123_450n + BigInt(number);
  const batchLeaf = leaf(0x20, [
    [1, uuidBytes(batch.batch_id)],
    [2, stamp],
    [3, batch.source],
    [4, batch.author],
    [5, batch.inputs],
  ]);
  const factLeaves: Buffer[] = [];
  for (const fact of book.facts.slice(head.entry, head.entry + count)) {
    const { table, columns, leaf: hash } = write(book, fact);
    const entry = head.entry + factLeaves.push(hash);
    const { venue, account } = fact;
    await insert(connection, table, { book_id: id, entry, venue, account, ...columns, leaf: hash });
  }
  const told = await recordObservations(connection, book, head, factLeaves);
  const hash = leaf(0x21, [
    [1, uuidBytes(id)],
    [2, BigInt(number)],
    [3, head.head],
    [4, batchLeaf],
    [5, BigInt(head.entry + 1)],
    [6, BigInt(count)],
    [7, root(factLeaves)],
    [8, BigInt(head.observation + 1)],
    [9, BigInt(told.length)],
    [10, root(told)],
  ]);
  await insert(connection, "seals", {
    book_id: id,
    number,
    batch_id: batch.batch_id,
    first_entry: head.entry + 1,
    fact_count: count,
    fact_root: root(factLeaves),
    first_observation: head.observation + 1,
    observation_count: told.length,
    observation_root: root(told),
    hash,
  });
  head.entry += count;
  head.observation += told.length;
  head.seal = number;
  head.head = hash;
}

export async function recordBook(connection: Connection, book: FixtureBook): Promise<void> {
  const [base, quote] = book.symbol.split("-") as [string, string];
  const head: Head = { entry: 0, observation: 0, seal: 0, head: zeros };
  for (const count of book.batches) await recordBatch(connection, book, head, count);
  await insert(connection, "books", {
    book_id: bookId(book.portfolio, book.symbol),
    portfolio: book.portfolio,
    symbol: book.symbol,
    base_asset: base,
    quote_asset: quote,
    last_entry: head.entry,
    last_observation: head.observation,
    last_seal: head.seal,
    head: head.head,
  });
}
