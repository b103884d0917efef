import type { Check } from "../check.ts";
import { emptyRoot, node, zeroHash } from "../encoding.ts";
import { batch, book, leavesAtOnce, revision, seal, smallRoot } from "../records.ts";
import { aliases, outcomes } from "../told.ts";

/** The columns of a violation that concerns no fact. */
const nowhere = "NULL::bigint AS entry, NULL::bigint AS opening, NULL::integer AS slice";
const hex = (hash: string): string => `encode(${hash}, 'hex')`;

const factLeaves = `
SELECT 'the leaf of a fact' AS what, book_id, entry, NULL::bigint AS opening, NULL::integer AS slice,
  ${hex("expected")} AS expected, ${hex("leaf")} AS found
FROM verify_leaves
WHERE wrong
ORDER BY book_id, entry`;

const entryNumbers = `
SELECT 'entry numbers have a gap or a double' AS what, book_id, entry, NULL::bigint AS opening,
  NULL::integer AS slice, number::text AS expected, entry::text AS found
FROM verify_leaves
WHERE entry <> number
ORDER BY book_id, number`;

const tellings = `
SELECT 'the telling of observation ' || number AS what, book_id, entry, NULL::bigint AS opening,
  NULL::integer AS slice, ${hex("expected")} AS expected, ${hex("telling")} AS found
FROM verify_tellings
WHERE wrong
ORDER BY book_id, number`;

const observationNumbers = `
SELECT CASE WHEN number <> place THEN 'observation numbers have a gap or a double'
  ELSE 'observation ' || number || ' tells of an entry that is not there' END AS what,
  o.book_id, o.entry, NULL::bigint AS opening, NULL::integer AS slice, place::text AS expected,
  number::text AS found
FROM verify_tellings o
LEFT JOIN books b ON b.book_id = o.book_id
WHERE number <> place OR o.entry NOT BETWEEN 1 AND coalesce(b.last_entry, 0)
ORDER BY o.book_id, place`;

const bookIds = `
SELECT 'the book id' AS what, book_id, ${nowhere}, ${hex("expected")} AS expected, book_id::text AS found
FROM (
  SELECT book_id, substring(${book} FOR 16) AS expected
  FROM books
) AS book
WHERE expected <> uuid_send(book_id)
UNION ALL
SELECT 'the quote is not what follows the last dash of the symbol', book_id, NULL, NULL, NULL, symbol,
  quote_asset
FROM books
WHERE quote_asset LIKE '%-%' OR symbol <> base_asset || '-' || quote_asset`;

/** The head of a book against what it heads. */
const heads = `
SELECT wrong.what, book_id, ${nowhere}, wrong.expected, wrong.found
FROM books b
FULL JOIN (SELECT book_id, count(*) AS count FROM verify_leaves GROUP BY book_id) AS facts USING (book_id)
FULL JOIN (SELECT book_id, count(*) AS count FROM verify_tellings GROUP BY book_id) AS told USING (book_id)
FULL JOIN (
  SELECT book_id, count(*) AS count, sum(fact_count) AS facts, sum(observation_count) AS told
  FROM seals GROUP BY book_id
) AS sealed USING (book_id)
LEFT JOIN (
  SELECT DISTINCT ON (book_id) book_id, hash FROM seals ORDER BY book_id, number DESC
) AS last USING (book_id)
CROSS JOIN LATERAL (VALUES
  ('last entry of the book', coalesce(facts.count, 0)::text, b.last_entry::text),
  ('last observation of the book', coalesce(told.count, 0)::text, b.last_observation::text),
  ('facts in the seals of the book', coalesce(facts.count, 0)::text, coalesce(sealed.facts, 0)::text),
  ('observations in the seals of the book', coalesce(told.count, 0)::text, coalesce(sealed.told, 0)::text),
  ('last seal of the book', coalesce(sealed.count, 0)::text, b.last_seal::text),
  ('head of the book', ${hex(`coalesce(last.hash, ${zeroHash})`)}, ${hex("b.head")})
) AS wrong (what, expected, found)
WHERE wrong.expected IS DISTINCT FROM wrong.found`;

