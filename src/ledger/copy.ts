/**
 * `db copy`: a whole ledger from one database to another, row for row, hashes intact, in one transaction of
 * the target.
 */
import { LotbookError } from "../errors.ts";
import type { Connection, Database } from "../store/database.ts";
import type { Ports } from "./ports.ts";

/** Without the partitions of versions, which are made anew and loaded apart. */
const tables = [
  "books",
  "batches",
  "fills",
  "opening_lots",
  "fee_values",
  "voids",
  "adjustments",
  "observations",
  "aliases",
  "tolerances",
  "legacy_orders",
  "seals",
  "repeats",
  "versions",
  "runs",
  "steps",
  "revisions",
];

const partitioned = ["allocations", "open_lots", "day_digests", "book_states"];

export interface CopyResult {
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
}

async function refuseFilled(target: Connection): Promise<void> {
  const [row] = await target.query<{ filled: boolean }>(
    "SELECT EXISTS (SELECT FROM books) OR EXISTS (SELECT FROM versions) AS filled",
  );
  if (!row!.filled) return;
  throw new LotbookError("REFUSED", "the target ledger is not empty", {
    advice: "Copy to a new directory or database; two ledgers can't be merged by copying.",
  });
}

/** Reads one state of the source throughout, and writes to the target in one transaction. */
function inOneSnapshot(
  source: Connection,
  target: Connection,
  work: () => Promise<void>,
): Promise<void> {
  return source.transaction(async () => {
    await source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    await target.transaction(work);
  });
}

/** Copies a ledger as it stands at one moment. */
export async function copyLedger(
  from: Database,
  to: Database,
  ports: Ports,
  progress?: (table: string) => void,
): Promise<CopyResult> {
  const counts: { table: string; rows: number }[] = [];
  await from.connect((source) =>
    to.connect((target) =>
      inOneSnapshot(source, target, async () => {
        await refuseFilled(target);
        const copy = async (table: string): Promise<void> => {
          progress?.(table);
          const rows = await target.copyIn(
            `COPY ${table} FROM STDIN`,
            source.copyOut(`COPY ${sourceOf(table)} TO STDOUT`),
          );
          counts.push({ table, rows });
          ports.failpoint("copy.table");
        };
        for (const table of tables) await copy(table);
        const versions = await source.query<{ version: number }>(
          "SELECT version FROM versions ORDER BY version",
        );
        for (const { version } of versions) {
          await target.query("SELECT create_version_partitions($1)::text", [version]);
          for (const table of partitioned) await copy(`${table}_${version}`);
          await target.query("SELECT attach_version_partitions($1)::text", [version]);
        }
        await copyCounters(source, target);
        ports.failpoint("copy.counted");
      }),
    ),
  );
  return { tables: counts };
}

/** A partition is read through its parent: its columns come in the parent's order on both sides. */
const sourceOf = (table: string): string => {
  const match = /^(\w+)_(\d+)$/.exec(table);
  return match === null ? table : `(SELECT * FROM ${match[1]} WHERE version = ${match[2]})`;
};

async function copyCounters(source: Connection, target: Connection): Promise<void> {
  const [counter] = await source.query<{ last: bigint; stamp: string; head: Uint8Array }>(
    "SELECT last, stamp, head FROM revision_counter",
  );
  await target.execute("UPDATE revision_counter SET last = $1, stamp = $2, head = $3", [
    counter!.last,
    counter!.stamp,
    counter!.head,
  ]);
  await target.query("SELECT continue_numbers()::text");
}
