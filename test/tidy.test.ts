import { describe, expect, it } from "vitest";
import { formatViolation, readTree, tidy } from "../scripts/tidy.ts";
import { importsOf } from "../scripts/tidy/imports.ts";
import { functionsOf } from "../scripts/tidy/size.ts";
import { type Violation, readSource } from "../scripts/tidy/source.ts";

/** What the rules say to these files, each given as path and text; dead files only when asked for. */
function judge(files: Record<string, string>, rule: string): Violation[] {
  const sources = Object.entries(files).map(([path, text]) => readSource(path, text));
  return tidy(sources).filter((violation) => violation.rule === rule);
}

const lines = (count: number, line: string): string => `${line}\n`.repeat(count);
const home = ["", "home", "ana", "lotbook"].join("/");

describe("the project", () => {
  it("keeps the house rules", () => {
    const root = new URL("../", import.meta.url);
    expect(tidy(readTree(root)).map((violation) => formatViolation(violation))).toEqual([]);
  });
});

describe("import boundaries", () => {
  const refused: [path: string, text: string][] = [
    ["src/core/a.ts", 'import { hash } from "node:crypto";'],
    ["src/core/a.ts", 'import type { Database } from "../store/database.ts";'],
    ["src/core/a.ts", 'import { errorTable } from "../errors.ts";'],
    ["src/seal/a.ts", 'import { parseSymbol } from "../core/instrument.ts";'],
    ["src/seal/a.ts", 'import { type Fact, factKinds } from "../core/fact.ts";'],
    ["src/seal/a.ts", 'import { readFileSync } from "node:fs";'],
    ["src/adapters/a.ts", 'import { factLeaf } from "../seal/leaf.ts";'],
    ["src/adapters/a.ts", 'import pg from "pg";'],
    ["src/store/a.ts", 'import type { Fact } from "../core/fact.ts";'],
    ["src/verify/checks/a.ts", 'import type { Fact } from "../../core/fact.ts";'],
    ["src/verify/a.ts", 'export * from "../seal/leaf.ts";'],
    ["src/verify/a.ts", 'const { run } = await import("../ledger/run.ts");'],
    ["src/ledger/a.ts", 'import { print } from "../cli/print.ts";'],
    ["src/ledger/a.ts", 'import { histories } from "../testing/histories.ts";'],
    ["src/ledger/a.ts", 'import pg from "pg";'],
    ["src/reports/a.ts", 'import { walk } from "../core/matching/walk.ts";'],
    ["src/index.ts", 'export { run } from "./cli/main.ts";'],
    ["src/cli/a.ts", 'import { histories } from "../testing/histories.ts";'],
    ["src/cli/a.ts", 'import { tidy } from "../../scripts/tidy.ts";'],
    ["src/novelty/a.ts", 'import { a } from "./b.ts";'],
    ["src/core/a.ts", 'import {\n  Buffer,\n} from "node:buffer";'],
  ];
  for (const [path, text] of refused)
    it(`refuse ${path}: ${text}`, () =>
      expect(judge({ [path]: text }, "import boundary")).toHaveLength(1));

  const allowed: [path: string, text: string][] = [
    ["src/core/matching/a.ts", 'import { toUnits } from "../decimal.ts";'],
    ["src/core/a.test.ts", 'import { readFileSync } from "node:fs";'],
    ["src/seal/a.ts", 'import { type Fact, type Fill } from "../core/fact.ts";'],
    ["src/seal/a.ts", 'import { hash } from "node:crypto";'],
    ["src/reports/a.ts", 'import { formatInstant } from "../core/time.ts";'],
    ["src/verify/a.ts", 'import { LotbookError } from "../errors.ts";'],
    ["src/core/a.ts", '// import { hash } from "node:crypto";'],
    ["src/core/a.ts", "const text = 'import { hash } from \"node:crypto\"';"],
    ["src/cli/main.ts", 'import about from "../../package.json" with { type: "json" };'],
  ];
  for (const [path, text] of allowed)
    it(`allow ${path}: ${text}`, () =>
      expect(judge({ [path]: text }, "import boundary")).toEqual([]));

  it("see every form of import", () => {
    const text = [
      'import "./a.ts";',
      'import a from "./b.ts";',
      'import * as a from "./c.ts";',
      'import type { A } from "./d.ts";',
      'export { a, type B } from "./e.ts";',
      'const a = await import("./f.ts");',
      'new Worker(new URL("./g.ts", import.meta.url));',
    ].join("\n");
    const found = importsOf(readSource("src/core/x.ts", text));
    expect(found.map(({ specifier }) => specifier).join(" ")).toBe(
      "./a.ts ./b.ts ./c.ts ./d.ts ./e.ts ./f.ts ./g.ts",
    );
    expect(found.filter(({ typeOnly }) => typeOnly).map(({ line }) => line)).toEqual([4]);
  });
});

