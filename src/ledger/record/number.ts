/**
 * Numbering and inserting: entry numbers by book in the order told, then facts and observations into their
 * tables. Numbers are given after judging, under the book's row lock, so they have no gaps.
 */
import type { Connection } from "../../store/database.ts";
import { type FactTable, factTables } from "./fact-table.ts";
import { writeToldLines } from "./told-lines.ts";

/**
 * How a staged row gets its numbers. Where every row is new, the place counted while staging is all that is
 * needed and nothing is sorted; else the exceptions are taken out first.
 */
interface Numbering {
  /** SQL that follows `FROM staged s JOIN books b USING (book_id)`, and the values it gives. */
  readonly join: string;
  readonly entry: string;
  readonly outcome: string;
  readonly isNew: string;
}

const allNew: Numbering = {
  join: "",
  entry: "b.last_entry + s.book_ordinal",
  outcome: "'recorded'",
  isNew: "true",
};

const judged: Numbering = {
  join: "JOIN numbered n ON n.ordinal = s.ordinal",
  entry: "n.entry",
  outcome: "n.outcome",
  isNew: "n.outcome = 'recorded'",
};

function insertFacts(table: FactTable, numbering: Numbering): string {
  const columns = { ...table.identity, ...table.content, ...table.optional, ...table.said };
  const derived = Object.entries(table.derived);
  const names = [...Object.keys(columns), ...derived.map(([name]) => name)];
  const values = [
    ...Object.values(columns).map((value) => value("s")),
    ...derived.map(([, value]) => value),
  ];
  return `
    INSERT INTO ${table.table} (book_id, entry, ${names.join(", ")}, leaf)
    SELECT s.book_id, ${numbering.entry}, ${values.join(", ")}, s.leaf
    FROM staged s JOIN books b USING (book_id) ${numbering.join}
    WHERE s.kind = '${table.kind}' AND ${numbering.isNew} ORDER BY s.book_id, s.ordinal`;
}

/** Bytes that tell of several facts are told of each of them, also while there is no entry to tell by. */
const waitingId = "CASE WHEN n.entry IS NULL THEN concat_ws(' ', s.kind, s.id, s.part) END";

const numberJudged = [
  `INSERT INTO numbered
   SELECT s.ordinal, b.last_entry + row_number() OVER (PARTITION BY s.book_id ORDER BY s.ordinal),
     'recorded', s.leaf
   FROM staged s JOIN books b USING (book_id)
   WHERE NOT EXISTS (SELECT FROM exceptions x WHERE x.ordinal = s.ordinal)`,
  `INSERT INTO numbered
   SELECT x.ordinal, coalesce(x.entry, f.entry), x.outcome, coalesce(f.leaf, x.leaf)
   FROM exceptions x LEFT JOIN numbered f ON f.ordinal = x.first
   WHERE x.outcome NOT IN ('rejected', 'decision')`,
  // After the tellings that they may be about.
  `INSERT INTO numbered
   SELECT x.ordinal, coalesce(x.entry, f.entry), x.outcome, coalesce(f.leaf, x.leaf)
   FROM exceptions x LEFT JOIN numbered f ON f.ordinal = x.first
   WHERE x.outcome = 'decision'`,
  // A telling is new when its source has not said those bytes of that fact before.
  `INSERT INTO told
   SELECT d.ordinal, b.last_observation + row_number() OVER (PARTITION BY d.book_id ORDER BY d.ordinal)
   FROM (SELECT DISTINCT ON (s.book_id, n.entry, s.telling, ${waitingId}) s.book_id, s.ordinal
         FROM staged s JOIN numbered n USING (ordinal)
         WHERE NOT EXISTS (SELECT FROM exceptions x WHERE x.ordinal = s.ordinal AND x.heard)
         AND NOT EXISTS (SELECT FROM observations o
           WHERE o.book_id = s.book_id AND o.entry = n.entry AND o.telling = s.telling)
         AND NOT EXISTS (SELECT FROM observations o WHERE n.entry IS NULL
           AND o.book_id = s.book_id AND o.entry IS NULL AND o.telling = s.telling
           AND (o.told IS NULL OR o.told::json ->> 'type' = s.kind
             AND s.id IN (o.told::json ->> 'fill_id', o.told::json ->> 'target_id')))
         ORDER BY s.book_id, n.entry, s.telling, ${waitingId}, s.ordinal) d
   JOIN books b USING (book_id)`,
];

function insertObservations(
  numbering: Numbering,
  number: string,
  line: string,
  join: string,
): string {
  return `
    INSERT INTO observations (book_id, number, entry, outcome, source, raw, telling, told)
    SELECT s.book_id, ${number}, ${numbering.entry}, ${numbering.outcome}, s.source, s.raw, s.telling, ${line}
    FROM staged s JOIN books b USING (book_id) ${numbering.join} ${join} ORDER BY s.book_id, s.ordinal`;
}

const observeAllNew = insertObservations(allNew, "b.last_observation + s.book_ordinal", "NULL", "");
const observeJudged = insertObservations(
  judged,
  "t.number",
  "l.line",
  "JOIN told t ON t.ordinal = s.ordinal LEFT JOIN told_lines l ON l.ordinal = s.ordinal",
);

/** Other ids of fills: told, waiting, or given by a decision. */
const insertAliases = `
  INSERT INTO aliases (book_id, venue, account, fill_id, number, entry)
  SELECT s.book_id, s.venue, s.account, s.id, t.number, n.entry
  FROM staged s JOIN told t USING (ordinal) JOIN numbered n USING (ordinal) JOIN exceptions x USING (ordinal)
  WHERE CASE s.kind WHEN 'decision' THEN s.id IS NOT NULL ELSE x.alias END`;

/**
 * Numbers the staged rows and inserts them. `straight`: all are new, as they were counted while staging, and
 * no row is sorted or looked up.
 */
export async function insertNumbered(
  connection: Connection,
  kinds: ReadonlySet<string>,
  straight: boolean,
): Promise<void> {
  const numbering = straight ? allNew : judged;
  // Rows go in by book: a book's facts lie together on disk, and its index entries are made side by side.
  await connection.execute("SET LOCAL work_mem = '64MB'");
  if (!straight) {
    for (const statement of numberJudged) await connection.execute(statement);
    await writeToldLines(connection, kinds);
  }
  for (const table of factTables) {
    if (kinds.has(table.kind)) await connection.execute(insertFacts(table, numbering));
  }
  await connection.execute(straight ? observeAllNew : observeJudged);
  if (!straight) await connection.execute(insertAliases);
}