const sealChain = `
SELECT 'seal ' || number || ': ' || wrong.what AS what, book_id, ${nowhere}, wrong.expected, wrong.found
FROM (
  SELECT *, ${seal} AS expected_hash
  FROM (
    SELECT s.*, batch.leaf AS batch_leaf,
      lag(s.hash) OVER chain AS previous, row_number() OVER chain AS place,
      1 + coalesce(sum(s.fact_count) OVER before, 0) AS next_entry,
      1 + coalesce(sum(s.observation_count) OVER before, 0) AS next_observation
    FROM seals s
    LEFT JOIN (SELECT batch_id, ${batch} AS leaf FROM batches) AS batch ON batch.batch_id = s.batch_id
    WINDOW chain AS (PARTITION BY s.book_id ORDER BY s.number),
      before AS (PARTITION BY s.book_id ORDER BY s.number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ) AS linked
  OFFSET 0
) AS seal
CROSS JOIN LATERAL (VALUES
  ('hash', ${hex("expected_hash")}, ${hex("hash")}),
  ('number', place::text, number::text),
  ('first entry', next_entry::text, first_entry::text),
  ('first observation', next_observation::text, first_observation::text)
) AS wrong (what, expected, found)
WHERE (expected_hash IS DISTINCT FROM hash OR place <> number OR next_entry <> first_entry
  OR next_observation <> first_observation) AND wrong.expected IS DISTINCT FROM wrong.found
ORDER BY book_id, number`;

const batches = `
SELECT 'batch ' || batch_id || ' is in no seal' AS what, NULL::uuid AS book_id, ${nowhere},
  NULL::text AS expected, NULL::text AS found
FROM batches b
WHERE NOT EXISTS (SELECT FROM seals s WHERE s.batch_id = b.batch_id)`;

interface Side {
  readonly what: string;
  readonly leaves: string;
  readonly hash: string;
  readonly place: string;
  readonly count: string;
  readonly root: string;
}

/** Eight nodes of a level to one three levels up; width is the number of nodes that their tree has there. */
const reduced = (from: string, width: string): string => `
  SELECT tree, number, (${width} + ${leavesAtOnce - 1}) / ${leavesAtOnce} AS width,
    CASE WHEN octet_length(hashes) = 32 * least(${leavesAtOnce}, ${width} - number * ${leavesAtOnce})
      THEN ${smallRoot("hashes")} END AS hash
  FROM (${from}) AS few`;

/**
 * RFC 6962 roots. Eight leaves give a node of the third level at once, eight of those one of the sixth; from
 * there on a level of all trees a step: pair neighbours, carry the odd one up. The trees are cut by the
 * counts of the seals: width_bucket finds a leaf's tree by its number among the first numbers of the book's
 * trees. width is the number of nodes a tree has on a level: only its last node may stand alone, so leaves
 * too few give no root. A tree of which there is no leaf at all has none either.
 */
const roots = (side: Side): string => `
WITH RECURSIVE cut AS (
  SELECT row_number() OVER (ORDER BY s.${side.count} = 0, s.book_id, s.number) AS tree, s.book_id, s.number,
    s.${side.count} AS width, s.${side.root} AS stored,
    1 + coalesce(sum(s.${side.count}) OVER (PARTITION BY s.book_id ORDER BY s.number
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS first
  FROM seals s
), book AS (
  SELECT book_id, min(tree) - 1 AS before, array_agg(first ORDER BY tree) AS firsts,
    max(first + width) AS beyond
  FROM cut WHERE width > 0 GROUP BY book_id
), leaf AS (
  SELECT before + nth AS tree, number - firsts[nth] AS place, hash
  FROM (
    SELECT before, firsts, l.${side.place} AS number, l.${side.hash} AS hash,
      width_bucket(l.${side.place}, firsts) AS nth
    FROM ${side.leaves} l JOIN book USING (book_id)
    WHERE l.${side.place} < beyond
    OFFSET 0
  ) AS found
), third AS (${reduced(
  `SELECT tree, eighth.number, width, hashes
    FROM (
      SELECT tree, number, string_agg(hash, ''::bytea) AS hashes
      FROM (
        SELECT tree, place / ${leavesAtOnce} AS number, hash FROM leaf ORDER BY tree, number, place
      ) AS in_order
      GROUP BY tree, number
    ) AS eighth JOIN cut USING (tree)`,
  "width",
)}
), level AS (${reduced(
  `SELECT tree, number / ${leavesAtOnce} AS number, min(width) AS width,
      string_agg(hash, ''::bytea ORDER BY number) AS hashes
    FROM third GROUP BY tree, number / ${leavesAtOnce}`,
  "width",
)}
  UNION ALL
  SELECT tree, number >> 1, (width + 1) >> 1,
    CASE WHEN next IS NOT NULL THEN ${node("hash", "next")} WHEN number = width - 1 THEN hash END
  FROM (
    SELECT *, lead(hash) OVER (PARTITION BY tree ORDER BY number) AS next FROM level WHERE width > 1
  ) AS pair
  WHERE number & 1 = 0
)
SELECT 'seal ' || cut.number || ': ${side.what}' AS what, cut.book_id, ${nowhere},
  ${hex("root.hash")} AS expected, ${hex("cut.stored")} AS found
FROM cut
LEFT JOIN (
  SELECT tree, hash FROM level WHERE width = 1
  UNION ALL SELECT tree, ${emptyRoot} FROM cut WHERE width = 0
) AS root USING (tree)
WHERE root.hash IS DISTINCT FROM cut.stored
ORDER BY cut.tree`;

