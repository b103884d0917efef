/**
 * What was told beside the facts, telling.md 6 and 7: which outcome goes with what, and the rows of
 * `aliases`, which follow from it.
 *
 * Neither `told` nor a decision is parsed: text that somebody changed need not be JSON, and a check
 * must not fail on it. The bytes that a wallet's id has in such a line are made instead, and looked
 * for. Quotes within a value are escaped, so a comma, a quote and a key are found nowhere but at a key.
 */

const nowhere = "NULL::bigint AS opening, NULL::integer AS slice";
const json = (text: string): string => `to_json(${text}::text)::text`;

const wallet = (row: string): string =>
  `'"venue":' || ${json(`${row}.venue`)} || ',"account":' || ${json(`${row}.account`)}
    || ',"fill_id":' || ${json(`${row}.fill_id`)}`;

/** All observations but plain ones: recorded or duplicate, with an entry, and nothing told; as `o` below. */
export const beside = `
SELECT o.book_id, o.number, o.entry, o.outcome, o.told, CASE o.outcome WHEN 'decision' THEN o.raw END AS said,
  '{"type":"fill","portfolio":' || ${json("b.portfolio")} || ',"symbol":' || ${json("b.symbol")} || ','
    AS start
FROM observations o
LEFT JOIN books b ON b.book_id = o.book_id
WHERE o.told IS NOT NULL OR o.entry IS NULL OR o.outcome NOT IN ('recorded', 'duplicate')`;

/** That of a fill which the line tells of begins with it, up to the revision. */
const told = (row: string): string =>
  `starts_with(o.told, o.start || ${wallet(row)} || ',"revision":')`;

export const outcomes = `
SELECT 'observation ' || o.number || ', ' || o.outcome || ': ' || wrong.what AS what, o.book_id, o.entry,
  ${nowhere}, NULL::text AS expected, o.told AS found
FROM verify_beside o
LEFT JOIN fills f ON f.book_id = o.book_id AND f.entry = o.entry
CROSS JOIN LATERAL (VALUES
  ('there is no such outcome', o.outcome NOT IN
    ('recorded', 'duplicate', 'rounded copy', 'conflict', 'waiting', 'decision')),
  ('it names no entry', o.entry IS NULL AND o.outcome NOT IN ('waiting', 'decision')),
  ('it names an entry', o.entry IS NOT NULL AND o.outcome = 'waiting'),
  ('something is told beside it', o.told IS NOT NULL AND o.outcome IN ('recorded', 'decision')),
  ('what is told is the fact''s own id', o.outcome = 'duplicate' AND ${told("f")})
) AS wrong (what, holds)
WHERE wrong.holds
ORDER BY o.book_id, o.number`;

/** due: the observation makes an alias; another id than the fact's, or one that waits. */
const expected = `
SELECT o.*, CASE
    WHEN o.outcome = 'decision' THEN position(convert_to(',"fill_id":"', 'UTF8') IN o.said) > 0
    WHEN o.told IS NULL OR NOT starts_with(o.told, '{"type":"fill",') THEN false
    WHEN o.entry IS NULL THEN o.outcome = 'waiting' AND position(',"revision":0,' IN o.told) > 0
    ELSE f.entry IS NOT NULL AND NOT ${told("f")}
  END AS due
FROM verify_beside o
LEFT JOIN fills f ON f.book_id = o.book_id AND f.entry = o.entry`;

/** A decision ends with the id that it attaches. */
const ending = `convert_to(',' || ${wallet("a")} || '}', 'UTF8')`;
const agrees = `CASE o.outcome
    WHEN 'decision' THEN substring(o.said FROM octet_length(o.said) - octet_length(${ending}) + 1) = ${ending}
    ELSE ${told("a")} END`;

export const aliases = `
WITH due AS (${expected}
)
SELECT CASE WHEN a.number IS NULL THEN 'observation ' || o.number || ' has no alias'
    ELSE 'the alias of observation ' || a.number END AS what,
  coalesce(a.book_id, o.book_id) AS book_id, coalesce(a.entry, o.entry) AS entry, ${nowhere},
  CASE WHEN o.due THEN coalesce('entry ' || o.entry || ': ', 'waiting: ')
    || coalesce(o.told, encode(o.said, 'escape')) END AS expected,
  CASE WHEN a.number IS NOT NULL THEN coalesce('entry ' || a.entry || ': ', 'waiting: ')
    || ${wallet("a")} END AS found
FROM aliases a
FULL JOIN (SELECT * FROM due WHERE due) AS o ON o.book_id = a.book_id AND o.number = a.number
WHERE a.number IS NULL OR o.number IS NULL OR a.entry IS DISTINCT FROM o.entry OR (${agrees}) IS NOT TRUE
ORDER BY 2, coalesce(a.number, o.number)`;

/** For I7: what an alias says is attached is attached to a fill. */
export const attached = `
SELECT 'an alias of an entry that is no fill' AS what, a.book_id, a.entry, ${nowhere},
  NULL::text AS expected, ${wallet("a")} AS found
FROM aliases a
LEFT JOIN fills f ON f.book_id = a.book_id AND f.entry = a.entry
WHERE a.entry IS NOT NULL AND f.entry IS NULL
ORDER BY a.book_id, a.number`;
