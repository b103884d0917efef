/**
 * A ledger's life in steps that reach every failpoint, and what a ledger then looks like: the same after each
 * step, however often the step was broken off before. No test framework here: processes that die load it.
 */
import { rm, writeFile } from "node:fs/promises";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publishedVersion } from "../../src/ledger/compute/policy.ts";
import { copyLedger } from "../../src/ledger/copy.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Failpoint, Ports } from "../../src/ledger/ports.ts";
import type { FillInput } from "../../src/index.ts";
import type { Connection, Database } from "../../src/store/database.ts";
import { openDatabase } from "../../src/store/open.ts";
import { conclusions } from "../ledger/conclusions.ts";

export interface Life {
  readonly ledger: Ledger;
  readonly ports: Ports;
  /** Of files: what is imported, the key, what is exported. */
  readonly directory: string;
  /** Where `db copy` goes; opened once, when it is asked for. */
  readonly copy: () => Promise<Database>;
}

export interface Step {
  readonly name: string;
  run(life: Life): Promise<unknown>;
}

const person = { author: "ana", reason: "looked it up" };

const minute = (number: number): string =>
  new Date(Date.UTC(2026, 2, 1) + number * 60_000).toISOString();

function fill(fillId: string, at: number, more: Partial<FillInput> = {}): FillInput {
  const side = fillId.startsWith("b") ? "buy" : "sell";
  return {
    fillId,
    executedAt: minute(at),
    symbol: "BTC-USD",
    side,
    quantity: "2",
    price: `${100 + at}`,
    ...more,
  };
}

const both = (facts: readonly FillInput[]): FillInput[] =>
  facts.flatMap((fact) => [fact, { ...fact, portfolio: "fund" }]);

/** Six lots and four sales: a late buy before them changes several pages of a replay. */
const rows = ["b1", "b2", "b3", "s1", "b4", "s2", "b5", "s3", "b6", "s4"].map(
  (id, index) =>
    `${id},${minute(10 + index)},BTC-USD,${id.startsWith("b") ? "buy" : "sell"},3,${100 + index},0.5`,
);

/** Files that the scenario needs; the key must be there already. */
export async function prepareFiles(directory: string): Promise<void> {
  const header = "fill_id,executed_at,symbol,side,quantity,price,fee";
  await writeFile(join(directory, "fills.csv"), [header, ...rows, ""].join("\n"));
}

const isNext = async (ledger: Ledger, version: number): Promise<boolean> =>
  (await ledger.versions()).every((each) => each.version < version);

export const steps: readonly Step[] = [
  { name: "import", run: ({ ledger, directory }) => ledger.import([join(directory, "fills.csv")]) },
  { name: "first compute", run: ({ ledger }) => ledger.compute() },
  { name: "record", run: ({ ledger }) => ledger.record(both([fill("b7", 30), fill("s7", 40)])) },
  { name: "append", run: ({ ledger }) => ledger.compute() },
  {
    name: "correct",
    run: ({ ledger }) =>
      ledger.correct({ id: "s7", portfolio: "default" }, { price: "150" }, person),
  },
  {
    name: "record a late and a conflicting one",
    run: ({ ledger }) =>
      ledger.record([fill("b0", 1), fill("b7", 30, { price: "131" })], { source: "statement" }),
  },
  { name: "replay", run: ({ ledger }) => ledger.compute() },
  { name: "resolve", run: resolveConflict },
  { name: "replay of what was resolved", run: ({ ledger }) => ledger.compute() },
  {
    name: "another version",
    run: async ({ ledger }) => {
      if (await isNext(ledger, 2))
        await ledger.compute({ full: true, publish: false, scope: "account" });
    },
  },
  { name: "publish", run: ({ ledger }) => ledger.publish(2) },
  {
    name: "drop",
    run: async ({ ledger }) => {
      const [first] = await ledger.versions();
      if (first?.dropped === false) await ledger.drop(1);
    },
  },
  { name: "copy", run: copyOnce },
  { name: "export", run: ({ ledger, directory }) => ledger.export(join(directory, "export")) },
  { name: "checkpoint", run: checkpointOnce },
];

