/**
 * Every error a user can meet, in one table: a stable code, the exit status it ends a command with
 * (2 bad input or usage, 3 the environment, 4 a fault of lotbook) and what it means.
 * docs/errors.md says what to do about each; a test holds table and page together.
 */
export const errorTable = {
  BAD_USAGE: { exit: 2, title: "the command line cannot be understood" },
  BAD_INPUT: { exit: 2, title: "the input breaks a rule; nothing was recorded" },
  UNKNOWN_FORMAT: { exit: 2, title: "the file is in no format lotbook knows" },
  NOT_FOUND: { exit: 2, title: "what was named does not exist" },
  REFUSED: { exit: 2, title: "the ledger's rules forbid it; nothing was recorded" },
  DATABASE_UNREACHABLE: { exit: 3, title: "the database cannot be reached" },
  DATABASE_LOCKED: { exit: 3, title: "another process has the database open" },
  SCHEMA_NEWER: { exit: 3, title: "the database was made by a newer lotbook" },
  SCHEMA_OLDER: { exit: 3, title: "the database must be migrated first" },
  ENVIRONMENT: { exit: 3, title: "the machine refused something lotbook needs" },
  INTERNAL: { exit: 4, title: "a fault of lotbook" },
} as const;

export type ErrorCode = keyof typeof errorTable;

/** An error that a person can act on: what happened, and in `advice` what to do. */
export class LotbookError extends Error {
  readonly code: ErrorCode;
  readonly advice: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { advice?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LotbookError";
    this.code = code;
    this.advice = options.advice;
  }

  get exit(): 2 | 3 | 4 {
    return errorTable[this.code].exit;
  }
}
