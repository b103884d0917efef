import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allocate } from "../../src/index.ts";
import { readCases, renderFor } from "../../src/testing/case-notation.ts";

const folder = new URL("./", import.meta.url);

describe.each(readdirSync(folder).filter((name) => name.endsWith(".txt")))("%s", (file) => {
  const cases = readCases(file, readFileSync(new URL(file, folder), "utf8"));

  it.each(cases)("$title", (lotCase) => {
    const result = allocate(lotCase.facts, { scope: lotCase.scope });
    expect(renderFor(lotCase, result), lotCase.place).toEqual(lotCase.expected);
    const reversed = allocate(lotCase.facts.toReversed(), { scope: lotCase.scope });
    expect(reversed, `${lotCase.place}, told the other way round`).toEqual(result);
  });
});
