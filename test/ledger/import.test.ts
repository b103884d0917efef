/** Importing files: into one batch, whole or not at all. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { csvLine } from "../../src/adapters/lotbook-csv/row.ts";
import { BadRowsError, type ImportResult } from "../../src/ledger/import.ts";
import { openLedger } from "../../src/ledger/ledger.ts";
import { describeEngines } from "../engines.ts";
import {
  counts,
  csvRow,
  expectVerified,
  fileOf,
  header,
  time,
  withDirectory,
  withLedger,
  type TestLedger,
} from "./ledger.ts";

type Counts = Pick<ImportResult, "recorded" | "duplicates" | "conflicts" | "rejected">;

const summed = ({ recorded, duplicates, conflicts, rejected }: Counts): number[] => [
  recorded,
  duplicates,
  conflicts,
  rejected,
];

interface ImportTest extends TestLedger {
  /** Writes a fills CSV of such rows and gives its path. */
  file(rows: readonly string[], name?: string): Promise<string>;
}

const lots = [
  csvRow("b1", 1, "1", "100"),
  csvRow("b2", 2, "1", "101"),
  csvRow("s1", 3, "2", "110"),
];

const withFiles =
  (engine: Parameters<typeof withLedger>[0], work: (opened: ImportTest) => Promise<void>) => () =>
    withDirectory((directory) =>
      withLedger(engine, (opened) =>
        work({ ...opened, file: (rows, name) => fileOf(directory, [header, ...rows], name) }),
      ),
    );

const columnsOf = (last: string) => `fill_id,executed_at,symbol,side,account,venue,${last}`;

const rowOf = (index: number): string =>
  `b${index},${time(index)},A${index % 40}-USD,buy,1,${1 + (index % 7)},,,,`;

