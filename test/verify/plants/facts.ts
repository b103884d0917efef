/** Against I9. */
import { bitcoin, waiting, state, lastPlace, plant, type Plant } from "./plant.ts";

const facts = (table: string, set: string, entry: number): string =>
  `UPDATE ${table} SET ${set} WHERE ${bitcoin} AND entry = ${entry}`;

const factHashes: readonly Plant[] = [
  plant("I9", "last place of a quantity", facts("fills", `quantity = quantity + ${lastPlace}`, 3)),
  plant("I9", "a time a nanosecond off", facts("fills", "executed_at = executed_at + 1", 3)),
  plant("I9", "the place of a sequence", facts("fills", "sequence = 8", 10)),
  plant("I9", "the strategy", facts("fills", "strategy = NULL", 4)),
  plant("I9", "the trade id", facts("fills", "trade_id = 't-4'", 11)),
  plant("I9", "the order id", facts("fills", "order_id = strategy, strategy = order_id", 1)),
  plant("I9", "the grain", facts("fills", "grain = NULL", 12)),
  plant("I9", "the quote size", facts("fills", `quote_size = quote_size + ${lastPlace}`, 12)),
  plant(
    "I9",
    "a fee in a third asset",
    facts("fills", "third_fee_amounts = '{0.02, 3.000000000000000001}'", 8),
  ),
  plant("I9", "an asset of a fee", facts("fills", "third_fee_assets = '{BNB, KFEF}'", 8)),
  plant("I9", "the sign of a fee", facts("fills", "quote_fee = -quote_fee", 7)),
  plant("I9", "the note of an opening lot", facts("opening_lots", "note = note || ' '", 13)),
  plant("I9", "the cost of an opening lot unknown", facts("opening_lots", "cost = NULL", 13)),
  plant("I9", "the value of a fee", facts("fee_values", `value = value + ${lastPlace}`, 25)),
  plant("I9", "the author of a void", facts("voids", "author = 'eve'", 22)),
  plant("I9", "the revision in a void", facts("voids", "value_revision = 3", 24)),
  plant("I9", "a fee of an adjustment", facts("adjustments", "fee_amounts = '{0.1, -3.1}'", 15)),
  plant(
    "I9",
    "nothing behind the fees of an adjustment",
    facts(
      "adjustments",
      "fee_assets = array_append(fee_assets, NULL), fee_amounts = array_append(fee_amounts, NULL)",
      15,
    ),
  ),
  plant(
    "I9",
    "fees in two dimensions",
    facts("adjustments", "fee_assets = ARRAY[fee_assets], fee_amounts = ARRAY[fee_amounts]", 15),
  ),
  plant(
    "I9",
    "fees counted from 0",
    facts("fills", "third_fee_assets = ('[0:1]=' || third_fee_assets::text)::text[]", 8),
  ),
  plant(
    "I9",
    "the trade type of an adjustment",
    facts("adjustments", "trade_type = 'CORRECTION'", 15),
  ),
  plant("I9", "a leaf", facts("fills", "leaf = sha256(leaf)", 3)),
  plant("I9", "a middle fact missing", `DELETE FROM fills WHERE ${bitcoin} AND entry = 17`),
  plant("I9", "the last fact cut off", `DELETE FROM fills WHERE ${bitcoin} AND entry = 28`),
  plant(
    "I9",
    "the last fact cut off and the counter with it",
    `DELETE FROM fills WHERE ${bitcoin} AND entry = 28;
    UPDATE books SET last_entry = 27 WHERE ${bitcoin}`,
  ),
  plant(
    "I9",
    "two facts swapped",
    `UPDATE fills SET entry = 1000 WHERE ${bitcoin} AND entry = 1;
    UPDATE fills SET entry = 1 WHERE ${bitcoin} AND entry = 2;
    UPDATE fills SET entry = 2 WHERE ${bitcoin} AND entry = 1000`,
  ),
  plant(
    "I9",
    "a fact added",
    `INSERT INTO voids SELECT book_id, 29, target_kind, venue, account, target_id, target_revision, asset,
      value_revision, 1, author, reason, leaf
    FROM voids WHERE ${bitcoin} AND entry = 22;
    UPDATE books SET last_entry = 29 WHERE ${bitcoin}`,
  ),
  plant(
    "I9",
    "an entry number twice",
    `UPDATE voids SET entry = 21 WHERE ${bitcoin} AND entry = 22`,
  ),
  plant(
    "I9",
    "a fact moved to another book",
    `UPDATE fills SET book_id = ${waiting}, entry = 3 WHERE ${bitcoin} AND entry = 28`,
  ),
];

const told = (set: string, number: number): string =>
  `UPDATE observations SET ${set} WHERE ${bitcoin} AND number = ${number}`;
const seal = (set: string, number: number): string =>
  `UPDATE seals SET ${set} WHERE ${bitcoin} AND number = ${number}`;

