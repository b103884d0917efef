/**
 * Keeps the pages that show commands true: runs every command of their `console` blocks and rewrites what
 * it printed. Run: node scripts/readme.ts, with pages to do only these. test/docs/shown.test.ts fails when a
 * page and its commands differ.
 *
 * A line that begins with `$ ` is a command; the lines up to the next one are its output, as on a terminal
 * of 100 columns without colours. A line `…` stands for lines left out: as many lines before it and after it
 * are shown as the page shows now. A command that ends with `> file` shows nothing. The commands of a page
 * share one directory, with the examples in it.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Pages with console blocks. */
export const pages: readonly string[] = [
  "README.md",
  "docs/guide/getting-started.md",
  "docs/guide/a-day.md",
  "docs/guide/corrections.md",
  "docs/guide/review.md",
  "docs/guide/proof.md",
  "docs/guide/legacy.md",
  "docs/explain.md",
];

const root = new URL("../", import.meta.url);
const main = fileURLToPath(new URL("src/cli/main.ts", root));
const library = new URL("src/index.ts", root).href;
const columns = 100;
const leftOut = "…";

/** One command of a page and the lines of the page that its output takes. */
export interface Shown {
  readonly command: string;
  readonly output: readonly string[];
  /** Where the output begins in the page, as an index of its lines. */
  readonly at: number;
}

export function readPage(page: string): string {
  return readFileSync(new URL(page, root), "utf8");
}

/** The commands of a page's console blocks, in order. */
export function shownIn(text: string): Shown[] {
  const found: { command: string; output: string[]; at: number }[] = [];
  let inside = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("```")) inside = line === "```console";
    else if (inside && line.startsWith("$ "))
      found.push({ command: line.slice(2), output: [], at: index + 1 });
    else if (inside) found.at(-1)?.output.push(line);
  }
  return found.map((shown) => ({ ...shown, output: withoutBlankEnd(shown.output) }));
}

function withoutBlankEnd(lines: readonly string[]): string[] {
  const end = lines.findLastIndex((line) => line !== "");
  return lines.slice(0, end + 1);
}

/** What is typed, as arguments of the command line in src: nothing needs to be built. */
function toArguments(command: string): string[] {
  const typed = command.match(/"[^"]*"|\S+/g) ?? [];
  const [first, ...words] = typed.map((word) => word.replaceAll('"', ""));
  if (first === "lotbook") return words;
  if (first === "npm" && words[0] === "start") return ["start", ...words.slice(2)];
  throw new Error(`a page shows ${command}; only npm start and lotbook are known here`);
}

/** Stands in for a terminal; stderr stays a pipe, so that no progress line is in the way. */
const terminal = `process.stdout.isTTY = true; process.stdout.columns = ${columns};`;

/** A directory in which a page's commands run one after another. */
export class Stage {
  readonly directory: string = mkdtempSync(join(tmpdir(), "lotbook-page-"));

  constructor() {
    cpSync(new URL("examples/", root), join(this.directory, "examples"), { recursive: true });
  }

  /** Runs a command as the page types it; gives the lines of stdout and then of stderr. */
  run(command: string): string[] {
    const [typed = "", file] = command.split(" > ");
    const preload = `data:text/javascript,${encodeURIComponent(terminal)}`;
    const words = typed.split(" ");
    const { LOTBOOK_DB: _, ...environment } = process.env;
    const { status, stdout, stderr, error } = spawnSync(
      process.execPath,
      ["--import", preload, main, ...toArguments(typed)],
      {
        cwd: this.directory,
        encoding: "utf8",
        env: { ...environment, NO_COLOR: "1", npm_lifecycle_event: words[1] ?? "" },
        maxBuffer: 1 << 26,
      },
    );
    if (error !== undefined) throw error;
    // A page may show bad input, but not a broken machine or a fault.
    if (status === null || status > 2)
      throw new Error(`${command} ended with ${status}: ${stderr}`);
    if (file !== undefined) writeFileSync(join(this.directory, file), stdout);
    const text = ((file === undefined ? stdout : "") + stderr).replace(/^\n+/, "");
    return withoutBlankEnd(text.split("\n").map((line) => line.trimEnd()));
  }

  /** Runs an example of the library as if `lotbook` were installed; gives what it prints. */
  runCode(code: string): string {
    const file = join(this.directory, "example.mts");
    writeFileSync(file, code.replaceAll('"lotbook"', JSON.stringify(library)));
    return execFileSync(process.execPath, [file], { cwd: this.directory, encoding: "utf8" });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A line without what differs from run to run: times of recording (the examples' are older), names. */
export function normalize(line: string): string {
  return (
    line
      .replaceAll(
        /\b20(?:26-1[12]|2[7-9]-\d\d|[3-9]\d-\d\d)-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g,
        "<now>",
      )
      // A seal covers its batch, whose id and time are new each time.
      .replaceAll(/(?<=seal \d+ of the book )[0-9a-f]{64}/g, "<hash>")
      .replaceAll(/(?<=^(?:root|revision_hash) +)[0-9a-f]{64}/g, "<hash>")
      // A key is another each time, too.
      .replaceAll(/(?<=^key_id +)[0-9a-f]{8}$/g, "<key id>")
      .replaceAll(/(?<=^note_key +)\S+$/g, "<key>")
      .replaceAll(/[\w./-]*lotbook-[a-z]+-[\w…]+\//g, "<folder>/")
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<id>")
  );
}

/** What a page should show of what was printed: its own lines where they differ in nothing that counts. */
export function refreshed(shown: readonly string[], printed: readonly string[]): readonly string[] {
  const cut = shown.indexOf(leftOut);
  const after = shown.length - cut - 1;
  const whole = cut < 0 || cut + after >= printed.length;
  const tail = after === 0 ? [] : printed.slice(-after);
  const fresh = whole ? printed : [...printed.slice(0, cut), leftOut, ...tail];
  return fresh.map((line, index) => {
    const before = shown[index];
    return before !== undefined && normalize(before) === normalize(line) ? before : line;
  });
}

/** A page with its commands run anew. */
function rewrite(text: string, stage: Stage): string {
  const lines = text.split("\n");
  const fresh = shownIn(text).map((shown) => ({
    ...shown,
    fresh: refreshed(shown.output, stage.run(shown.command)),
  }));
  for (const { at, output, fresh: next } of fresh.toReversed())
    lines.splice(at, output.length, ...next);
  return lines.join("\n");
}

if (import.meta.main) {
  const named = process.argv.slice(2);
  for (const page of named.length === 0 ? pages : named) {
    const stage = new Stage();
    try {
      const before = readPage(page);
      const after = rewrite(before, stage);
      if (after !== before) writeFileSync(new URL(page, root), after);
      process.stdout.write(`${page}: ${after === before ? "true as it was" : "rewritten"}\n`);
    } finally {
      stage.remove();
    }
  }
}
