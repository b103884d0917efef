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

const adviceByCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing listens there: is the server running, and are host and port right?",
  ENOTFOUND: "No machine of that name is known: check the host in the URL.",
  EAI_AGAIN: "The name could not be looked up just now: check the network.",
  ETIMEDOUT: "The machine does not answer: check host, port and firewall.",
  EHOSTUNREACH: "There is no way to that machine: check host and network.",
  ENOENT: "There is no such socket: is the server running, and is the path right?",
};

export function explainConnection(location: string, error: unknown): LotbookError {
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  const isTimeout = /timeout/i.test(message);
  const advice =
    adviceByState[code] ??
    adviceByCode[isTimeout ? "ETIMEDOUT" : code] ??
    (error instanceof pg.DatabaseError ? undefined : adviceByCode["ECONNREFUSED"]);
  // A refused connection to a name with several addresses says nothing but its code.
  const reason = message === "" ? code : message;
  return new LotbookError("DATABASE_UNREACHABLE", `cannot reach ${location}: ${reason}`, {
    ...(advice === undefined ? {} : { advice }),
    cause: error,
  });
}
