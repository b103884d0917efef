/**
 * Pairing a file's unknown fills with those of sources that share no ids with it. Both sides are laid out in
 * order of time, wallet by wallet, and read page by page: memory does not grow with the history.
 */
import type { Connection, Row } from "../../store/database.ts";
import type { Fill } from "../../core/fact.ts";
import { Pairing, type Side, type Verdict, clockOf, evidentClock } from "../../core/pairing.ts";
import { fills } from "./fact-table.ts";
import {
  allSpaces,
  areForeign,
  contentSpace,
  givenSpace,
  roundingOf,
  spaceSql,
} from "./source-name.ts";
import { fillIn, recordedColumns, stagedColumns } from "./staged-facts.ts";
import { toldFill } from "./told-lines.ts";
import { type RowVerdict, writeVerdicts } from "./verdicts.ts";

const pageRows = 4000;

/** SQL: whether ids of a space, given as SQL, share nothing with those of `space`. */
function foreign(space: string, other: string): string {
  const shared = allSpaces.filter((each) => !areForeign(space, each));
  return `${other} NOT IN (${shared.map((each) => `'${each}'`).join(", ")})`;
}

/** SQL: the space of a staged row. */
const stagedSpace = (alias: string): string =>
  `CASE ${alias}.space WHEN 'unnamed' THEN '${contentSpace}'
    ELSE coalesce(${alias}.space, '${givenSpace}') END`;

const stands = (alias: string): string =>
  `NOT EXISTS (SELECT FROM exceptions x WHERE x.ordinal = ${alias}.ordinal)`;

/** SQL: a source of that space told of the recorded fill `f` before, or did so in this batch. */
const toldByRecorded = (space: string): string => `(
  EXISTS (SELECT FROM aliases a JOIN aliases n ON n.book_id = a.book_id AND n.fill_id = a.fill_id
      AND n.venue = a.venue AND n.account = a.account
    JOIN observations o ON o.book_id = n.book_id AND o.number = n.number AND o.source <> 'review'
    WHERE a.book_id = f.book_id AND a.entry = f.entry AND ${spaceSql("n.fill_id", "o.source")} = '${space}')
  OR EXISTS (SELECT FROM exceptions x JOIN staged s USING (ordinal)
    WHERE x.alias AND x.entry = f.entry AND s.book_id = f.book_id AND ${stagedSpace("s")} = '${space}'))`;

/**
 * Unknown fills of a file beside the fills of other spaces in their wallets: of each the last revision, and
 * none that the file's space told of before. first and last say which time the others cover.
 */
