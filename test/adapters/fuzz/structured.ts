/**
 * The first generator: it knows the formats. A sample is taken apart into rows and cells or into JSON
 * values, a few of them get values from an edge, and it is written again in a dialect, well or badly; then
 * something may befall the file as a whole.
 */
import { Random } from "../../../src/generate/random.ts";
import type { FuzzInput } from "./judge.ts";
import { type Sample, samples } from "./samples.ts";
import { hostileValue, pick } from "./values.ts";

const formats = [...new Set(samples.map(({ format }) => format))];

export function structuredInput(seed: number): FuzzInput {
  const random = new Random(seed);
  const sample = pick(random, samples);
  let bytes = rewritten(random, sample);
  if (random.below(3) === 0) bytes = befallen(random, bytes, sample);
  const luck = random.below(10);
  const from = luck < 7 ? sample.format : luck < 9 ? undefined : pick(random, formats);
  return { bytes, from };
}

function rewritten(random: Random, { format, text }: Sample): Buffer {
  if (format.endsWith("csv"))
    return Buffer.from(writeTable(random, changedTable(random, tables.get(text)!)));
  return Buffer.from(
    documents
      .get(text)!
      .map((document) => writeJson(random, changed(random, document, ""), 0))
      .join(pick(random, ["\n", "\n", "\n", "\r\n", "", " ", "\n\n", ","]))
      .concat(random.below(8) === 0 ? "" : "\n"),
  );
}

// Tables

type Table = string[][];

/** The cells of a sample; its quotes are known to be good. */
function readTable(text: string): Table {
  const rows: Table = [];
  let cells: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g,
  )) {
    if (end === "" && cells.length === 0 && quoted === undefined && plain === "") break;
    cells.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(cells);
    cells = [];
  }
  return rows;
}

const tables: ReadonlyMap<string, Table> = new Map(
  samples.filter(({ format }) => format.endsWith("csv")).map(({ text }) => [text, readTable(text)]),
);

const tableChanges: readonly ((random: Random, table: Table) => void)[] = [
  setCell,
  setCell,
  setCell,
  setCell,
  setCell,
  (random, table) => void pick(random, table).splice(random.below(12), 1),
  (random, table) => void pick(random, table).splice(random.below(12), 0, hostileValue(random, "")),
  (random, table) => void table.splice(random.below(table.length), 1),
  (random, table) => void table.splice(random.below(table.length + 1), 0, [...pick(random, table)]),
  (random, table) => void table.splice(random.below(table.length + 1), 0, []),
  dropColumn,
  doubleColumn,
  swapColumns,
];

function setCell(random: Random, table: Table): void {
  const row = pick(random, table);
  const column = random.below(Math.max(1, row.length));
  row[column] = hostileValue(random, table[0]?.[column] ?? "");
}

function dropColumn(random: Random, table: Table): void {
  const column = random.below(table[0]?.length ?? 1);
  for (const row of table) row.splice(column, 1);
}

function doubleColumn(random: Random, table: Table): void {
  const column = random.below(table[0]?.length ?? 1);
  for (const row of table) row.splice(column, 0, row[column] ?? "");
}

function swapColumns(random: Random, table: Table): void {
  const width = table[0]?.length ?? 1;
  const [one, other] = [random.below(width), random.below(width)];
  for (const row of table)
    if (Math.max(one, other) < row.length) [row[one], row[other]] = [row[other]!, row[one]!];
}

function changedTable(random: Random, sample: Table): Table {
  const table = sample.map((row) => [...row]);
  for (let changes = random.below(4); changes > 0 && table.length > 0; changes -= 1)
    pick(random, tableChanges)(random, table);
  return table;
}

function writeTable(random: Random, table: Table): string {
  const delimiter = random.below(30) === 0 ? pick(random, [";", "\t", "|", ", "]) : ",";
  const ends =
    random.below(4) > 0 ? ["\n"] : pick(random, [["\r\n"], ["\r"], ["\n", "\r\n"], ["\r\r\n"]]);
  const quoting = random.below(5);
  let text = "";
  for (const row of table)
    text +=
      row.map((cell) => writeCell(random, cell, quoting)).join(delimiter) + pick(random, ends);
  return random.below(6) === 0 ? text.replace(/[\r\n]+$/, "") : text;
}