describe("dead files", () => {
  it("are found", () => {
    const files = {
      "src/index.ts": 'export { a } from "./core/a.ts";',
      "src/core/a.ts": "export const a = 1;",
      "src/core/dead.ts": "export const b = 1;",
      "src/core/dead.test.ts": 'import { b } from "./dead.ts";',
      "src/testing/alive.ts": "export const c = 1;",
      "test/x.test.ts": 'import { c } from "../src/testing/alive.ts";',
    };
    expect(judge(files, "dead file").map(({ path }) => path)).toEqual(["src/core/dead.ts"]);
  });
});

describe("sizes", () => {
  it("of files", () => {
    expect(judge({ "src/core/a.ts": lines(500, "a();") }, "long file")).toEqual([]);
    expect(judge({ "src/core/a.ts": lines(501, "a();") }, "long file")).toHaveLength(1);
    expect(judge({ "docs/a.md": lines(501, "a") }, "long file")).toEqual([]);
  });

  it("of lines, in characters and not bytes", () => {
    expect(judge({ "src/core/a.ts": `// ${"é".repeat(107)}` }, "long line")).toEqual([]);
    expect(judge({ "src/core/a.ts": `// ${"é".repeat(108)}` }, "long line")).toHaveLength(1);
    expect(judge({ "src/a.sql": "x".repeat(200) }, "long line")).toEqual([]);
  });

  const body = lines(69, "  work();");
  const longFunctions: Record<string, string> = {
    declaration: `function a(): void {\n${body}}`,
    "async generator": `export async function* a<T extends object>(b: T): AsyncIterable<T> {\n${body}}`,
    "return type in braces": `function a(): { b: number } | undefined {\n${body}}`,
    "destructured parameter": `function a({ b }: { b: number }): void {\n${body}}`,
    method: `class A {\n  async #a(b: string): Promise<Map<string, { c: 1 }>> {\n${body}}\n}`,
    constructor: `class A {\n  constructor() {\n${body}}\n}`,
    arrow: `const a = (b: string): void => {\n${body}};`,
    "function type": `function a(): (b: number) => void {\n${body}}`,
    "arrow in a call": `it("works", async () => {\n${body}});`,
  };
  for (const [name, text] of Object.entries(longFunctions)) {
    it(`of functions: ${name}`, () => {
      expect(judge({ "src/core/a.ts": text }, "long function")).toHaveLength(1);
      const shorter = text.replace("  work();\n", "");
      expect(judge({ "src/core/a.ts": shorter }, "long function")).toEqual([]);
    });
  }

  it("of functions: calls, blocks, objects and describe are none", () => {
    const text = [
      `if (a(b)) {\n${body}}`,
      `while (a) {\n${body}}`,
      `const a = {\n${body}};`,
      `describe("a", () => {\n${body}});`,
      `interface A {\n  a(): void;\n${body}}`,
      `class A {\n  a = b();\n${body}}`,
    ];
    for (const each of text) expect(judge({ "src/core/a.ts": each }, "long function")).toEqual([]);
  });

  it("of functions: braces in strings, templates, expressions and comments don't count", () => {
    const text =
      'function a() {\n  b("}", `}${{ c: "}" }.c}}`, /[}/]}/, 1 / 2 / 3); // }\n  /* } */\n}\n' +
      "function c() {\n}\n";
    const found = functionsOf(readSource("src/core/a.ts", text));
    expect(found.map(({ name, end }) => [name, text.slice(0, end).split("\n").length])).toEqual([
      ["a", 4],
      ["c", 6],
    ]);
  });
});

