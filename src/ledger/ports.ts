/**
 * What the shell takes from outside, so that tests can decide it: ids, and points at which a test makes it
 * fail.
 */
import { randomBytes } from "node:crypto";

/** Places where a process may be made to die or fail; reliability tests go through all of them. */
export const failpoints = [
  "import.reading", // rows on their way into the staging table
  "record.staged",
  "record.inserted",
  "record.sealed", // all but the commit
  "record.committed", // all but the acknowledgement
  "leftovers.removed", // of one dead step or version
  "compute.logged",
  "compute.started",
  "compute.page",
  "compute.attached",
  "compute.sealed",
  "publish.flipped", // all but the commit, of a build or of `versions publish`
  "publish.committed",
  "append.finished", // all but the commit
  "supersede.page",
  "supersede.finished", // all but the commit
  "compute.book", // one is up to date, others may not be
  "drop.dropped", // all but the commit
  "copy.table",
  "copy.counted", // all but the commit
  "export.written",
  "export.named", // the first of its files
  "checkpoint.written",
  "checkpoint.named", // its list of books, and not yet the note
] as const;

export type Failpoint = (typeof failpoints)[number];

export interface Ports {
  /** A fresh batch id: a UUID. */
  newBatchId(): string;
  /** Rows of a replay that are gathered before they are written: a step may take several transactions. */
  readonly rowsPerTransaction: number;
  /** Does nothing in production; in a test it may throw or end the process. */
  failpoint(name: Failpoint): void;
}

export const livePorts: Ports = {
  rowsPerTransaction: 20_000,
  newBatchId() {
    const bytes = randomBytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = bytes.toString("hex");
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join("-");
  },
  failpoint() {},
};
