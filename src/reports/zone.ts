/** Civil dates of a zone, by the database's zone tables. docs/spec/time.md 5. */
import { formatInstant, instantFault, parseInstant, type Instant } from "../core/time.ts";
import { LotbookError } from "../errors.ts";
import type { Connection } from "../store/database.ts";

const datePattern = /^\d{4}-\d\d-\d\d$/;

/**
 * Refuses what is no name of the zone tables. The database alone would also take POSIX rules
 * (`Berlin+3`), where a typing error becomes a zone of its own, with the sign the other way around.
 */
export function checkZone(tz: string): void {
  try {
    if (!/^[A-Za-z]/.test(tz)) throw new RangeError(tz);
    new Intl.DateTimeFormat("en", { timeZone: tz }).format(0);
  } catch (cause) {
    throw new LotbookError("BAD_USAGE", `"${tz}" is no time zone`, {
      advice: "use a name such as UTC, Europe/Berlin or America/New_York",
      cause,
    });
  }
}

/** The first instant of a civil date. */
export async function startOfDate(
  connection: Connection,
  date: string,
  tz: string,
): Promise<Instant> {
  // Where clocks go back over midnight the date has two midnights, and the database takes the later one;
  // where they go forward over it, none. The first instant whose civil time is not before the date is
  // right in every case.
  const rows = await connection.query<{ instant: bigint }>(
    `SELECT (extract(epoch FROM min(candidate)) * 1000000000)::bigint AS instant
     FROM (SELECT ($1::timestamp AT TIME ZONE $2) - back AS candidate
       FROM unnest(ARRAY['0 min', '30 min', '60 min', '120 min']::interval[]) back) midnights
     WHERE candidate AT TIME ZONE $2 >= $1::timestamp`,
    [date, tz],
  );
  return rows[0]!.instant;
}

/** The day after a date; both `YYYY-MM-DD`. */
function dayAfter(date: string): string {
  return formatInstant(parseInstant(`${date}T00:00:00Z`)! + 86_400_000_000_000n).slice(0, 10);
}

/**
 * Reads an instant, or a date: its first instant in the zone, or its last. `option` is how the message
 * names the value.
 */
export async function readMoment(
  connection: Connection,
  text: string,
  options: { option: string; tz: string; date: "start" | "end" },
): Promise<Instant> {
  const instant = parseInstant(text);
  if (instant !== undefined) return instant;
  const isDate = datePattern.test(text);
  const midnight = isDate ? `${text}T00:00:00Z` : text;
  if (!isDate || parseInstant(midnight) === undefined) {
    // What is nearly a time is told what is wrong with it.
    const fault = instantFault(midnight);
    const says = fault.startsWith("is no RFC 3339") ? "is no time" : fault.split(";")[0]!;
    throw new LotbookError("BAD_USAGE", `${options.option} "${text}" ${says}`, {
      advice: "write a date (2026-03-02) or a time with its zone (2026-03-02T14:05:11Z)",
    });
  }
  if (options.date === "start") return startOfDate(connection, text, options.tz);
  return (await startOfDate(connection, dayAfter(text), options.tz)) - 1n;
}
