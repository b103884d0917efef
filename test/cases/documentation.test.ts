/** The examples of docs/allocate.md are run, and their output is what the page says. */
import { readFileSync } from "node:fs";
import { format } from "node:util";
import { describe, expect, it } from "vitest";
import * as library from "../../src/index.ts";

const page = readFileSync(new URL("../../docs/allocate.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/```ts\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, code = "", output = ""]) => ({ code, output }),
);

/** Runs an example as if `lotbook` were installed; gives what it prints. */
function run(code: string): string {
  const body = code.replaceAll(/import (\{[^}]*\}) from "lotbook";/g, "const $1 = library;");
  const lines: string[] = [];
  const printer = { log: (...values: unknown[]) => lines.push(`${format(...values)}\n`) };
  // oxlint-disable-next-line typescript/no-implied-eval
  new Function("library", "console", body)(library, printer);
  return lines.join("");
}

describe("docs/allocate.md", () => {
  it("has examples with their output", () => {
    expect(examples).toHaveLength(2);
  });

  it.each(examples)("example %#", ({ code, output }) => {
    expect(run(code)).toBe(output);
  });
});
