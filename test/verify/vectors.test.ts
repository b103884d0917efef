/** The verifier's SQL against docs/spec/vectors.json: each record's columns, hashed by the database. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Connection, Value } from "../../src/store/database.ts";
import { i9 } from "../../src/verify/checks/i9.ts";
import { type FactRecord, factRecords, writtenFacts } from "../../src/verify/leaves.ts";
import * as records from "../../src/verify/records.ts";
import { describeEngines, type TestDatabase } from "../engines.ts";
import { int64 as integerBytes, root as rootOf, sha256 } from "./hashes.ts";

type Fields = Record<string, unknown>;
interface Vectors {
  readonly records: readonly { kind: string; name: string; fields: Fields; hash: string }[];
  readonly roots: readonly { leaves: readonly string[]; root: string }[];
}
const vectors = JSON.parse(
  readFileSync(new URL("../../docs/spec/vectors.json", import.meta.url), "utf8"),
) as Vectors;

/** A column: its SQL type and its value as text, or null. */
type Column = readonly [type: string, value: string | null];
type Columns = Record<string, Column>;

const text = (value: unknown): Column => ["text", (value as string | undefined) ?? null];
const number = (value: unknown): Column => ["numeric", value === undefined ? null : String(value)];
const integer = (value: unknown): Column => ["bigint", value === undefined ? null : String(value)];
const bytes = (hex: unknown): Column => ["hex", (hex as string | undefined) ?? null];
const stamp = (microseconds: unknown): Column => ["stamp", microseconds as string];

const book = (f: Fields): Columns => ({
  portfolio: text(f["portfolio"]),
  symbol: text(f["symbol"]),
});
const placed = (f: Fields): Columns => ({
  book_id: text("of the one book there is"),
  ...book(f),
  venue: text(f["venue"]),
  account: text(f["account"]),
});

interface Fee {
  readonly asset: string;
  readonly amount: string;
}

/** The columns of a fill that hold its fees: quote and base apart, third assets side by side. */
function fees(f: Fields): Columns {
  const symbol = f["symbol"] as string;
  const [base, quote] = [symbol.slice(0, symbol.lastIndexOf("-")), symbol.split("-").at(-1)];
  const list = f["fees"] as Fee[];
  const of = (asset: string | undefined): string =>
    list.find((fee) => fee.asset === asset)?.amount ?? "0";
  const third = list.filter((fee) => fee.asset !== base && fee.asset !== quote);
  return {
    quote_fee: number(of(quote)),
    base_fee: number(of(base)),
    ...sideBySide("third_fee_assets", "third_fee_amounts", third),
  };
}

const array = (parts: readonly string[]): string | null =>
  parts.length === 0 ? null : `{${parts.map((part) => JSON.stringify(part)).join(",")}}`;

function sideBySide(assets: string, amounts: string, list: readonly Fee[]): Columns {
  const sorted = list
    .filter((fee) => fee.amount !== "0")
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.asset), Buffer.from(b.asset)));
  return {
    [assets]: ["text[]", array(sorted.map((fee) => fee.asset))],
    [amounts]: ["numeric[]", array(sorted.map((fee) => fee.amount))],
  };
}

const factRecord = (table: string): FactRecord =>
  factRecords.find((record) => record.table === table)!;
const joined = (hashes: unknown): Column =>
  bytes(hashes === undefined ? undefined : (hashes as string[]).join(""));
const listed = (list: readonly Fields[], key: (item: Fields) => string): Column =>
  bytes(list.map((item) => key(item) + (item["digest"] as string)).join(""));
const int64 = (value: unknown): string =>
  BigInt(value as number)
    .toString(16)
    .padStart(16, "0");
const uuid = (value: unknown): string => (value as string).replaceAll("-", "");

