/** Execution times: whole nanoseconds since 1970, in bigint. docs/spec/time.md 1. */
export type Instant = bigint;

export const nanosPerDay = 86_400_000_000_000n;
/** The first instant that is too late: 2262-01-01T00:00:00Z. */
export const instantEnd: Instant = 9_214_646_400_000_000_000n;

const shape =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads RFC 3339 with a zone, 0 to 9 decimals; undefined where it breaks a rule of docs/spec/time.md 1. */
export function parseInstant(text: string): Instant | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => parseInt(match[index] ?? "0", 10);
  const [year, month, day, hour, minute, second] = [
    part(1),
    part(2),
    part(3),
    part(4),
    part(5),
    part(6),
  ];
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  if (
    day < 1 ||
    day > (monthDays[month - 1] ?? -1) + leap ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  )
    return undefined;
  const offset = part(9) * 60 + part(10);
  if (part(9) > 23 || part(10) > 59) return undefined;
  const seconds =
    Date.UTC(year, month - 1, day, hour, minute, second) / 1000 -
    (match[8] === "-" ? -offset : offset) * 60;
  const instant = BigInt(seconds) * 1_000_000_000n + BigInt((match[7] ?? "").padEnd(9, "0"));
  return instant < 0n || instant >= instantEnd || year < 1970 ? undefined : instant;
}

/** RFC 3339 in UTC with as many decimals as are needed: 0, 3, 6 or 9. */
export function formatInstant(instant: Instant): string {
  const seconds = instant / 1_000_000_000n;
  const nanos = instant % 1_000_000_000n;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  if (nanos === 0n) return `${text}Z`;
  const digits = nanos.toString().padStart(9, "0");
  const kept = digits.endsWith("000000") ? 3 : digits.endsWith("000") ? 6 : 9;
  return `${text}.${digits.slice(0, kept)}Z`;
}
