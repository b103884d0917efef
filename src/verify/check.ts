/** What a check is made of. */

/**
 * `matching` checks read the movements and slices of `prepare.ts`; `hashing` checks read the facts' hashes. The two
 * groups share no temporary table, so each can have a connection of its own.
 */
export type Lane = "matching" | "hashing";

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly lane: Lane;
  /** False: holds of the facts alone, whether or not a version exists. */
  readonly needsVersion: boolean;
  /**
   * Queries that each give one row a violation, with the columns
   * (what text, book_id uuid, entry bigint, opening bigint, slice integer, expected text, found text).
   */
  readonly parts: readonly Part[];
}

/** Parameters are $1 the version and $2 the revision; a query may use none, $1 or both. */
export interface Part {
  readonly sql: string;
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

/** The rows of a table of conclusions that a reader at revision $2 sees of version $1, under the alias `it`. */
export const visible = (table: string, columns: string, joins = ""): string => `
  SELECT ${columns}
  FROM ${table} it
  JOIN steps made ON made.step = it.step AND made.revision <= $2
  LEFT JOIN steps gone ON gone.step = it.superseded
  ${joins}
  WHERE it.version = $1 AND (gone.revision IS NULL OR gone.revision > $2)`;
