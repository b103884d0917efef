/** Against I1 to I8. */
import {
  bitcoin,
  ether,
  waiting,
  slice,
  change,
  lot,
  state,
  lastPlace,
  plant,
  again,
  type Plant,
} from "./plant.ts";

const quantities: readonly Plant[] = [
  plant("I1", "last place of a slice", change(4, 1, `quantity = quantity + ${lastPlace}`)),
  plant("I1", "a middle slice", change(4, 2, "quantity = quantity - 1")),
  plant("I1", "a middle slice missing", `DELETE FROM allocations WHERE ${slice(17, 4)}`),
  plant("I1", "the unmatched part missing", `DELETE FROM allocations WHERE ${slice(18, 2)}`),
  plant(
    "I1",
    "last place of the fill",
    `UPDATE fills SET quantity = quantity + ${lastPlace} WHERE ${bitcoin} AND entry = 4`,
  ),
  plant("I1", "a slice of nothing", change(4, 2, "quantity = 0")),
  plant(
    "I2",
    "last place of an open lot",
    `UPDATE open_lots SET quantity = quantity - ${lastPlace} WHERE ${lot}`,
  ),
  plant("I2", "a middle slice", change(17, 4, `quantity = quantity + ${lastPlace}`)),
  plant("I2", "an open lot missing", `DELETE FROM open_lots WHERE ${lot}`),
  plant("I2", "a middle slice missing", `DELETE FROM allocations WHERE ${slice(4, 2)}`),
  plant(
    "I2",
    "last place of a fee in the base",
    `UPDATE fills SET base_fee = base_fee + ${lastPlace} WHERE ${bitcoin} AND entry = 3`,
  ),
];

const amounts: readonly Plant[] = [
  plant("I3", "last place of a profit", change(4, 3, "pnl = pnl + 1e-36")),
  plant("I3", "cost of a middle slice", change(4, 2, `cost_basis = cost_basis - ${lastPlace}`)),
  plant("I3", "proceeds of a middle slice", change(17, 4, `proceeds = proceeds + ${lastPlace}`)),
  plant("I3", "a fee value missing", `DELETE FROM fee_values WHERE ${bitcoin} AND entry = 25`),
  plant(
    "I3",
    "a cost recorded as unknown",
    `UPDATE opening_lots SET cost = NULL WHERE ${bitcoin} AND entry = 13`,
  ),
  plant("I3", "a profit left out", change(4, 2, "pnl = NULL")),
  plant("I3", "a profit of an unmatched part", change(18, 2, "pnl = 0")),
  plant("I3", "an unmatched part as complete", change(18, 2, "missing = 0")),
  plant("I3", "a complete slice as incomplete", change(4, 2, "missing = 2")),
  plant("I3", "an opening time a nanosecond off", change(4, 2, "opened_at = opened_at + 1")),
  plant("I3", "a closing time a nanosecond off", change(4, 2, "closed_at = closed_at - 1")),
  plant("I3", "a share of an unmatched part", change(18, 2, "open_fee = 0")),
  plant(
    "I3",
    "last place of a price",
    `UPDATE fills SET price = price + ${lastPlace} WHERE ${bitcoin} AND entry = 2`,
  ),
  plant(
    "I3",
    "cost of an open lot",
    `UPDATE open_lots SET cost_basis = cost_basis + ${lastPlace} WHERE ${lot}`,
  ),
  plant(
    "I3",
    "cost of an open lot left out",
    `UPDATE open_lots SET cost_basis = NULL WHERE ${lot}`,
  ),
  plant("I4", "last place of an open share", change(4, 1, `open_fee = open_fee + ${lastPlace}`)),
  plant(
    "I4",
    "last place of a share with 36 decimals",
    change(4, 3, "open_fee = open_fee - 1e-36"),
  ),
  plant(
    "I4",
    "close share of a middle slice",
    change(4, 2, `close_fee = close_fee - ${lastPlace}`),
  ),
  plant(
    "I4",
    "shares of two slices swapped, the sum kept",
    `UPDATE allocations a SET close_fee = b.close_fee FROM allocations b
     WHERE a.version = 1 AND b.version = 1 AND a.${bitcoin} AND b.book_id = a.book_id AND a.close_entry = 4
       AND b.close_entry = 4 AND a.slice IN (1, 2) AND b.slice = 3 - a.slice`,
  ),
  plant("I4", "share of an unmatched part", change(18, 2, `close_fee = close_fee + ${lastPlace}`)),
  plant("I4", "a middle slice missing", `DELETE FROM allocations WHERE ${slice(4, 2)}`),
  plant(
    "I4",
    "share left in an open lot",
    `UPDATE open_lots SET open_fee = open_fee + ${lastPlace} WHERE ${lot}`,
  ),
  plant(
    "I4",
    "last place of a fee",
    `UPDATE fills SET quote_fee = quote_fee + ${lastPlace} WHERE ${bitcoin} AND entry = 4`,
  ),
  plant(
    "I4",
    "last place of a fee's value",
    `UPDATE fee_values SET value = value + ${lastPlace} WHERE ${bitcoin} AND entry = 20`,
  ),
  plant(
    "I4",
    "last place of a cost",
    `UPDATE opening_lots SET cost = cost - ${lastPlace} WHERE ${bitcoin} AND entry = 13`,
  ),
];

