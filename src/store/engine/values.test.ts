import { expect, test } from "vitest";
import { decodeArray, decoderOf, encodeValue } from "./values.ts";

const text = decoderOf(25);

test("arrays are read with quotes, escapes, nulls, nesting and bounds", () => {
  expect(decodeArray("{}", text)).toEqual([]);
  expect(decodeArray('{a,"b,\\"c\\"\\\\",NULL,"NULL",""}', text)).toEqual([
    "a",
    'b,"c"\\',
    null,
    "NULL",
    "",
  ]);
  expect(decodeArray("{{1,2},{3,4}}", Number)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(decodeArray("[0:1]={7,8}", BigInt)).toEqual([7n, 8n]);
});

test("what is written reads back", () => {
  const items = ['"', "\\", "NULL", "", " a ", "{,}", "\n\t", "ü😀", null];
  expect(decoderOf(1009)(encodeValue(items) ?? "")).toEqual(items);
  const bytes = new Uint8Array([0, 1, 92, 255]);
  expect(decoderOf(17)(encodeValue(bytes) ?? "")).toEqual(bytes);
  expect(decoderOf(20)(encodeValue(-9_223_372_036_854_775_808n) ?? "")).toBe(-(2n ** 63n));
  expect(decoderOf(1016)(encodeValue([1n, -2n]) ?? "")).toEqual([1n, -2n]);
  expect(decoderOf(1000)(encodeValue([true, false]) ?? "")).toEqual([true, false]);
});

test("a number that is no safe integer is refused as a parameter", () => {
  for (const value of [0.1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    expect(() => encodeValue(value)).toThrow("safe integer");
  }
  expect(encodeValue(-7)).toBe("-7");
});
