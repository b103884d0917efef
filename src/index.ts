/** lotbook as a library. */
export { allocate } from "./core/allocate.ts";
export type {
  AllocateOptions,
  AllocateResult,
  Allocation,
  OpenLotLeft,
  QuoteTotals,
  UnmatchedSale,
} from "./core/allocate.ts";
export { InvalidFactError } from "./core/allocate-input.ts";
export type {
  AdjustmentInput,
  FactInput,
  FeeValueInput,
  FillInput,
  OpeningLotInput,
  TimeInput,
  VoidInput,
} from "./core/allocate-input.ts";
export type { Decimal } from "./core/decimal.ts";
export type { Fee, Side } from "./core/fact.ts";
export type { Rounding } from "./core/rounding.ts";
export type { Method } from "./core/matching/walk.ts";
export type { Scope } from "./core/movement.ts";
export { readDiff } from "./diff/diff.ts";
export type { BookDiff, Diff, DiffEnd, DiffRequest, DiffTotal } from "./diff/diff.ts";
export type { CauseRow, LotRow, SaleEnd, SaleRow } from "./diff/rows.ts";
export { openLedger, Ledger } from "./ledger/ledger.ts";
export type { AgainstOptions, Difference, Extension } from "./ledger/checkpoint/against.ts";
export type { CheckpointHead } from "./ledger/checkpoint/note.ts";
export type { CheckpointOptions, CheckpointResult } from "./ledger/checkpoint/write.ts";
export type { ComputeOptions, ComputeResult } from "./ledger/compute/compute.ts";
export type { Correction, CorrectionOptions } from "./ledger/amend/correct.ts";
export type { NewFeeValue, SetFeeValue } from "./ledger/amend/fee-value.ts";
export type { FactName, Narrowing } from "./ledger/amend/named.ts";
export type { AddedOpeningLot, AmendOptions, NewOpeningLot } from "./ledger/amend/opening-lot.ts";
export type { Person } from "./ledger/amend/person.ts";
export type { PricedFee, PricesOptions, PricesResult } from "./ledger/amend/prices.ts";
export type { Changes } from "./ledger/amend/replacement.ts";
export type { ItemGroup, ReviewGroup } from "./ledger/review/groups.ts";
export type { ItemKind } from "./ledger/review/items.ts";
export type { Resolution } from "./ledger/review/plan.ts";
export type { DecisionOptions, ItemSelection, Resolved } from "./ledger/review/resolve.ts";
export type { Action, ItemDecision, ReviewItem, ReviewRequest } from "./ledger/review/review.ts";
export type { ProofFileResult, ProofOptions, ProofResult } from "./ledger/proof/write.ts";
export type { Tolerance } from "./ledger/review/tolerance.ts";
export type { ImportOptions, ImportResult } from "./ledger/import.ts";
export { readComparison } from "./legacy/compare.ts";
export type { ComparedSale, CompareRequest, Comparison } from "./legacy/compare.ts";
export type { Cause } from "./legacy/cause.ts";
export type { ComparedTotal, ComparedTotals } from "./legacy/totals.ts";
export { readReport } from "./reports/report.ts";
export type { FeeNotTaken, Report, ReportBody, ReportHeader } from "./reports/body.ts";
export { explain } from "./explain/explain.ts";
export type * from "./explain/node.ts";
export type { CellRequest, ExplainRequest, FactKind, FactRequest } from "./explain/request.ts";
export type { Cell, Column, ColumnKind, ReportRow } from "./reports/column.ts";
export type { GroupKey, ReportName, ReportRequest, ViewRequest } from "./reports/request.ts";
export type { Revision } from "./reports/view.ts";
export type { Database } from "./store/database.ts";