const order: readonly Plant[] = [
  plant("I5", "a middle slice out of a later buy", change(4, 2, "open_entry = 21")),
  plant(
    "I5",
    "a buy a nanosecond after the sale",
    `UPDATE fills SET executed_at = 1772460314000000001 WHERE ${bitcoin} AND entry = 3`,
  ),
  plant(
    "I5",
    "a sale a nanosecond before its buy",
    `UPDATE fills SET executed_at =
    (SELECT executed_at - 1 FROM fills WHERE ${bitcoin} AND entry = 21) WHERE ${bitcoin} AND entry = 27`,
  ),
  plant(
    "I5",
    "an opening lot after the sale",
    `UPDATE opening_lots SET opened_at = opened_at + 10000000000 WHERE ${ether}`,
  ),
  plant(
    "I6",
    "two lots swapped",
    `${change(4, 1, "open_entry = 2")}; ${change(4, 2, "open_entry = 1")}`,
  ),
  plant(
    "I6",
    "last place moved between two slices",
    `${change(17, 1, `quantity = quantity - ${lastPlace}`)};
    ${change(17, 2, `quantity = quantity + ${lastPlace}`)}`,
  ),
  plant("I6", "a middle slice missing", `DELETE FROM allocations WHERE ${slice(17, 4)}`),
  plant("I6", "unmatched although a lot was left", change(4, 3, "open_entry = NULL")),
  plant("I6", "an unmatched middle slice", change(17, 4, "open_entry = NULL")),
  plant("I6", "a later lot than the first", change(27, 1, "open_entry = 23")),
  plant(
    "I6",
    "the order of two buys",
    `UPDATE fills SET executed_at = executed_at + 2000000000 WHERE ${bitcoin} AND entry = 1`,
  ),
  {
    check: "I6",
    title: "a lot of another account",
    sql: `UPDATE allocations SET open_entry = 10
      WHERE version = 2 AND ${bitcoin} AND close_entry = 18 AND slice = 2`,
    version: 2,
  },
];

const coverage: readonly Plant[] = [
  plant(
    "I7",
    "the order of two slices, by a sequence",
    `UPDATE fills SET sequence = 10 WHERE ${bitcoin} AND entry = 12`,
  ),
  plant(
    "I7",
    "a sale missing",
    `DELETE FROM allocations WHERE version = 1 AND ${bitcoin} AND close_entry = 27`,
  ),
  plant(
    "I7",
    "an untouched lot missing",
    `DELETE FROM open_lots WHERE version = 1 AND ${ether} AND open_entry = 8`,
  ),
  plant("I7", "a middle slice missing", `DELETE FROM allocations WHERE ${slice(4, 2)}`),
  plant("I7", "a middle slice with another number", change(4, 2, "slice = 7")),
  plant(
    "I7",
    "a slice twice",
    again(
      "allocations",
      `close_entry, slice, open_entry, quantity, open_fee, close_fee, proceeds, missing,
      opened_at, closed_at, row_hash`,
      slice(4, 2),
    ),
  ),
  plant(
    "I7",
    "an open lot twice",
    again("open_lots", "open_entry, quantity, open_fee, missing, opened_at, row_hash", lot),
  ),
  plant("I7", "a row of a voided fill", change(17, 7, "open_entry = 16")),
  plant("I7", "an open lot of a sale", `UPDATE open_lots SET open_entry = 27 WHERE ${lot}`),
  plant(
    "I7",
    "rows of a book that was not computed",
    `UPDATE open_lots SET book_id = ${waiting}, open_entry = 1 WHERE ${lot}`,
  ),
  plant("I7", "a void left out", `DELETE FROM voids WHERE ${bitcoin} AND entry = 22`),
  plant(
    "I7",
    "a fill voided",
    `INSERT INTO voids
    SELECT book_id, 17, 'fill', venue, account, fill_id, 0, NULL, NULL, 1, 'eve', 'none', leaf
    FROM fills WHERE ${bitcoin} AND entry = 1`,
  ),
  plant(
    "I7",
    "the computed entry one too high",
    `UPDATE book_states SET computed_entry = 28 WHERE ${state}`,
  ),
  plant(
    "I7",
    "the computed entry one too low",
    `UPDATE book_states SET computed_entry = 26 WHERE ${state}`,
  ),
  plant(
    "I7",
    "the computed entry beyond the book",
    `UPDATE book_states SET computed_entry = 9 WHERE version = 1 AND ${ether} AND superseded IS NULL`,
  ),
  plant("I7", "the last place", `UPDATE book_states SET last_place = 21 WHERE ${state}`),
  plant("I7", "a state missing", `DELETE FROM book_states WHERE ${state}`),
  plant("I7", "a state twice", again("book_states", "computed_entry, last_place, digest", state)),
  plant(
    "I7",
    "a void of another fact",
    `UPDATE voids SET target_entry = 15 WHERE ${bitcoin} AND entry = 22`,
  ),
  plant(
    "I7",
    "a void of another fee value",
    `UPDATE voids SET target_entry = 19 WHERE ${bitcoin} AND entry = 24`,
  ),
  plant(
    "I7",
    "a void of another opening lot",
    `UPDATE voids SET target_entry = 1 WHERE ${ether} AND entry = 6`,
  ),
  plant(
    "I7",
    "a fee value of another fill",
    `UPDATE fee_values SET target_entry = 7 WHERE ${bitcoin} AND entry = 25`,
  ),
];