function writeCell(random: Random, cell: string, quoting: number): string {
  const must = /[",\r\n]/.test(cell);
  if (quoting > 0 && !must) return cell;
  const quoted = `"${cell.replaceAll('"', '""')}"`;
  if (random.below(25) > 0) return quoted;
  return pick(random, [
    `"${cell}"`,
    `"${cell}`,
    `${cell}"`,
    ` ${quoted}`,
    `${quoted} `,
    `'${cell}'`,
    cell,
  ]);
}

// JSON

const documents: ReadonlyMap<string, readonly unknown[]> = new Map(
  samples
    .filter(({ format }) => !format.endsWith("csv"))
    .map(({ text }) => [
      text,
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ]),
);

/** A value that stands in the text as it is: no JSON need be able to say it. */
class Literal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An object as a list, so that keys can come twice. */
class Members {
  readonly list: [key: string, value: unknown][];

  constructor(list: [key: string, value: unknown][]) {
    this.list = list;
  }
}

const literals = [
  "1e400",
  "-0",
  "1.10",
  "12345678901234567890.123456789",
  "NaN",
  "Infinity",
  "undefined",
  "'x'",
  "01",
  "+1",
  ".5",
  "/* x */1",
  "tru",
  "null",
  "true",
  "false",
  "0",
  "{}",
  "[]",
  '{"__proto__":{"type":"fill"}}',
  '"\\ud800"',
  '"\\u0000"',
  '"\\x"',
  '"\n"',
];

function strange(random: Random, key: string): unknown {
  const luck = random.below(12);
  if (luck < 6) return hostileValue(random, key);
  if (luck < 10) return new Literal(pick(random, literals));
  if (luck === 10) return [hostileValue(random, key)];
  const depth = random.below(10) === 0 ? 1 + random.below(20_000) : 55 + random.below(20);
  const [open, close] = pick(random, [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const);
  return new Literal(open.repeat(depth) + (random.below(4) === 0 ? "" : `0${close.repeat(depth)}`));
}

/** The value, with one in some of its parts changed. */
function changed(random: Random, value: unknown, key: string): unknown {
  if (random.below(40) === 0) return strange(random, key);
  if (Array.isArray(value)) {
    const items = value.map((item) => changed(random, item, key));
    if (random.below(12) === 0) items.push(pick(random, [...items, strange(random, key)]));
    return items;
  }
  if (typeof value !== "object" || value === null) return value;
  const list = Object.entries(value).map(([name, member]): [string, unknown] => [
    name,
    changed(random, member, name),
  ]);
  const luck = random.below(40);
  const at = random.below(list.length + 1);
  if (luck === 0) list.splice(at, 1);
  if (luck === 1 && list.length > 0) list.splice(at, 0, [...pick(random, list)]);
  if (luck === 2) list.splice(at, 0, [hostileValue(random, ""), strange(random, "")]);
  if (luck === 3 && list.length > 0)
    list[0]![0] = pick(random, ["type", "fills", "entry_id", "Type", ""]);
  if (luck === 4) list.reverse();
  return new Members(list);
}

function writeJson(random: Random, value: unknown, depth: number): string {
  const space =
    depth < 3 && random.below(30) === 0 ? pick(random, [" ", "\n", "\t", "\r\n ", "\u00A0"]) : "";
  if (value instanceof Literal) return space + value.text;
  if (value instanceof Members) {
    const members = value.list.map(
      ([key, member]) => `${writeString(random, key)}:${writeJson(random, member, depth + 1)}`,
    );
    const separator = random.below(60) === 0 ? pick(random, [";", ",,", " "]) : ",";
    return `${space}{${members.join(separator)}${tail(random)}}`;
  }
  if (Array.isArray(value))
    return `${space}[${value.map((item) => writeJson(random, item, depth + 1)).join(",")}${tail(random)}]`;
  return space + (typeof value === "string" ? writeString(random, value) : JSON.stringify(value));
}

const tail = (random: Random): string => (random.below(100) === 0 ? "," : "");

function writeString(random: Random, text: string): string {
  const luck = random.below(60);
  if (luck === 0) return `"${text}"`;
  if (luck > 1) return JSON.stringify(text);
  const escaped = text
    .slice(0, 300)
    .replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"${escaped}"`;
}

// What befalls a file as a whole

const mark = Buffer.from("\uFEFF");
const heads = [
  "1f8b0800",
  "504b0304",
  "504b0506",
  "28b52ffd",
  "fd377a585a00",
  "425a6839",
  "377abcaf",
  "d0cf11e0",
];

const lineEnds = ["\n", "\r\n", "\r", "\r\r\n", "\n\r", "\n\n", "\u2028", "\0\n"];

const accidents: readonly ((random: Random, bytes: Buffer, sample: Sample) => Buffer)[] = [
  (_, bytes) => Buffer.concat([mark, bytes]),
  (_, bytes) => Buffer.concat([mark, mark, bytes]),
  (random, bytes) => inserted(random, bytes, mark),
  (_, bytes) => Buffer.from(bytes.toString(), "utf16le"),
  (_, bytes) => Buffer.from(`\uFEFF${bytes.toString()}`, "utf16le"),
  (_, bytes) => Buffer.from(`\uFEFF${bytes.toString().slice(0, 5000)}`, "utf16le").swap16(),
  (random, bytes) =>
    inserted(random, bytes, Buffer.from(pick(random, ["é", "ÿþ", "£", "Ã"]), "latin1")),
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
  (random, bytes) => bytes.subarray(random.below(bytes.length + 1)),
  (random, bytes) => inserted(random, bytes, Buffer.from("😀é").subarray(0, 1 + random.below(5))),
  (random, bytes) => inserted(random, bytes, Buffer.alloc(1 + random.below(3))),
  (random, bytes, sample) => Buffer.concat([bytes, rewritten(random, sample)]),
  (random, bytes, sample) => Buffer.concat([bytes, mark, rewritten(random, sample)]),
  (random, bytes) => Buffer.concat([bytes, rewritten(random, pick(random, samples))]),
  (random, bytes) =>
    Buffer.from(
      bytes
        .toString()
        .replaceAll(/\r?\n/g, () => (random.below(2) === 0 ? pick(random, lineEnds) : "\n")),
    ),
  (random, bytes) => Buffer.concat([Buffer.from(pick(random, heads), "hex"), bytes]),
  (random, bytes) => Buffer.concat(Array.from({ length: 1 + random.below(4) }, () => bytes)),
  (random, bytes) => inserted(random, bytes, Buffer.from(hostileValue(random, ""))),
];

function inserted(random: Random, bytes: Buffer, more: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
}

function befallen(random: Random, bytes: Buffer, sample: Sample): Buffer {
  return pick(random, accidents)(random, bytes, sample);
}