const revisionChain = `
SELECT 'revision ' || revision || ': ' || wrong.what AS what, book_id, ${nowhere}, wrong.expected, wrong.found
FROM (
  SELECT *, ${revision} AS expected_hash
  FROM (
    SELECT r.*, lag(hash) OVER chain AS previous, row_number() OVER chain AS place,
      max(stamp) OVER (ORDER BY revision ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
    FROM revisions r WINDOW chain AS (ORDER BY revision)
  ) AS linked
  OFFSET 0
) AS link
CROSS JOIN LATERAL (VALUES
  ('hash', ${hex("expected_hash")}, ${hex("hash")}),
  ('number', place::text, revision::text),
  ('the stamp goes back', greatest(stamp, latest)::text, stamp::text)
) AS wrong (what, expected, found)
WHERE wrong.expected IS DISTINCT FROM wrong.found
ORDER BY revision`;

const counter = `
SELECT wrong.what, NULL::uuid AS book_id, ${nowhere}, wrong.expected, wrong.found
FROM (SELECT count(*) AS count, max(last) AS last, max(stamp) AS stamp, max(${hex("head")}) AS head
  FROM revision_counter) AS counter
CROSS JOIN (
  SELECT coalesce(max(revision), 0) AS revision, coalesce(max(stamp), '1970-01-01Z') AS stamp FROM revisions
) AS made
LEFT JOIN revisions r ON r.revision = made.revision
CROSS JOIN LATERAL (VALUES
  ('rows of the revision counter', '1', counter.count::text),
  ('last revision of the counter', made.revision::text, counter.last::text),
  ('stamp of the counter', made.stamp::text, counter.stamp::text),
  ('head of the counter', ${hex(`coalesce(r.hash, ${zeroHash})`)}, counter.head)
) AS wrong (what, expected, found)
WHERE wrong.expected IS DISTINCT FROM wrong.found`;

/** Steps and states are gone with a dropped version; then the chain alone holds what they were. */
const inputs = `
WITH kept AS (
  SELECT r.* FROM revisions r
  WHERE NOT EXISTS (SELECT FROM revisions d WHERE d.version = r.version AND d.kind = 'drop')
)
SELECT r.kind || ' revision ' || r.revision || ': inputs' AS what, r.book_id, ${nowhere},
  ${hex("taken.hash")} AS expected, ${hex("r.inputs")} AS found
FROM kept r
LEFT JOIN steps s ON s.revision = r.revision
LEFT JOIN (
  SELECT version, step,
    sha256(string_agg(uuid_send(book_id) || int8send(computed_entry), ''::bytea ORDER BY book_id)) AS hash
  FROM book_states GROUP BY version, step
) AS made ON made.version = r.version AND made.step = s.step
CROSS JOIN LATERAL (SELECT coalesce(made.hash, ${emptyRoot}) AS hash) AS taken
WHERE r.inputs <> taken.hash
UNION ALL
SELECT 'a revision and its step disagree', coalesce(r.book_id, s.book_id), NULL, NULL, NULL,
  'revision ' || r.revision || ' version ' || r.version, 'step ' || s.step || ' version ' || s.version
FROM (SELECT * FROM revisions WHERE kind = 'step') AS r
FULL JOIN (SELECT * FROM steps WHERE revision IS NOT NULL) AS s ON s.revision = r.revision
WHERE (r.version, r.book_id) IS DISTINCT FROM (s.version, s.book_id)
  AND NOT EXISTS (
    SELECT FROM revisions d WHERE d.version = coalesce(r.version, s.version) AND d.kind = 'drop')
UNION ALL
SELECT 'version ' || version || ' is gone and was not dropped', NULL, NULL, NULL, NULL, NULL, NULL
FROM (SELECT DISTINCT version FROM kept) AS known
WHERE NOT EXISTS (SELECT FROM versions v WHERE v.version = known.version)`;

const facts = {
  what: "root of its facts",
  leaves: "verify_leaves",
  hash: "leaf",
  place: "number",
  count: "fact_count",
  root: "fact_root",
};
const observations = {
  what: "root of its observations",
  leaves: "verify_tellings",
  hash: "leaf",
  place: "place",
  count: "observation_count",
  root: "observation_root",
};

export const i9: Check = {
  id: "I9",
  title: "hashes, seals and the chain of revisions recompute",
  lane: "facts",
  needsVersion: false,
  parts: [
    factLeaves,
    entryNumbers,
    tellings,
    observationNumbers,
    outcomes,
    aliases,
    bookIds,
    heads,
    sealChain,
    batches,
    roots(facts),
    roots(observations),
    revisionChain,
    counter,
    inputs,
  ],
};
