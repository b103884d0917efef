/**
 * Against I9 and I7: what was told beside the facts. Observations of the fixture's first book: 9
 * duplicate, 10 attached, 11 rounded copy under another id, 12 conflict, 13 to 15 waiting (14 a
 * replacement, 15 a fee's value), 16 to 18 decisions, the last of which attaches.
 */
import { otherId } from "../observations.ts";
import { bitcoin, type Plant } from "./plant.ts";

const told = (number: number, set: string): string =>
  `UPDATE observations SET ${set} WHERE ${bitcoin} AND number = ${number}`;
const alias = (number: number, set: string): string =>
  `UPDATE aliases SET ${set} WHERE ${bitcoin} AND number = ${number}`;
const added = (number: number, entry: string, id = "fill_id"): string =>
  `INSERT INTO aliases SELECT book_id, venue, account, ${id}, ${number}, ${entry} FROM aliases
   WHERE ${bitcoin} AND number = 10`;
const gone = (number: number): string =>
  `DELETE FROM aliases WHERE ${bitcoin} AND number = ${number}`;

const find = (title: string, what: string, sql: string): Plant => ({
  check: "I9",
  title,
  sql,
  what,
});
const root = "root of its observations";
const swap = (number: number): string => `the alias of observation ${number}`;

const contents: readonly Plant[] = [
  find("a character of what was told", root, told(12, `told = replace(told, '"side"', '"sidf"')`)),
  find("what was told, no JSON any more", root, told(12, "told = substring(told FROM 2)")),
  find("what was told, removed", root, told(12, "told = NULL")),
  find("what was told, added", root, told(9, "told = '{}'")),
  find("what was told, empty", root, told(9, "told = ''")),
  find("what was told of a replacement", root, told(14, "told = told || ' '")),
  find("something told beside a fact", "something is told", told(1, "told = '{}'")),
  find("something told beside a decision", "something is told", told(16, "told = '{}'")),
  find(
    "a duplicate told under the fact's id",
    "the fact's own id",
    `UPDATE observations o SET told = c.told FROM observations c
     WHERE o.${bitcoin} AND o.number = 9 AND c.book_id = o.book_id AND c.number = 12`,
  ),
  find("an outcome that is none", "no such outcome", told(12, "outcome = 'dispute'")),
  find("one that waits and has an entry", "it names an entry", told(13, "entry = 1")),
  find("a conflict with nothing", "it names no entry", told(12, "entry = NULL")),
  find("a decision's bytes", "the telling of", told(16, "raw = set_byte(raw, 0, 255)")),
  find("a decision's reason", "the telling of", told(17, "raw = raw || '\\x20'")),
  find("a decision's entry, moved", root, told(17, "entry = 2")),
  find("a decision's entry, removed", root, told(17, "entry = NULL")),
];

const aliases: readonly Plant[] = [
  find("the id of an alias", swap(10), alias(10, "fill_id = fill_id || ' '")),
  find("the id of an alias, unescaped otherwise", swap(10), alias(10, `fill_id = '\\"'`)),
  find("the account of an alias", swap(11), alias(11, "account = 'eve'")),
  find("the venue of an alias that waits", swap(13), alias(13, "venue = 'eve'")),
  find("the entry of an alias", swap(11), alias(11, "entry = 2")),
  find("an alias that no longer waits", swap(13), alias(13, "entry = 1")),
  find("an attached alias that waits", swap(10), alias(10, "entry = NULL")),
  find("the number of an alias", swap(12), alias(10, "number = 12")),
  find("an alias of another book", "no alias", alias(10, "book_id = gen_random_uuid()")),
  find("an attached alias missing", "observation 10 has no alias", gone(10)),
  find("an alias that waits missing", "observation 13 has no alias", gone(13)),
  find("the alias of a decision missing", "observation 18 has no alias", gone(18)),
  find("the id in the alias of a decision", swap(18), alias(18, "fill_id = 'f'")),
  find("the entry in the alias of a decision", swap(18), alias(18, "entry = 2")),
  find("an attaching decision's entry, moved", swap(18), told(18, "entry = 2")),
  find(
    "an attaching decision's id",
    swap(18),
    told(18, `raw = overlay(raw PLACING 'x' FROM octet_length(raw) - 2)`),
  ),
  find("an attaching decision's bytes", swap(18), told(18, `raw = '\\xff'`)),
  find("an alias added to a duplicate", swap(9), added(9, "1")),
  find("an alias added to a replacement", swap(14), added(14, "NULL")),
  find("an alias added to a fee's value", swap(15), added(15, "NULL")),
  find("an alias added to a decision", swap(17), added(17, "1")),
  find("an alias of no observation", swap(4000), added(4000, "1")),
  find("a second alias of one observation", swap(10), added(10, "1", "'f'")),
  find(
    "a second alias of one observation and the first missing",
    swap(10),
    `${added(10, "1", "'f'")}; DELETE FROM aliases WHERE ${bitcoin} AND number = 10 AND fill_id <> 'f'`,
  ),
  find("told another id, and the alias not", swap(10), told(10, "told = replace(told, 'τ', 't')")),
  {
    check: "I7",
    title: "an alias of what is no fill",
    sql: alias(10, "entry = 13"),
    what: "an alias of an entry that is no fill",
  },
  { check: "I7", title: "an alias of nothing", sql: alias(18, "entry = 4000") },
  {
    check: "I7",
    title: "an alias added to an opening lot",
    sql: added(9, "13", `'${otherId.slice(0, 1)}'`),
  },
];

export const tellingPlants: readonly Plant[] = [...contents, ...aliases];
