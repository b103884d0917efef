/**
 * A small ledger written by hand, rows and all, so that the reports are tested against figures that no
 * engine made. Book A is the worked example of docs/spec/matching.md 3 with its fees; its sales stand at
 * both sides of the night in which Berlin's clocks go forward. Book B has an opening lot and a fee in a
 * third asset; book C is another portfolio in the instrument of A.
 */
import { parseInstant } from "../../src/core/time.ts";
import type { Connection, Value } from "../../src/store/database.ts";

export const books = {
  a: "00000000-0000-4000-8000-00000000000a",
  b: "00000000-0000-4000-8000-00000000000b",
  c: "00000000-0000-4000-8000-00000000000c",
} as const;

const zeros = new Uint8Array(32);

export async function insertRow(
  connection: Connection,
  table: string,
  row: Readonly<Record<string, Value>>,
): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`).join(", ");
  await connection.execute(
    `INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`,
    Object.values(row),
  );
}

const at = (text: string): bigint => parseInstant(text)!;

export const times = {
  b1: at("2026-03-28T10:00:00Z"),
  b2: at("2026-03-28T11:00:00.5Z"),
  // 00:30 on 29 March in Berlin.
  s1: at("2026-03-28T23:30:00Z"),
  // 00:30 on 30 March in Berlin, a Monday.
  s2: at("2026-03-29T22:30:00.000000001Z"),
  b3: at("2026-03-30T00:00:00Z"),
  old: at("2026-01-01T00:00:00Z"),
  s3: at("2026-04-02T12:00:00Z"),
  c1: at("2026-03-31T09:00:00Z"),
  // 00:30 on 1 April in Berlin.
  c2: at("2026-03-31T22:30:00Z"),
} as const;

const fill = {
  venue: "coinbase",
  account: "main",
  quote_fee: "0",
  base_fee: "0",
  leaf: zeros,
};

async function insertBooks(connection: Connection): Promise<void> {
  const rows = [
    [books.a, "p", "BTC", "USD", 5n],
    [books.b, "p", "ETH", "EUR", 3n],
    [books.c, "q", "BTC", "USD", 3n],
  ] as const;
  for (const [book_id, portfolio, base_asset, quote_asset, last_entry] of rows) {
    const symbol = `${base_asset}-${quote_asset}`;
    await insertRow(connection, "books", {
      book_id,
      portfolio,
      symbol,
      base_asset,
      quote_asset,
      last_entry,
    });
  }
}

async function insertFacts(connection: Connection): Promise<void> {
  const add = (book_id: string, entry: bigint, row: Readonly<Record<string, Value>>) =>
    insertRow(connection, "fills", { ...fill, book_id, entry, ...row });
  const grid = { strategy: "grid" };
  const bnb = { third_fee_assets: ["BNB"] };
  await add(books.a, 1n, {
    fill_id: "b1",
    executed_at: times.b1,
    side: "buy",
    quantity: "10",
    price: "100",
    quote_fee: "1.5",
    order_id: "bo1",
    ...grid,
  });
  await add(books.a, 2n, {
    fill_id: "b2",
    executed_at: times.b2,
    side: "buy",
    quantity: "5",
    price: "110",
    quote_fee: "0.5",
  });
  await add(books.a, 3n, {
    fill_id: "s1",
    executed_at: times.s1,
    side: "sell",
    quantity: "12",
    price: "120",
    quote_fee: "1.2",
    order_id: "so1",
    ...grid,
  });
  await add(books.a, 4n, {
    fill_id: "s2",
    executed_at: times.s2,
    side: "sell",
    quantity: "4",
    price: "90",
    account: "alt",
    order_id: "so1",
  });
  await add(books.a, 5n, {
    fill_id: "b3",
    executed_at: times.b3,
    side: "buy",
    quantity: "1.001",
    price: "80",
    base_fee: "0.001",
    ...bnb,
    third_fee_amounts: ["0.01"],
  });
  await insertRow(connection, "opening_lots", {
    book_id: books.b,
    entry: 1n,
    venue: "kraken",
    account: "main",
    lot_key: "old",
    opened_at: times.old,
    quantity: "4",
    cost: "400",
    author: "ana",
    note: "n",
    leaf: zeros,
  });
  await add(books.b, 2n, {
    fill_id: "s3",
    venue: "kraken",
    executed_at: times.s3,
    side: "sell",
    quantity: "1",
    price: "150",
    quote_fee: "0.3",
    ...bnb,
    third_fee_amounts: ["0.02"],
  });
  await insertRow(connection, "fee_values", {
    book_id: books.b,
    entry: 3n,
    venue: "kraken",
    account: "main",
    fill_id: "s3",
    fill_revision: 0,
    asset: "BNB",
    value: "5",
    source: "price",
    target_entry: 2n,
    leaf: zeros,
  });
  await add(books.c, 1n, {
    fill_id: "b1",
    executed_at: times.c1,
    side: "buy",
    quantity: "1",
    price: "100",
  });
  await add(books.c, 2n, {
    fill_id: "s1",
    executed_at: times.c2,
    side: "sell",
    quantity: "1",
    price: "101",
  });
  await add(books.c, 3n, {
    fill_id: "s9",
    executed_at: times.c2 + 1n,
    side: "sell",
    quantity: "1",
    price: "101",
  });
}

/** Revisions 1 to 6; version 1 is published at 2. Step 4 is unfinished: nothing of it may show. */
async function insertChain(connection: Connection): Promise<void> {
  for (const [version, scope] of [
    [1, "portfolio"],
    [2, "account"],
    [3, "portfolio"],
  ] as const)
    await insertRow(connection, "versions", {
      version,
      method: "fifo",
      scope,
      fee_policy: "in basis and proceeds",
      engine_version: 1,
    });
  const total = '{"USD": "157.8", "EUR": "44.7"}';
  await connection.execute(
    `INSERT INTO runs (version, mode, trigger, worker, status, started_at, ended_at, books, opens, closes,
       allocations, total_pnl, revision, symbol)
     VALUES (1, 'full', 'command', 'host 1', 'done', '2026-04-10T00:00:00Z', '2026-04-10T00:00:01.5Z', 2, 3, 2, 4,
         '{"USD": "217.1"}', 1, NULL),
       (1, 'incremental', 'schedule', 'host 1', 'done', '2026-04-10T00:00:03Z', '2026-04-10T00:00:03.25Z', 2, 2, 2,
         3, $1, 4, 'BTC-USD'),
       (2, 'full', 'command', 'host 2', 'failed', '2026-04-10T00:00:05Z', '2026-04-10T00:00:06Z', 0, 0, 0, 0, NULL,
         NULL, NULL)`,
    [total],
  );
  const steps = [
    [1, 1, null, 1n],
    [2, 1, books.a, 3n],
    [2, 1, books.c, 4n],
    [2, 1, books.a, null],
    [3, 2, null, 5n],
  ];
  for (const [run, version, book_id, revision] of steps as Value[][])
    await insertRow(connection, "steps", {
      run: run!,
      version: version!,
      book_id: book_id!,
      revision: revision!,
    });
  const kinds = [
    ["step", 1],
    ["publish", 1],
    ["step", 1],
    ["step", 1],
    ["step", 2],
    ["drop", 3],
  ] as const;
  for (const [index, [kind, version]] of kinds.entries())
    await insertRow(connection, "revisions", {
      revision: index + 1,
      stamp: `2026-04-10T00:00:0${index + 1}Z`,
      kind,
      version,
      inputs: zeros,
      hash: zeros,
    });
}

const none = {
  open_entry: null,
  open_fee: null,
  cost_basis: null,
  pnl: null,
  opened_at: null,
  superseded: null,
};

async function insertAllocations(connection: Connection): Promise<void> {
  const add = (
    book_id: string,
    close_entry: bigint,
    slice: number,
    row: Readonly<Record<string, Value>>,
  ) =>
    insertRow(connection, "allocations", {
      version: 1,
      book_id,
      close_entry,
      slice,
      ...none,
      missing: 0,
      row_hash: zeros,
      step: 1n,
      ...row,
    });
  const s1 = { closed_at: times.s1 };
  const s2 = { closed_at: times.s2, step: 2n, superseded: 4n };
  await add(books.a, 3n, 1, {
    open_entry: 1n,
    quantity: "10",
    open_fee: "1.5",
    close_fee: "1.0",
    cost_basis: "1001.5",
    proceeds: "1200",
    pnl: "197.50",
    opened_at: times.b1,
    ...s1,
  });
  await add(books.a, 3n, 2, {
    open_entry: 2n,
    quantity: "2",
    open_fee: "0.2",
    close_fee: "0.2",
    cost_basis: "220.2",
    proceeds: "240",
    pnl: "19.6",
    opened_at: times.b2,
    ...s1,
  });
  await add(books.a, 4n, 1, {
    open_entry: 2n,
    quantity: "3",
    open_fee: "0.3",
    close_fee: "0",
    cost_basis: "330.3",
    proceeds: "270",
    pnl: "-60.3",
    opened_at: times.b2,
    ...s2,
  });
  await add(books.a, 4n, 2, { quantity: "1", close_fee: "0", proceeds: "90", missing: 4, ...s2 });
  await add(books.a, 4n, 1, {
    quantity: "4",
    close_fee: "0",
    proceeds: "360",
    missing: 4,
    ...s2,
    step: 4n,
    superseded: null,
  });
  await add(books.b, 2n, 1, {
    open_entry: 1n,
    quantity: "1",
    open_fee: "100",
    close_fee: "5.3",
    cost_basis: "100",
    proceeds: "150",
    pnl: "44.7",
    opened_at: times.old,
    closed_at: times.s3,
  });
  await add(books.c, 2n, 1, {
    open_entry: 1n,
    quantity: "1",
    open_fee: "0",
    close_fee: "0",
    cost_basis: "100",
    proceeds: "101",
    pnl: "1",
    opened_at: times.c1,
    closed_at: times.c2,
    step: 3n,
  });
}

async function insertLotsAndStates(connection: Connection): Promise<void> {
  const add = (book_id: string, open_entry: bigint, row: Readonly<Record<string, Value>>) =>
    insertRow(connection, "open_lots", {
      version: 1,
      book_id,
      open_entry,
      missing: 0,
      row_hash: zeros,
      step: 1n,
      superseded: null,
      ...row,
    });
  await add(books.a, 2n, {
    quantity: "3",
    open_fee: "0.3",
    cost_basis: "330.3",
    opened_at: times.b2,
    superseded: 2n,
  });
  await add(books.a, 5n, {
    quantity: "1",
    open_fee: "0.08",
    cost_basis: null,
    missing: 1,
    opened_at: times.b3,
    step: 2n,
  });
  await add(books.b, 1n, {
    quantity: "3",
    open_fee: "300",
    cost_basis: "300.00",
    opened_at: times.old,
  });
  const states = [
    [1, books.a, 3n, 1n, 2n],
    [1, books.a, 5n, 2n, 4n],
    [1, books.b, 3n, 1n, null],
    [1, books.c, 2n, 3n, null],
    [1, books.a, 5n, 4n, null],
    [2, books.a, 5n, 5n, null],
  ];
  for (const [version, book_id, computed_entry, step, superseded] of states as Value[][])
    await insertRow(connection, "book_states", {
      version: version!,
      book_id: book_id!,
      computed_entry: computed_entry!,
      step: step!,
      superseded: superseded!,
    });
}

/** Writes it into an empty ledger, as its owner. */
export async function writeLedger(connection: Connection): Promise<void> {
  await insertBooks(connection);
  await insertFacts(connection);
  await insertChain(connection);
  for (const version of [1, 2])
    await connection.query(
      `SELECT create_version_partitions($1)::text, attach_version_partitions($1)::text`,
      [version],
    );
  await insertAllocations(connection);
  await insertLotsAndStates(connection);
}
