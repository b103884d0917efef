/** The house rules that no linter can say, as a check: `npm run tidy`. test/tidy.test.ts runs it too. */
import { readFileSync, readdirSync } from "node:fs";
import { deadFiles, importBoundaries } from "./tidy/imports.ts";
import { longFiles, longFunctions, longLines } from "./tidy/size.ts";
import { type Source, type Violation, readSource } from "./tidy/source.ts";
import { bannedWordsOf, vagueNames } from "./tidy/words.ts";

const roots = ["src", "test", "bench", "scripts", "docs", "examples", ".ci"];
const isText = (path: string): boolean =>
  /\.(?:ts|mjs|sql|md|json|sh|yml|case)$|^\.ci\/run$/.test(path) && path !== "package-lock.json";

export function readTree(root: URL): Source[] {
  const paths = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
  for (const folder of roots) {
    for (const entry of readdirSync(new URL(`${folder}/`, root), {
      recursive: true,
      withFileTypes: true,
    })) {
      const parent = entry.parentPath.replaceAll("\\", "/");
      const at = parent.slice(new URL(root).pathname.length);
      if (entry.isFile()) paths.push(`${at.replace(/\/$/, "")}/${entry.name}`);
    }
  }
  return paths
    .filter((path) => isText(path))
    .toSorted()
    .map((path) => readSource(path, readFileSync(new URL(path, root), "utf8")));
}

export function tidy(sources: readonly Source[]): Violation[] {
  return [
    ...importBoundaries(sources),
    ...deadFiles(sources),
    ...longFiles(sources),
    ...longLines(sources),
    ...longFunctions(sources),
    ...bannedWordsOf(sources),
    ...vagueNames(sources.map(({ path }) => path)),
  ];
}

export function formatViolation({ path, line, rule, message }: Violation): string {
  return `${path}:${line}: ${rule}: ${message}`;
}

if (import.meta.main) {
  const violations = tidy(readTree(new URL("../", import.meta.url)));
  for (const violation of violations) process.stderr.write(`${formatViolation(violation)}\n`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
