/** What a server says no with that is not about the statement: in words that say what to do. */
import { LotbookError } from "../../errors.ts";
import type { ServerError } from "./server-error.ts";

const nothingRecorded = "Nothing of this step was recorded.";

const waitedTooLong: readonly [says: string, advice: string] = [
  "the database did not wait any longer",
  `${nothingRecorded} Another session held what was needed, or the lock_timeout or statement_timeout of ` +
    "this user or database is short. Then run it again.",
];
const inEachOthersWay: readonly [says: string, advice: string] = [
  "another session was in the way",
  `${nothingRecorded} Run it again.`,
];
const damaged: readonly [says: string, advice: string] = [
  "the database is damaged",
  "What the damage hides can't be read. See to the disk, then go back to a backup.",
];

/** By SQLSTATE, or the first characters of it. */
const refusals: Readonly<Record<string, readonly [says: string, advice: string]>> = {
  "25006": [
    "the database takes no writes",
    `${nothingRecorded} Is it a standby, or set to default_transaction_read_only?`,
  ],
  "40001": inEachOthersWay,
  "40P01": inEachOthersWay,
  "53": [
    "the database could not go on",
    `${nothingRecorded} Make room (disk, memory, connections) and run it again.`,
  ],
  "55P03": waitedTooLong,
  "57014": waitedTooLong,
  "58": [
    "the database could not go on",
    `${nothingRecorded} See to what the system refused, and run it again.`,
  ],
  XX001: damaged,
  XX002: damaged,
};

/** As a LotbookError where the environment is at fault; a statement's own error as it is. */
export function explainRefusal(error: ServerError): Error {
  const known = refusals[error.code] ?? refusals[error.code.slice(0, 2)];
  if (known === undefined) return error;
  const [says, advice] = known;
  return new LotbookError("ENVIRONMENT", `${says}: ${error.message}`, { advice, cause: error });
}
