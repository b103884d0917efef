/** Words and names that must not appear. The patterns are put together so that they don't find themselves. */
import { type Source, type Violation, isTest, lineOf } from "./source.ts";

interface BannedWord {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly message: string;
  /** Where in a source it is looked for. */
  readonly within: "text" | "code" | "strings";
  readonly applies: (path: string) => boolean;
}

const isPure = (path: string): boolean =>
  /^src\/(?:core|seal)\/.*\.ts$/.test(path) && !isTest(path);
/** Where the machine's clock and random numbers come in; everything else is given them. */
const isSource = (path: string): boolean =>
  /^src\/.*\.ts$/.test(path) && !isTest(path) && !/\/(?:clock|ids)\.ts$/.test(path);
const always = (): boolean => true;

const allowance = "a comment `// tidy: why` on or above the line allows it";

const pure = (pattern: RegExp, message: string): BannedWord => ({
  rule: "banned word",
  pattern,
  message: `${message}: src/core and src/seal are pure (${allowance})`,
  within: "code",
  applies: isPure,
});
const injected = (pattern: RegExp, message: string): BannedWord => ({
  rule: "banned word",
  pattern,
  message: `${message}: take it from an injected clock or ids (clock.ts, ids.ts; ${allowance})`,
  within: "code",
  applies: isSource,
});

const bannedWords: readonly BannedWord[] = [
  injected(/\bDate\.now\b/g, "reads the clock"),
  injected(/\bnew Date\(\s*\)/g, "reads the clock"),
  injected(/\bMath\.random\b/g, "draws a random number"),
  {
    ...pure(/\bnew Date\(\s*[^)\s]/g, "makes a Date"),
    applies: (path) => isPure(path) && path !== "src/core/time.ts",
  },
  pure(/\bparseFloat\b/g, "floating point"),
  pure(/(?<![.\w])Number\(/g, "floating point"),
  pure(/\bprocess\./g, "reads its environment"),
  pure(/\b(?:await|async)\b/g, "is asynchronous"),
  {
    rule: "cursor",
    pattern: /(?<![\w])id\s*>=?\s*(?:[$:?]|\w)/g,
    message: "a cursor over ids skips what commits late; page by entry number within a book",
    within: "strings",
    applies: (path) => path.startsWith("src/"),
  },
  {
    rule: "leftover",
    pattern: new RegExp(
      `\\b(?:${["FIX", "TO"].map((half, at) => half + ["ME", "DO"][at]!).join("|")})\\b`,
      "g",
    ),
    message: "finish it or file an issue",
    within: "text",
    applies: always,
  },
  {
    rule: "machine path",
    pattern: new RegExp(
      `(?<![\\w.])/(?:${["home", "root", "Users", "work", "workspace"].join("|")})/|\\b[A-Z]:\\\\Users`,
      "g",
    ),
    message: "a path of one machine",
    within: "text",
    applies: always,
  },
];

export function bannedWordsOf(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) =>
    bannedWords
      .filter(({ applies }) => applies(source.path))
      .flatMap(({ rule, pattern, message, within }) =>
        [...source[within].matchAll(pattern)].flatMap((match) => {
          const line = lineOf(source.text, match.index);
          const allowed = rule === "banned word" && isAllowed(source, line);
          return allowed ? [] : [{ path: source.path, line, rule, message }];
        }),
      ),
  );
}

/** Whether a comment `// tidy: why` stands on the line or the one above. */
function isAllowed(source: Source, line: number): boolean {
  const lines = source.comments.split("\n");
  return /\btidy: \S+ \S+/.test(`${lines[line - 2] ?? ""}\n${lines[line - 1] ?? ""}`);
}

const vagueName = /(?:^|[-_./])(?:utils?|helpers?|managers?|services?)(?=[-_./]|$)/i;

export function vagueNames(paths: readonly string[]): Violation[] {
  return paths
    .filter((path) => vagueName.test(path))
    .map((path) => ({
      path,
      line: 1,
      rule: "vague name",
      message: "name the file by the domain noun it is about",
    }));
}
