/**
 * What was told, as a line of an export, where it is not what is recorded: staged rows are read back as the
 * facts they would have been.
 */
import { factToLine } from "../../adapters/lotbook-ndjson/lines.ts";
import { CopyText } from "../../store/copy-text.ts";
import type { Connection, Row } from "../../store/database.ts";
import { type BookNames, factOfRow } from "../read-facts.ts";
import { type FactTable, factTables } from "./fact-table.ts";

const pageRows = 2000;

/** Staged rows of a kind that need a line, with the columns of its table. */
const readStaged = (table: FactTable): string => {
  const columns = { ...table.identity, ...table.content, ...table.optional };
  const values = Object.entries(columns).map(([name, value]) => `${value("s")} AS ${name}`);
  return `
    SELECT s.ordinal, b.portfolio, b.symbol, b.base_asset AS base, b.quote_asset AS quote,
      ${values.join(", ")}
    FROM staged s JOIN books b USING (book_id) JOIN told t USING (ordinal) JOIN numbered n USING (ordinal)
    WHERE s.kind = '${table.kind}' AND n.outcome IN ('conflict', 'rounded copy', 'waiting')
      AND s.ordinal > $1 ORDER BY s.ordinal LIMIT ${pageRows}`;
};

async function* linesOf(connection: Connection, table: FactTable): AsyncGenerator<Uint8Array> {
  const copy = new CopyText();
  const sql = readStaged(table);
  for (let after = 0n; ;) {
    const rows = await connection.query<Row & BookNames & { ordinal: bigint }>(sql, [after]);
    for (const row of rows) {
      copy.plain(row.ordinal.toString());
      copy.text(JSON.stringify(factToLine(factOfRow(table.table, row, row))));
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
