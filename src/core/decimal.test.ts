import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expandExponent, fromUnits, parseDecimal, toUnits } from "./decimal.ts";

describe("parseDecimal brings text to its normal form (numbers.md 1)", () => {
  const accepted: [string, string][] = [
    ["0", "0"],
    ["-0", "0"],
    ["-0.00", "0"],
    ["000", "0"],
    ["-000.000", "0"],
    ["007.50", "7.5"],
    ["-007.50", "-7.5"],
    ["7", "7"],
    ["10", "10"],
    ["100.0", "100"],
    ["0.10", "0.1"],
    ["00.10", "0.1"],
    ["-0.10", "-0.1"],
    ["-00.01", "-0.01"],
    ["1.0000000000000000000", "1"],
    ["0.000000000000000001", "0.000000000000000001"],
    ["99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"],
    ["00099999999999999999999", "99999999999999999999"],
  ];
  it.each(accepted)("%s is %s", (text, normal) => {
    expect(parseDecimal(text)).toBe(normal);
  });

  const refused = [
    [
      "",
      "-",
      ".",
      "1.",
      ".5",
      "-.5",
      "1.5.5",
      "+1",
      "1e5",
      "1,000",
      " 1",
      "1 ",
      "$1",
      "0x10",
      "NaN",
      "--1",
    ],
    ["Infinity", "0.0000000000000000001", "100000000000000000000", "１", "1-", "1.-5", "1.5\n"],
  ].flat();
  it.each(refused)("%j is refused", (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it("costs linear time for hostile text", () => {
    const zeros = "0".repeat(1_000_000);
    expect(parseDecimal(`${zeros}1.5${zeros}`)).toBe("1.5");
    expect(parseDecimal(`0.${zeros}1`)).toBeUndefined();
    expect(parseDecimal(`0.${"01".repeat(500_000)}`)).toBeUndefined();
  });

  it("agrees with a regular expression on text of digits, points and minus signs", () => {
    const text = fc.string({ unit: fc.constantFrom("0", "0", "1", "9", ".", "-"), maxLength: 8 });
    fc.assert(
      fc.property(text, (candidate) => {
        const match = /^(-?)0*(\d+?)(?:\.(\d*?)0*)?$/.exec(
          /^-?\d+(\.\d+)?$/.test(candidate) ? candidate : "",
        );
        const digits = match === null ? undefined : match[2]! + (match[3] ? `.${match[3]}` : "");
        const normal = digits === undefined || digits === "0" ? digits : match![1]! + digits;
        expect(parseDecimal(candidate)).toBe(normal);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("expandExponent", () => {
  it.each([
    ["2.7535e-7", "0.00000027535"],
    ["1E+3", "1000"],
    ["-1.25e1", "-12.5"],
    ["1.5", "1.5"],
    ["e5", "e5"],
  ])("%s is %s", (text, plain) => {
    expect(expandExponent(text)).toBe(plain);
  });
});

describe("units", () => {
  it("go there and back, whatever the length", () => {
    const limit = 10n ** 38n - 1n;
    fc.assert(
      fc.property(fc.bigInt({ min: -limit, max: limit }), fc.nat(37), (seed, digits) => {
        const units = seed / 10n ** BigInt(digits);
        const decimal = fromUnits(units);
        expect(parseDecimal(decimal)).toBe(decimal);
        expect(toUnits(decimal)).toBe(units);
      }),
      { numRuns: 3000 },
    );
  });

  it("take text that is not in normal form, as a database gives it", () => {
    expect(toUnits("1.50")).toBe(1_500_000_000_000_000_000n);
    expect(toUnits("0.000000000000000000")).toBe(0n);
    expect(toUnits("-0")).toBe(0n);
  });

  it("are written at other scales", () => {
    expect(fromUnits(-1n, 36)).toBe(`-0.${"0".repeat(35)}1`);
    expect(fromUnits(15n * 10n ** 35n, 36)).toBe("1.5");
    expect(fromUnits(120n, 0)).toBe("120");
  });
});
