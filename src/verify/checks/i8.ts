import { type Check, visible } from "../check.ts";
import { identity, normal } from "../encoding.ts";
import { allocation, bookDigest, day, openLot, versionDigest } from "../records.ts";

/**
 * hashing.md 5. Within one database only the chain row, day, book, version can be proven; that the same facts
 * give the same digest elsewhere is for a recomputation to show.
 */
const nanosecondsPerDay = "86400000000000";

/**
 * The bytes that stand for the fact of a side. Only sales close and only the others open: a row that names a
 * fact of the wrong side has no identity, so no hash is right.
 */
const closings = `
    SELECT book_id, entry, ${identity("01", "fill_id")} AS identity FROM fills WHERE side <> 'buy'`;
const openings = `
    SELECT book_id, entry, ${identity("01", "fill_id")} AS identity FROM fills WHERE side = 'buy'
    UNION ALL
    SELECT book_id, entry, ${identity("03", "lot_key")} FROM opening_lots`;

/** Open lots go along with the allocations, so that the opening facts are read once. */
const rows = `${visible(
  "allocations",
  `false AS is_lot, it.book_id, it.close_entry, it.slice, it.open_entry, it.quantity, it.open_fee,
    it.close_fee, it.cost_basis, it.proceeds, it.pnl, it.missing, it.opened_at, it.closed_at, it.row_hash`,
)}
  UNION ALL ${visible(
    "open_lots",
    `true, it.book_id, NULL, NULL, it.open_entry, it.quantity, it.open_fee,
    NULL, it.cost_basis, NULL, NULL, it.missing, it.opened_at, NULL, it.row_hash`,
  )}`;

const written = (names: readonly string[]): string =>
  names.map((name) => `${normal(`it.${name}`)} AS ${name}`).join(", ");

/**
 * Numbers are written out once, in the inner query: OFFSET 0 keeps the planner from writing them out twice,
 * for the length and for the text.
 */
const rowHashes = `
SELECT CASE WHEN is_lot THEN 'the hash of an open lot' ELSE 'the hash of an allocation' END AS what, book_id,
  coalesce(close_entry, open_entry) AS entry, CASE WHEN NOT is_lot THEN open_entry END AS opening, slice,
  encode(expected, 'hex') AS expected, encode(row_hash, 'hex') AS found
FROM (
  SELECT *, CASE WHEN is_lot THEN ${openLot} ELSE ${allocation} END AS expected
  FROM (
    SELECT it.is_lot, it.book_id, it.close_entry, it.slice, it.open_entry, it.missing, it.opened_at,
      it.closed_at, it.row_hash, c.identity AS closing, o.identity AS opening,
      ${written(["quantity", "open_fee", "close_fee", "cost_basis", "proceeds", "pnl"])}
    FROM (${rows}) AS it
    LEFT JOIN (${closings}) AS c ON c.book_id = it.book_id AND c.entry = it.close_entry
    LEFT JOIN (${openings}) AS o ON o.book_id = it.book_id AND o.entry = it.open_entry
    OFFSET 0
  ) AS written
) AS hashed
WHERE row_hash IS DISTINCT FROM expected`;

/** Over rows in their order, which one sort of all gives sooner than one for each day and kind. */
const hashesOfDay = (kind: string): string =>
  `sha256(string_agg(row_hash, ''::bytea) FILTER (WHERE kind = '${kind}'))`;

/** Stored row hashes will do here: each was compared with its row above. */
const dayDigests = `
WITH dated AS (
  ${visible("allocations", "it.book_id, 'close' AS kind, it.closed_at AS at, it.row_hash")}
  UNION ALL
  ${visible("open_lots", "it.book_id, 'open' AS kind, it.opened_at AS at, it.row_hash")}
), expected AS (
  SELECT book_id, day, ${day} AS digest
  FROM (
    SELECT book_id, day, ${hashesOfDay("close")} AS closes, ${hashesOfDay("open")} AS opens
    FROM (
      SELECT *, at / ${nanosecondsPerDay} AS day FROM dated ORDER BY book_id, day, at, row_hash
    ) AS in_order
    GROUP BY book_id, day
    OFFSET 0
  ) AS list
), stored AS (
  ${visible("day_digests", "it.book_id, it.day::bigint AS day, it.digest")}
)
SELECT 'the digest of day ' || day AS what, book_id, NULL::bigint AS entry, NULL::bigint AS opening,
  NULL::integer AS slice, encode(expected.digest, 'hex') AS expected, encode(stored.digest, 'hex') AS found
FROM expected FULL JOIN stored USING (book_id, day)
WHERE expected.digest IS DISTINCT FROM stored.digest
UNION ALL
SELECT 'two digests of day ' || day, book_id, NULL, NULL, NULL, '1', count(*)::text
FROM stored GROUP BY book_id, day HAVING count(*) > 1`;

