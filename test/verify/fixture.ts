/**
 * A small ledger with two versions, two revisions of some books, a dropped version and the leftovers of a
 * dead run, concluded by model.ts and hashed by hashes.ts: what a correct engine would leave in the tables.
 */
import type { Connection, Value } from "../../src/store/database.ts";
import { type FixtureBook, fixtureBooks } from "./facts.ts";
import { bookId, int64, leaf, sha256, uuidBytes, zeros } from "./hashes.ts";
import { type Allocation, conclude, identityOf, type OpenLot } from "./model.ts";
import { insert } from "./insert.ts";
import { recordBook } from "./record.ts";

type Scope = "portfolio" | "account";

interface Stored {
  readonly table: "allocations" | "open_lots" | "day_digests" | "book_states";
  /** What names the row and what it holds: equal rows of two steps stay as they are. */
  readonly columns: Record<string, Value>;
}

const day = (at: bigint): bigint => at / 86_400_000_000_000n;

function allocationRow(row: Allocation): Stored & { at: bigint; hash: Buffer } {
  const openedAt = row.open?.at ?? null;
  const hash = leaf(0x31, [
    [1, identityOf(row.close)],
    [2, row.close.at],
    [3, row.open === null ? null : identityOf(row.open)],
    [4, openedAt],
    [5, row.quantity],
    [6, row.openFee],
    [7, row.closeFee],
    [8, row.costBasis],
    [9, row.proceeds],
    [10, row.pnl],
    [11, Buffer.from([row.missing])],
  ]);
  const columns = {
    close_entry: row.closeEntry,
    slice: row.slice,
    open_entry: row.openEntry,
    quantity: row.quantity,
    open_fee: row.openFee,
    close_fee: row.closeFee,
    cost_basis: row.costBasis,
    proceeds: row.proceeds,
    pnl: row.pnl,
    missing: row.missing,
    opened_at: openedAt,
    closed_at: row.close.at,
    row_hash: hash,
  };
  return { table: "allocations", columns, at: row.close.at, hash };
}

function openLotRow(row: OpenLot): Stored & { at: bigint; hash: Buffer } {
  const hash = leaf(0x32, [
    [1, identityOf(row.open)],
    [2, row.open.at],
    [3, row.quantity],
    [4, row.openFee],
    [5, row.costBasis],
    [6, Buffer.from([row.missing])],
  ]);
  const columns = {
    open_entry: row.openEntry,
    quantity: row.quantity,
    open_fee: row.openFee,
    cost_basis: row.costBasis,
    missing: row.missing,
    opened_at: row.open.at,
    row_hash: hash,
  };
  return { table: "open_lots", columns, at: row.open.at, hash };
}

const listHash = (rows: readonly { at: bigint; hash: Buffer }[]): Buffer | null =>
  rows.length === 0
    ? null
    : sha256(
        ...rows
          .toSorted((a, b) =>
            a.at === b.at ? Buffer.compare(a.hash, b.hash) : a.at < b.at ? -1 : 1,
          )
          .map((row) => row.hash),
      );

/** All rows a book has when `computed` facts are taken in, and its digest. */
function bookRows(book: FixtureBook, scope: Scope, computed: number) {
  const { allocations, openLots, lastPlace } = conclude(book.facts.slice(0, computed), scope);
  const rows = [...allocations.map(allocationRow), ...openLots.map(openLotRow)];
  const days = [...new Set(rows.map((row) => day(row.at)))].toSorted((a, b) => (a < b ? -1 : 1));
  const digests = days.map((number) => {
    const ofDay = rows.filter((row) => day(row.at) === number);
    const digest = leaf(0x33, [
      [1, listHash(ofDay.filter((row) => row.table === "allocations"))],
      [2, listHash(ofDay.filter((row) => row.table === "open_lots"))],
    ]);
    return { number, digest };
  });
  const list = Buffer.concat(digests.flatMap(({ number, digest }) => [int64(number), digest]));
  const digest =
    days.length === 0
      ? null
      : leaf(0x34, [
          [1, book.portfolio],
          [2, book.symbol],
          [3, list],
        ]);
  const stored: Stored[] = [
    ...rows,
    ...digests.map(({ number, digest: ofDay }): Stored => {
      return { table: "day_digests", columns: { day: Number(number), digest: ofDay } };
    }),
    {
      table: "book_states",
      columns: { computed_entry: computed, last_place: lastPlace, digest },
    },
  ];
  return { stored, digest };
}

