/**
 * Judging: is each staged row new, a duplicate, a conflict, or bad? What is not simply new becomes a row of
 * `exceptions`; a batch of new facts leaves that table empty and takes the short way through numbering (see
 * number.ts).
 */
import type { Connection } from "../../store/database.ts";
import { type FactTable, factTables } from "./fact-table.ts";
import { type FileSpace, findOtherIds, followers } from "./other-ids.ts";
import { agreeWithRevision, findRoundedCopies } from "./second-look.ts";

const key = ["book_id", "venue", "account", "id", "revision", "part"];

type Value = (column: string) => string;

/** SQL: two tellings agree in content, and in what is optional where both give it. */
function agreement(table: FactTable, left: Value, right: Value): string {
  const same = Object.keys(table.content).map(
    (column) => `${left(column)} IS NOT DISTINCT FROM ${right(column)}`,
  );
  const known = Object.keys(table.optional).map(
    (column) => `coalesce(${left(column)} = ${right(column)}, true)`,
  );
  return [...same, ...known].join(" AND ");
}

function staged(table: FactTable, alias: string): (column: string) => string {
  return (column) => (table.content[column] ?? table.optional[column])!(alias);
}

/**
 * The identities that a batch tells of more than once: none in most, and then there is no more to look at.
 */
const findIdentities = (table: FactTable): string => `
  INSERT INTO repeated (${key.join(", ")}, first)
  SELECT ${key.join(", ")}, min(ordinal) FROM staged WHERE kind = '${table.kind}'
  GROUP BY ${key.join(", ")} HAVING count(*) > 1`;

/**
 * One fact told twice in a batch: the same again is a duplicate; other content is bad in one file, a
 * conflict across two.
 */
function findRepeated(table: FactTable): string {
  const [told, first, here] = ["s", "f", "h"].map((alias) => staged(table, alias)) as [
    Value,
    Value,
    Value,
  ];
  return `
    WITH by_file AS (
      SELECT ${key.join(", ")}, file, first, min(ordinal) AS first_here
      FROM repeated JOIN staged USING (${key.join(", ")}) WHERE kind = '${table.kind}'
      GROUP BY ${key.join(", ")}, file, first)
    INSERT INTO exceptions (ordinal, outcome, leaf, first, problem)
    SELECT s.ordinal,
      CASE WHEN NOT (${agreement(table, told, here)}) THEN 'rejected'
        WHEN ${agreement(table, told, first)} THEN 'duplicate' ELSE 'conflict' END, f.leaf, r.first,
      'row ' || h.place || ' tells of the same ${table.kind} with other content; keep the one that is right'
    FROM by_file r JOIN staged s USING (${key.join(", ")}, file) JOIN staged f ON f.ordinal = r.first
    JOIN staged h ON h.ordinal = r.first_here
    WHERE s.kind = '${table.kind}' AND s.ordinal > r.first`;
}

/**
 * Where one file tells of a fact in two ways, nobody knows which is right: all its tellings are rejected.
 */
const rejectWhole = `
  INSERT INTO exceptions (ordinal, outcome, first, problem)
  SELECT s.ordinal, 'rejected', x.first,
    'another row of this file tells of the same fact with other content'
  FROM (SELECT DISTINCT first FROM exceptions WHERE outcome = 'rejected') x
  JOIN (SELECT ordinal, coalesce(first, ordinal) AS first FROM exceptions
        UNION SELECT first, first FROM exceptions WHERE first IS NOT NULL) s ON s.first = x.first
  ON CONFLICT (ordinal) DO UPDATE SET outcome = 'rejected'`;

/** A fact that the ledger has. */
function findKnown(table: FactTable): string {
  const same = Object.entries(table.identity).map(([column, value]) =>
    column === "asset" || column === "value_revision"
      ? `e.${column} IS NOT DISTINCT FROM ${value("s")}`
      : `e.${column} = ${value("s")}`,
  );
  const agree = agreement(table, staged(table, "s"), (column) => `e.${column}`);
  return `
    INSERT INTO exceptions (ordinal, outcome, entry, leaf)
    SELECT s.ordinal, CASE WHEN ${agree} THEN 'duplicate' ELSE 'conflict' END, e.entry, e.leaf
    FROM staged s JOIN ${table.table} e ON e.book_id = s.book_id AND ${same.join(" AND ")}
    WHERE s.kind = '${table.kind}'
    ON CONFLICT (ordinal) DO UPDATE SET entry = excluded.entry, leaf = excluded.leaf, first = NULL,
      problem = CASE WHEN exceptions.outcome = 'rejected' THEN exceptions.problem END,
      outcome = CASE WHEN exceptions.outcome = 'rejected' THEN 'rejected' ELSE excluded.outcome END`;
}

