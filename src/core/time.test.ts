import fc from "fast-check";
import { expect, test } from "vitest";
import { formatInstant, instantEnd, instantFault, parseInstant } from "./time.ts";

test("the worked example", () => {
  expect(parseInstant("2026-03-02T14:05:11.1Z")).toBe(1772460311100000000n);
});

test.each([
  ["1970-01-01T00:00:00Z", 0n],
  ["1970-01-01t00:00:00z", 0n],
  ["1970-01-01 00:00:00+00:00", 0n],
  ["2261-12-31T23:59:59.999999999Z", instantEnd - 1n],
  ["2026-03-02T15:05:11+01:00", 1772460311000000000n],
  ["2026-03-01T23:35:11-14:30", 1772460311000000000n],
  ["2024-02-29T00:00:00Z", 1709164800000000000n],
])("%s", (text, instant) => {
  expect(parseInstant(text)).toBe(instant);
});

test.each([
  ["2026-03-02", "is no RFC 3339 time; write it as 2026-03-02T14:05:11Z"],
  ["2026-03-02\u000014:05:11Z", "is no RFC 3339 time; write it as 2026-03-02T14:05:11Z"],
  ["2026-03-02T14:05:11.Z", "is no RFC 3339 time; write it as 2026-03-02T14:05:11Z"],
  ["2026-03-02T14:05:11.1234567891Z", "has more than 9 decimals; nanoseconds are the finest kept"],
  ["2026-03-02T24:00:00Z", "is no time of day; hours go to 23, minutes and seconds to 59"],
  ["1969-12-31T23:59:59Z", "is before 1970; times from 1970 to 2261 are kept"],
  ["1970-01-01T00:59:59+01:00", "is outside 1970 to 2261, the times that are kept"],
  ["2262-01-01T00:00:00Z", "is outside 1970 to 2261, the times that are kept"],
  ["2025-02-29T00:00:00Z", "names a date that does not exist"],
  ["2025-13-01T00:00:00Z", "names a date that does not exist"],
  ["2025-01-01T00:00:00+24:00", "has an offset beyond 23:59; write the zone as Z or as +01:00"],
])("%s is refused", (text, fault) => {
  expect(parseInstant(text)).toBeUndefined();
  expect(instantFault(text)).toBe(fault);
});

test("what is shown is read back, in any zone", () => {
  const instants = fc.bigInt({ min: 86_400_000_000_000n, max: instantEnd - 86_400_000_000_001n });
  fc.assert(
    fc.property(instants, fc.integer({ min: -1439, max: 1439 }), (instant, offset) => {
      expect(parseInstant(formatInstant(instant))).toBe(instant);
      const local = formatInstant(instant + BigInt(offset) * 60_000_000_000n).slice(0, -1);
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map(
        (part) => part.toString().padStart(2, "0"),
      );
      expect(parseInstant(`${local}${offset < 0 ? "-" : "+"}${hours}:${minutes}`)).toBe(instant);
    }),
  );
});
