/**
 * A second look at what seems to be in conflict: it may agree with another revision of the fact, or be a
 * rounded copy of one. docs/spec/telling.md 2 and 3. Conflicts are few, so they are looked at one by one.
 */
import { compareFills } from "../../core/rounding.ts";
import type { Connection, Row } from "../../store/database.ts";
import { type FactTable, fills } from "./fact-table.ts";
import { roundingOf } from "./source-name.ts";
import { fillIn, recordedColumns, stagedColumns } from "./staged-facts.ts";
import { type RowVerdict, writeVerdicts } from "./verdicts.ts";

const pageRows = 1000;

/** SQL: a staged row `s` and a recorded fact `e` that are of one identity but for the revision. */
function sameButRevision(table: FactTable): string {
  return Object.entries(table.identity)
    .filter(([column]) => column !== table.revision)
    .map(([column, value]) => `e.${column} = ${value("s")}`)
    .join(" AND ");
}

/** Sources know no revisions: a telling of the original may be one of what it was replaced by. */
export function agreeWithRevision(table: FactTable, agree: string): string | undefined {
  if (table.revision === undefined) return undefined;
  const revision = table.identity[table.revision]!("s");
  return `
    UPDATE exceptions x SET outcome = 'duplicate', entry = e.entry, leaf = e.leaf, first = NULL
    FROM (SELECT DISTINCT ON (s.ordinal) s.ordinal, e.entry, e.leaf
          FROM exceptions x JOIN staged s USING (ordinal)
          JOIN ${table.table} e ON e.book_id = s.book_id AND ${sameButRevision(table)}
          WHERE x.outcome = 'conflict' AND s.kind = '${table.kind}' AND ${revision} = 0 AND ${agree}
          ORDER BY s.ordinal, e.${table.revision}) e
    WHERE x.ordinal = e.ordinal`;
}

/** Fills of this batch or of the ledger that a told one may be a rounded copy of, its own revision first. */
const candidates = `
  SELECT x.ordinal, e.entry, NULL::bigint AS first, o.source, ${recordedColumns(fills, "e")}
  FROM exceptions x JOIN staged s USING (ordinal) JOIN books b USING (book_id)
  JOIN fills e ON e.book_id = s.book_id AND ${sameButRevision(fills)}
    AND (e.revision = s.revision OR s.revision = 0)
  JOIN observations o ON o.book_id = e.book_id AND o.entry = e.entry AND o.outcome = 'recorded'
  WHERE x.ordinal = ANY ($1::bigint[])
  UNION ALL
  SELECT x.ordinal, NULL, f.ordinal, f.source, ${stagedColumns(fills, "f")}
  FROM exceptions x JOIN staged f ON f.ordinal = x.first JOIN books b ON b.book_id = f.book_id
  WHERE x.ordinal = ANY ($1::bigint[])
  ORDER BY 1, 2, 3`;

const conflicts = `
  SELECT s.ordinal, s.source, ${stagedColumns(fills)}
  FROM exceptions x JOIN staged s USING (ordinal) JOIN books b USING (book_id)
  WHERE x.outcome = 'conflict' AND s.kind = 'fill' AND s.ordinal > $1 ORDER BY s.ordinal LIMIT ${pageRows}`;

/** Which conflicts are rounded copies, by the roundings that their sources or those of the facts declare. */
export async function findRoundedCopies(connection: Connection): Promise<void> {
  for (let after = 0n; ;) {
    const told = await connection.query<Row & { ordinal: bigint; source: string }>(conflicts, [
      after,
    ]);
    if (told.length === 0) return;
    after = told.at(-1)!.ordinal;
    const known = await connection.query<Candidate>(candidates, [told.map((row) => row.ordinal)]);
    const byOrdinal = Map.groupBy(known, (row) => row.ordinal);
    const verdicts: RowVerdict[] = told.flatMap((row) => {
      const fill = fillIn(row);
      const copied = byOrdinal.get(row.ordinal)?.find((other) => {
        const roundings = [roundingOf(row.source), roundingOf(other.source)] as const;
        return compareFills(fill, fillIn(other), ...roundings) !== "different";
      });
      if (copied === undefined) return [];
      const { entry, first } = copied;
      return [{ ordinal: row.ordinal, outcome: "rounded copy", entry, first }];
    });
    await writeVerdicts(connection, verdicts);
  }
}

interface Candidate extends Row {
  readonly ordinal: bigint;
  readonly entry: bigint | null;
  readonly first: bigint | null;
  readonly source: string;
}