/** SQL: a staged row that stands so far. */
const stands = (alias: string): string =>
  `NOT EXISTS (SELECT FROM exceptions r WHERE r.ordinal = ${alias}.ordinal AND r.outcome = 'rejected')`;

const notYetRejected = "NOT EXISTS (SELECT FROM exceptions x WHERE x.ordinal = s.ordinal)";

/**
 * Whether a staged row names a fill of the ledger or of this batch. `asset` narrows it to fills with such a
 * third fee.
 */
const namedFill = (asset: string): string => `(
  EXISTS (SELECT FROM fills f WHERE f.book_id = s.book_id AND f.venue = s.venue AND f.account = s.account
    AND f.fill_id = s.id AND f.revision = s.revision
      AND ${asset === "" ? "true" : `${asset} = ANY (f.third_fee_assets)`})
  OR EXISTS (SELECT FROM staged f WHERE f.kind = 'fill' AND f.book_id = s.book_id AND f.venue = s.venue
    AND f.account = s.account AND f.id = s.id AND f.revision = s.revision
    AND ${stands("f")}
    AND ${asset === "" ? "true" : `${asset} = ANY (f.third_fee_assets)`}))`;

const reject = (condition: string, problem: string): string => `
  INSERT INTO exceptions (ordinal, outcome, problem)
  SELECT s.ordinal, 'rejected', '${problem}' FROM staged s WHERE ${condition} AND ${notYetRejected}`;

/**
 * Facts that point at others: the target must be there, and a replacement follows the void of what it
 * replaces.
 */
const references: Partial<Record<FactTable["kind"], readonly string[]>> = {
  "fee value": [
    reject(
      `s.kind = 'fee value' AND NOT ${namedFill("(s.extra)[1]")}`,
      "no fill of that identity has a fee in that third asset; record the fill first",
    ),
  ],
  void: [
    reject(
      `s.kind = 'void' AND (s.extra)[1] = 'fill' AND NOT ${namedFill("")}`,
      "the fill it voids is not recorded; record it first",
    ),
    reject(
      `s.kind = 'void' AND (s.extra)[1] = 'opening lot' AND NOT EXISTS (SELECT FROM opening_lots l
        WHERE l.book_id = s.book_id AND l.venue = s.venue AND l.account = s.account AND l.lot_key = s.id
        AND l.revision = s.revision) AND NOT EXISTS (SELECT FROM staged l WHERE l.kind = 'opening lot'
        AND l.book_id = s.book_id AND l.venue = s.venue AND l.account = s.account AND l.id = s.id
        AND l.revision = s.revision AND ${stands("l")})`,
      "the opening lot it voids is not recorded; record it first",
    ),
    reject(
      `s.kind = 'void' AND (s.extra)[1] = 'fee value' AND NOT EXISTS (SELECT FROM fee_values v
        WHERE v.book_id = s.book_id AND v.venue = s.venue AND v.account = s.account AND v.fill_id = s.id
        AND v.fill_revision = s.revision AND v.asset = (s.extra)[2] AND v.revision = (s.extra)[3]::integer)
        AND NOT EXISTS (SELECT FROM staged v WHERE v.kind = 'fee value' AND v.book_id = s.book_id
        AND v.venue = s.venue AND v.account = s.account AND v.id = s.id AND v.revision = s.revision
        AND (v.extra)[1] = (s.extra)[2] AND (v.extra)[2] = (s.extra)[3] AND ${stands("v")})`,
      "the fee value it voids is not recorded; record it first",
    ),
  ],
};

/** A revision above 0 replaces the one before it, which must be voided, in the ledger or in this batch. */
const replacements: readonly string[] = [
  [
    "fill",
    "fill",
    "s.revision",
    "v.target_revision = s.revision - 1",
    "v.revision = s.revision - 1",
  ],
  [
    "opening lot",
    "opening lot",
    "s.revision",
    "v.target_revision = s.revision - 1",
    "v.revision = s.revision - 1",
  ],
  [
    "fee value",
    "fee value",
    "(s.extra)[2]::integer",
    `v.target_revision = s.revision AND v.asset = (s.extra)[1]
      AND v.value_revision = (s.extra)[2]::integer - 1`,
    `v.revision = s.revision AND (v.extra)[2] = (s.extra)[1]
      AND (v.extra)[3]::integer = (s.extra)[2]::integer - 1`,
  ],
].map(([kind, target, revision, recorded, inBatch]) =>
  reject(
    `s.kind = '${kind}' AND ${revision} > 0
      AND NOT EXISTS (SELECT FROM voids v WHERE v.book_id = s.book_id AND v.venue = s.venue
       AND v.account = s.account
        AND v.target_kind = '${target}' AND v.target_id = s.id AND ${recorded})
      AND NOT EXISTS (SELECT FROM staged v WHERE v.kind = 'void' AND v.book_id = s.book_id
       AND v.venue = s.venue
        AND v.account = s.account AND (v.extra)[1] = '${target}' AND v.id = s.id AND ${inBatch}
        AND ${stands("v")})`,
    "it replaces a revision that is not voided; void that one first",
  ),
);

