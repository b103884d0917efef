/**
 * A small ledger written by hand, rows and all, so that the reports are tested against figures that no
 * engine made. Book A is the worked example of docs/spec/matching.md 3 with its fees; its sales stand at
 * both sides of the night in which Berlin's clocks go forward. Book B has an opening lot and fees in a
 * third asset; book C is another portfolio in the instrument of A.
 */
import { parseInstant } from "../../src/core/time.ts";
import type { Connection } from "../../src/store/database.ts";

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

const [a, b, c] = ["a", "b", "c"].map((last) => `'00000000-0000-4000-8000-00000000000${last}'`);
const hash = `decode(repeat('00', 32), 'hex')`;

const facts = `
INSERT INTO books (book_id, portfolio, symbol, base_asset, quote_asset, last_entry) VALUES
  (${a}, 'p', 'BTC-USD', 'BTC', 'USD', 5), (${b}, 'p', 'ETH-EUR', 'ETH', 'EUR', 3),
  (${c}, 'q', 'BTC-USD', 'BTC', 'USD', 3);

INSERT INTO fills (book_id, entry, venue, account, fill_id, executed_at, side, quantity, price, quote_fee,
  base_fee, third_fee_assets, third_fee_amounts, order_id, strategy, leaf)
SELECT book_id::uuid, entry, venue, account, fill_id, executed_at, side, quantity, price, quote_fee,
  base_fee, bnb_asset, bnb, order_id, strategy, ${hash}
FROM (VALUES
  (${a}, 1, 'coinbase', 'main', 'b1', ${times.b1}, 'buy', 10, 100, 1.5, 0, NULL, NULL, 'bo1', 'grid'),
  (${a}, 2, 'coinbase', 'main', 'b2', ${times.b2}, 'buy', 5, 110, 0.5, 0, NULL, NULL, NULL, NULL),
  (${a}, 3, 'coinbase', 'main', 's1', ${times.s1}, 'sell', 12, 120, 1.2, 0, NULL, NULL, 'so1', 'grid'),
  (${a}, 4, 'coinbase', 'alt', 's2', ${times.s2}, 'sell', 4, 90, 0, 0, NULL, NULL, 'so1', NULL),
  (${a}, 5, 'coinbase', 'main', 'b3', ${times.b3}, 'buy', 1.001, 80, 0, 0.001, '{BNB}', '{0.01}', NULL, NULL),
  (${b}, 2, 'kraken', 'main', 's3', ${times.s3}, 'sell', 1, 150, 0.3, 0, '{BNB}', '{0.02}', NULL, NULL),
  (${c}, 1, 'coinbase', 'main', 'b1', ${times.c1}, 'buy', 1, 100, 0, 0, NULL, NULL, NULL, NULL),
  (${c}, 2, 'coinbase', 'main', 's1', ${times.c2}, 'sell', 1, 101, 0, 0, NULL, NULL, NULL, NULL),
  (${c}, 3, 'coinbase', 'main', 's9', ${times.c2} + 1, 'sell', 1, 101, 0, 0, NULL, NULL, NULL, NULL)
) AS fill (book_id, entry, venue, account, fill_id, executed_at, side, quantity, price, quote_fee, base_fee,
  bnb_assets, bnb_amounts, order_id, strategy),
LATERAL (SELECT bnb_assets::text[], bnb_amounts::numeric[]) AS third (bnb_asset, bnb);

INSERT INTO opening_lots (book_id, entry, venue, account, lot_key, opened_at, quantity, cost, author, note,
  leaf)
VALUES (${b}, 1, 'kraken', 'main', 'old', ${times.old}, 4, 400, 'ana', 'n', ${hash});
INSERT INTO fee_values (book_id, entry, venue, account, fill_id, fill_revision, asset, value, source,
  target_entry, leaf)
VALUES (${b}, 3, 'kraken', 'main', 's3', 0, 'BNB', 5, 'price', 2, ${hash});
`;

