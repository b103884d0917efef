/**
 * What was told, as a line of an export, where it is not what is recorded: staged rows are read back as the
 * facts they would have been.
 */
import { type Line, factToLine, lineToFact } from "../../adapters/lotbook-ndjson/lines.ts";
import type { Fact, Fill } from "../../core/fact.ts";
import { CopyText } from "../../store/copy-text.ts";
import type { Connection, Row } from "../../store/database.ts";
import { type FactTable, factTables } from "./fact-table.ts";
import { factIn, stagedColumns } from "./staged-facts.ts";

const pageRows = 2000;

/** The line, without its end: the same bytes for the same fact, always. */
export const toldLine = (fact: Fact): string => JSON.stringify(factToLine(fact));

/** The fill that such a line tells of. */
export function toldFill(line: string): Fill {
  return lineToFact(JSON.parse(line) as Line, { file: "told", row: 1 }) as Fill;
}

/** Staged rows of a kind that need a line, with the columns of its table. */
const readStaged = (table: FactTable): string => `
  SELECT s.ordinal, ${stagedColumns(table)}
  FROM staged s JOIN books b USING (book_id) JOIN told t USING (ordinal) JOIN exceptions x USING (ordinal)
  WHERE s.kind = '${table.kind}' AND (x.outcome IN ('conflict', 'rounded copy', 'waiting') OR x.alias)
    AND s.ordinal > $1 ORDER BY s.ordinal LIMIT ${pageRows}`;

async function* linesOf(connection: Connection, table: FactTable): AsyncGenerator<Uint8Array> {
  const copy = new CopyText();
  const sql = readStaged(table);
  for (let after = 0n; ;) {
    const rows = await connection.query<Row & { ordinal: bigint }>(sql, [after]);
    for (const row of rows) {
      copy.plain(row.ordinal.toString());
      copy.text(toldLine(factIn(table, row)));
      copy.endRow();
    }
    if (copy.length > 0) yield copy.take();
    if (rows.length < pageRows) return;
    after = rows.at(-1)!.ordinal;
  }
}

/** Fills `told_lines` for the new observations that are to keep what was told. */
export async function writeToldLines(
  connection: Connection,
  kinds: ReadonlySet<string>,
): Promise<void> {
  for (const table of factTables) {
    if (!kinds.has(table.kind)) continue;
    for await (const lines of linesOf(connection, table))
      await connection.copyIn("COPY told_lines FROM STDIN", [lines]);
  }
}