/** What is current, by version and book: enough to supersede what a step changes. */
class Builder {
  readonly connection: Connection;
  readonly current = new Map<string, Map<string, Stored>>();
  readonly digests = new Map<string, Buffer | null>();
  step = 0;
  run = 0;
  revision = 0;
  head: Buffer = zeros;
  stamp = 1_773_200_000_000_000n;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async version(version: number, scope: Scope): Promise<void> {
    const method = "fifo";
    await insert(this.connection, "versions", {
      version,
      method,
      scope,
      fee_policy: "quote",
      engine_version: 1,
    });
    await this.connection.query("SELECT create_version_partitions($1)", [version]);
    await this.connection.query("SELECT attach_version_partitions($1)", [version]);
  }

  versionDigest(version: number, scope: Scope): Buffer {
    const books = [...this.digests]
      .filter(([key, digest]) => key.startsWith(`${version} `) && digest !== null)
      .map(([key, digest]) => Buffer.concat([uuidBytes(key.split(" ")[1] ?? ""), digest as Buffer]))
      .toSorted(Buffer.compare);
    return leaf(0x35, [
      [1, "fifo"],
      [2, scope],
      [3, "quote"],
      [4, 1n],
      [5, Buffer.concat(books)],
    ]);
  }

  async write(version: number, book: FixtureBook, scope: Scope, computed: number): Promise<void> {
    const id = bookId(book.portfolio, book.symbol);
    const key = `${version} ${id}`;
    const { stored, digest } = bookRows(book, scope, computed);
    const text = (row: Stored): string =>
      JSON.stringify([row.table, row.columns], (_, value: unknown) =>
        typeof value === "bigint" ? value.toString() : value,
      );
    const before = this.current.get(key) ?? new Map<string, Stored>();
    const after = new Map(stored.map((row) => [text(row), row]));
    for (const [name, row] of before) if (!after.has(name)) await this.supersede(version, id, row);
    for (const [name, row] of after) {
      if (before.has(name)) continue;
      await insert(this.connection, row.table, {
        version,
        book_id: id,
        ...row.columns,
        step: this.step,
      });
    }
    this.current.set(key, after);
    this.digests.set(key, digest);
  }

  async supersede(version: number, book: string, { table, columns }: Stored): Promise<void> {
    const names = {
      allocations: ["close_entry", "slice"],
      open_lots: ["open_entry"],
      day_digests: ["day"],
    };
    const keys = table === "book_states" ? [] : names[table];
    const where = keys.map((key, index) => ` AND ${key} = $${index + 4}`).join("");
    const touched = await this.connection.execute(
      `UPDATE ${table} SET superseded = $3
       WHERE version = $1 AND book_id = $2 AND superseded IS NULL${where}`,
      [version, book, this.step, ...keys.map((key) => columns[key] ?? null)],
    );
    if (touched !== 1) throw new Error(`${touched} rows of ${table} superseded`);
  }

  async revise(
    kind: "step" | "publish" | "drop",
    version: number,
    digest: Buffer | null,
    taken: readonly (readonly [book: FixtureBook, computed: number])[],
    book: string | null,
  ): Promise<void> {
    this.revision += 1;
    this.stamp += 1_000_001n;
    const list = taken
      .map(([of, computed]) =>
        Buffer.concat([uuidBytes(bookId(of.portfolio, of.symbol)), int64(computed)]),
      )
      .toSorted(Buffer.compare);
    const inputs = sha256(...list);
    const hash = leaf(0x22, [
      [1, BigInt(this.revision)],
      [2, this.head],
      [3, this.stamp],
      [4, kind],
      [5, BigInt(version)],
      [6, book === null ? null : uuidBytes(book)],
      [7, digest ?? zeros],
      [8, inputs],
    ]);
    const stamp = new Date(Number(this.stamp / 1000n)).toISOString().replace("Z", "");
    await insert(this.connection, "revisions", {
      revision: this.revision,
      stamp: `${stamp}${(this.stamp % 1000n).toString().padStart(3, "0")}+00`,
      kind,
      version,
      book_id: book,
      digest,
      inputs,
      hash,
    });
    this.head = hash;
  }

