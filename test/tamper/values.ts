/** The least change of a value, by its type: the last digit, one bit, one letter, a blank. */
import type { Dice } from "../../src/testing/histories.ts";
import type { Column } from "./sealed.ts";

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

type Mutation = readonly [title: string, expression: string];

const lastPlace = ["1e-18", "-1e-18"];

function textChanges(value: string): Mutation[] {
  const characters = Array.from(value);
  const last = characters.pop() ?? "";
  const other = last === last.toUpperCase() ? last.toLowerCase() : last.toUpperCase();
  const texts: [string, string][] = [
    ["a blank behind", `${value} `],
    ["a blank before", ` ${value}`],
    ["another last character", characters.join("") + (last === "x" ? "y" : "x")],
    ["the case of its last letter", characters.join("") + other],
    ["decomposed", value.normalize("NFD")],
    ["without its last character", characters.join("")],
  ];
  return texts
    .filter(([, text]) => text !== value && text !== "")
    .map(([title, text]) => [title, quoted(text)]);
}

const numericChanges = (expression: string, value: string): Mutation[] => [
  ...lastPlace.map((change): Mutation => [`${change}`, `${expression} + (${change})`]),
  ...(Number.parseFloat(value) === 0 ? [] : [["the sign", `-(${expression})`] as Mutation]),
];

const integerChanges = (column: string, dice: Dice): Mutation[] => {
  const bit = dice.below(12);
  return [
    ["one more", `${column} + 1`],
    ["one less", `${column} - 1`],
    [`bit ${bit}`, `${column} # ${2 ** bit}`],
  ];
};

function bytesChanges(column: string, value: string, dice: Dice): Mutation[] {
  const bits = (value.length - 2) * 4;
  if (bits === 0) return [["a byte", `'\\x00'`]];
  const bit = dice.below(bits);
  return [[`bit ${bit}`, `set_bit(${column}, ${bit}, 1 - get_bit(${column}, ${bit}))`]];
}

/** One element; the fees of a fact are in order of their assets, so the order counts, too. */
const arrayChanges = (column: string, type: string, dice: Dice): Mutation[] => {
  const change = type === "text[]" ? "|| ' '" : `+ ${dice.pick(lastPlace)}`;
  const each = `SELECT array_agg(CASE n WHEN 1 THEN e ${change} ELSE e END ORDER BY n)`;
  return [["its first", `(${each} FROM unnest(${column}) WITH ORDINALITY AS a (e, n))`]];
};

function uuidChanges(value: string, dice: Dice): Mutation[] {
  const at = dice.pick([0, 10, value.length - 1]);
  const digit = (Number.parseInt(value[at]!, 16) ^ 1).toString(16);
  return [[`digit ${at}`, quoted(value.slice(0, at) + digit + value.slice(at + 1))]];
}

/** For a value that was none. */
const somethingOf: Readonly<Record<string, string>> = {
  text: "'x'",
  numeric: "1e-18",
  bigint: "0",
  integer: "0",
  smallint: "0",
  bytea: `sha256('')`,
  uuid: "'00000000-0000-0000-0000-000000000000'",
  "text[]": "'{x}'",
};

/**
 * Another value for a column, of the text that it has (null: none): an SQL expression and its name.
 * Undefined for amounts beside no assets, which no reader looks at.
 */
export function changeOf(column: Column, value: string | null, dice: Dice): Mutation | undefined {
  const { name, type, nullable } = column;
  if (value === null && type === "numeric[]") return undefined;
  if (value === null) return ["something instead of nothing", somethingOf[type]!];
  if (nullable && dice.once(3)) return ["nothing", "NULL"];
  switch (type) {
    case "text":
      return dice.pick(textChanges(value));
    case "numeric":
      return dice.pick(numericChanges(name, value));
    case "bigint":
    case "integer":
    case "smallint":
      return dice.pick(integerChanges(name, dice));
    case "bytea":
      return dice.pick(bytesChanges(name, value, dice));
    case "uuid":
      return dice.pick(uuidChanges(value, dice));
    case "timestamp with time zone":
      return dice.pick([
        ["a microsecond later", `${name} + interval '1 microsecond'`],
        ["a microsecond sooner", `${name} - interval '1 microsecond'`],
      ] as const);
    case "text[]":
    case "numeric[]":
      return dice.pick(arrayChanges(name, type, dice));
    default:
      throw new Error(`a column of a type that has no change yet: ${column.table}.${name} ${type}`);
  }
}
