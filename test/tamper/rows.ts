/**
 * The ledger's rows as a change picks them: where they lie, what they say, at which revisions they are
 * seen.
 */
import type { Connection } from "../../src/store/database.ts";
import { type Column, isCovered, readColumns } from "./sealed.ts";

export interface StoredRow {
  readonly table: string;
  /** The table itself, or the partition. */
  readonly partition: string;
  readonly ctid: string;
  /** Every column as text. */
  readonly values: Readonly<Record<string, string | null>>;
}

/** What verify is asked to look at. */
export interface Cut {
  readonly version?: number;
  readonly revision?: bigint;
}

/** The columns that say by which steps a conclusion came and went. */
export interface Life {
  readonly step: string | null;
  readonly superseded: string | null;
}

export const conclusionTables = ["allocations", "open_lots", "day_digests", "book_states"];

export class Rows {
  readonly columns: readonly Column[];
  readonly all: readonly StoredRow[];
  readonly last: number;
  readonly #revisions = new Map<string, number>();

  constructor(columns: readonly Column[], all: readonly StoredRow[]) {
    this.columns = columns;
    for (const { table, values } of all) {
      const { step, revision } = values;
      if (table === "steps" && typeof revision === "string")
        this.#revisions.set(step!, Number.parseInt(revision, 10));
    }
    this.last = all.filter(({ table }) => table === "revisions").length;
    // What a dead run left is seen by nobody, and no claim is made about it.
    this.all = all.filter(({ table, values }) =>
      conclusionTables.includes(table)
        ? this.#revisions.has(values["step"]!)
        : table !== "steps" || values["revision"] !== null,
    );
  }

  of(table: string): StoredRow[] {
    return this.all.filter((row) => row.table === table);
  }

  lifeOf({ values }: StoredRow): Life {
    return { step: values["step"]!, superseded: values["superseded"]! };
  }

  #isSeen({ step, superseded }: Life, revision: number): boolean {
    const from = this.#revisions.get(step ?? "") ?? Infinity;
    const to = this.#revisions.get(superseded ?? "") ?? Infinity;
    return from <= revision && revision < to;
  }

  /** Where a row is seen, and with `other` where it is seen in one life and not in the other. */
  cutOf(row: StoredRow, other?: Life): Cut | undefined {
    const life = this.lifeOf(row);
    for (let revision = this.last; revision > 0; revision -= 1) {
      if (this.#isSeen(life, revision) === (other !== undefined && this.#isSeen(other, revision)))
        continue;
      const version = Number.parseInt(row.values["version"]!, 10);
      return { version, revision: BigInt(revision) };
    }
    return undefined;
  }
}

export async function readRows(connection: Connection): Promise<Rows> {
  const columns = (await readColumns(connection)).filter(isCovered);
  const all: StoredRow[] = [];
  for (const table of new Set(columns.map((column) => column.table))) {
    const names = columns.filter((column) => column.table === table).map(({ name }) => name);
    const rows = await connection.query<{ partition: string; ctid: string; texts: string[] }>(
      `SELECT tableoid::regclass::text AS partition, ctid::text AS ctid,
         ARRAY[${names.map((name) => `"${name}"::text`).join(", ")}] AS texts
       FROM ${table} ORDER BY 3, 1`,
    );
    for (const { partition, ctid, texts } of rows) {
      const values = Object.fromEntries(names.map((name, index) => [name, texts[index] ?? null]));
      all.push({ table, partition, ctid, values });
    }
  }
  return new Rows(columns, all);
}