const sealHashes: readonly Plant[] = [
  plant("I9", "a byte of a telling", told("raw = set_byte(raw, 0, 0)", 3)),
  plant("I9", "a telling", told("telling = sha256(telling)", 3)),
  plant("I9", "the source of a telling", told("source = 'eve'", 3)),
  plant("I9", "an outcome", told("outcome = 'duplicate'", 3)),
  plant("I9", "the fact of an observation", told("entry = 4", 3)),
  plant("I9", "the fact of an observation that is not there", told("entry = 4000", 3)),
  plant("I9", "an observation missing", `DELETE FROM observations WHERE ${bitcoin} AND number = 3`),
  plant(
    "I9",
    "the last observation cut off",
    `DELETE FROM observations WHERE ${bitcoin} AND number =
    (SELECT max(number) FROM observations WHERE ${bitcoin})`,
  ),
  plant("I9", "a seal", seal("hash = sha256(hash)", 3)),
  plant("I9", "a seal's root of facts", seal("fact_root = sha256(fact_root)", 2)),
  plant("I9", "a seal's root of no facts", seal("fact_root = sha256(fact_root)", 3)),
  plant("I9", "a seal's root of observations", seal("observation_root = sha256('')", 2)),
  plant("I9", "a seal's first entry", seal("first_entry = first_entry + 1", 2)),
  plant("I9", "a seal's count", seal("fact_count = fact_count + 1", 2)),
  plant("I9", "a seal's first observation", seal("first_observation = 1", 2)),
  plant("I9", "a middle seal missing", `DELETE FROM seals WHERE ${bitcoin} AND number = 3`),
  plant("I9", "the last seal cut off", `DELETE FROM seals WHERE ${bitcoin} AND number = 7`),
  plant(
    "I9",
    "the tail cut off, heads and all",
    `DELETE FROM seals WHERE ${bitcoin} AND number = 7;
    DELETE FROM fills WHERE ${bitcoin} AND entry = 28;
    UPDATE books SET last_entry = 27, last_seal = 6 WHERE ${bitcoin}`,
  ),
  plant(
    "I9",
    "a seal moved to another batch",
    seal(`batch_id = (SELECT batch_id FROM seals WHERE ${bitcoin} AND number = 2)`, 3),
  ),
  plant(
    "I9",
    "a batch a microsecond later",
    "UPDATE batches SET recorded_at = recorded_at + interval '1 microsecond'",
  ),
  plant("I9", "the author of a batch", "UPDATE batches SET author = 'eve'"),
  plant("I9", "the inputs of a batch", "UPDATE batches SET inputs = inputs || '2'"),
  plant(
    "I9",
    "a batch missing",
    `DELETE FROM batches WHERE batch_id = (SELECT batch_id FROM seals WHERE ${bitcoin} AND number = 2)`,
  ),
  plant(
    "I9",
    "a batch added",
    "INSERT INTO batches VALUES ('00000000-0000-0000-0000-000000000001', now(), 's', 'a', '')",
  ),
  plant("I9", "a head", `UPDATE books SET head = sha256(head) WHERE ${bitcoin}`),
  plant(
    "I9",
    "a counter of observations",
    `UPDATE books SET last_observation = last_observation + 1 WHERE ${bitcoin}`,
  ),
  plant("I9", "a counter of seals", `UPDATE books SET last_seal = last_seal + 1 WHERE ${bitcoin}`),
  plant("I9", "a portfolio", `UPDATE books SET portfolio = 'eve' WHERE ${bitcoin}`),
  plant("I9", "a book missing", `DELETE FROM books WHERE ${bitcoin}`),
  plant(
    "I9",
    "a book without facts and a wrong id",
    `INSERT INTO books (book_id, portfolio, symbol, base_asset, quote_asset)
    VALUES ('00000000-0000-0000-0000-000000000001', 'default', 'A-B', 'A', 'B')`,
  ),
  plant(
    "I9",
    "a symbol split elsewhere",
    `UPDATE books SET symbol = 'A-B-C', base_asset = 'A', quote_asset = 'B-C' WHERE ${bitcoin}`,
  ),
];

const revisionHashes: readonly Plant[] = [
  plant(
    "I9",
    "the stamp of a revision",
    "UPDATE revisions SET stamp = stamp + interval '1 microsecond' WHERE revision = 3",
  ),
  plant(
    "I9",
    "a stamp that goes back",
    "UPDATE revisions SET stamp = stamp - interval '1 hour' WHERE revision = 3",
  ),
  plant("I9", "the version of a revision", "UPDATE revisions SET version = 2 WHERE revision = 2"),
  plant("I9", "the kind of a revision", "UPDATE revisions SET kind = 'drop' WHERE revision = 2"),
  plant(
    "I9",
    "the digest of a revision",
    "UPDATE revisions SET digest = sha256(digest) WHERE revision = 3",
  ),
  plant(
    "I9",
    "the inputs of a revision",
    "UPDATE revisions SET inputs = sha256(inputs) WHERE revision = 3",
  ),
  plant(
    "I9",
    "the hash of a revision",
    "UPDATE revisions SET hash = sha256(hash) WHERE revision = 3",
  ),
  plant("I9", "a revision missing", "DELETE FROM revisions WHERE revision = 3"),
  plant("I9", "the last revision cut off", "DELETE FROM revisions WHERE revision = 8"),
  plant(
    "I9",
    "the computed entry of an earlier state",
    `UPDATE book_states SET computed_entry = 17 WHERE version = 1 AND ${bitcoin} AND superseded IS NOT NULL`,
  ),
  plant("I9", "a state missing", `DELETE FROM book_states WHERE ${state}`),
  plant("I9", "a step missing", "DELETE FROM steps WHERE revision = 3"),
  plant("I9", "a step of another book", "UPDATE steps SET book_id = NULL WHERE revision = 3"),
  plant("I9", "a version that went without a drop", "DELETE FROM versions WHERE version = 2"),
  plant("I9", "the head of the counter", "UPDATE revision_counter SET head = sha256(head)"),
  plant("I9", "the number of the counter", "UPDATE revision_counter SET last = last + 1"),
  plant(
    "I9",
    "the stamp of the counter",
    "UPDATE revision_counter SET stamp = stamp + interval '1 second'",
  ),
  plant("I9", "the counter missing", "DELETE FROM revision_counter"),
];

export const factPlants: readonly Plant[] = [...factHashes, ...sealHashes, ...revisionHashes];
