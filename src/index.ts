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
export type { Method } from "./core/matching/walk.ts";
export type { Scope } from "./core/movement.ts";
export { openLedger, Ledger } from "./ledger/ledger.ts";
export type { ComputeOptions, ComputeResult } from "./ledger/compute/compute.ts";
export type { ImportOptions, ImportResult } from "./ledger/import.ts";
export { readReport } from "./reports/report.ts";
export type { FeeNotTaken, Report, ReportBody, ReportHeader } from "./reports/body.ts";
export type { Cell, Column, ColumnKind, ReportRow } from "./reports/column.ts";
export type { GroupKey, ReportName, ReportRequest, ViewRequest } from "./reports/request.ts";
export type { Revision } from "./reports/view.ts";
export type { Database } from "./store/database.ts";