const bookDigests = `
WITH list AS (
  SELECT book_id, string_agg(int8send(day) || digest, ''::bytea ORDER BY day) AS days
  FROM (${visible("day_digests", "it.book_id, it.day::bigint AS day, it.digest")}) AS seen GROUP BY book_id
), expected AS (
  SELECT book_id, ${bookDigest} AS digest
  FROM list LEFT JOIN books USING (book_id)
), stored AS (
  ${visible("book_states", "it.book_id, it.digest")}
)
SELECT 'the digest of the book' AS what, book_id, NULL::bigint AS entry, NULL::bigint AS opening,
  NULL::integer AS slice, encode(expected.digest, 'hex') AS expected, encode(stored.digest, 'hex') AS found
FROM expected FULL JOIN stored USING (book_id)
WHERE expected.digest IS DISTINCT FROM stored.digest`;

/** The digest of version $1 as of `revision`, a column of `moments`. Column `digest`, one row a moment. */
export const versionDigests = (moments: string): string => `
  SELECT moment.revision, ${versionDigest} AS digest
  FROM (${moments}) AS moment
  JOIN versions v ON v.version = $1
  JOIN (
    SELECT moment.revision,
      coalesce(string_agg(uuid_send(it.book_id) || it.digest, ''::bytea ORDER BY it.book_id)
        FILTER (WHERE it.digest IS NOT NULL), '') AS books
    FROM (${moments}) AS moment
    LEFT JOIN (
      SELECT state.book_id, state.digest, made.revision AS since, gone.revision AS until
      FROM book_states state
      JOIN steps made ON made.step = state.step AND made.revision IS NOT NULL
      LEFT JOIN steps gone ON gone.step = state.superseded
      WHERE state.version = $1
    ) AS it ON it.since <= moment.revision AND (it.until IS NULL OR it.until > moment.revision)
    GROUP BY moment.revision
  ) AS list ON list.revision = moment.revision`;

const aboutAll = `SELECT revision FROM revisions
    WHERE version = $1 AND book_id IS NULL AND kind IN ('step', 'publish') AND revision <= $2`;

const revisionDigests = `
SELECT r.kind || ' revision ' || r.revision || ' has another digest than the version' AS what,
  NULL::uuid AS book_id, NULL::bigint AS entry, NULL::bigint AS opening, NULL::integer AS slice,
  encode(version.digest, 'hex') AS expected, encode(r.digest, 'hex') AS found
FROM revisions r
JOIN (${versionDigests(aboutAll)}) AS version ON version.revision = r.revision
WHERE r.version = $1 AND r.digest IS DISTINCT FROM version.digest
UNION ALL
SELECT 'revision ' || r.revision || ' has another digest than the book', r.book_id, NULL, NULL, NULL,
  encode(state.digest, 'hex'), encode(r.digest, 'hex')
FROM revisions r
LEFT JOIN steps s ON s.revision = r.revision
LEFT JOIN book_states state
  ON state.version = r.version AND state.book_id = r.book_id AND state.step = s.step
WHERE r.version = $1 AND r.kind = 'step' AND r.book_id IS NOT NULL AND r.revision <= $2
  AND r.digest IS DISTINCT FROM state.digest`;

const lastRun = `SELECT run, revision, digest FROM runs
  WHERE version = $1 AND status = 'done' AND revision <= $2 ORDER BY revision DESC, run DESC LIMIT 1`;

const runDigest = `
SELECT 'run ' || run.run || ' has another digest than the version' AS what, NULL::uuid AS book_id,
  NULL::bigint AS entry, NULL::bigint AS opening, NULL::integer AS slice,
  encode(version.digest, 'hex') AS expected, encode(run.digest, 'hex') AS found
FROM (${lastRun}) AS run
JOIN (${versionDigests(`SELECT revision FROM (${lastRun}) AS run`)}) AS version
  ON version.revision = run.revision
WHERE run.digest IS DISTINCT FROM version.digest`;

export const i8: Check = {
  id: "I8",
  title: "digests recompute from the rows",
  lane: "digests",
  needsVersion: true,
  parts: [rowHashes, dayDigests, bookDigests, revisionDigests, runDigest],
};