async function resolveConflict({ ledger }: Life): Promise<void> {
  const items = await ledger.review({ portfolio: "default" }, async (found) => {
    const names: string[] = [];
    for await (const { item, kind } of found) if (kind === "conflict") names.push(item);
    return names;
  });
  if (items.length > 0) await ledger.resolve({ items }, { action: "take" }, person);
}

async function copyOnce({ ledger, ports, copy }: Life): Promise<void> {
  const target = await copy();
  if ((await stateOf(target)) === (await stateOf(ledger.database))) return;
  await copyLedger(ledger.database, target, ports);
}

/** A database that is opened when it is first asked for, and closed if it was. */
export class Lazily {
  readonly #location: string;
  #opened: Promise<Database> | undefined;

  constructor(location: string) {
    this.#location = location;
  }

  readonly open = (): Promise<Database> => (this.#opened ??= openDatabase(this.#location));

  async close(): Promise<void> {
    await (await this.#opened)?.close();
  }
}

async function checkpointOnce({ ledger, directory }: Life): Promise<void> {
  const file = join(directory, "note");
  if (!existsSync(file)) await ledger.checkpoint({ key: join(directory, "key.pem"), file });
}

const facts = ["fills", "opening_lots", "fee_values", "voids", "adjustments"];

/** Facts by their leaves, how many batches, seals and tellings there are, versions, and what is concluded. */
export function stateOf(database: Database): Promise<string> {
  return database.connect(async (connection) => {
    const [counted] = await connection.query(
      `SELECT (SELECT count(*) FROM batches) AS batches, (SELECT count(*) FROM seals) AS seals,
         (SELECT count(*) FROM observations) AS tellings,
         (SELECT encode(sha256(string_agg(leaf, '' ORDER BY leaf)), 'hex') FROM (${facts
           .map((table) => `SELECT leaf::bytea FROM ${table}`)
           .join(" UNION ALL ")}) AS leaves) AS facts,
         (SELECT string_agg(version || ' ' || kind, ', ' ORDER BY revision) FROM revisions
          WHERE kind = 'drop' OR book_id IS NULL AND kind = 'step') AS versions`,
    );
    const published = await publishedVersion(connection);
    const concluded =
      published === undefined ? [] : [...(await conclusions(connection, published.version))];
    return JSON.stringify([counted, published?.version ?? null, concluded], (_key, value) =>
      typeof value === "bigint" ? String(value) : (value as unknown),
    );
  });
}

/** What a version that was not finished, or a file that was not, has left. */
export async function leftovers(connection: Connection, directory: string): Promise<string[]> {
  const left = await connection.query<{ what: string }>(
    `SELECT 'step ' || step AS what FROM steps WHERE revision IS NULL
     UNION ALL SELECT 'run ' || run FROM runs WHERE status = 'running'
     UNION ALL SELECT 'version ' || version FROM versions v
       WHERE NOT EXISTS (SELECT FROM revisions r WHERE r.version = v.version)
     UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_[0-9]+$'
       AND relnamespace = 'lotbook'::regnamespace
       AND substring(relname FROM '[0-9]+$')::integer NOT IN (SELECT version FROM versions)`,
  );
  const files = [directory, join(directory, "export")]
    .flatMap((place) => (existsSync(place) ? readdirSync(place) : []))
    .filter((name) => name.endsWith(".unfinished"));
  return [...left.map(({ what }) => what), ...files];
}

/** The exported facts, without what is of this ledger alone. */
export function exportedFacts(directory: string): string[] {
  return readFileSync(join(directory, "export", "facts.ndjson"), "utf8")
    .split("\n")
    .filter((line) => /^\{"type":"(?:fill|void|opening lot)"/.test(line))
    .toSorted();
}

export async function removeOutputs(directory: string): Promise<void> {
  for (const name of ["export", "note", "note.books"])
    await rm(join(directory, name), { recursive: true, force: true });
}

/** After which something is committed that the caller has not heard of. */
export const afterCommit: ReadonlySet<Failpoint> = new Set<Failpoint>([
  "record.committed",
  "publish.committed",
  "compute.book",
]);