const layOut = (space: string): string => `
  WITH told AS (
    SELECT s.* FROM staged s
    WHERE s.file = $1 AND s.kind = 'fill' AND s.revision = 0 AND ${stagedSpace("s")} = '${space}'
      AND ${stands("s")}
  ), wallet AS (
    SELECT book_id, venue, account, min(executed_at) AS low, max(executed_at) AS high
    FROM told GROUP BY book_id, venue, account
  ), known AS (
    SELECT f.book_id, f.venue, f.account, f.executed_at, NULL::bigint AS ordinal, f.entry, o.source,
      f.fill_id AS id, ${toldByRecorded(space)} AS taken
    FROM wallet w JOIN fills f USING (book_id, venue, account)
    JOIN observations o ON o.book_id = f.book_id AND o.entry = f.entry AND o.outcome = 'recorded'
    WHERE ${foreign(space, spaceSql("f.fill_id", "o.source"))}
      AND NOT EXISTS (SELECT FROM fills n WHERE n.book_id = f.book_id AND n.fill_id = f.fill_id
        AND n.venue = f.venue AND n.account = f.account AND n.revision > f.revision)
    UNION ALL
    SELECT s.book_id, s.venue, s.account, s.executed_at, s.ordinal, NULL, s.source, s.id,
      EXISTS (SELECT FROM exceptions x JOIN staged t USING (ordinal)
        WHERE x.alias AND x.first = s.ordinal AND ${stagedSpace("t")} = '${space}')
    FROM wallet w JOIN staged s USING (book_id, venue, account)
    WHERE s.file < $1 AND s.kind = 'fill' AND s.revision = 0 AND ${foreign(space, stagedSpace("s"))}
      AND ${stands("s")}
  ), waiting AS (
    SELECT a.book_id, a.venue, a.account, ${nanoseconds("o.told::json ->> 'executed_at'")} AS executed_at,
      a.number, o.source, a.fill_id AS id
    FROM wallet w JOIN aliases a USING (book_id, venue, account)
    JOIN observations o ON o.book_id = a.book_id AND o.number = a.number AND o.outcome = 'waiting'
    WHERE ${spaceSql("a.fill_id", "o.source")} = '${space}'
      AND NOT EXISTS (SELECT FROM aliases l WHERE l.book_id = a.book_id AND l.fill_id = a.fill_id
        AND l.venue = a.venue AND l.account = a.account AND (l.entry IS NOT NULL OR l.number > a.number))
      AND NOT EXISTS (SELECT FROM fills f WHERE f.book_id = a.book_id AND f.fill_id = a.fill_id
        AND f.venue = a.venue AND f.account = a.account)
  ), bounds AS (
    SELECT book_id, venue, account, min(executed_at) AS first, max(executed_at) AS last
    FROM known GROUP BY book_id, venue, account
  )
  INSERT INTO sides (place, told, ordinal, entry, number, book_id, source, first, last)
  SELECT row_number() OVER (ORDER BY book_id, venue, account, executed_at, told, id, ordinal, entry, number),
    told, ordinal, entry, number, book_id, source, first, last
  FROM (
    SELECT book_id, venue, account, executed_at, true AS told, ordinal, NULL::bigint AS entry,
      NULL::bigint AS number, source, id
    FROM told
    UNION ALL
    SELECT book_id, venue, account, executed_at, true, NULL, NULL, number, source, id FROM waiting
    UNION ALL
    SELECT book_id, venue, account, executed_at, false, ordinal, entry, NULL, source, id
    FROM known k JOIN wallet w USING (book_id, venue, account)
    WHERE NOT taken AND executed_at BETWEEN low - 1000000000 AND high + 1000000000
  ) side LEFT JOIN bounds USING (book_id, venue, account)`;

const page = `
  SELECT d.place, d.told, d.ordinal, d.entry, d.source, d.first, d.last, d.book_id, ${stagedColumns(fills)}
  FROM sides d JOIN staged s USING (ordinal) JOIN books b ON b.book_id = d.book_id
  WHERE d.place > $1 AND d.place <= $1 + ${pageRows}
  UNION ALL
  SELECT d.place, d.told, d.ordinal, d.entry, d.source, d.first, d.last, d.book_id,
    ${recordedColumns(fills, "f")}
  FROM sides d JOIN fills f ON f.book_id = d.book_id AND f.entry = d.entry
  JOIN books b ON b.book_id = d.book_id
  WHERE d.place > $1 AND d.place <= $1 + ${pageRows}
  ORDER BY place`;

/** What waited before, on the same page: its content is in the line that was kept. */
const waitingPage = `
  SELECT d.place, d.told, d.ordinal, d.entry, d.source, d.first, d.last, d.book_id, o.told AS line
  FROM sides d JOIN observations o ON o.book_id = d.book_id AND o.number = d.number
  WHERE d.place > $1 AND d.place <= $1 + ${pageRows} ORDER BY place`;

/** SQL: the time of a line of an export, to the nanosecond. */
function nanoseconds(text: string): string {
  return `(extract(epoch FROM left(${text}, 19)::timestamp)::bigint * 1000000000
    + rpad(split_part(rtrim(${text}, 'Z'), '.', 2), 9, '0')::bigint)`;
}

type FilledSide = SideRow & { readonly fill: Fill };

interface SideRow extends Row {
  readonly place: bigint;
  readonly told: boolean;
  readonly ordinal: bigint | null;
  readonly entry: bigint | null;
  readonly source: string;
  readonly book_id: string;
  readonly first: bigint | null;
  readonly last: bigint | null;
}

/** What a verdict needs to know of a side. */
interface Named {
  readonly ordinal: bigint | null;
  readonly entry: bigint | null;
  /** The other sources cover its time. */
  readonly covered: boolean;
}

