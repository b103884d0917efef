/**
 * Tellings under ids that the ledger does not know, of fills that it may know under another: first ids that
 * were told before, then, where a source shares no ids with the one that told of a wallet's fills, by content
 * and count. docs/spec/telling.md 5.
 */
import type { Connection, Row } from "../../store/database.ts";
import { type Agreement, compareFills } from "../../core/rounding.ts";
import { comparePair } from "../../core/pairing.ts";
import type { Fill } from "../../core/fact.ts";
import { fills } from "./fact-table.ts";
import { pairSpace } from "./pair.ts";
import {
  areForeign,
  contentSpace,
  givenSpace,
  otherSources,
  roundingOf,
  severalSources,
} from "./source-name.ts";
import { fillIn, recordedColumns, stagedColumns } from "./staged-facts.ts";
import { toldLine } from "./told-lines.ts";
import { type RowVerdict, writeVerdicts } from "./verdicts.ts";

/** A file of the batch has fills with ids of this space. */
export interface FileSpace {
  readonly file: number;
  /** As staged: `unnamed` and `content` are one space. */
  readonly space: string;
}

export interface OtherIdsOptions {
  /** Books that had facts before. */
  readonly known: readonly string[];
  readonly spaces: readonly FileSpace[];
}

const spaceOf = ({ space }: FileSpace): string => (space === "unnamed" ? contentSpace : space);

/** Judges what is told under other ids; whether there was anything of the kind. */
export async function findOtherIds(
  connection: Connection,
  { known, spaces }: OtherIdsOptions,
): Promise<boolean> {
  let found = known.length > 0 && (await judgeKnownIds(connection));
  for (const [index, fileSpace] of spaces.entries()) {
    const space = spaceOf(fileSpace);
    if (space === "decided") continue;
    const earlier = spaces
      .slice(0, index)
      .filter((other) => other.file < fileSpace.file && areForeign(space, spaceOf(other)));
    if (earlier.length === 0 && !(await hasForeignFills(connection, known, space))) continue;
    if (await pairSpace(connection, fileSpace.file, space)) found = true;
  }
  return found;
}

/** Whether the books have fills with ids that share nothing with those of the space. */
async function hasForeignFills(
  connection: Connection,
  known: readonly string[],
  space: string,
): Promise<boolean> {
  if (known.length === 0) return false;
  const ofContent = "f.fill_id >= 'row:' AND f.fill_id < 'row;'";
  const others = "(f.fill_id < 'row:' OR f.fill_id >= 'row;')";
  const [book] = await connection.query(
    `SELECT FROM books b WHERE b.book_id = ANY ($1::uuid[]) AND EXISTS (SELECT FROM fills f
      WHERE f.book_id = b.book_id AND ${space === contentSpace ? others : ofContent}) LIMIT 1`,
    [known],
  );
  if (book !== undefined) return true;
  const sources = otherSources(space);
  if (sources.length === 0 || space === givenSpace) return false;
  const [batch] = await connection.query(
    "SELECT FROM batches WHERE source = $1 OR source ~ $2 LIMIT 1",
    [severalSources, sources.join("|")],
  );
  return batch !== undefined;
}

interface KnownId {
  readonly ordinal: bigint;
  readonly telling: string;
  readonly told: string | null;
  readonly outcome: RowVerdict["outcome"];
  readonly entry: bigint | null;
}

const aliased = `
  SELECT s.ordinal, s.source, encode(s.telling, 'hex') AS telling, ${stagedColumns(fills)}
  FROM staged s JOIN books b USING (book_id)
  WHERE s.kind = 'fill' AND s.revision = 0 AND s.ordinal > $1 AND s.space IS DISTINCT FROM 'decided'
    AND EXISTS (SELECT FROM aliases a WHERE a.book_id = s.book_id AND a.fill_id = s.id AND a.venue = s.venue
      AND a.account = s.account)
    AND NOT EXISTS (SELECT FROM exceptions x WHERE x.ordinal = s.ordinal)
  ORDER BY s.ordinal LIMIT 1000`;

const knownIds = `
  SELECT s.ordinal, encode(o.telling, 'hex') AS telling, o.told, o.outcome, a.entry
  FROM staged s JOIN aliases a ON a.book_id = s.book_id AND a.fill_id = s.id AND a.venue = s.venue
    AND a.account = s.account
  JOIN observations o ON o.book_id = a.book_id AND o.number = a.number
  WHERE s.ordinal = ANY ($1::bigint[]) ORDER BY s.ordinal, a.number`;

const knownFills = `
  SELECT v.ordinal, o.source, ${recordedColumns(fills, "f")}
  FROM unnest($1::bigint[], $2::bigint[]) AS v (ordinal, entry) JOIN staged s USING (ordinal)
  JOIN books b USING (book_id) JOIN fills f ON f.book_id = s.book_id AND f.entry = v.entry
  JOIN observations o ON o.book_id = f.book_id AND o.entry = f.entry AND o.outcome = 'recorded'`;