/** Revisions 1 to 6; version 1 is published at 2. Step 4 is unfinished: nothing of it may show. */
const chain = `
INSERT INTO versions (version, method, scope, fee_policy, engine_version) VALUES
  (1, 'fifo', 'portfolio', 'f', 1), (2, 'fifo', 'account', 'f', 1), (3, 'fifo', 'portfolio', 'f', 1);
INSERT INTO runs (version, mode, trigger, worker, status, started_at, ended_at, books, opens, closes,
  allocations, total_pnl, revision, symbol)
VALUES
  (1, 'full', 'command', 'host 1', 'done', '2026-04-10T00:00:00Z', '2026-04-10T00:00:01.5Z', 2, 3, 2, 4,
    '{"USD": "217.1"}', 1, NULL),
  (1, 'incremental', 'schedule', 'host 1', 'done', '2026-04-10T00:00:03Z', '2026-04-10T00:00:03.25Z', 2, 2, 2,
    3, '{"USD": "157.8", "EUR": "44.7"}', 4, 'BTC-USD'),
  (2, 'full', 'command', 'host 2', 'failed', '2026-04-10T00:00:05Z', '2026-04-10T00:00:06Z', 0, 0, 0, 0, NULL,
    NULL, NULL);
INSERT INTO steps (run, version, book_id, revision) VALUES
  (1, 1, NULL, 1), (2, 1, ${a}, 3), (2, 1, ${c}, 4), (2, 1, ${a}, NULL), (3, 2, NULL, 5);
INSERT INTO revisions (revision, stamp, kind, version, inputs, hash)
SELECT revision, timestamptz '2026-04-10T00:00:00Z' + revision * interval '1 second', kind, version,
  ${hash}, ${hash}
FROM (VALUES (1, 'step', 1), (2, 'publish', 1), (3, 'step', 1), (4, 'step', 1), (5, 'step', 2),
  (6, 'drop', 3)) AS link (revision, kind, version);
SELECT create_version_partitions(version)::text, attach_version_partitions(version)::text
FROM generate_series(1, 2) AS version;
`;

const conclusions = `
INSERT INTO allocations (version, book_id, close_entry, slice, open_entry, quantity, open_fee, close_fee,
  cost_basis, proceeds, pnl, missing, opened_at, closed_at, row_hash, step, superseded)
SELECT 1, book_id::uuid, close_entry, slice, open_entry, quantity, open_fee, close_fee, cost_basis, proceeds,
  pnl, missing, opened_at, closed_at, ${hash}, step, superseded
FROM (VALUES
  (${a}, 3, 1, 1, 10, 1.5, 1.0, 1001.5, 1200, 197.50, 0, ${times.b1}, ${times.s1}, 1, NULL),
  (${a}, 3, 2, 2, 2, 0.2, 0.2, 220.2, 240, 19.6, 0, ${times.b2}, ${times.s1}, 1, NULL),
  (${a}, 4, 1, 2, 3, 0.3, 0, 330.3, 270, -60.3, 0, ${times.b2}, ${times.s2}, 2, 4),
  (${a}, 4, 2, NULL, 1, NULL, 0, NULL, 90, NULL, 4, NULL, ${times.s2}, 2, 4),
  (${a}, 4, 1, NULL, 4, NULL, 0, NULL, 360, NULL, 4, NULL, ${times.s2}, 4, NULL),
  (${b}, 2, 1, 1, 1, 100, 5.3, 100, 150, 44.7, 0, ${times.old}, ${times.s3}, 1, NULL),
  (${c}, 2, 1, 1, 1, 0, 0, 100, 101, 1, 0, ${times.c1}, ${times.c2}, 3, NULL)
) AS slice (book_id, close_entry, slice, open_entry, quantity, open_fee, close_fee, cost_basis, proceeds, pnl,
  missing, opened_at, closed_at, step, superseded);

INSERT INTO open_lots (version, book_id, open_entry, quantity, open_fee, cost_basis, missing, opened_at,
  row_hash, step, superseded)
VALUES
  (1, ${a}, 2, 3, 0.3, 330.3, 0, ${times.b2}, ${hash}, 1, 2),
  (1, ${a}, 5, 1, 0.08, NULL, 1, ${times.b3}, ${hash}, 2, NULL),
  (1, ${b}, 1, 3, 300, 300.00, 0, ${times.old}, ${hash}, 1, NULL);

INSERT INTO book_states (version, book_id, computed_entry, step, superseded) VALUES
  (1, ${a}, 3, 1, 2), (1, ${a}, 5, 2, 4), (1, ${a}, 5, 4, NULL), (1, ${b}, 3, 1, NULL),
  (1, ${c}, 2, 3, NULL), (2, ${a}, 5, 5, NULL);
`;

/** Writes it into an empty ledger, as its owner. */
export async function writeLedger(connection: Connection): Promise<void> {
  for (const text of [facts, chain, conclusions]) await connection.script(text);
}
