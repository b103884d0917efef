/** Ledgers for tests: one on a fresh database of an engine, closed and removed with it. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { FillInput } from "../../src/index.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { type Failpoint, livePorts, type Ports } from "../../src/ledger/ports.ts";
import type { Row } from "../../src/store/database.ts";
import type { TestDatabase, TestEngine, TestOpenOptions } from "../engines.ts";

export interface TestLedger extends TestDatabase {
  readonly ledger: Ledger;
  readonly ports: TestPorts;
  query(sql: string): Promise<Row[]>;
}

/** Ports that fail where a test says. */
export class TestPorts implements Ports {
  readonly newBatchId = livePorts.newBatchId;
  /** So that each page of a replay is a transaction of its own. */
  rowsPerTransaction = 1;
  /** What happens at a failpoint. */
  reached: (name: Failpoint) => void = () => {};

  failpoint(name: Failpoint): void {
    this.reached(name);
  }

  /** Fails at the nth time that the failpoint is reached, once. */
  failAt(failpoint: Failpoint, nth = 1): void {
    let count = 0;
    this.reached = (name) => {
      if (name !== failpoint) return;
      count += 1;
      if (count === nth) throw new Error(`failed on purpose at ${failpoint}`);
    };
  }
}

export async function openTestLedger(
  engine: TestEngine,
  options: TestOpenOptions = {},
): Promise<TestLedger> {
  const test = await engine.open(options);
  const ports = new TestPorts();
  return {
    ...test,
    ports,
    ledger: new Ledger(test.database, ports),
    query: (sql) => test.database.connect((connection) => connection.query(sql)),
  };
}

/** Runs `work` on a fresh ledger. */
export async function withLedger(
  engine: TestEngine,
  work: (test: TestLedger) => Promise<void>,
): Promise<void> {
  const test = await openTestLedger(engine);
  try {
    await work(test);
  } finally {
    await test.dispose();
  }
}

/** Runs `work` with a fresh directory. */
export async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "lotbook-ledger-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A file of lines in a directory; gives its path. */
export async function fileOf(
  directory: string,
  lines: readonly string[],
  name = `${randomBytes(4).toString("hex")}.csv`,
): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

export const header =
  "fill_id,executed_at,symbol,side,quantity,price,fee,order_id,sequence,strategy";

/** A row of `header`: ids b… buy, others sell; `minute` is of 1 March 2026. */
export function csvRow(
  id: string,
  minute: number,
  quantity: string,
  price: string,
  more = ",,,",
): string {
  return `${id},${time(minute)},BTC-USD,${id.startsWith("b") ? "buy" : "sell"},${quantity},${price},${more}`;
}

/** A time that many minutes after the beginning of March 2026. */
export const time = (minute: number): string =>
  new Date(Date.UTC(2026, 2, 1) + minute * 60_000).toISOString();

/** A fill of BTC-USD; ids b… buy, others sell. */
export function fill(
  fillId: string,
  minute: number,
  quantity: string,
  price: string,
  more: Partial<FillInput> = {},
): FillInput {
  const side = fillId.startsWith("b") ? "buy" : "sell";
  return { fillId, executedAt: time(minute), symbol: "BTC-USD", side, quantity, price, ...more };
}

/** Counts of the ledger's tables. */
export async function counts({ query }: TestLedger): Promise<Record<string, bigint>> {
  const facts = ["fills", "opening_lots", "fee_values", "voids", "adjustments"];
  const tables = ["books", "batches", "observations", "seals", ...facts];
  const [row] = await query(
    `SELECT ${tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(", ")}`,
  );
  return row as Record<string, bigint>;
}

/** Verifies and expects no violation; gives the digest. */
export async function expectVerified(
  { ledger }: Pick<TestLedger, "ledger">,
  options: Parameters<Ledger["verify"]>[0] = {},
): Promise<string | null> {
  const { checks, digest } = await ledger.verify(options);
  expect(checks.filter((check) => check.violations > 0)).toEqual([]);
  expect(checks.length).toBeGreaterThan(0);
  return digest;
}