describe("banned words", () => {
  const refused: [path: string, text: string][] = [
    ["src/core/a.ts", "const now = Date.now();"],
    ["src/core/a.ts", "const day = new Date(0);"],
    ["src/core/time.ts", "const now = new Date();"],
    ["src/seal/a.ts", "const id = Math.random();"],
    ["src/core/a.ts", 'const price = parseFloat("1");'],
    ["src/core/a.ts", "const price = Number(text);"],
    ["src/core/a.ts", "const price = Number(text); // tidy: why"],
    ["src/core/a.ts", "const home = process.env;"],
    ["src/core/a.ts", "async function a() {}"],
    ["src/seal/a.ts", "const a = await b;"],
    ["src/ledger/a.ts", "const now = Date.now();"],
    ["src/cli/a.ts", "const now = new Date();"],
    ["src/store/a.ts", "const id = Math.random();"],
    ["src/core/a.ts", "const a = `${Number(text)}`;"],
  ];
  for (const [path, text] of refused)
    it(`refuse ${path}: ${text}`, () =>
      expect(judge({ [path]: text }, "banned word")).toHaveLength(1));

  const allowed: [path: string, text: string][] = [
    ["src/core/time.ts", "const day = new Date(0);"],
    ["src/core/a.ts", "const price = Number(text); // tidy: a count below 100"],
    ["src/core/a.ts", "// tidy: a count below 100\nconst price = Number(text);"],
    ["src/core/a.ts", "// Number( of floating point, Date.now"],
    ["src/core/a.ts", 'const text = "await Number(1)";'],
    ["src/core/a.ts", "Number.isSafeInteger(a); type A = Number;"],
    ["src/ledger/clock.ts", "const now = Date.now();"],
    ["src/ledger/a.ts", "const a = await b(Number(c));"],
    ["src/core/a.test.ts", "const now = Date.now();"],
  ];
  for (const [path, text] of allowed)
    it(`allow ${path}: ${text}`, () => expect(judge({ [path]: text }, "banned word")).toEqual([]));

  it("refuse cursors over ids", () => {
    for (const text of ["`SELECT 1 FROM f WHERE id > $1`", '"AND f.id >= last_seen"'])
      expect(judge({ "src/store/a.ts": text }, "cursor")).toHaveLength(1);
    expect(judge({ "src/store/a.sql": "SELECT 1 WHERE id > 5; -- id > 5" }, "cursor")).toHaveLength(
      1,
    );
    for (const text of ["`WHERE book_id > $1 AND entry > $2`", "if (id > last) {}", "// id > last"])
      expect(judge({ "src/store/a.ts": text }, "cursor")).toEqual([]);
  });

  it("refuse leftovers", () => {
    for (const word of [["FIX", "ME"].join(""), ["TO", "DO"].join("")]) {
      for (const path of ["src/core/a.ts", "test/a.test.ts", "src/a.sql", "docs/a.md"])
        expect(judge({ [path]: `-- ${word}: later` }, "leftover")).toHaveLength(1);
    }
  });

  it("refuse paths of one machine", () => {
    for (const path of ["src/core/a.ts", "docs/a.md", "package.json"])
      expect(judge({ [path]: `"${home}"` }, "machine path")).toHaveLength(1);
    const fine = '"/usr/lib/postgresql/15", "https://example.com/home/a", "../work/a"';
    expect(judge({ "docs/a.md": fine }, "machine path")).toEqual([]);
  });
});

describe("names of files", () => {
  it("say what they are about", () => {
    const vague = [
      "src/core/utils.ts",
      "src/core/fill-helper.ts",
      "src/helpers/a.ts",
      "test/order-manager.test.ts",
    ];
    expect(vague.flatMap((path) => judge({ [path]: "" }, "vague name"))).toHaveLength(4);
    expect(judge({ "src/core/serviceable.ts": "" }, "vague name")).toEqual([]);
  });
});
