/**
 * Changes by somebody who may do anything, each drawn from its number alone: first one of a value in every
 * column that is covered, then values, rows and tables at random. What must be said of it comes along.
 */
import type { Example } from "../../src/verify/run.ts";
import { Dice } from "../../src/testing/histories.ts";
import { conclusionTables, type Cut, type Life, type Rows, type StoredRow } from "./rows.ts";
import { type Column, places } from "./sealed.ts";
import { changeOf, quoted } from "./values.ts";

export const changeKinds = [
  "value",
  "added",
  "deleted",
  "swapped",
  "moved",
  "cut",
  "truncated",
] as const;

export interface Change {
  readonly kind: (typeof changeKinds)[number];
  readonly title: string;
  readonly sql: string;
  readonly cut: Cut;
  /** Whether an example names what was changed. */
  readonly names: (example: Example) => boolean;
}

const factTables = ["fills", "opening_lots", "fee_values", "voids", "adjustments"];
const where = ({ partition, ctid }: StoredRow): string =>
  `tableoid = '${partition}'::regclass AND ctid = '${ctid}'`;

/** The row by its columns that say where it belongs. */
function titleOf({ table, values }: StoredRow): string {
  const names = ["version", "book_id", ...(places[table] ?? [])];
  const said = [...new Set(names)].filter((name) => name in values);
  return `${table} ${said.map((name) => `${name} ${values[name]}`).join(", ")}`;
}

/** The books a row is of: that of its own, or those that its batch or revision touched. */
function booksOf(rows: Rows, { table, values }: StoredRow): Set<string> {
  if (table === "batches") {
    const seals = rows.of("seals").filter((seal) => seal.values["batch_id"] === values["batch_id"]);
    return new Set(seals.map((seal) => seal.values["book_id"]!));
  }
  return new Set(typeof values["book_id"] === "string" ? [values["book_id"]] : []);
}

/** A violation names the row: its book and entry, its book, or what has no book by its own number. */
function namesRow(rows: Rows, row: StoredRow): Change["names"] {
  const { table, values } = row;
  const books = booksOf(rows, row);
  const said: Record<string, RegExp> = {
    batches: new RegExp(`batch ${values["batch_id"]}`),
    revisions: new RegExp(`revision ${values["revision"]}\\b`),
    revision_counter: /counter/,
    steps: new RegExp(`revision ${values["revision"]}\\b`),
    versions: /version|revision/,
  };
  return ({ what, book }) => books.has(String(book)) || said[table]?.test(what) === true;
}

/** A fact whose place is as it was is named itself. */
function namesFact(row: StoredRow): Change["names"] {
  const { book_id: id, entry } = row.values;
  return ({ book, entry: named }) => book === id && named === entry;
}

const cutOf = (rows: Rows, row: StoredRow): Cut => {
  if (conclusionTables.includes(row.table)) return rows.cutOf(row)!;
  const { version } = row.values;
  return row.table === "versions" ? { version: Number.parseInt(version!, 10) } : {};
};

/** A conclusion that is said to come from another step, or to be gone by one; there is no step 99. */
function anotherLife(rows: Rows, row: StoredRow, column: string, dice: Dice): Change | undefined {
  const life = rows.lifeOf(row);
  const steps = rows.of("steps").map(({ values }) => values["step"]!);
  const other = dice.pick(column === "step" ? [...steps, "99"] : [...steps, "99", null]);
  const changed: Life = { ...life, [column]: other };
  const cut = rows.cutOf(row, changed);
  if (cut === undefined) return undefined;
  const sql = `UPDATE ${row.table} SET ${column} = ${other ?? "NULL"} WHERE ${where(row)}`;
  const title = `${column} ${other} of ${titleOf(row)}`;
  return { kind: "value", title, sql, cut, names: namesRow(rows, row) };
}

