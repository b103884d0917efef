/** Import boundaries: which part of src may import which, and which packages. Tests may import anything. */
import { type Source, type Violation, isTest, lineOf } from "./source.ts";

interface Boundary {
  /** Parts of src; `core:types` allows types only, `core:text` the modules named in `textModules`. */
  readonly parts: readonly string[];
  readonly packages: readonly RegExp[];
}

const node = /^node:/;
/** The formats and parsers of text that need no more than text: what reports may take of core. */
const textModules = /^src\/core\/(?:decimal|time|instrument|field|fact)\.ts$/;

const boundaries: Record<string, Boundary> = {
  core: { parts: [], packages: [] },
  seal: { parts: ["core:types"], packages: [/^node:crypto$/] },
  errors: { parts: [], packages: [] },
  store: {
    parts: ["errors"],
    packages: [node, /^pg$/, /^pg-copy-streams$/, /^@electric-sql\/pglite(?:\/|$)/],
  },
  adapters: {
    parts: ["core", "errors"],
    packages: [/^node:(?:buffer|string_decoder|util|crypto)$/, /^csv-/],
  },
  verify: { parts: ["store", "errors"], packages: [node] },
  reports: { parts: ["store", "errors", "core:text"], packages: [] },
  // The views and the sums of reports: what is explained is what they show.
  explain: { parts: ["store", "errors", "reports", "core:text"], packages: [] },
  // The ledger offers the proof; the proof knows nothing of the ledger.
  ledger: { parts: ["core", "seal", "store", "adapters", "verify", "errors"], packages: [node] },
  diff: { parts: ["core", "seal", "store", "ledger", "reports", "errors"], packages: [] },
  legacy: {
    parts: ["core", "seal", "store", "adapters", "ledger", "reports", "explain", "errors"],
    packages: [node],
  },
  generate: { parts: ["core", "errors", "adapters", "testing"], packages: [node] },
  testing: {
    parts: [
      "core",
      "seal",
      "errors",
      "store",
      "adapters",
      "verify",
      "reports",
      "explain",
      "ledger",
      "diff",
      "legacy",
      "generate",
      "index",
    ],
    packages: [/./],
  },
  index: {
    parts: [
      "core",
      "seal",
      "errors",
      "store",
      "adapters",
      "verify",
      "reports",
      "explain",
      "ledger",
      "diff",
      "legacy",
    ],
    packages: [node],
  },
  cli: {
    parts: [
      "core",
      "seal",
      "errors",
      "store",
      "adapters",
      "verify",
      "reports",
      "explain",
      "ledger",
      "diff",
      "legacy",
      "generate",
      "index",
    ],
    packages: [/./],
  },
};

export interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly typeOnly: boolean;
}

const statement = /\b(?:import|export)\s+(type\s+)?(?:([\w*{][^;"'`]*?)\s+from\s*)?(["'])/;
const dynamicImport = /\bimport\s*\(\s*(["'`])/;
const namedFile = /\bnew URL\(\s*(["'`])/;
const importShape = new RegExp(
  [statement, dynamicImport, namedFile].map(({ source }) => source).join("|"),
  "g",
);

/** Static and dynamic imports, and files named by `new URL(…)`, such as workers. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  for (const match of source.text.matchAll(importShape)) {
    const [all, typeWord, clause, ...quotes] = match;
    if (source.code[match.index] !== all[0]) continue;
    const quote = quotes.find((each) => each !== undefined)!;
    const start = match.index + all.length;
    const specifier = source.text.slice(start, source.text.indexOf(quote, start));
    const names = /^\{([^}]*)\}$/.exec(clause?.trim() ?? "")?.[1]?.split(",") ?? [];
    const given = names.map((name) => name.trim()).filter((name) => name !== "");
    const allTypes = given.length > 0 && given.every((name) => name.startsWith("type "));
    const typeOnly = typeWord !== undefined || allTypes;
    found.push({ specifier, line: lineOf(source.text, match.index), typeOnly });
  }
  return found;
}

/** The file that a relative specifier means. */
export function resolveImport(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const step of specifier.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== ".") parts.push(step);
  }
  return parts.join("/");
}

export function partOf(path: string): string {
  return path.split("/")[1]!.replace(/\.ts$/, "");
}

export function importBoundaries(sources: readonly Source[]): Violation[] {
  return sources
    .filter(({ path }) => /^src\/.*\.ts$/.test(path) && !isTest(path))
    .flatMap((source) =>
      importsOf(source).flatMap((each) => {
        const message = judge(source.path, each);
        return message === undefined
          ? []
          : [{ path: source.path, line: each.line, rule: "import boundary", message }];
      }),
    );
}

function judge(path: string, { specifier, typeOnly }: Import): string | undefined {
  const part = partOf(path);
  const boundary = boundaries[part];
  if (boundary === undefined)
    return `src/${part} has no boundary: add it to scripts/tidy/imports.ts`;
  if (!specifier.startsWith(".")) {
    const allowed = boundary.packages.some((pattern) => pattern.test(specifier));
    return allowed ? undefined : `src/${part} must not import the package ${specifier}`;
  }
  const target = resolveImport(path, specifier);
  if (!target.startsWith("src/")) {
    return target === "package.json" ? undefined : `src must not import ${target}`;
  }
  const targetPart = partOf(target);
  if (targetPart === part || boundary.parts.includes(targetPart)) return undefined;
  if (boundary.parts.includes(`${targetPart}:types`))
    return typeOnly ? undefined : `src/${part} may import types only from src/${targetPart}`;
  if (boundary.parts.includes(`${targetPart}:text`)) {
    const allowed = typeOnly || textModules.test(target);
    return allowed ? undefined : `src/${part} may import text functions only, not ${target}`;
  }
  return `src/${part} must not import src/${targetPart}`;
}

/** Files that are run or published and so need no importer. */
const entries = new Set(["src/index.ts", "src/cli/main.ts"]);

export function deadFiles(sources: readonly Source[]): Violation[] {
  const imported = new Set<string>();
  for (const source of sources.filter(({ path }) => path.endsWith(".ts"))) {
    for (const { specifier } of importsOf(source)) {
      if (!specifier.startsWith(".")) continue;
      const target = resolveImport(source.path, specifier);
      // A file that only its tests import is dead, but for what is made for tests.
      if (!isTest(source.path) || target.startsWith("src/testing/")) imported.add(target);
    }
  }
  return sources
    .map(({ path }) => path)
    .filter((path) => /^src\/.*\.ts$/.test(path) && !isTest(path))
    .filter((path) => !path.endsWith(".d.ts") && !entries.has(path) && !imported.has(path))
    .map((path) => ({ path, line: 1, rule: "dead file", message: "nothing but tests imports it" }));
}