export interface JudgeOptions {
  /** Kinds of fact that were staged. */
  readonly kinds: ReadonlySet<string>;
  /** Books that had facts before. */
  readonly known: readonly string[];
  /** Whether a staged fact has a revision above 0. */
  readonly replaces: boolean;
  /** Whose ids the fills of each file have. */
  readonly spaces: readonly FileSpace[];
}

/** Fills `exceptions`; gives the number of its rows. */
export async function judge(connection: Connection, options: JudgeOptions): Promise<number> {
  const tables = factTables.filter((table) => options.kinds.has(table.kind));
  let repeated = 0;
  for (const table of tables) {
    const found = await connection.execute(findIdentities(table));
    if (found > 0) await connection.execute(findRepeated(table));
    if (found > 0) await connection.execute("DELETE FROM repeated");
    repeated += found;
  }
  if (repeated > 0) await connection.execute(rejectWhole);
  if (options.known.length > 0)
    for (const table of tables) await connection.execute(findKnown(table));
  await lookAgain(connection, tables);
  if (await findOtherIds(connection, options)) repeated += 1;
  if (repeated > 0) for (const follow of followers) await connection.execute(follow);
  if (options.kinds.has("decision")) await connection.execute(takeDecisions);
  await refuseDangling(connection, options);
  const [count] = await connection.query<{ n: number }>(
    "SELECT count(*)::integer AS n FROM exceptions",
  );
  return count?.n ?? 0;
}

/** What seems to be in conflict may agree with another revision, or be a rounded copy. */
async function lookAgain(connection: Connection, tables: readonly FactTable[]): Promise<void> {
  const [conflict] = await connection.query(
    "SELECT FROM exceptions WHERE outcome = 'conflict' LIMIT 1",
  );
  if (conflict === undefined) return;
  for (const table of tables) {
    const agree = agreement(table, staged(table, "s"), (column) => `e.${column}`);
    const statement = agreeWithRevision(table, agree);
    if (statement !== undefined) await connection.execute(statement);
  }
  await findRoundedCopies(connection);
}

/** Decisions name an entry of the book or the row of a telling in this batch, which must be there. */
const takeDecisions = `
  INSERT INTO exceptions (ordinal, outcome, entry, leaf, first, problem)
  SELECT s.ordinal, CASE WHEN stands THEN 'decision' ELSE 'rejected' END, named.entry,
    ${factLeafOf("named.entry")}, target.ordinal,
    CASE WHEN NOT stands THEN 'what it decides about is not recorded' END
  FROM staged s JOIN books b USING (book_id)
  CROSS JOIN LATERAL (SELECT (s.extra)[1]::bigint AS entry, (s.extra)[2]::bigint AS place) named
  LEFT JOIN staged target ON target.file = s.file AND target.place = named.place
    AND target.book_id = s.book_id AND target.kind <> 'decision'
  CROSS JOIN LATERAL (SELECT (named.entry IS NULL OR named.entry BETWEEN 1 AND b.last_entry)
    AND (named.place IS NULL OR target.ordinal IS NOT NULL AND ${stands("target")}) AS stands) judged
  WHERE s.kind = 'decision'`;

/** SQL: the leaf of a staged row's book at an entry. */
function factLeafOf(entry: string): string {
  const leaves = factTables.map(
    ({ table }) =>
      `(SELECT e.leaf FROM ${table} e WHERE e.book_id = s.book_id AND e.entry = ${entry})`,
  );
  return `coalesce(${leaves.join(", ")})`;
}

/** What tells the same as a refused row is refused with it. */
const rejectCopies = `
  UPDATE exceptions x SET outcome = 'rejected', problem = f.problem FROM exceptions f
  WHERE f.ordinal = x.first AND f.outcome = 'rejected' AND x.outcome <> 'rejected'`;

/** Refuses what names a fact that is not there, then what named that, until all that is left stands. */
async function refuseDangling(connection: Connection, options: JudgeOptions): Promise<void> {
  const checks = factTables
    .filter((table) => options.kinds.has(table.kind))
    .flatMap((table) => references[table.kind] ?? []);
  if (options.replaces) checks.push(...replacements);
  for (let refused = checks.length; refused > 0;) {
    refused = 0;
    for (const check of [...checks, rejectCopies]) refused += await connection.execute(check);
  }
}
