/**
 * What `verify` alone can't find, docs/spec/hashing.md 7: all hashed again, an end cut off with its seals,
 * a book taken out. A checkpoint that was kept elsewhere finds each of them. `LOTBOOK_REWRITES=n` draws n
 * ledgers.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeKey } from "../../src/ledger/checkpoint/key.ts";
import { drawHistory, Dice } from "../../src/testing/histories.ts";
import { inArrivalOrder } from "../../src/testing/arrival.ts";
import { describeEngines, engines, type TestEngine } from "../engines.ts";
import { type TestLedger, withDirectory, withLedger } from "../ledger/ledger.ts";
import { tellTrials } from "../reliability.ts";
import { forgetConclusions, hashFactsAgain, hashRevisionsAgain, readStamps } from "./rewrite.ts";
import { disableTriggers } from "./sealed.ts";

const test = "test/tamper/rewrite.test.ts";
const asked = process.env["LOTBOOK_REWRITES"];
const ledgers = Number.parseInt(asked ?? "1", 10);
const only = process.env["LOTBOOK_SEED"];
const seeds =
  only === undefined
    ? Array.from({ length: ledgers }, (_, seed) => seed)
    : [Number.parseInt(only, 10)];

interface Rewrite {
  readonly title: string;
  /** Changes what is recorded; hashing again and computing follow. */
  readonly sql: string;
  /** What is said of it with a checkpoint. */
  readonly what: RegExp;
}

const ofBook = (book: string): string => `book_id = '${book}'`;
const told = ["observations", "aliases"];
const facts = ["fills", "opening_lots", "fee_values", "voids", "adjustments"];
const everywhere = [...facts, ...told, "seals", "books"];

const deletions = (tables: readonly string[], where: string): string =>
  tables.map((table) => `DELETE FROM ${table} WHERE ${where}`).join("; ");

/** The last batch of a book, taken back as though it had never been recorded. */
const withoutEnd = (book: string): string => `
  CREATE TEMPORARY TABLE cut AS
    SELECT * FROM seals WHERE ${ofBook(book)} ORDER BY number DESC LIMIT 1;
  ${deletions(facts, `${ofBook(book)} AND entry >= (SELECT first_entry FROM cut)`)};
  ${deletions(told, `${ofBook(book)} AND number >= (SELECT first_observation FROM cut)`)};
  DELETE FROM seals WHERE ${ofBook(book)} AND number = (SELECT number FROM cut);
  DELETE FROM batches b WHERE NOT EXISTS (SELECT FROM seals s WHERE s.batch_id = b.batch_id);
  UPDATE books SET (last_entry, last_observation, last_seal) =
    (SELECT first_entry - 1, first_observation - 1, number - 1 FROM cut) WHERE ${ofBook(book)};
  DROP TABLE cut`;