describeEngines("importing", (engine) => {
  test(
    "a file twice changes nothing but a count",
    withFiles(engine, async (opened) => {
      const file = await opened.file(lots);
      expect(summed(await opened.ledger.import([file]))).toEqual([3, 0, 0, 0]);
      const before = await counts(opened);
      const again = await opened.ledger.import([file]);
      expect([...summed(again), again.batch]).toEqual([0, 3, 0, 0, null]);
      expect(await counts(opened)).toEqual(before);
      const twice = await opened.ledger.import([file, file]);
      expect([...summed(twice), twice.batch]).toEqual([0, 6, 0, 0, null]);
      expect(await counts(opened)).toEqual(before);
      const repeats = await opened.query("SELECT source, count FROM repeats");
      expect(repeats).toEqual([{ source: "file:lotbook-csv", count: 9n }]);
      await expectVerified(opened);
    }),
  );

  test(
    "overlapping files record each fill once",
    withFiles(engine, async (opened) => {
      const rows = Array.from({ length: 50 }, (_, index) => csvRow(`b${index}`, index, "1", "5"));
      const files = [rows.slice(0, 30), rows.slice(20, 50), rows.slice(10, 40)];
      const paths: string[] = [];
      for (const part of files) paths.push(await opened.file(part));
      const result = await opened.ledger.import(paths);
      expect(result.files.map((each) => summed(each))).toEqual([
        [30, 0, 0, 0],
        [20, 10, 0, 0],
        [0, 30, 0, 0],
      ]);
      expect((await counts(opened))["fills"]).toBe(50n);
      expect((await counts(opened))["observations"]).toBe(50n);
      await expectVerified(opened);
    }),
  );

  test(
    "one file that tells a fill in two ways is bad input",
    withFiles(engine, async (opened) => {
      const bad = await opened.file([...lots, csvRow("b1", 1, "1", "100.5")]);
      const good = await opened.file([csvRow("b7", 1, "1", "1")]);
      const error = await opened.ledger.import([good, bad]).catch((each: unknown) => each);
      expect(error).toBeInstanceOf(BadRowsError);
      expect((error as BadRowsError).problems.map((each) => [each.file, each.row])).toEqual([
        [bad, 2],
        [bad, 5],
      ]);
      expect(await counts(opened)).toMatchObject({ books: 0n, batches: 0n, observations: 0n });
      const rest = await opened.ledger.import([good, bad], { skipBadRows: true });
      expect(summed(rest)).toEqual([3, 0, 0, 2]);
      expect(await opened.query("SELECT fill_id FROM fills WHERE fill_id = 'b1'")).toEqual([]);
      await expectVerified(opened);
    }),
  );

  test(
    "two files that tell a fill in two ways conflict; the first stands",
    withFiles(engine, async (opened) => {
      const [one, other] = [
        await opened.file(lots),
        await opened.file([csvRow("b1", 1, "9", "100")]),
      ];
      const result = await opened.ledger.import([one, other]);
      expect(result.files.map((each) => summed(each))).toEqual([
        [3, 0, 0, 0],
        [0, 0, 1, 0],
      ]);
      expect(result.conflictExamples).toMatchObject([{ file: other, row: 2, id: "b1" }]);
      const again = await opened.ledger.import([other]);
      expect([...summed(again), again.batch]).toEqual([0, 0, 1, 0, null]);
      const rows = await opened.query(
        "SELECT outcome, entry FROM observations ORDER BY number DESC LIMIT 1",
      );
      expect(rows).toEqual([{ outcome: "conflict", entry: 1n }]);
      await expectVerified(opened);
    }),
  );

  test(
    "bad rows stop all files, or are left out when asked",
    withFiles(engine, async (opened) => {
      const good = await opened.file(lots);
      const bad = await opened.file([
        csvRow("b7", 7, "0", "1"),
        csvRow("b8", 8, "1", "1"),
        csvRow("b9", 9, "1", "1e3"),
      ]);
      const seen: number[] = [];
      const refused = opened.ledger.import([good, bad], { onProblem: ({ row }) => seen.push(row) });
      await expect(refused).rejects.toMatchObject({ count: 2, exit: 2 });
      expect(seen).toEqual([2, 4]);
      expect((await counts(opened))["books"]).toBe(0n);
      expect(summed(await opened.ledger.import([good, bad], { skipBadRows: true }))).toEqual([
        4, 0, 0, 2,
      ]);
      await expectVerified(opened);
    }),
  );

  test(
    "a cut file, a missing one, one of no format: nothing of any",
    withFiles(engine, async (opened) => {
      const good = await opened.file(lots);
      const cut = await opened.file(lots, "cut.csv");
      const { truncate } = await import("node:fs/promises");
      await truncate(cut, (await readFile(cut)).length - 10);
      const other = await fileOf(cut.slice(0, -"/cut.csv".length), ["what,is,this", "1,2,3"]);
      for (const file of [cut, other, `${good}.not-there`]) {
        await expect(opened.ledger.import([good, file])).rejects.toMatchObject({ exit: 2 });
      }
      expect((await counts(opened))["books"]).toBe(0n);
      expect(summed(await opened.ledger.import([good]))).toEqual([3, 0, 0, 0]);
    }),
  );

  test(
    "10,000 rows with duplicates far apart, across many books",
    withFiles(engine, async (opened) => {
      const rows = Array.from({ length: 10_000 }, (_, index) =>
        rowOf(index < 9_990 ? index : index - 9_990),
      );
      // The same fill, told in other bytes.
      rows.push(...[0, 5_000, 9_000].map((index) => rowOf(index).replace(",buy,1,", ",buy,1.0,")));
      expect(summed(await opened.ledger.import([await opened.file(rows)]))).toEqual([
        9_990, 13, 0, 0,
      ]);
      expect(await counts(opened)).toMatchObject({
        books: 40n,
        fills: 9_990n,
        observations: 9_993n,
      });
      await expectVerified(opened);
    }),
  );

  test(
    "columns in another order make other fills of the same bytes",
    withFiles(engine, async (opened) => {
      const row = "b1,2026-03-01T00:00:00Z,BTC-USD,buy,x,y,2,5";
      const directory = (await opened.file([])).replace(/[^/]*$/, "");
      const one = await fileOf(directory, [columnsOf("quantity,price"), row]);
      const other = await fileOf(directory, [columnsOf("price,quantity"), row]);
      expect(summed(await opened.ledger.import([one, other]))).toEqual([1, 0, 1, 0]);
    }),
  );
});