/** Whether fills of the others are there before and after, or at most one unit of the clock away. */
function isCovered(side: Omit<Side<unknown>, "name">, { first, last }: SideRow): boolean {
  if (first === null || last === null) return false;
  const at = side.fill.executedAt;
  const clock = clockOf(side);
  const reach = (bound: bigint): bigint => {
    const evident = evidentClock(bound);
    return evident > clock ? evident : clock;
  };
  return first - reach(first) <= at && at <= last + reach(last);
}

function rowVerdict(verdict: Verdict<Named>): RowVerdict[] {
  const { ordinal } = verdict.name;
  // It waited before, and keeps waiting: it only counts.
  if (ordinal === null) return [];
  switch (verdict.outcome) {
    case "same":
    case "rounded": {
      const { entry, ordinal: first } = verdict.fill;
      const outcome = verdict.outcome === "same" ? "duplicate" : "rounded copy";
      return [{ ordinal, outcome, entry, first, alias: true }];
    }
    case "uneven":
      return [{ ordinal, outcome: "waiting", alias: true }];
    case "alone":
      return verdict.name.covered ? [{ ordinal, outcome: "waiting", alias: true }] : [];
  }
}

/** Reads the sides in their order and writes what becomes of each telling. */
class SideReader {
  #pairing: Pairing<Named>;
  #wallet = "";
  readonly #loose: ReadonlySet<"quantity" | "price">;

  constructor(loose: ReadonlySet<"quantity" | "price">) {
    this.#loose = loose;
    this.#pairing = new Pairing(loose);
  }

  take(row: FilledSide): RowVerdict[] {
    const { ordinal, entry, source, told } = row;
    const { fill } = row;
    const side = { fill, rounding: roundingOf(source) };
    const verdicts: Verdict<Named>[] = [];
    const wallet = `${row.book_id}\0${fill.venue}\0${fill.account}`;
    if (wallet !== this.#wallet) {
      verdicts.push(...this.#pairing.finish());
      this.#pairing = new Pairing(this.#loose);
      this.#wallet = wallet;
    }
    const covered = told && isCovered(side, row);
    verdicts.push(...this.#pairing.add({ ...side, name: { ordinal, entry, covered } }, told));
    return verdicts.flatMap(rowVerdict);
  }

  /** Judges what is passed, so that it need not be held. */
  pass({ fill }: FilledSide): RowVerdict[] {
    return this.#pairing.before(fill.executedAt).flatMap(rowVerdict);
  }

  finish(): RowVerdict[] {
    return this.#pairing.finish().flatMap(rowVerdict);
  }
}

async function readPage(connection: Connection, after: bigint): Promise<FilledSide[]> {
  const rows = await connection.query<SideRow>(page, [after]);
  const waiting = await connection.query<SideRow & { line: string }>(waitingPage, [after]);
  const sides = [
    ...rows.map((row) => ({ ...row, fill: fillIn(row) })),
    ...waiting.map((row) => ({ ...row, fill: toldFill(row.line) })),
  ];
  return sides.sort((a, b) => (a.place < b.place ? -1 : 1));
}

/** Judges a file's unknown fills of one space; whether any was attached or has to wait. */
export async function pairSpace(
  connection: Connection,
  file: number,
  space: string,
): Promise<boolean> {
  await connection.execute("DELETE FROM sides");
  await connection.execute(layOut(space), [file]);
  const sources = await connection.query<{ source: string }>("SELECT DISTINCT source FROM sides");
  const roundings = sources.map(({ source }) => roundingOf(source));
  const fields = ["quantity", "price"] as const;
  const reader = new SideReader(
    new Set(fields.filter((key) => roundings.some((each) => each[key] !== undefined))),
  );
  let found = false;
  const keep = async (verdicts: readonly RowVerdict[]): Promise<void> => {
    found ||= verdicts.length > 0;
    await writeVerdicts(connection, verdicts);
  };
  for (let after = 0n; ; after += BigInt(pageRows)) {
    const rows = await readPage(connection, after);
    const last = rows.at(-1);
    if (last === undefined) break;
    await keep([...rows.flatMap((row) => reader.take(row)), ...reader.pass(last)]);
  }
  await keep(reader.finish());
  return found;
}
