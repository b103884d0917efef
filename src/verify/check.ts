/** What a check is made of. */

/**
 * Checks of one lane share the temporary tables of `prepare.ts`; lanes share none, so that each can have a
 * connection of its own: `matching` reads movements and slices, `digests` the hashes of conclusions, `facts`
 * those of facts, seals and revisions.
 */
export type Lane = "matching" | "digests" | "facts";

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly lane: Lane;
  /** False: holds of the facts alone, whether or not a version exists. */
  readonly needsVersion: boolean;
  /**
   * Queries that each give one row a violation, with the columns
   * (what text, book_id uuid, entry bigint, opening bigint, slice integer, expected text, found text).
   * Parameters are $1 the version and $2 the revision; a query may use none, $1 or both.
   */
  readonly parts: readonly string[];
}

export interface Example {
  readonly what: string;
  readonly [name: string]: unknown;
}

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly violations: number;
  readonly examples: readonly Example[];
}

/**
 * A way in which a slice can be wrong. All of them are looked for in one pass over the allocations, while the
 * rows are beside their facts; what is found stays in verify_faults until its check reads it.
 */
export interface Fault {
  /** The check it is of. */
  readonly invariant: string;
  /** SQL over the columns of a stage of slices.ts, as are the next three; null is false. */
  readonly when: string;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** It is the closing fill that is wrong, or the opening fact: told without the slice. */
  readonly of?: "close" | "open";
}

/** What the pass found for a check. */
export const faultsOf = (invariant: string): string => `
SELECT what, book_id, CASE WHEN of = 'open' THEN open_entry ELSE close_entry END AS entry,
  CASE WHEN of IS NULL THEN open_entry END AS opening, CASE WHEN of IS NULL THEN slice END AS slice,
  expected, found
FROM verify_faults
WHERE invariant = '${invariant}'
ORDER BY close_place, slice, open_place`;

/** The fact at a place, for the few rows that are told of. */
export const namedByPlace = `JOIN (
  SELECT m.place, m.entry, b.book_id FROM verify_movements m JOIN verify_books b ON b.book = m.book
) AS fact USING (place)`;

/** The rows of a table of conclusions that a reader at revision $2 sees of version $1, as `it`. */
export const visible = (table: string, columns: string, joins = ""): string => `
  SELECT ${columns}
  FROM ${table} it
  JOIN steps made ON made.step = it.step AND made.revision <= $2
  LEFT JOIN steps gone ON gone.step = it.superseded
  ${joins}
  WHERE it.version = $1 AND (gone.revision IS NULL OR gone.revision > $2)`;