/** Text that breaks a careless writer of COPY, CSV, JSON or SQL. */
const awkward = [
  ..."\\|\t|{|}|\"|'|,|;|$|%".split("|"),
  ...'\\x41|\\N|\\.|NULL|null|{}|{a,b}|{NULL}|\\\\|\\t|$1|{"|a"b|a\\"b'.split("|"),
  ..."é|e\u0301|ー|𝒳|😀|👩‍👩‍👧|\u200b|\u202e|\ufeff|\u007f|\u0001|=1+1|@x|-- x|/*|line\nbreak|a\rb".split(
    "|",
  ),
  "x".repeat(200),
];

describeEngines("awkward text", (engine) => {
  test("survives recording, export and importing again, exactly", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger, query }) => {
        const inputs = awkward.map((text, index) => ({
          fillId: text,
          account: text,
          venue: text,
          orderId: text,
          strategy: text,
          tradeId: text,
          raw: text,
          portfolio: text,
          symbol: "BTC-USD",
          executedAt: time(index),
          side: "buy" as const,
          quantity: "1",
          price: "1",
          fees: [
            { asset: "BNB", amount: "1" },
            { asset: text, amount: "2" },
          ],
        }));
        const recorded = inputs.filter(({ fillId }) => !/\p{Cc}/u.test(fillId));
        await ledger.record(recorded);
        const rows = await query(
          "SELECT fill_id, strategy, third_fee_assets FROM fills ORDER BY executed_at",
        );
        expect(rows.map((row) => row["fill_id"])).toEqual(recorded.map((each) => each.fillId));
        expect(rows.map((row) => row["strategy"])).toEqual(recorded.map((each) => each.strategy));
        const raws = await query(
          `SELECT convert_from(raw, 'UTF8') AS raw FROM observations JOIN fills USING (book_id, entry)
           ORDER BY executed_at`,
        );
        expect(raws.map((row) => row["raw"])).toEqual(recorded.map((each) => each.raw));
        await ledger.export(directory);
        await expectVerified({ ledger });
        await withLedger(engine, async (copy) => {
          const { recorded: count } = await copy.ledger.import([`${directory}/facts.ndjson`]);
          expect(count).toBe(recorded.length);
          const leaves = "SELECT book_id, encode(leaf, 'hex') AS leaf FROM fills ORDER BY 1, entry";
          expect(await copy.query(leaves)).toEqual(await query(leaves));
        });
        await withLedger(engine, async (copy) => {
          const { recorded: count } = await copy.ledger.import([`${directory}/fills.csv`]);
          expect(count).toBe(recorded.length);
          const leaves = "SELECT book_id, encode(leaf, 'hex') AS leaf FROM fills ORDER BY 1, entry";
          expect(await copy.query(leaves)).toEqual(await query(leaves));
        });
      }),
    ));

  test("notes, reasons and fee values keep every character", () =>
    withLedger(engine, async ({ ledger, query }) => {
      const texts = awkward.filter((text) => !/\p{Cc}/u.test(text));
      await ledger.record(
        texts.flatMap((text, index) => {
          const place = { symbol: "BTC-USD", portfolio: text, venue: text, account: text };
          const lot = {
            kind: "opening lot",
            key: text,
            openedAt: time(index),
            quantity: "1",
          } as const;
          const gone = { kind: "void", targetKind: "opening lot", targetId: text } as const;
          return [
            { ...place, ...lot, note: text, author: text },
            { ...place, ...gone, reason: text, author: text },
          ];
        }),
      );
      const rows = await query(
        `SELECT note, reason, v.author FROM opening_lots l JOIN voids v
         ON v.book_id = l.book_id AND target_entry = l.entry ORDER BY opened_at`,
      );
      expect(rows).toEqual(texts.map((text) => ({ note: text, reason: text, author: text })));
      await expectVerified({ ledger });
    }));

  test(
    "as rows of a file",
    withFiles(engine, async (opened) => {
      const texts = awkward.filter((text) => !/\p{Cc}/u.test(text));
      const rows = texts.map((text, index) =>
        csvLine([text, time(index), "BTC-USD", "buy", "1", "1", "", text, "", text]),
      );
      expect(summed(await opened.ledger.import([await opened.file(rows)]))).toEqual([
        rows.length,
        0,
        0,
        0,
      ]);
      const found = await opened.query("SELECT fill_id, order_id FROM fills ORDER BY executed_at");
      expect(found).toEqual(texts.map((text) => ({ fill_id: text, order_id: text })));
      await expectVerified(opened);
    }),
  );
});

