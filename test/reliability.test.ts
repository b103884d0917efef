/**
 * That failures are reported: canaries, which always fail, are run as `npm run test:long` runs a test, and
 * what it says of them is looked at. Then the report of docs/reliability.md.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { duration, report, type Results, type Run, withFigures } from "../scripts/reliability.ts";
import type { Trials } from "./reliability.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const page = (figures: string): string =>
  `# A page\n\n<!-- figures -->\n\n${figures}\n\n<!-- end of figures -->\n\nIts end.\n`;

/** `npm run test:long -- …` over canaries alone. */
function runCanaries(...args: readonly string[]): { status: number | null; lines: string[] } {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:VITEST|LOTBOOK_)/.test(name));
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, "scripts", "setup.mjs"), "test:long", "--", ...args],
    {
      cwd: root,
      encoding: "utf8",
      env: { ...Object.fromEntries(own), LOTBOOK_CANARY: "1", LOTBOOK_TEST_ENGINES: "" },
    },
  );
  return { status, lines: stdout.trimEnd().split("\n") };
}

describe("a canary that fails", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lotbook-canary-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is counted, whether a test fails, a file can't be loaded or a process dies", () => {
    const { status, lines } = runCanaries("assertion", "loading", "death");
    expect(status).toBe(1);
    expect(lines.at(-1)).toBe("1 passed, 1 failed, 0 skipped; 2 files did not come to their end");
  });

  it("fails the run with what nobody waited for, although its test passes", () => {
    const { status, lines } = runCanaries("rejection");
    expect([status, lines.at(-1)]).toEqual([1, "1 passed, 0 failed, 0 skipped"]);
  });

  it.each([
    ["kept", 0, "| kept | test/canary/kept.canary.ts | 1,200 tries | 0 broken | 7 | 1 s |"],
    ["broken", 1, "| broken | test/canary/broken.canary.ts | 3 tries | **1 broken** |  | 1 s |"],
  ])("shows in the report, and one that does not fail does not: %s", (name, expected, row) => {
    const file = join(folder, `${name}.md`);
    writeFileSync(file, page("none"));
    const { status } = runCanaries(`--report=${file}`, name);
    expect(status).toBe(expected);
    const text = readFileSync(file, "utf8");
    expect(text).toContain("\nAll tests: 1 passed, 0 failed, 0 skipped; files: 1.");
    expect(text.split("\n")).toContain(row);
    expect(text).toMatch(/^# A page\n.*\nIts end\.\n$/s);
  });
});

const kill: Trials = {
  promise: "an acknowledged fact survives kill -9",
  test: "test/kill.fuzz.ts",
  engine: "pglite",
  tried: 500,
  unit: "kills",
  broken: 0,
  seed: 1,
};
const file = { name: join(root, kill.test), status: "passed", startTime: 0, endTime: 200_000 };
const results: Results = {
  success: true,
  startTime: 0,
  numPassedTests: 1,
  numFailedTests: 0,
  numPendingTests: 0,
  testResults: [{ ...file, assertionResults: [{ status: "passed", fullName: "survives" }] }],
};
const run: Run = {
  trials: [kill],
  servers: [{ engine: "pglite", version: "18.3" }],
  results,
  tellers: [kill.test],
  chosen: [],
  machine: "2 processors",
};
const rowsOf = (changed: Partial<Run>): [ok: boolean, rows: string[]] => {
  const { ok, text } = report({ ...run, ...changed });
  return [ok, text.split("\n").slice(5)];
};

describe("the report", () => {
  it("says when, where, how often and for how long", () => {
    expect(report(run)).toEqual({
      ok: true,
      text: [
        "Run on 1970-01-01, in 3 min, on 2 processors; pglite (PostgreSQL 18.3).",
        "All tests: 1 passed, 0 failed, 0 skipped; files: 1.",
        "",
        "| promise | test | how often tried | result | seed | its file took |",
        "| --- | --- | --- | --- | --- | --- |",
        `| ${kill.promise} | ${kill.test} | 500 kills on pglite | 0 broken | 1 | 3 min |`,
      ].join("\n"),
    });
    expect([999, 99_400, 200_000, 7_000_000].map(duration)).toEqual([
      "1 s",
      "99 s",
      "3 min",
      "1 h 57 min",
    ]);
  });

  it("adds up the lines of a promise by engine", () => {
    const others = [kill, { ...kill, engine: "postgres-15", tried: 1000, seed: 2 }];
    const [, even] = rowsOf({ trials: [kill, ...others] });
    expect(even[0]).toContain("| 1,000 kills on each of pglite, postgres-15 | 0 broken | 1, 2 |");
    const [, uneven] = rowsOf({ trials: others });
    expect(uneven[0]).toContain("| 500 kills on pglite, 1,000 on postgres-15 |");
  });

  it("fails where a promise was broken", () => {
    const [ok, rows] = rowsOf({ trials: [{ ...kill, broken: 2 }, kill] });
    expect([ok, rows[0]]).toEqual([false, expect.stringContaining("| **2 broken** |")]);
  });

  it("fails where the test failed, with or without figures", () => {
    const assertionResults = [{ status: "failed", fullName: "a | b" }];
    const failed = { ...results, testResults: [{ ...file, status: "failed", assertionResults }] };
    const [ok, rows] = rowsOf({ results: failed });
    expect([ok, rows[0]]).toEqual([false, expect.stringContaining("**failed**: a \\| b")]);
    const [silent, [row]] = rowsOf({ results: failed, trials: [] });
    expect([silent, row]).toEqual([false, expect.stringContaining("**failed**: a \\| b")]);
    const dead = { ...results, testResults: [{ ...file, status: "failed", assertionResults: [] }] };
    expect(rowsOf({ results: dead })[1][0]).toContain("**failed**: did not come to its end");
  });

  it("fails where a test was not run or told nothing, unless others were asked for", () => {
    const tellers = [kill.test, "test/other.test.ts"];
    const [ok, rows] = rowsOf({ tellers });
    expect([ok, rows[1]]).toEqual([false, "|  | test/other.test.ts | 0 | **not run** |  |  |"]);
    expect(rowsOf({ tellers, chosen: ["kill"] })[0]).toBe(true);
    const [quiet, [row]] = rowsOf({ trials: [] });
    expect([quiet, row]).toEqual([false, expect.stringContaining("**told nothing**")]);
  });

  it("fails where the run failed otherwise, and where there is nothing to report", () => {
    expect(rowsOf({ results: { ...results, success: false } })[0]).toBe(false);
    expect(rowsOf({ trials: [], tellers: [] })[0]).toBe(false);
  });

  it("stands between its marks, and nowhere else", () => {
    expect(withFigures(page("old"), "new")).toBe(page("new"));
    expect(() => withFigures("# A page without\n", "new")).toThrow("<!-- figures -->");
  });
});
