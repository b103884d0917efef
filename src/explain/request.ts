/** What can be explained: a fact by its id, or a cell of `report pnl`. docs/explain.md. */
import type { GroupKey, ViewRequest } from "../reports/request.ts";

export const factKinds = ["fill", "opening lot", "adjustment"] as const;
export type FactKind = (typeof factKinds)[number];

/** Explains a fill, an opening lot or an adjustment. The names narrow an id that several facts have. */
export interface FactRequest extends ViewRequest {
  /** The fill's id, the opening lot's key or the adjustment's id. */
  readonly id: string;
  readonly kind?: FactKind | undefined;
  readonly portfolio?: string | undefined;
  readonly symbol?: string | undefined;
  readonly venue?: string | undefined;
  readonly account?: string | undefined;
  /** Of a fact that was replaced: which. The last one that the version has taken in when not given. */
  readonly revision?: number | undefined;
}

/** Explains one row of `report pnl`: the selection of the report, and the groups of the row. */
export interface CellRequest extends ViewRequest {
  /** `{ month: "2025-01" }`: as the report shows them; null where it shows none. */
  readonly cell: Readonly<Partial<Record<GroupKey, string | null>>>;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly portfolio?: string | undefined;
  readonly account?: string | undefined;
  readonly symbol?: string | undefined;
  readonly strategy?: string | undefined;
}

export type ExplainRequest = FactRequest | CellRequest;
