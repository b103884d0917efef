import { type Check, type Fault, faultsOf, visible } from "../check.ts";
import { ledgerKeys } from "../movements.ts";
import { attached } from "../told.ts";

export const alone: readonly Fault[] = [
  {
    invariant: "I7",
    when: "close_place IS NULL OR (open_entry IS NOT NULL AND open_place IS NULL)",
    what: "'a row for a fact that takes no part'",
    expected: "NULL",
    found: "NULL",
  },
];

/** Numbered from 1 in ledger order of the opening facts; each once in a sale, the unmatched part too. */
export const alongClose: readonly Fault[] = [
  {
    invariant: "I7",
    when: "close_place IS NOT NULL AND (slice <> number OR again)",
    what: `CASE WHEN slice <> number THEN 'slices are not numbered in order'
      ELSE 'two slices of one pair' END`,
    expected: "number",
    found: "slice",
  },
];

const strangers = `
SELECT 'an open lot of a fact that takes no part' AS what, book_id, open_entry AS entry,
  NULL::bigint AS opening, NULL::integer AS slice, NULL::text AS expected, NULL::text AS found
FROM verify_lots
WHERE open_place IS NULL`;

const missing = `
SELECT 'a fact without a row' AS what, book_id, entry, NULL::bigint AS opening, NULL::integer AS slice,
  NULL::text AS expected, NULL::text AS found
FROM verify_absent
ORDER BY place`;

const twoLots = `
SELECT 'two open lots of one fact' AS what, book_id, open_entry AS entry, NULL::bigint AS opening,
  NULL::integer AS slice, '1' AS expected, count(*)::text AS found
FROM verify_lots
GROUP BY book_id, open_entry HAVING count(*) > 1`;

/** The fact that sorts last among those that take part. Places are of pools, so books are sorted anew. */
const states = `
WITH state AS (
  ${visible("book_states", "it.book_id, it.computed_entry, it.last_place")}
), latest AS (
  SELECT m.book, max(m.at) AS at FROM verify_movements m GROUP BY m.book
), last AS (
  SELECT DISTINCT ON (fact.book_id) fact.book_id, fact.entry
  FROM latest
  JOIN verify_books b ON b.book = latest.book
  JOIN verify_movements m ON m.book = latest.book AND m.at = latest.at
  JOIN (
    SELECT book_id, entry, venue::text COLLATE "C" AS venue, account::text COLLATE "C" AS account,
      fill_id::text COLLATE "C" AS id, revision, executed_at::bigint AS at, side = 'buy' AS opens,
      CASE WHEN sequence IS NULL THEN 1 ELSE 2 END AS class, coalesce(sequence, 0) AS sequence FROM fills
    UNION ALL
    SELECT book_id, entry, venue, account, lot_key, revision, opened_at, true, 0, 0 FROM opening_lots
  ) AS fact ON fact.book_id = b.book_id AND fact.entry = m.entry
  ORDER BY fact.book_id, ${ledgerKeys.map((key) => `${key} DESC`).join(", ")}
)
SELECT 'the computed entry is beyond the book' AS what, state.book_id, NULL::bigint AS entry,
  NULL::bigint AS opening, NULL::integer AS slice, coalesce(b.last_entry, 0)::text AS expected,
  state.computed_entry::text AS found
FROM state LEFT JOIN books b ON b.book_id = state.book_id
WHERE state.computed_entry NOT BETWEEN 0 AND coalesce(b.last_entry, -1)
UNION ALL
SELECT 'two states of one book', book_id, NULL, NULL, NULL, '1', count(*)::text
FROM state GROUP BY book_id HAVING count(*) > 1
UNION ALL
SELECT 'the last place is not the last fact taken', state.book_id, state.last_place, NULL, NULL,
  last.entry::text, state.last_place::text
FROM state LEFT JOIN last ON last.book_id = state.book_id
WHERE state.last_place IS DISTINCT FROM last.entry`;

/** Which fact a void or a fee value acts on is named by identity; target_entry is a conclusion from it. */
const targets = `
SELECT 'a fee value of another fill than it names' AS what, v.book_id, v.entry, NULL::bigint AS opening,
  NULL::integer AS slice, f.entry::text AS expected, v.target_entry::text AS found
FROM fee_values v
LEFT JOIN fills f ON (f.book_id, f.venue, f.account, f.fill_id, f.revision)
  = (v.book_id, v.venue, v.account, v.fill_id, v.fill_revision)
WHERE f.entry IS DISTINCT FROM v.target_entry
UNION ALL
SELECT 'a void of another fact than it names', x.book_id, x.entry, NULL, NULL,
  coalesce(f.entry, l.entry, v.entry)::text, x.target_entry::text
FROM voids x
LEFT JOIN fills f ON x.target_kind = 'fill' AND (f.book_id, f.venue, f.account, f.fill_id, f.revision)
  = (x.book_id, x.venue, x.account, x.target_id, x.target_revision)
LEFT JOIN opening_lots l ON x.target_kind = 'opening lot'
  AND (l.book_id, l.venue, l.account, l.lot_key, l.revision)
  = (x.book_id, x.venue, x.account, x.target_id, x.target_revision)
LEFT JOIN fee_values v ON x.target_kind = 'fee value'
  AND (v.book_id, v.venue, v.account, v.fill_id, v.fill_revision, v.asset, v.revision)
  = (x.book_id, x.venue, x.account, x.target_id, x.target_revision, x.asset, x.value_revision)
WHERE coalesce(f.entry, l.entry, v.entry) IS DISTINCT FROM x.target_entry`;

export const i7: Check = {
  id: "I7",
  title: "every fact up to the computed entry is in the conclusions once, and nothing else is",
  lane: "matching",
  needsVersion: true,
  parts: [faultsOf("I7"), strangers, missing, twoLots, states, targets, attached],
};