  /** A run of one step over some books; about all of them when the version is new. */
  async compute(
    version: number,
    scope: Scope,
    taken: readonly (readonly [FixtureBook, number])[],
    about: "all" | "book",
  ): Promise<void> {
    this.step += 1;
    this.run += 1;
    for (const [book, computed] of taken) await this.write(version, book, scope, computed);
    const [first] = taken;
    const id = about === "all" || !first ? null : bookId(first[0].portfolio, first[0].symbol);
    const whole = this.versionDigest(version, scope);
    const digest = id === null ? whole : (this.digests.get(`${version} ${id}`) ?? null);
    await this.revise("step", version, digest, taken, id);
    await insert(this.connection, "steps", {
      step: this.step,
      run: this.run,
      version,
      book_id: id,
      revision: this.revision,
    });
    await insert(this.connection, "runs", {
      run: this.run,
      version,
      mode: about === "all" ? "full" : "incremental",
      trigger: "test",
      worker: "test",
      status: "done",
      digest: whole,
      revision: this.revision,
    });
  }

  async finish(): Promise<void> {
    await this.connection.execute(
      `UPDATE revision_counter SET last = $1, head = $2::bytea,
       stamp = (SELECT max(stamp) FROM revisions)`,
      [this.revision, this.head],
    );
  }
}

/** A run that died: half a step without a revision, which readers must not see. */
async function leaveDeadRun(builder: Builder): Promise<void> {
  const step = builder.step + 1;
  await insert(builder.connection, "steps", { step, run: builder.run, version: 1, book_id: null });
  await builder.connection.execute(
    `INSERT INTO open_lots
       (version, book_id, open_entry, quantity, open_fee, missing, opened_at, row_hash, step)
     SELECT version, book_id, open_entry + 100, quantity, open_fee, missing, opened_at, row_hash, $1
     FROM open_lots WHERE version = 1 AND superseded IS NULL`,
    [step],
  );
  await builder.connection.execute(
    "UPDATE allocations SET superseded = $1 WHERE version = 1 AND superseded IS NULL AND slice = 2",
    [step],
  );
}

/** Revisions: 1 build, 2 publish, 3 to 5 a book each, 6 version 2, 7 and 8 version 3, made and dropped. */
export async function writeFixture(connection: Connection): Promise<void> {
  for (const book of fixtureBooks) await recordBook(connection, book);
  const builder = new Builder(connection);
  const firstBuild = fixtureBooks
    .filter((book) => book.computed[0] > 0)
    .map((book) => [book, book.computed[0]] as const);
  const later = fixtureBooks
    .filter((book) => book.computed[1] > 0)
    .map((book) => [book, book.computed[1]] as const);
  await builder.version(1, "portfolio");
  await builder.compute(1, "portfolio", firstBuild, "all");
  await builder.revise("publish", 1, builder.versionDigest(1, "portfolio"), [], null);
  for (const taken of later) await builder.compute(1, "portfolio", [taken], "book");
  await builder.version(2, "account");
  await builder.compute(2, "account", later, "all");
  await builder.version(3, "portfolio");
  await builder.compute(3, "portfolio", [], "all");
  await connection.query("SELECT drop_version_partitions(3)");
  await connection.execute("DELETE FROM versions WHERE version = 3");
  await connection.execute("DELETE FROM steps WHERE version = 3");
  await builder.revise("drop", 3, null, [], null);
  await leaveDeadRun(builder);
  await builder.finish();
}
