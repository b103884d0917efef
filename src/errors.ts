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

/**
 * What the operating system refuses about a path, as `<path> <says>`, and what to do: by its code, and by
 * the call where that makes a difference.
 */
const pathRefusals: Readonly<Record<string, readonly [ErrorCode, says: string, advice: string]>> = {
  ENOENT: ["NOT_FOUND", "does not exist", "Check how it is written."],
  ENOTDIR: [
    "NOT_FOUND",
    "does not exist: a part of its path is a file",
    "Check how it is written.",
  ],
  EACCES: ["BAD_USAGE", "is closed to this user", "Give this user the right, or name another."],
  EPERM: ["BAD_USAGE", "is closed to this user", "Give this user the right, or name another."],
  EISDIR: ["BAD_USAGE", "is a directory", "Name a file."],
  EEXIST: ["BAD_USAGE", "is a file, and not a directory", "Name another."],
  "EEXIST open": ["BAD_USAGE", "is there already", "Name another: it is not written over."],
  ENAMETOOLONG: ["BAD_USAGE", "is too long for a path", "Name a shorter one."],
  ELOOP: ["BAD_USAGE", "is a link that leads back to itself", "Name the file itself."],
  ENXIO: ["BAD_USAGE", "is nothing that can be read", "Name a file."],
  EROFS: ["ENVIRONMENT", "is on a disk that may only be read", "Name another."],
  ENOSPC: ["ENVIRONMENT", "has no space left on its disk", "Make room and run it again."],
  EDQUOT: ["ENVIRONMENT", "has no space left for this user", "Make room and run it again."],
  EIO: ["ENVIRONMENT", "is on a disk that fails", "See to the disk; run it again on a sound one."],
  EMFILE: ["ENVIRONMENT", "is one open file too many", "Raise the limit: ulimit -n."],
  ENFILE: ["ENVIRONMENT", "is one open file too many", "Raise the limit of this machine."],
  ENOMEM: ["ENVIRONMENT", "does not fit into memory", "Make room and run it again."],
};

/** The longest path that a message shows. */
const shownPath = 200;

/**
 * An error of the operating system about a path as a LotbookError that says what to do; anything else as it
 * is. `code` is for a path whose every error has the same one.
 */
export function explainPath(path: string, error: unknown, code?: ErrorCode): unknown {
  if (!isSystemError(error)) return error;
  const known = pathRefusals[`${error.code} ${error.syscall}`] ??
    pathRefusals[error.code] ?? [
      "ENVIRONMENT",
      `cannot be used (${error.code})`,
      "See what the system says about it.",
    ];
  const short = path.length > shownPath ? `${path.slice(0, shownPath)}…` : path;
  const shown = short === "" ? '""' : short;
  return new LotbookError(code ?? known[0], `${shown} ${known[1]}`, {
    advice: known[2],
    cause: error,
  });
}

/** The same of a file that is to be made: what is missing then is its directory. */
export function explainNewFile(path: string, error: unknown): unknown {
  const isMissing = isSystemError(error) && error.code === "ENOENT";
  return explainPath(isMissing ? `the directory of ${path}` : path, error);
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
}

/** What Node throws where a system call about a path fails; one about a connection has other codes. */
export function isSystemError(error: unknown): error is SystemError {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return false;
  return "path" in error || String(error.code) in pathRefusals;
}
