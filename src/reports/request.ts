/** What can be asked of a report: which one, at which cut, over which part of the ledger. docs/reports.md. */
import { LotbookError } from "../errors.ts";

export const reportNames = [
  "pnl",
  "lots",
  "allocations",
  "unmatched",
  "trades",
  "orders",
  "runs",
] as const;
export type ReportName = (typeof reportNames)[number];

/** What rows of `pnl` can be grouped by; the quote asset always is one of the groups. */
export const groupKeys = [
  "symbol",
  "account",
  "strategy",
  "portfolio",
  "venue",
  "day",
  "week",
  "month",
  "quote",
] as const;
export type GroupKey = (typeof groupKeys)[number];

/** A cut: which version, on execution time (as of) and on revision (known at). */
export interface ViewRequest {
  readonly version?: number | undefined;
  /** RFC 3339 with a zone (inclusive), or a date: its last instant in `tz`. */
  readonly asOf?: string | undefined;
  /** A revision's number, RFC 3339 with a zone, or a date: its last instant in `tz`. */
  readonly knownAt?: string | undefined;
  /** A name of the zone tables: `Europe/Berlin`. UTC when not given. */
  readonly tz?: string | undefined;
}

export interface ReportRequest extends ViewRequest {
  readonly report: ReportName;
  /** RFC 3339 with a zone, or a date: its midnight in `tz`. Inclusive. */
  readonly from?: string | undefined;
  /** As `from`, exclusive. */
  readonly to?: string | undefined;
  readonly portfolio?: string | undefined;
  readonly account?: string | undefined;
  readonly symbol?: string | undefined;
  readonly strategy?: string | undefined;
  readonly groupBy?: readonly GroupKey[] | undefined;
}

/** Reads `symbol,month`; refuses what is no group. */
export function parseGroupBy(text: string): GroupKey[] {
  const keys = text.split(",").map((part) => part.trim());
  return [...new Set(keys)].map((key) => {
    const found = groupKeys.find((candidate) => candidate === key);
    if (found === undefined)
      throw new LotbookError("BAD_USAGE", `"${key}" is nothing to group by`, {
        advice: `use one or several of ${groupKeys.join(", ")}, separated by commas`,
      });
    return found;
  });
}