function rewrites(book: string): Rewrite[] {
  const first = `SELECT min(entry) FROM fills WHERE ${ofBook(book)}`;
  return [
    {
      title: "a price of the past",
      sql: `UPDATE fills SET price = price + CASE WHEN price > 1 THEN -1e-18 ELSE 1e-18 END
        WHERE ${ofBook(book)} AND entry = (${first})`,
      what: /the seal is another/,
    },
    {
      title: "a time of recording",
      sql: `UPDATE batches SET recorded_at = recorded_at - interval '1 microsecond' WHERE batch_id =
        (SELECT batch_id FROM seals WHERE ${ofBook(book)} AND number = 1)`,
      what: /the seal is another/,
    },
    {
      title: "the bytes of a telling",
      sql: `UPDATE observations SET raw = raw || '\\x20' WHERE ${ofBook(book)} AND number = 1`,
      what: /the seal is another/,
    },
    {
      title: "a revision's stamp",
      sql: `UPDATE revisions SET stamp = stamp - interval '1 second' WHERE revision = 1`,
      what: /the revision is another/,
    },
    { title: "the end of a book", sql: withoutEnd(book), what: /the book's end was cut off/ },
    {
      title: "a whole book",
      sql: `${deletions(everywhere, ofBook(book))};
        DELETE FROM batches b WHERE NOT EXISTS (SELECT FROM seals s WHERE s.batch_id = b.batch_id)`,
      what: /the book is gone/,
    },
  ];
}

/** Two books and a published version, made by revisions 1 and 2. */
async function fillLedger({ ledger }: TestLedger, seed: number): Promise<void> {
  const dice = new Dice(seed);
  for (const portfolio of ["ours", "theirs"]) {
    const { facts: drawn } = drawHistory(dice.next(), 8);
    for (const fact of inArrivalOrder(drawn.filter((each) => each.portfolio === "default")))
      await ledger.record([{ ...fact, portfolio }]);
  }
  await ledger.compute();
}

/** All of them on one server; elsewhere, where the same code goes through the same steps, a part. */
function rewritesOn(engine: TestEngine, book: string): Rewrite[] {
  const isFirst = engine === (engines.find(({ kind }) => kind === "postgres") ?? engines[0]);
  return rewrites(book).filter((_, index) => isFirst || asked !== undefined || index % 3 === 0);
}

/**
 * Changes the past and makes everything agree with it: facts, seals, conclusions, revisions and their
 * stamps.
 */
async function rewrite(engine: TestEngine, opened: TestLedger, sql: string): Promise<void> {
  const stamps = await engine.superuser(opened, async (connection) => {
    await disableTriggers(connection);
    await connection.script(sql);
    const kept = await readStamps(connection);
    await hashFactsAgain(connection);
    await forgetConclusions(connection);
    return kept;
  });
  await opened.ledger.compute();
  await engine.superuser(opened, (connection) => hashRevisionsAgain(connection, stamps));
}

/** What is wrong with what verify and the checkpoint say of a rewritten ledger. */
async function judge(
  { ledger }: TestLedger,
  { what }: Rewrite,
  portfolio: string,
  kept: { readonly key: string; readonly file: string },
): Promise<string | undefined> {
  const { checks } = await ledger.verify();
  const [example] = checks.flatMap(({ examples }) => examples);
  if (example !== undefined) return `verify alone says ${JSON.stringify(example)}`;
  if ((await ledger.recompute()).differences.length > 0) return "the recomputation differs";
  const { ok, differences } = await ledger.compareWithCheckpoint(kept);
  const named = differences.some(
    (each) => what.test(each.what) && (each.portfolio ?? portfolio) === portfolio,
  );
  return !ok && named ? undefined : `the checkpoint says ${JSON.stringify(differences)}`;
}

describeEngines("a ledger hashed again by its owner", (engine) => {
  it(
    "agrees with itself, and not with a checkpoint kept elsewhere",
    () =>
      withDirectory(async (directory) => {
        const failures: string[] = [];
        let tried = 0;
        const key = join(directory, "key.pem");
        await makeKey(key);
        for (const seed of seeds) {
          await withLedger(engine, async (opened) => {
            await fillLedger(opened, seed);
            const [book] = await opened.query("SELECT book_id, portfolio FROM books ORDER BY 1");
            for (const each of rewritesOn(engine, book!["book_id"] as string)) {
              const file = join(directory, `checkpoint-${(tried += 1)}`);
              await opened.ledger.checkpoint({ key, file });
              expect((await opened.ledger.compareWithCheckpoint({ key, file })).ok).toBe(true);
              await rewrite(engine, opened, each.sql);
              const portfolio = book!["portfolio"] as string;
              const problem = await judge(opened, each, portfolio, { key, file });
              if (problem !== undefined)
                failures.push(`LOTBOOK_SEED=${seed}: ${each.title}: ${problem}`);
            }
          });
        }
        tellTrials({
          promise: "a past that its owner hashed again is found with a checkpoint, and not without",
          test,
          engine: engine.name,
          tried,
          unit: "rewritten ledgers",
          broken: failures.length,
          seed: seeds[0]!,
        });
        expect(failures).toEqual([]);
      }),
    3_600_000,
  );
});