interface ToldRow extends Row {
  readonly ordinal: bigint;
  readonly source: string;
  readonly telling: string;
}

/** Ids under which a fill was told of before, attached or waiting. */
async function judgeKnownIds(connection: Connection): Promise<boolean> {
  const [any] = await connection.query("SELECT FROM aliases LIMIT 1");
  if (any === undefined) return false;
  let found = false;
  for (let after = 0n; ;) {
    const told = await connection.query<ToldRow>(aliased, [after]);
    if (told.length === 0) return found;
    found = true;
    after = told.at(-1)!.ordinal;
    const ordinals = told.map((row) => row.ordinal);
    const known = Map.groupBy(
      await connection.query<KnownId>(knownIds, [ordinals]),
      (row) => row.ordinal,
    );
    const attached = told.flatMap(({ ordinal }) => {
      const entry = entryOf(known.get(ordinal)!);
      return entry === null ? [] : [{ ordinal, entry }];
    });
    const recorded = new Map(
      (
        await connection.query<ToldRow>(knownFills, [
          attached.map((each) => each.ordinal),
          attached.map((each) => each.entry),
        ])
      ).map((row) => [row.ordinal, row]),
    );
    const verdicts = told.map((row) =>
      verdictOf(row, known.get(row.ordinal)!, recorded.get(row.ordinal)),
    );
    await writeVerdicts(connection, verdicts);
  }
}

/** The fill that an id was attached to, last; null while it waits. */
const entryOf = (known: readonly KnownId[]): bigint | null =>
  known.findLast((each) => each.entry !== null)?.entry ?? null;

function verdictOf(
  row: ToldRow,
  known: readonly KnownId[],
  recorded: ToldRow | undefined,
): RowVerdict {
  const { ordinal } = row;
  const entry = entryOf(known);
  const fill = fillIn(row);
  const line = toldLine(fill);
  const same = known.findLast((each) => each.told === line);
  const sameBytes = known.some((each) => each.telling === row.telling);
  if (entry === null)
    return same !== undefined
      ? { ordinal, outcome: "waiting", heard: true }
      : { ordinal, outcome: "waiting", alias: true };
  if (same !== undefined) {
    // What waited has been attached by a person since.
    const outcome = same.outcome === "waiting" ? "duplicate" : same.outcome;
    return { ordinal, outcome, entry, ...(sameBytes ? { heard: true } : { alias: true }) };
  }
  const outcome = outcomes[agreement(fill, row.source, fillIn(recorded!), recorded!.source)];
  return { ordinal, outcome, entry, alias: true };
}

const outcomes = { same: "duplicate", rounded: "rounded copy", different: "conflict" } as const;

function agreement(told: Fill, source: string, recorded: Fill, recordedSource: string): Agreement {
  const roundings = [roundingOf(source), roundingOf(recordedSource)] as const;
  const strict = compareFills({ ...told, fillId: recorded.fillId }, recorded, ...roundings);
  if (strict !== "different") return strict;
  return comparePair(
    { name: 0, fill: told, rounding: roundings[0] },
    { name: 1, fill: recorded, rounding: roundings[1] },
  );
}

/**
 * What follows a telling that was attached or waits: the same identity told again in this batch, and facts
 * that name its fill.
 */
export const followers: readonly string[] = [
  `UPDATE exceptions x SET entry = f.entry, leaf = f.leaf, first = f.first, alias = f.alias,
     heard = CASE f.outcome WHEN 'waiting' THEN x.outcome = 'duplicate' ELSE f.heard END,
     outcome = CASE WHEN f.outcome = 'waiting' THEN 'waiting' WHEN x.outcome = 'duplicate' THEN f.outcome
       ELSE x.outcome END
   FROM exceptions f WHERE f.ordinal = x.first AND f.outcome <> 'rejected' AND x.outcome <> 'rejected'
     AND (f.alias OR f.heard OR f.outcome = 'waiting')`,
  `INSERT INTO exceptions (ordinal, outcome)
   SELECT d.ordinal, 'waiting' FROM exceptions x JOIN staged f USING (ordinal)
   JOIN staged d ON d.book_id = f.book_id AND d.venue = f.venue AND d.account = f.account AND d.id = f.id
   WHERE f.kind = 'fill' AND (x.alias OR x.outcome = 'waiting' OR x.heard) AND x.outcome <> 'rejected'
     AND (d.kind = 'fill' AND d.revision > 0 OR d.kind = 'fee value'
       OR d.kind = 'void' AND (d.extra)[1] IN ('fill', 'fee value'))
   ON CONFLICT (ordinal) DO NOTHING`,
];
