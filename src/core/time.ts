/**
 * Execution times: whole nanoseconds since 1970, in bigint. docs/spec/time.md 1.
 *
 * Reading is on the path of every row of an import, so it goes by character codes and keeps the last date
 * it saw: the rows of a file are mostly of one day.
 */
export type Instant = bigint;

export const nanosPerDay = 86_400_000_000_000n;
/** The first instant that is too late: 2262-01-01T00:00:00Z. */
export const instantEnd: Instant = 9_214_646_400_000_000_000n;

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const nanosPerSecond = 1_000_000_000;
const nanosPerUnit = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1];

let lastDate = "";
let lastDayStart: Instant | undefined;

/** Reads RFC 3339 with a zone, 0 to 9 decimals; undefined where it breaks a rule of docs/spec/time.md 1. */
export function parseInstant(text: string): Instant | undefined {
  if (text.length < 20 || text.length > 35) return undefined;
  const separator = text.charCodeAt(10);
  if (separator !== 84 && separator !== 116 && separator !== 32) return undefined;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (hour > 23 || minute > 59 || second > 59) return undefined;

  let at = 19;
  let nanos = 0;
  if (text.charCodeAt(at) === 46) {
    at += 1;
    const first = at;
    let code = text.charCodeAt(at);
    while (code >= 48 && code <= 57) {
      nanos = nanos * 10 + (code - 48);
      at += 1;
      code = text.charCodeAt(at);
    }
    const decimals = at - first;
    if (decimals < 1 || decimals > 9) return undefined;
    nanos *= nanosPerUnit[decimals]!;
  }
  const offset = zoneMinutes(text, at);
  if (offset === undefined) return undefined;
  const day = startOfDay(text.slice(0, 10));
  if (day === undefined) return undefined;
  // Exact in a double: at most two days of nanoseconds.
  const ofDay = (hour * 3600 + (minute - offset) * 60 + second) * nanosPerSecond + nanos;
  const instant = day + BigInt(ofDay);
  return instant < 0n || instant >= instantEnd ? undefined : instant;
}

/** Two digits as a number; 99 where they are none, which is out of range for everything read by it. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 99;
}

/** The zone that ends the text, in minutes east of UTC. */
function zoneMinutes(text: string, at: number): number | undefined {
  const code = text.charCodeAt(at);
  if ((code | 32) === 122) return at === text.length - 1 ? 0 : undefined;
  if (code !== 43 && code !== 45) return undefined;
  if (text.length !== at + 6 || text.charCodeAt(at + 3) !== 58) return undefined;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours > 23 || minutes > 59) return undefined;
  return code === 45 ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

function startOfDay(date: string): Instant | undefined {
  if (date === lastDate) return lastDayStart;
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return undefined;
  const year = parseInt(date, 10);
  const month = twoDigits(date, 5);
  const day = twoDigits(date, 8);
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  const exists = day >= 1 && day <= (monthDays[month - 1] ?? -1) + leap;
  // Year 1970 is a rule of the written date; an offset may still carry a later one below zero.
  const start =
    exists && year >= 1970
      ? BigInt(Date.UTC(year, month - 1, day) / 86_400_000) * nanosPerDay
      : undefined;
  lastDate = date;
  lastDayStart = start;
  return start;
}

/** Why `parseInstant` refuses the text, and what to write instead. */
export function instantFault(text: string): string {
  const example = "2026-03-02T14:05:11Z";
  const shape =
    /^(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?$/.exec(
      text.slice(0, 100),
    );
  if (shape === null) return `is no RFC 3339 time; write it as ${example}`;
  const [, date = "", hour = "", minute = "", second = "", decimals = "", zone] = shape;
  if (zone === undefined)
    return `has no zone; write ${example}, or with an offset 2026-03-02T15:05:11+01:00`;
  if (decimals.length > 9) return "has more than 9 decimals; nanoseconds are the finest kept";
  if (second === "60") return "has second 60; write the second 59 or 00 that the venue counted";
  if (hour > "23" || minute > "59" || second > "59")
    return "is no time of day; hours go to 23, minutes and seconds to 59";
  if (date < "1970") return "is before 1970; times from 1970 to 2261 are kept";
  if (startOfDay(date) === undefined) return "names a date that does not exist";
  if (zone.slice(1, 3) > "23" || zone.slice(4) > "59")
    return "has an offset beyond 23:59; write the zone as Z or as +01:00";
  return "is outside 1970 to 2261, the times that are kept";
}

/** RFC 3339 in UTC with as many decimals as are needed: 0, 3, 6 or 9. */
export function formatInstant(instant: Instant): string {
  const seconds = instant / 1_000_000_000n;
  const nanos = instant % 1_000_000_000n;
  // tidy: seconds up to 2261 are exact in a double
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  if (nanos === 0n) return `${text}Z`;
  const digits = nanos.toString().padStart(9, "0");
  const kept = digits.endsWith("000000") ? 3 : digits.endsWith("000") ? 6 : 9;
  return `${text}.${digits.slice(0, kept)}Z`;
}