/** For each kind of vector the expression to try and the columns it reads. */
const kinds: Record<string, { expression: string | FactRecord; columns: (f: Fields) => Columns }> =
  {
    fill: {
      expression: factRecord("fills"),
      columns: (f) => ({
        ...placed(f),
        fill_id: text(f["fillId"]),
        revision: integer(f["revision"]),
        executed_at: integer(f["executedAt"]),
        side: text(f["side"]),
        quantity: number(f["quantity"]),
        price: number(f["price"]),
        ...fees(f),
        sequence: integer(f["sequence"]),
        order_id: text(f["orderId"]),
        strategy: text(f["strategy"]),
        trade_id: text(f["tradeId"]),
        quote_size: number(f["quoteSize"]),
        grain: text(f["grain"]),
      }),
    },
    void: {
      expression: factRecord("voids"),
      columns: (f) => ({
        ...placed(f),
        target_kind: text(f["targetKind"]),
        target_id: text(f["targetId"]),
        target_revision: integer(f["targetRevision"]),
        asset: text(f["asset"]),
        author: text(f["author"]),
        reason: text(f["reason"]),
        value_revision: integer(f["valueRevision"]),
      }),
    },
    "opening lot": {
      expression: factRecord("opening_lots"),
      columns: (f) => ({
        ...placed(f),
        lot_key: text(f["key"]),
        revision: integer(f["revision"]),
        opened_at: integer(f["openedAt"]),
        quantity: number(f["quantity"]),
        cost: number(f["cost"]),
        author: text(f["author"]),
        note: text(f["note"]),
      }),
    },
    "fee value": {
      expression: factRecord("fee_values"),
      columns: (f) => ({
        ...placed(f),
        fill_id: text(f["fillId"]),
        fill_revision: integer(f["fillRevision"]),
        asset: text(f["asset"]),
        value: number(f["value"]),
        source: text(f["source"]),
        revision: integer(f["revision"]),
      }),
    },
    adjustment: {
      expression: factRecord("adjustments"),
      columns: (f) => ({
        ...placed(f),
        entry_id: text(f["entryId"]),
        trade_type: text(f["tradeType"]),
        trade_id: text(f["tradeId"]),
        executed_at: integer(f["executedAt"]),
        side: text(f["side"]),
        quantity: number(f["quantity"]),
        price: number(f["price"]),
        ...sideBySide("fee_assets", "fee_amounts", f["fees"] as Fee[]),
        order_id: text(f["orderId"]),
      }),
    },
    book: { expression: records.book, columns: book },
    telling: {
      expression: records.telling,
      columns: (f) => ({
        source: text(f["source"]),
        raw: bytes(f["rawHex"] ?? Buffer.from(f["raw"] as string).toString("hex")),
      }),
    },
    observation: {
      expression: records.observation,
      columns: (f) => ({
        telling: bytes(f["telling"]),
        outcome: text(f["outcome"]),
        fact_leaf: bytes(f["fact"]),
        told: text(f["told"]),
      }),
    },
    batch: {
      expression: records.batch,
      columns: (f) => ({
        batch_id: ["uuid", f["batchId"] as string],
        recorded_at: stamp(f["recordedAt"]),
        source: text(f["source"]),
        author: text(f["author"]),
        inputs: text(f["inputs"]),
      }),
    },
    seal: {
      expression: records.seal,
      columns: (f) => ({
        book_id: ["uuid", f["bookId"] as string],
        number: integer(f["number"]),
        previous: bytes(f["previous"]),
        batch_leaf: bytes(f["batch"]),
        first_entry: integer(f["firstEntry"]),
        fact_count: integer(f["factCount"]),
        fact_root: bytes(f["factRoot"]),
        first_observation: integer(f["firstObservation"]),
        observation_count: integer(f["observationCount"]),
        observation_root: bytes(f["observationRoot"]),
      }),
    },
    revision: {
      expression: records.revision,
      columns: (f) => ({
        revision: integer(f["number"]),
        previous: bytes(f["previous"]),
        stamp: stamp(f["stamp"]),
        kind: text(f["kind"]),
        version: integer(f["version"]),
        book_id: ["uuid", (f["bookId"] as string | undefined) ?? null],
        digest: bytes(f["digest"]),
        inputs: bytes(f["inputs"]),
      }),
    },
    allocation: {
      expression: records.allocation,
      columns: (f) => ({
        closing: bytes(f["close"]),
        closed_at: integer(f["closedAt"]),
        opening: bytes(f["open"]),
        opened_at: integer(f["openedAt"]),
        quantity: text(f["quantity"]),
        open_fee: text(f["openShare"]),
        close_fee: text(f["closeShare"]),
        cost_basis: text(f["costBasis"]),
        proceeds: text(f["proceeds"]),
        pnl: text(f["pnl"]),
        missing: ["smallint", String(f["missing"])],
      }),
    },
    "open lot": {
      expression: records.openLot,
      columns: (f) => ({
        opening: bytes(f["open"]),
        opened_at: integer(f["openedAt"]),
        quantity: text(f["quantity"]),
        open_fee: text(f["openShare"]),
        cost_basis: text(f["costBasis"]),
        missing: ["smallint", String(f["missing"])],
      }),
    },
    day: {
      expression: records.day.replace("closes", "sha256(closes)").replace("opens", "sha256(opens)"),
      columns: (f) => ({ closes: joined(f["allocations"]), opens: joined(f["openLots"]) }),
    },
    "book digest": {
      expression: records.bookDigest,
      columns: (f) => ({
        ...book(f),
        days: listed(f["days"] as Fields[], (item) => int64(item["day"])),
      }),
    },
    "version digest": {
      expression: records.versionDigest,
      columns: (f) => ({
        method: text(f["method"]),
        scope: text(f["scope"]),
        fee_policy: text(f["feePolicy"]),
        engine_version: integer(f["engineVersion"]),
        books: listed(f["books"] as Fields[], (item) => uuid(item["bookId"])),
      }),
    },
  };

