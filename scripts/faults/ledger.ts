/** Faults of the ledger, of reports and of the store: caught on the embedded engine. */
import { faultsOf } from "./fault.ts";

const recording = "test/ledger/recording.test.ts";
const versions = "test/ledger/versions.test.ts";
const runs = "test/ledger/runs.test.ts";
const late = "test/ledger/late.test.ts";
const reports = "test/reports/reports.test.ts";

const longBook = "often selling what is not there, pools of each account";

export const ledgerFaults = [
  ...faultsOf(
    "src/ledger/record/unnamed.ts",
    "test/ledger/tellings.test.ts",
    {
      "equal rows without ids keep the leaf of the first": [
        "UPDATE staged s SET leaf = decode(v.leaf, 'hex')",
        "UPDATE staged s SET leaf = s.leaf",
      ],
    },
    "rows without ids: equal rows",
  ),
  ...faultsOf(
    "src/ledger/record/judge.ts",
    recording,
    {
      "a conflict is taken for the same again": [
        "SELECT s.ordinal, CASE WHEN ${agree} THEN 'duplicate' ELSE 'conflict' END, e.entry, e.leaf",
        "SELECT s.ordinal, 'duplicate', e.entry, e.leaf",
      ],
      "an optional field that only one telling has is a conflict": [
        "coalesce(${left(column)} = ${right(column)}, true)",
        "coalesce(${left(column)} = ${right(column)}, false)",
      ],
    },
    "a conflict changes nothing|optional fields disagree",
  ),
  ...faultsOf(
    "src/ledger/record/judge.ts",
    "test/ledger/import.test.ts",
    {
      "a contradiction within one file is let through": [
        "CASE WHEN NOT (${agreement(table, told, here)}) THEN 'rejected'",
        "CASE WHEN false THEN 'rejected'",
      ],
    },
    "is bad input|the first stands",
  ),
  ...faultsOf(
    "src/ledger/record/number.ts",
    recording,
    {
      "what is a duplicate or a conflict is recorded as well": [
        "WHERE NOT EXISTS (SELECT FROM exceptions x WHERE x.ordinal = s.ordinal)`,",
        "WHERE NOT EXISTS (SELECT FROM exceptions x WHERE x.ordinal = s.ordinal AND false)`,",
      ],
    },
    "the same batch twice",
  ),
  ...faultsOf(
    "src/ledger/record/seal-books.ts",
    recording,
    {
      "entry numbers have a gap after each batch": [
        "SET last_entry = last_entry + f,",
        "SET last_entry = last_entry + f + 1,",
      ],
      "a seal does not follow the one before it": [
        "previous: head.head,",
        'previous: "00".repeat(32),',
      ],
    },
    "have no gaps",
  ),
  ...faultsOf(
    "src/ledger/record/batch.ts",
    recording,
    {
      "observations are not sealed": [
        'book.observations.add(observationLeaf({ telling: told, outcome: "recorded", fact: leaf }));',
        "",
      ],
    },
    "the same batch twice",
  ),
  ...faultsOf(
    "src/ledger/compute/facts.ts",
    versions,
    {
      "an append skips the first new fact": [
        "${alias}.entry > ${after}`",
        "${alias}.entry > ${after + 1n}`",
      ],
      "a voided fact still takes part": [
        "v.target_entry = ${alias}.entry AND v.entry <= ${watermark})`",
        "v.target_entry = ${alias}.entry AND v.entry < 0)`",
      ],
    },
    "supersedes what differs",
  ),
  ...faultsOf(
    "src/ledger/compute/append.ts",
    runs,
    {
      "an append leaves the digests of its days as they were": [
        "...rows.map((row) => dayOf(row.close.at)),\n",
        "",
      ],
    },
    "an append touches",
  ),
  ...faultsOf(
    "src/ledger/compute/supersede.ts",
    late,
    {
      "what stays of a stretch is superseded with the rest": [
        "AND (close_entry, slice) NOT IN (SELECT * FROM unnest($6::bigint[], $7::integer[]))`",
        "AND ($6::bigint[] IS NOT NULL OR $7::integer[] IS NULL)`",
      ],
    },
    "a late round trip of a flat book",
  ),
  ...faultsOf(
    "src/ledger/compute/supersede.ts",
    runs,
    {
      "a lot that was used up stays current": [
        "AND open_entry = ANY ($4::bigint[]) AND superseded IS NULL`",
        "AND open_entry = ANY ($4::bigint[]) AND superseded IS NULL AND quantity < 0`",
      ],
    },
    "an append touches",
  ),
  ...faultsOf(
    "src/ledger/compute/replay.ts",
    late,
    {
      "a replay begins after the instant that changed": [
        "const after = from > 0n ? from - 1n : -1n;",
        "const after = from;",
      ],
      "the sales of other pools are superseded": ["if (!isOurs) {", "if (false) {"],
    },
    longBook,
  ),
  ...faultsOf(
    "src/ledger/compute/lots-before.ts",
    late,
    {
      "a replay goes on with lots that were used up": [
        "if (consumed !== undefined) this.#lots = [];",
        "",
      ],
      "a replay forgets what was taken of its first lot": [
        "this.#lots.push({ movement, consumed: consumed ?? 0n });",
        "this.#lots.push({ movement, consumed: 0n });",
      ],
    },
    "two lots of one instant",
  ),
  ...faultsOf(
    "src/ledger/compute/replay.ts",
    late,
    {
      "a replay ends before all that changed is passed": [
        "return until >= this.#lastChange && this.#divergence.none;",
        "return this.#divergence.none;",
      ],
    },
    "a late round trip of a flat book",
  ),
  ...faultsOf(
    "src/ledger/compute/full.ts",
    runs,
    {
      "a version is published before its step is complete": [
        'let revision = await takeRevision(connection, { ...text, kind: "step", step, inputs: built });',
        'let revision = await takeRevision(connection, { ...text, kind: "publish", inputs: [] });',
      ],
    },
    "an empty ledger",
  ),
  ...faultsOf(
    "src/ledger/compute/run.ts",
    runs,
    {
      "what a dead run left stays": [
        "if (!(await anyLeftovers(connection))) return;",
        "if (await anyLeftovers(connection)) return;",
      ],
      "the total begins anew in each run": [
        "return JSON.parse(last.total_pnl) as Record<string, string>;",
        "return {};",
      ],
    },
    "leaves its row|in the middle of a book|says of each run",
  ),
  ...faultsOf("src/seal/digest.ts", "src/seal/vectors.test.ts", {
    "a day's digest leaves out the open lots": [
      "if (openLots !== undefined) record.hash(2, openLots);",
      "",
    ],
  }),
  ...faultsOf("src/reports/selection.ts", reports, {
    "known at does not see what was superseded since": [
      "`(${alias}.superseded IS NULL OR ${alias}.superseded = ANY (${hidden}))`",
      "`${alias}.superseded IS NULL`",
    ],
    "as of leaves out its own instant": [
      "`${time} <= ${parameters.add(view.asOf)}::bigint`",
      "`${time} < ${parameters.add(view.asOf)}::bigint`",
    ],
    "a range includes its end": [
      "`${time} < ${parameters.add(to)}::bigint`",
      "`${time} <= ${parameters.add(to)}::bigint`",
    ],
  }),
  ...faultsOf("src/reports/pnl.ts", reports, {
    "totals of different quote assets are one": [
      "SELECT quote_asset, ${sumsOfSums}, min(first_symbol) AS first_symbol, " +
        "max(last_symbol) AS last_symbol\n    FROM grouped GROUP BY quote_asset",
      "SELECT min(quote_asset) AS quote_asset, ${sumsOfSums}, min(first_symbol) AS first_symbol,\n" +
        "      max(last_symbol) AS last_symbol FROM grouped",
    ],
  }),
  ...faultsOf("src/reports/sums.ts", reports, {
    "the proceeds of what is incomplete are summed with the rest": [
      "sum(slice.proceeds) FILTER (WHERE slice.missing = 0) AS proceeds,",
      "sum(slice.proceeds) AS proceeds,",
    ],
  }),
  ...faultsOf("src/cli/print/escape.ts", "test/cli/print.test.ts", {
    "a CSV cell may be a formula": [
      "return formula.test(text) ? `'${text}` : text;",
      "return text;",
    ],
  }),
  ...faultsOf("src/ledger/proof/stored.ts", "test/ledger/proof.test.ts", {
    "a proof leaves out the rows that a dead run has superseded": [
      "OR EXISTS (SELECT FROM steps gone WHERE gone.step = it.superseded AND gone.revision IS NULL))`;",
      ")`;",
    ],
    "a proof does not say what the first build took in of a book": [
      "AND (made.book_id IS NULL OR ${stands})",
      "AND ${stands}",
    ],
  }),
  ...faultsOf("src/ledger/proof/write.ts", "test/ledger/proof.test.ts", {
    "a proof leaves out what no seal covers": ["await this.#facts(book, undefined);", ""],
    "a proof is of several moments": [
      'await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");',
      "",
    ],
  }),
  ...faultsOf(
    "src/store/engine/durable-file-system.ts",
    "src/store/engine/pglite.test.ts",
    {
      "a commit is acknowledged before it is on disk": ["this.#sync(stream.nfd);", ""],
    },
    "every commit is synced|a sync that fails",
  ),
];
