/**
 * Tolerances: how much of a sale may stay unmatched in an instrument before a person is asked. They change
 * no figure and no report.
 */
import { parseDecimal } from "../../core/decimal.ts";
import { anyAmount, instrumentOf } from "../../core/field.ts";
import { LotbookError } from "../../errors.ts";
import type { Connection, Database } from "../../store/database.ts";
import { given, type Person, signatureOf } from "../amend/person.ts";

export interface Tolerance {
  readonly symbol: string;
  /** Decimal text, in the base asset; 0: a person is asked about any part. */
  readonly tolerance: string;
  readonly author: string;
  readonly reason: string;
  readonly recorded_at: string;
}

const columns = `symbol, tolerance, author, reason,
  to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS recorded_at`;

async function readTolerances(connection: Connection, text: string): Promise<Tolerance[]> {
  const rows = await connection.query<Tolerance>(text);
  return rows.map((row) => ({ ...row, tolerance: parseDecimal(row.tolerance)! }));
}

/** The tolerances in force, by symbol. */
export function listTolerances(database: Database): Promise<Tolerance[]> {
  return database.connect((connection) =>
    readTolerances(
      connection,
      `SELECT DISTINCT ON (symbol) ${columns} FROM tolerances ORDER BY symbol, number DESC`,
    ),
  );
}

/** Appends a tolerance: from now on it is the instrument's. */
export async function setTolerance(
  database: Database,
  symbol: string,
  tolerance: string,
  person: Person,
): Promise<Tolerance> {
  const { author, reason } = signatureOf(person);
  const instrument = given(() => instrumentOf("symbol", symbol));
  const amount = given(() => anyAmount("tolerance", tolerance));
  if (amount.startsWith("-"))
    throw new LotbookError("BAD_INPUT", `tolerance "${amount}": must be 0 or more`);
  return database.connect(async (connection) => {
    const [row] = await connection.query<Tolerance>(
      `INSERT INTO tolerances (symbol, tolerance, author, reason) VALUES ($1, $2::text::numeric, $3, $4)
       RETURNING ${columns}`,
      [instrument.symbol, amount, author, reason],
    );
    return { ...row!, tolerance: amount };
  });
}