const digests: readonly Plant[] = [
  plant("I8", "last place of a quantity", change(4, 1, `quantity = quantity + ${lastPlace}`)),
  plant("I8", "profit of a middle slice", change(4, 2, `pnl = pnl - ${lastPlace}`)),
  plant("I8", "the hash of a middle slice", change(4, 2, "row_hash = sha256(row_hash)")),
  plant("I8", "a middle slice missing", `DELETE FROM allocations WHERE ${slice(4, 2)}`),
  plant("I8", "an open lot missing", `DELETE FROM open_lots WHERE ${lot}`),
  plant(
    "I8",
    "a share left in an open lot",
    `UPDATE open_lots SET open_fee = open_fee - ${lastPlace} WHERE ${lot}`,
  ),
  plant("I8", "an incomplete mark", change(18, 2, "missing = 6")),
  plant(
    "I8",
    "the id of a fill",
    `UPDATE fills SET fill_id = 's7' WHERE ${bitcoin} AND entry = 27`,
  ),
  plant(
    "I8",
    "the digest of a day",
    `UPDATE day_digests SET digest = sha256(digest) WHERE ${state} AND day = 20514`,
  ),
  plant(
    "I8",
    "the digest of a day missing",
    `DELETE FROM day_digests WHERE ${state} AND day = 20514`,
  ),
  plant(
    "I8",
    "the digest of a day added",
    `INSERT INTO day_digests
    SELECT version, book_id, 1, digest, step, NULL FROM day_digests WHERE ${state} AND day = 20514`,
  ),
  plant(
    "I8",
    "the digest of another day",
    `UPDATE day_digests SET day = 1 WHERE ${state} AND day = 20514`,
  ),
  plant(
    "I8",
    "the digest of a book",
    `UPDATE book_states SET digest = sha256(digest) WHERE ${state}`,
  ),
  plant(
    "I8",
    "the digest of a book missing",
    `UPDATE book_states SET digest = NULL WHERE ${state}`,
  ),
  plant(
    "I8",
    "the digest of an earlier state",
    `UPDATE book_states SET digest = sha256(digest)
    WHERE version = 1 AND ${bitcoin} AND superseded IS NOT NULL`,
  ),
  plant("I8", "the policy", "UPDATE versions SET fee_policy = 'none' WHERE version = 1"),
  plant("I8", "the engine version", "UPDATE versions SET engine_version = 2 WHERE version = 1"),
  plant(
    "I8",
    "the digest of the last run",
    "UPDATE runs SET digest = sha256(digest) WHERE revision = 5",
  ),
  plant(
    "I8",
    "the digest of a step's revision",
    "UPDATE revisions SET digest = sha256(digest) WHERE revision = 5",
  ),
  plant(
    "I8",
    "the digest of the published revision",
    "UPDATE revisions SET digest = NULL WHERE revision = 2",
  ),
];

export const conclusionPlants: readonly Plant[] = [
  ...quantities,
  ...amounts,
  ...order,
  ...coverage,
  ...digests,
];