async function hashOf(
  connection: Connection,
  hashed: string | FactRecord,
  columns: Columns,
): Promise<string | undefined> {
  const values: Value[] = [];
  const list = Object.entries(columns).map(([name, [type, value]]) => {
    const holder = `$${values.push(value)}::text`;
    if (type === "hex") return `decode(${holder}, 'hex') AS ${name}`;
    if (type !== "stamp") return `${holder}::${type} AS ${name}`;
    return `timestamptz '1970-01-01Z' + ${holder}::bigint * interval '1 microsecond' AS ${name}`;
  });
  // The one row is both the fact and its book.
  const [expression, from] =
    typeof hashed === "string"
      ? [hashed, "given"]
      : [hashed.leaf, `(${writtenFacts(hashed, "given", "given", [])}) AS written`];
  const [row] = await connection.query<{ hash: string }>(
    `WITH given AS MATERIALIZED (SELECT ${list.join(", ")})
     SELECT encode(${expression}, 'hex') AS hash FROM ${from}`,
    values,
  );
  return row?.hash;
}

describeEngines("golden vectors in the verifier's SQL", (engine) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await engine.open();
  });
  afterAll(() => test?.dispose());

  it("has an expression for every kind", () => {
    const known = new Set([...Object.keys(kinds), "checkpoint book"]);
    expect(vectors.records.filter(({ kind }) => !known.has(kind))).toEqual([]);
  });

  for (const { kind, name, fields, hash } of vectors.records) {
    // No table holds one: a checkpoint is compared outside the SQL.
    if (kind === "checkpoint book") continue;
    it(`${kind}: ${name}`, async () => {
      const { expression, columns } = kinds[kind]!;
      const found = await test.database.connect((connection) =>
        hashOf(connection, expression, columns(fields)),
      );
      expect(found).toBe(hash);
    });
  }

  it("gives the roots of 0 to 9 leaves, and finds a wrong one", async () => {
    const found = await engine.superuser(test, wrongRoots);
    expect(found.right).toEqual([]);
    expect(found.wrong).toHaveLength(1);
  });

  it("gives the roots of larger trees, several in a book, and finds leaves swapped or missing", async () => {
    const found = await engine.superuser(test, largerRoots);
    expect(found).toEqual({ right: [], swapped: ["3"], short: ["7"] });
  });
});

const rootsOfFacts = i9.parts.find((part) => part.includes("root of its facts"))!;
const madeUp = "ffffffff-0000-0000-0000-000000000000";

/** One book with a seal for each count, the leaves being hashes of their numbers. */
async function largerRoots(connection: Connection): Promise<Record<string, unknown>> {
  const counts = [64, 0, 65, 0, 1, 7, 513, 0, 0];
  return connection.transaction(async () => {
    await connection.script(`CREATE TEMPORARY TABLE verify_leaves ON COMMIT DROP AS
      SELECT '${madeUp}'::uuid AS book_id, number, sha256(int8send(number)) AS leaf
      FROM generate_series(1, ${counts.reduce((sum, count) => sum + count)}::bigint) AS number`);
    let last = 0;
    for (const [index, count] of counts.entries()) {
      const leaves = Array.from({ length: count }, (_, at) => sha256(integerBytes(last + at + 1)));
      await connection.execute(
        `INSERT INTO seals VALUES ($1, $2, $1, $3, $4, $5, 1, 0, sha256(''), sha256(''))`,
        [madeUp, index + 1, last + 1, count, rootOf(leaves)],
      );
      last += count;
    }
    const wrong = async (): Promise<unknown[]> =>
      (await connection.query<{ what: string; book_id: string }>(rootsOfFacts))
        .filter((violation) => violation.book_id === madeUp)
        .map(({ what }) => /seal (\d+)/.exec(what)?.[1]);
    const right = await wrong();
    await connection.script(
      "UPDATE verify_leaves SET number = 201 - number WHERE number IN (100, 101)",
    );
    const swapped = await wrong();
    await connection.script(
      "UPDATE verify_leaves SET number = 201 - number WHERE number IN (100, 101)",
    );
    await connection.script(`DELETE FROM verify_leaves WHERE number = ${last}`);
    return { right, swapped, short: await wrong() };
  });
}

/** One book a list, sealed as facts: what the query of I9 objects to, before and after a wrong seal. */
async function wrongRoots(connection: Connection): Promise<{ right: unknown[]; wrong: unknown[] }> {
  return connection.transaction(async () => {
    await connection.script(`CREATE TEMPORARY TABLE verify_leaves
      (book_id uuid, number bigint, leaf bytea) ON COMMIT DROP`);
    for (const [index, { leaves, root }] of vectors.roots.entries()) {
      const id = `00000000-0000-0000-0000-${index.toString().padStart(12, "0")}`;
      await connection.execute(
        `INSERT INTO seals VALUES ($1, 1, $1, 1, $2, decode($3, 'hex'), 1, 0, sha256(''), sha256(''))`,
        [id, leaves.length, root],
      );
      for (const [at, leaf] of leaves.entries()) {
        await connection.execute("INSERT INTO verify_leaves VALUES ($1, $2, decode($3, 'hex'))", [
          id,
          at + 1,
          leaf,
        ]);
      }
    }
    const right = await connection.query(rootsOfFacts);
    await connection.execute(`INSERT INTO seals SELECT book_id, 2, batch_id, first_entry + fact_count, 0,
      sha256(fact_root), 1, 0, observation_root, hash FROM seals LIMIT 1`);
    return { right, wrong: await connection.query(rootsOfFacts) };
  });
}