const line = (object: object): string =>
  JSON.stringify({ portfolio: "p", symbol: "BTC-USD", venue: "v", account: "a", ...object });

describeEngines("bad rows left out", (engine) => {
  const lot = (key: string, revision: number, more: object = {}): string =>
    line({
      type: "opening lot",
      key,
      revision,
      opened_at: time(1),
      quantity: "1",
      author: "me",
      note: "n",
      ...more,
    });
  const gone = (
    target_kind: string,
    target_id: string,
    target_revision: number,
    more: object = {},
  ): string =>
    line({
      type: "void",
      target_kind,
      target_id,
      target_revision,
      author: "me",
      reason: "r",
      ...more,
    });
  const filled = (fill_id: string, revision: number, more: object = {}): string =>
    line({
      type: "fill",
      fill_id,
      revision,
      executed_at: time(1),
      side: "buy",
      quantity: "1",
      price: "1",
      fees: [],
      ...more,
    });

  /** Rows of which the first stands and all that hangs from a bad one goes with it. */
  const cascades: Record<string, readonly string[]> = {
    "a void of a replacement that is refused": [
      filled("x", 1),
      gone("fill", "x", 0),
      gone("fill", "x", 1),
    ],
    "a replacement behind a void that is refused": [gone("fill", "x", 0), filled("x", 1)],
    "a void of a lot told in two ways": [
      lot("k", 0),
      lot("k", 0, { cost: "5" }),
      gone("opening lot", "k", 0),
    ],
    "a void of a lot that is refused": [lot("k", 1), gone("opening lot", "k", 1)],
    "a value of a fill that is refused": [
      filled("x", 1, { fees: [{ asset: "BNB", amount: "1" }] }),
      line({
        type: "fee value",
        fill_id: "x",
        fill_revision: 1,
        asset: "BNB",
        revision: 0,
        value: "1",
        source: "s",
      }),
    ],
  };

  test.each(Object.entries(cascades))("%s", (_, lines) =>
    withDirectory((directory) =>
      withLedger(engine, async (opened) => {
        const file = await fileOf(directory, [filled("good", 0), ...lines], "facts.ndjson");
        const result = await opened.ledger.import([file], { skipBadRows: true });
        expect(summed(result)).toEqual([1, 0, 0, lines.length]);
        await opened.ledger.compute();
        await expectVerified(opened);
      }),
    ),
  );
});

describeEngines("two at once", (engine) => {
  test.skipIf(engine.kind === "pglite")(
    "imports of overlapping rows in opposite order record each fill once (one process embedded)",
    withFiles(engine, async (opened) => {
      const rows = Array.from({ length: 3_000 }, (_, index) => {
        const symbol = `A${index % 60}-USD`;
        return `b${index},${time(index)},${symbol},buy,1,1,,,,`;
      });
      const files = await Promise.all([
        opened.file(rows.slice(0, 2_000)),
        opened.file(rows.slice(1_000).toReversed()),
        opened.file(rows.toReversed()),
      ]);
      const others = await Promise.all(files.map(() => openLedger(opened.location)));
      try {
        for (let round = 0; round < 2; round += 1) {
          const results = await Promise.all(
            others.map((ledger, at) => ledger.import([files[at]!])),
          );
          const recorded = results.reduce((sum, each) => sum + each.recorded, 0);
          expect(recorded).toBe(round === 0 ? 3_000 : 0);
        }
      } finally {
        for (const ledger of others) await ledger.close();
      }
      expect(await counts(opened)).toMatchObject({
        books: 60n,
        fills: 3_000n,
        observations: 3_000n,
      });
      const gaps = await opened.query(
        "SELECT book_id FROM fills GROUP BY book_id HAVING max(entry) <> count(*)",
      );
      expect(gaps).toEqual([]);
      await expectVerified(opened);
    }),
  );
});
