/**
 * The names of sources: `file:lotbook-csv`, and `file:lotbook-csv;quantity=4,executed_at=ms` where a rounding
 * was declared for a file, so that it is still known when the other telling comes.
 */
import { formats } from "../../adapters/formats.ts";
import { type Rounding, clockUnits } from "../../core/rounding.ts";
import { LotbookError } from "../../errors.ts";

/** Stands for the sources of a batch where their names are too long for its line. */
export const severalSources = "several sources";

const amounts = ["quantity", "price", "fee"] as const;

/** The name of a file's source. */
export function fileSource(format: string, rounding: Rounding | undefined): string {
  if (rounding === undefined) return `file:${format}`;
  const parts: string[] = amounts
    .filter((name) => rounding[name] !== undefined)
    .map((name) => `${name}=${rounding[name]}`);
  const unit = Object.entries(clockUnits).find(([, clock]) => clock === rounding.clock)?.[0];
  if (unit !== undefined) parts.push(`executed_at=${unit}`);
  return `file:${format};${parts.join(",")}`;
}

const example = "write it like quantity=4,price=2,fee=2,executed_at=ms";

/** Reads what `--rounding` says. Throws BAD_USAGE. */
export function parseRounding(text: string): Rounding {
  const rounding: { -readonly [Key in keyof Rounding]: Rounding[Key] } = {};
  for (const part of text.split(",")) {
    const [name, value = "", ...rest] = part.split("=");
    const amount = amounts.find((known) => known === name);
    const clock = (clockUnits as Readonly<Record<string, bigint>>)[value];
    if (rest.length === 0 && amount !== undefined && /^(?:\d|1[0-8])$/.test(value))
      rounding[amount] = Number(value);
    else if (rest.length === 0 && name === "executed_at" && clock !== undefined)
      rounding.clock = clock;
    else
      throw new LotbookError("BAD_USAGE", `--rounding does not understand "${part}"`, {
        advice: `${example}: digits after the point from 0 to 18, and s, ms, us or ns`,
      });
  }
  return rounding;
}

/** How the source of that name rounds: as its format does, and as was declared for the file. */
export function roundingOf(source: string): Rounding {
  const [name, declared] = source.split(";", 2);
  const format = formats.find((known) => `file:${known.name}` === name);
  if (format === undefined) return {};
  return { ...format.rounding, ...(declared === undefined ? {} : parseRounding(declared)) };
}

/** Orders of an old system, recorded as they stood: docs/spec/legacy.md 3. */
export const legacySource = "legacy";
export const legacySpace = "legacy order";

const spaces = [
  ...formats.flatMap(({ name, idSpace }) =>
    idSpace === undefined ? [] : [{ source: `file:${name}`, idSpace }],
  ),
  { source: legacySource, idSpace: legacySpace },
];

/** Whose ids the fills have that others tell of too. */
export const givenSpace = "given";
/** Ids made of content and occurrence. */
export const contentSpace = "content";

export const allSpaces: readonly string[] = [
  givenSpace,
  contentSpace,
  ...spaces.map(({ idSpace }) => idSpace),
];

/** SQL: the space of a fill's id, by the id and the source that told of it. */
export function spaceSql(id: string, source: string): string {
  const cases = spaces.map(({ source: name, idSpace }) => `WHEN '${name}' THEN '${idSpace}'`);
  return `CASE WHEN ${id} LIKE 'row:%' AND ${id} ~ '^row:[0-9a-f]{32}:[1-9][0-9]*$' THEN '${contentSpace}'
    ELSE CASE split_part(${source}, ';', 1) ${cases.join(" ")} ELSE '${givenSpace}' END END`;
}

/** Sources whose fills have ids of other spaces than `space`, beside given and content ones. */
export function otherSources(space: string): readonly string[] {
  if (space === givenSpace || space === contentSpace) return [];
  return spaces.filter(({ idSpace }) => idSpace !== space).map(({ source }) => source);
}

/** Whether fills of two spaces share no ids, so that they have to be compared. */
export function areForeign(one: string, other: string): boolean {
  if (one === other) return false;
  if (one === contentSpace || other === contentSpace) return true;
  return one !== givenSpace && other !== givenSpace;
}