function valueChange(rows: Rows, column: Column, dice: Dice): Change | undefined {
  const { table, name } = column;
  const row = dice.pick(rows.of(table));
  if (conclusionTables.includes(table) && (name === "step" || name === "superseded"))
    return anotherLife(rows, row, name, dice);
  const before = row.values[name]!;
  const drawn = changeOf(column, before, dice);
  if (drawn === undefined) return undefined;
  let [title, expression] = drawn;
  if (name === "version") {
    // A version that is there: a row can't lie in a partition that is none.
    const other = conclusionTables.includes(table) ? (before === "1" ? "2" : "1") : "9";
    [title, expression] = [`to ${other}`, other];
  }
  const isPlace = [...(places[table] ?? []), "book_id"].includes(name);
  return {
    kind: "value",
    title: `${name}, ${title}, of ${titleOf(row)}`,
    sql: `UPDATE ${table} SET ${name} = ${expression} WHERE ${where(row)}`,
    cut: cutOf(rows, row),
    names: factTables.includes(table) && !isPlace ? namesFact(row) : namesRow(rows, row),
  };
}

/** A row once more: as it is, or behind the last of its book. */
function addition(rows: Rows, row: StoredRow, dice: Dice): Change | undefined {
  const { table, values } = row;
  const names = rows.columns.filter((column) => column.table === table).map(({ name }) => name);
  const [place = "singleton"] = places[table] ?? [];
  const isNumbered = /^(?:entry|number|revision|step)$/.test(place);
  const behind = isNumbered && dice.once(2);
  const isOfBook = typeof values["book_id"] === "string";
  // A version is a policy that nothing has used yet, and a double of it is the same policy.
  if (table === "versions") return undefined;
  const next = `(SELECT max(${place}) + 1 FROM ${table})`;
  const taken = names.map((name) => (behind && name === place ? next : `"${name}"`)).join(", ");
  const columns = names.map((name) => `"${name}"`).join(", ");
  // No change is tried on it, but a row can't do without.
  const more = table === "steps" ? ", run" : "";
  return {
    kind: "added",
    title: `${titleOf(row)} ${behind ? "added behind the last" : "twice"}`,
    sql: `INSERT INTO ${table} (${columns}${more}) OVERRIDING SYSTEM VALUE
      SELECT ${taken}${more} FROM ${table} WHERE ${where(row)}`,
    cut: cutOf(rows, row),
    names: behind && !isOfBook ? ({ what }) => /revision|step/.test(what) : namesRow(rows, row),
  };
}

const deletion = (rows: Rows, row: StoredRow): Change => ({
  kind: "deleted",
  title: `${titleOf(row)} deleted`,
  sql: `DELETE FROM ${row.table} WHERE ${where(row)}`,
  cut: cutOf(rows, row),
  names: namesRow(rows, row),
});

/** Two rows of one table change places. */
function swap(rows: Rows, row: StoredRow, dice: Dice): Change | undefined {
  const names = places[row.table];
  if (names === undefined) return undefined;
  const sameLife = (other: StoredRow): boolean =>
    !conclusionTables.includes(row.table) ||
    JSON.stringify([other.partition, rows.lifeOf(other)]) ===
      JSON.stringify([row.partition, rows.lifeOf(row)]);
  const inOneBook =
    !names.includes("book_id") && row.table !== "steps" && row.table !== "revisions";
  const others = rows
    .of(row.table)
    .filter(
      (other) =>
        other !== row &&
        sameLife(other) &&
        (!inOneBook || other.values["book_id"] === row.values["book_id"]) &&
        names.some((name) => other.values[name] !== row.values[name]) &&
        Object.entries(row.values).some(
          ([name, value]) => !names.includes(name) && other.values[name] !== value,
        ),
    );
  if (others.length === 0) return undefined;
  const other = dice.pick(others);
  const sets = names.map(
    (name) =>
      `${name} = CASE ctid WHEN '${row.ctid}' THEN ${quoted(other.values[name]!)}
       ELSE ${quoted(row.values[name]!)} END::${name.endsWith("_id") ? "uuid" : "bigint"}`,
  );
  const [one, two] = [namesRow(rows, row), namesRow(rows, other)];
  return {
    kind: "swapped",
    title: `${titleOf(row)} and ${names.map((name) => other.values[name]).join(", ")} swapped`,
    sql: `UPDATE ${row.table} SET ${sets.join(", ")} WHERE (${where(row)}) OR (${where(other)})`,
    cut: cutOf(rows, row),
    names: (example) => one(example) || two(example),
  };
}

