/** Holds src/errors.ts and docs/errors.md together, both ways. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LotbookError, errorTable, explainNewFile, explainPath } from "../src/errors.ts";

interface Section {
  readonly code: string;
  readonly title: string;
  readonly exit: string;
  readonly text: string;
}

const page = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
const sections: Section[] = page
  .split(/^## /m)
  .slice(1)
  .map((text) => {
    const [, code, title, exit] = /^(\w+)\n\n\*(.+)\.\* Exit status (\d)\.\n/.exec(text) ?? [];
    return {
      code: code ?? `no code: ${text.slice(0, 40)}`,
      title: title ?? "",
      exit: exit ?? "",
      text,
    };
  });

describe("docs/errors.md", () => {
  it("has one section for each code, in the table's order, and no other", () => {
    expect(sections.map(({ code }) => code)).toEqual(Object.keys(errorTable));
  });

  for (const { code, title, exit, text } of sections) {
    it(`says of ${code} what the table says, and what to do`, () => {
      const entry = errorTable[code as keyof typeof errorTable];
      expect(title.toLowerCase()).toBe(entry.title.toLowerCase());
      expect(exit).toBe(String(entry.exit));
      expect(text).toMatch(/\n\*\*What to do\.\*\* \S/);
    });
  }

  it("lists every exit status that the table uses", () => {
    for (const { exit } of Object.values(errorTable)) expect(page).toContain(`\n| ${exit} | `);
  });
});

/** As Node throws it. */
const refused = (code: string, syscall = "open"): Error =>
  Object.assign(new Error(`${code}: no such thing, ${syscall}`), { code, syscall });

const message = (error: unknown): string => (error as Error).message;

describe("what the system says of a path", () => {
  it("is told in words, with what to do", () => {
    expect(explainPath("a.csv", refused("ENOENT"))).toMatchObject({
      code: "NOT_FOUND",
      message: "a.csv does not exist",
      advice: "Check how it is written.",
    });
    expect(explainPath("", refused("EACCES"))).toMatchObject({
      code: "BAD_USAGE",
      message: '"" is closed to this user',
    });
    expect(explainPath("x".repeat(5000), refused("ENAMETOOLONG"))).toMatchObject({
      message: `${"x".repeat(200)}… is too long for a path`,
    });
    expect(explainPath("out", refused("ENOSPC"))).toMatchObject({ code: "ENVIRONMENT" });
    expect(explainPath("data", refused("ENOENT"), "ENVIRONMENT")).toMatchObject({ exit: 3 });
  });

  it("is told by the call where it matters, and of a new file by its directory", () => {
    expect(message(explainNewFile("k", refused("EEXIST")))).toBe("k is there already");
    expect(message(explainPath("k", refused("EEXIST", "mkdir")))).toBe(
      "k is a file, and not a directory",
    );
    expect(message(explainNewFile("no/k", refused("ENOENT")))).toBe(
      "the directory of no/k does not exist",
    );
    expect(message(explainNewFile("k", refused("EISDIR")))).toBe("k is a directory");
  });

  it("is told by its code where there are no words, and other errors are left as they are", () => {
    const strange = Object.assign(refused("ESTRANGE"), { path: "p" });
    expect(explainPath("p", strange)).toMatchObject({
      code: "ENVIRONMENT",
      message: "p cannot be used (ESTRANGE)",
    });
    for (const error of [refused("ECONNRESET"), new LotbookError("REFUSED", "no"), new Error("x")])
      expect(explainPath("p", error)).toBe(error);
  });
});

describe("an error", () => {
  it("carries its code, exit status, advice and cause", () => {
    const cause = new Error("refused");
    const error = new LotbookError("DATABASE_LOCKED", "in use", { advice: "wait", cause });
    expect(error).toMatchObject({ code: "DATABASE_LOCKED", exit: 3, advice: "wait", cause });
    expect(error.message).toBe("in use");
  });
});
