/**
 * Rows without ids: each was staged as the first of its content in its file. Where a file says the same more
 * than once, the further ones get their occurrence. docs/spec/telling.md 4.
 */
import { factLeaf } from "../../seal/leaf.ts";
import type { Connection, Row } from "../../store/database.ts";
import { type FactTable, feeValues, fills } from "./fact-table.ts";
import { factIn, stagedColumns } from "./staged-facts.ts";

/** Equal rows count by their tags and then by their place, so that their order in a file is no matter. */
const findEqual = `
  INSERT INTO renamed (ordinal, id)
  SELECT ordinal, left(id, -1) || n FROM (
    SELECT ordinal, id, row_number() OVER (PARTITION BY file, book_id, venue, account, id
      ORDER BY strategy, quote_size, grain, ordinal) AS n
    FROM staged WHERE space = 'unnamed' AND kind = 'fill') equal
  WHERE n > 1`;

/** What a row says of its fill follows it. */
const findBeside = `
  INSERT INTO renamed (ordinal, id)
  SELECT s.ordinal, r.id FROM renamed r JOIN staged s ON s.ordinal = r.ordinal + 1
  WHERE s.space = 'beside'`;

const rename = "UPDATE staged s SET id = r.id FROM renamed r WHERE r.ordinal = s.ordinal";

const read = (table: FactTable): string => `
  SELECT s.ordinal, ${stagedColumns(table)}
  FROM renamed r JOIN staged s USING (ordinal) JOIN books b USING (book_id)
  WHERE s.kind = '${table.kind}' AND s.ordinal > $1 ORDER BY s.ordinal LIMIT 2000`;

const setLeaves = `
  UPDATE staged s SET leaf = decode(v.leaf, 'hex')
  FROM unnest($1::bigint[], $2::text[]) AS v (ordinal, leaf) WHERE s.ordinal = v.ordinal`;

/** Gives equal rows their occurrences; gives how many had to be named anew. */
export async function nameEqualRows(connection: Connection): Promise<number> {
  const found = await connection.execute(findEqual);
  if (found === 0) return 0;
  await connection.execute(findBeside);
  await connection.execute(rename);
  await connection.execute("ANALYZE renamed");
  for (const table of [fills, feeValues]) {
    for (let after = 0n; ;) {
      const rows = await connection.query<Row & { ordinal: bigint }>(read(table), [after]);
      if (rows.length === 0) break;
      after = rows.at(-1)!.ordinal;
      await connection.execute(setLeaves, [
        rows.map((row) => row.ordinal),
        rows.map((row) => factLeaf(factIn(table, row))),
      ]);
    }
  }
  return found;
}