function move(rows: Rows, row: StoredRow, dice: Dice): Change | undefined {
  const { book_id: from } = row.values;
  if (typeof from !== "string" || row.table === "books") return undefined;
  const books = rows.of("books").map(({ values }) => values["book_id"]!);
  const to = dice.pick(books.filter((book) => book !== from));
  return {
    kind: "moved",
    title: `${titleOf(row)} moved to book ${to}`,
    sql: `UPDATE ${row.table} SET book_id = '${to}' WHERE ${where(row)}`,
    cut: cutOf(rows, row),
    names: ({ book }) => book === from || book === to,
  };
}

/** The end of a book, with or without its seal; the book's head stays behind. */
function cutTail(rows: Rows, dice: Dice): Change {
  const seal = dice.pick(rows.of("seals"));
  const { book_id: book, first_entry: entry, first_observation: number } = seal.values;
  const ofBook = `book_id = '${book}' AND`;
  const from = seal.values["number"];
  const parts = {
    "its facts": factTables.map(
      (table) => `DELETE FROM ${table} WHERE ${ofBook} entry >= ${entry}`,
    ),
    "what was told": ["observations", "aliases"].map(
      (table) => `DELETE FROM ${table} WHERE ${ofBook} number >= ${number}`,
    ),
    "its seals": [`DELETE FROM seals WHERE ${ofBook} number >= ${from}`],
  };
  const cut = dice.pick([["its seals"], ["its facts", "its seals"], Object.keys(parts)] as const);
  return {
    kind: "cut",
    title: `the end of book ${book} from seal ${from} on cut off: ${cut.join(", ")}`,
    sql: cut.flatMap((name) => parts[name as keyof typeof parts]).join("; "),
    cut: {},
    names: (example) => example["book"] === book,
  };
}

/** All rows of a table or of one partition. */
function truncation(rows: Rows, row: StoredRow): Change {
  const books = new Set(
    rows.all
      .filter(({ partition }) => partition === row.partition)
      .flatMap((each) => [...booksOf(rows, each)]),
  );
  const said = namesRow(rows, row);
  return {
    kind: "truncated",
    title: `${row.partition} truncated`,
    sql: `TRUNCATE ${row.partition}`,
    cut: cutOf(rows, row),
    names: (example) => books.has(String(example["book"])) || said(example),
  };
}

function draw(rows: Rows, dice: Dice): Change | undefined {
  const column = dice.pick(rows.columns);
  const row = dice.pick(rows.of(column.table));
  switch (dice.below(10)) {
    case 0:
    case 1:
      return addition(rows, row, dice);
    case 2:
    case 3:
      return deletion(rows, row);
    case 4:
    case 5:
      return swap(rows, row, dice);
    case 6:
      return move(rows, row, dice);
    case 7:
      return cutTail(rows, dice);
    case 8:
      return truncation(rows, dice.pick(rows.all));
    default:
      return valueChange(rows, column, dice);
  }
}

/** The change of a number. One that changes nothing is drawn again. */
export function changeNumber(rows: Rows, number: number): Change {
  const dice = new Dice(number);
  for (;;) {
    const column = rows.columns[number];
    const change = column === undefined ? draw(rows, dice) : valueChange(rows, column, dice);
    if (change !== undefined) return change;
  }
}
