/** What a PostgreSQL server, or the way to it, refuses: in words that say what to do, without a password. */
import pg from "pg";
import { LotbookError } from "../../errors.ts";
import { explainRefusal } from "./refusals.ts";
import { ServerError } from "./server-error.ts";

/** The URL without what must not be shown. */
export function locationOf(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.password = "";
    for (const name of ["password", "sslpassword"]) parsed.searchParams.delete(name);
    return parsed.toString();
  } catch {
    throw new LotbookError("BAD_USAGE", "the database's URL cannot be read", {
      advice:
        "It looks like postgres://user:password@host:5432/name; write special characters as %XX.",
    });
  }
}

/**
 * 08: connection; 57P01 to 57P03: the server shuts down, crashed or starts; 57P04: the database was dropped;
 * 57P05, 25P03, 25P04: the session was idle, or its transaction open, for longer than the server allows.
 */
const lossStates: ReadonlySet<string> = new Set([
  "57P01",
  "57P02",
  "57P03",
  "57P04",
  "57P05",
  "25P03",
  "25P04",
]);

export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? "";
    return code.startsWith("08") || lossStates.has(code);
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED", "ENOTCONN"].includes(code ?? ""))
    return true;
  return /connection (terminated|ended|error)|not queryable/i.test(message ?? "");
}

export function translated(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  return explainRefusal(new ServerError(error, error));
}

const adviceByState: Readonly<Record<string, string>> = {
  "28000":
    "The server does not let this user in from here: see its pg_hba.conf, and the user's name.",
  "28P01": "The password is wrong or missing: give it in the URL or in PGPASSWORD.",
  "3D000": "Make it first: createdb <name>.",
  "53300": "The server has no connection to spare: raise its max_connections or close others.",
  "57P03": "The server is starting or stopping: try again in a moment.",
};

const trustAdvice =
  "Add sslrootcert=FILE to the URL, or sslmode=no-verify where the network can be trusted.";

/** Why there is no connection, and what to do, by the system's code. */
const networkRefusals: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
  ECONNREFUSED: ["nothing listens there", "Is the server running, and are host and port right?"],
  ENOTFOUND: ["no machine of that name is known", "Check the host in the URL."],
  EAI_AGAIN: ["the name could not be looked up just now", "Check the network."],
  ETIMEDOUT: ["the machine does not answer", "Check host, port and firewall."],
  EHOSTUNREACH: ["there is no way to that machine", "Check host and network."],
  ENETUNREACH: ["there is no way to that machine", "Check host and network."],
  ENOENT: ["there is no such socket", "Is the server running, and is the path right?"],
  EACCES: ["the socket is closed to this user", "Check who may use it, or name host and port."],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["only itself vouches for its certificate", trustAdvice],
  SELF_SIGNED_CERT_IN_CHAIN: ["nobody known vouches for its certificate", trustAdvice],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["nobody known vouches for its certificate", trustAdvice],
  ERR_TLS_CERT_ALTNAME_INVALID: ["its certificate is for another host", trustAdvice],
  CERT_HAS_EXPIRED: ["its certificate has expired", trustAdvice],
  ECONNRESET: ["the server hung up", "Is it a PostgreSQL server, and does it ask for TLS?"],
};

/** What the driver says in words of its own, as the code that it means. */
const driverWords: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/timeout/i, "ETIMEDOUT"],
  [/terminated unexpectedly/, "ECONNRESET"],
  [/password must be a string/, "28P01"],
];

export function explainConnection(location: string, error: unknown): LotbookError {
  const { code: given = "", message = String(error) } = error as NodeJS.ErrnoException;
  const isServer = error instanceof pg.DatabaseError;
  const said = isServer ? undefined : driverWords.find(([pattern]) => pattern.test(message));
  const code = said?.[1] ?? given;
  const network = isServer ? undefined : networkRefusals[code];
  const advice = network?.[1] ?? adviceByState[code];
  const words = code === "28P01" && !isServer ? "the server asks for a password" : message;
  // A refused connection to a name with several addresses says nothing but its code.
  const reason = network?.[0] ?? (words === "" ? code : words);
  return new LotbookError("DATABASE_UNREACHABLE", `cannot reach ${location}: ${reason}`, {
    ...(advice === undefined ? {} : { advice }),
    cause: error,
  });
}
