/** What a report is made of: its header, columns, rows and totals. */
import type { Column, ReportRow } from "./column.ts";
import type { ReportName } from "./request.ts";
import type { Revision } from "./view.ts";

/** What every report says of itself. The names are those of its JSON. */
export interface ReportHeader {
  readonly version: number | null;
  readonly method: string | null;
  readonly scope: string | null;
  readonly as_of: string | null;
  readonly known_at: Revision | null;
  /** Facts recorded but not yet taken in, in the books asked for; null when known at was given. */
  readonly not_yet_computed: number | null;
  readonly filters: Readonly<Record<string, string>>;
}

/**
 * Amounts of assets that fees took and that no lot of theirs gave: they are not in the lots of that
 * asset.
 */
export interface FeeNotTaken {
  readonly asset: string;
  readonly amount: string;
  readonly fills: number;
  readonly without_value: number;
}

export interface ReportBody {
  /** The name of the rows in JSON. */
  readonly key: string;
  /** What a table calls it. */
  readonly title: string;
  readonly columns: readonly Column[];
  /** To be read once, to its end or to an error, before the totals. */
  readonly rows: AsyncIterable<ReportRow>;
  readonly totalColumns: readonly Column[];
  /** A row a quote asset. */
  readonly totals: () => Promise<readonly ReportRow[]>;
  /** Columns whose total has another name: the column's name to the total's. */
  readonly totalNames?: Readonly<Record<string, string>>;
  readonly groupBy?: readonly string[];
  readonly feesNotTaken?: readonly FeeNotTaken[];
}

export interface Report extends ReportBody {
  readonly name: ReportName;
  readonly header: ReportHeader;
}
