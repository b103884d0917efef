/**
 * Writes what a long run came to into the table of docs/reliability.md: `npm run test:long -- --report`
 * ends here.
 *
 *   node scripts/reliability.ts FOLDER PAGE [PART OF A TEST'S PATH …]
 *
 * FOLDER holds `trials.ndjson`, the lines of test/reliability.ts, and `results.json`, vitest's own
 * account. Parts of paths say that only those tests were asked for. Ends with status 1 where a promise was
 * broken, a test failed, or one that has figures to tell told none.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, platform } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Server, Trials } from "../test/reliability.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const [begin, end] = ["<!-- figures -->", "<!-- end of figures -->"];

/** The part of vitest's JSON that is read. */
export interface Results {
  readonly success: boolean;
  readonly startTime: number;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export interface Run {
  readonly trials: readonly Trials[];
  readonly servers: readonly Server[];
  readonly results: Results;
  /** The tests that have figures to tell: paths from the root. */
  readonly tellers: readonly string[];
  /** Parts of paths that the run was asked for; none: all. */
  readonly chosen: readonly string[];
  readonly machine: string;
}

export interface Report {
  /** In Markdown. */
  readonly text: string;
  readonly ok: boolean;
}

const count = (value: number): string => value.toLocaleString("en-US");
/** Text of a test in a cell of a table. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

export function duration(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The same thing in several words: "500 kills on each of a, b", or "500 kills on a, 20 on b". */
function howOften(trials: readonly Trials[]): string {
  const tried = new Map<string, number>();
  for (const { engine = "", tried: times } of trials)
    tried.set(engine, (tried.get(engine) ?? 0) + times);
  const unit = trials[0]!.unit;
  const [[first = "", times = 0] = [], ...others] = [...tried];
  if (first === "") return `${count([...tried.values()].reduce((a, b) => a + b, 0))} ${unit}`;
  if (others.length > 0 && others.every(([, each]) => each === times))
    return `${count(times)} ${unit} on each of ${[...tried.keys()].join(", ")}`;
  const rest = others.map(([engine, each]) => `, ${count(each)} on ${engine}`);
  return `${count(times)} ${unit} on ${first}${rest.join("")}`;
}

function seedsOf(trials: readonly Trials[]): string {
  const seeds = new Set(trials.flatMap(({ seed }) => (seed === undefined ? [] : [seed])));
  return [...seeds].join(", ");
}

interface Row {
  readonly cells: readonly string[];
  readonly ok: boolean;
}

/** A file as vitest tells of it. */
interface Account {
  readonly took: string;
  /** Undefined where all of it passed. */
  readonly failure: string | undefined;
}

function accountOf({ results }: Run, test: string): Account | undefined {
  const file = results.testResults.find(({ name }) => relative(root, name) === test);
  if (file === undefined) return undefined;
  const failed = file.assertionResults.filter(({ status }) => status === "failed");
  const names = failed.map(({ fullName }) => fullName.trim()).join("; ");
  return {
    took: duration(file.endTime - file.startTime),
    failure: file.status === "passed" ? undefined : names || "did not come to its end",
  };
}

function rowOf(run: Run, trials: readonly Trials[]): Row {
  const [{ promise, test }] = trials as [Trials, ...Trials[]];
  const account = accountOf(run, test);
  const broken = trials.reduce((sum, each) => sum + each.broken, 0);
  const failure = account?.failure;
  const verdict = broken > 0 ? `**${count(broken)} broken**` : "0 broken";
  const result = failure === undefined ? verdict : `${verdict}; **failed**: ${failure}`;
  const cells = [promise, test, howOften(trials), result, seedsOf(trials), account?.took ?? ""];
  return { cells, ok: broken === 0 && failure === undefined };
}

function missingRow(run: Run, test: string): Row {
  const account = accountOf(run, test);
  const result = account === undefined ? "**not run**" : `**failed**: ${account.failure}`;
  const told = account !== undefined && account.failure === undefined;
  const cells = ["", test, "0", told ? "**told nothing**" : result, "", account?.took ?? ""];
  return { cells, ok: false };
}

/** What was tried on which machine, before the table. */
function headOf({ results, servers, chosen, machine }: Run): string[] {
  const ended = Math.max(...results.testResults.map(({ endTime }) => endTime), results.startTime);
  const day = new Date(results.startTime).toISOString().slice(0, 10);
  const engines = servers.map(({ engine, version }) => `${engine} (PostgreSQL ${version})`);
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = results;
  const all =
    `All tests: ${count(numPassedTests)} passed, ${count(numFailedTests)} failed, ` +
    `${count(numPendingTests)} skipped; files: ${count(testResults.length)}`;
  const outcome = results.success ? "" : " **The run failed.**";
  return [
    `Run on ${day}, in ${duration(ended - results.startTime)}, on ${machine}; ${engines.join(", ")}.`,
    `${all}.${outcome}`,
    ...(chosen.length > 0 ? [`Only tests named ${chosen.join(", ")} were asked for.`] : []),
  ];
}

/** The figures, and whether every promise was kept. */
export function report(run: Run): Report {
  const groups = new Map<string, Trials[]>();
  const byTest = run.trials.toSorted((one, other) => (one.test < other.test ? -1 : 1));
  for (const each of byTest) {
    const key = `${each.test}\n${each.promise}\n${each.unit}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const isAsked = (test: string): boolean =>
    run.chosen.length === 0 || run.chosen.some((part) => test.includes(part));
  const silent = run.tellers.filter(
    (test) => isAsked(test) && !run.trials.some((each) => each.test === test),
  );
  const rows = [
    ...[...groups.values()].map((trials) => rowOf(run, trials)),
    ...silent.map((test) => missingRow(run, test)),
  ];
  const table = [
    ["promise", "test", "how often tried", "result", "seed", "its file took"],
    Array.from({ length: 6 }, () => "---"),
    ...rows.map(({ cells }) => cells.map(cell)),
  ].map((cells) => `| ${cells.join(" | ")} |`);
  return {
    text: [...headOf(run), "", ...table].join("\n"),
    ok: run.results.success && rows.length > 0 && rows.every(({ ok }) => ok),
  };
}

/** The page with other figures between its marks. Throws where it has no marks. */
export function withFigures(page: string, figures: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${figures}\n\n${page.slice(to)}`;
}

/** Every test that calls tellTrials. */
export function findTellers(): string[] {
  const paths = ["src", "test"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) =>
      join(folder, path),
    ),
  );
  const tests = paths.filter((path) => /\.(?:test|fuzz)\.ts$/.test(path));
  return [...tests, "scripts/faults.ts"]
    .filter((path) => /\btellTrials\(/.test(readFileSync(join(root, path), "utf8")))
    .toSorted();
}

function linesOf(file: string): (Trials | Server)[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Trials | Server);
}

function main([folder = "", page = "", ...chosen]: readonly string[]): number {
  const lines = linesOf(join(folder, "trials.ndjson"));
  const { text, ok } = report({
    trials: lines.filter((line) => "promise" in line),
    servers: lines.filter((line) => "version" in line),
    results: JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as Results,
    tellers: findTellers(),
    chosen,
    machine: `${availableParallelism()} processors, ${platform()}, Node ${process.versions.node}`,
  });
  writeFileSync(page, withFigures(readFileSync(page, "utf8"), text));
  process.stdout.write(
    `${text}\n\n${ok ? "All promises held" : "NOT all promises held"}: ${page}\n`,
  );
  return ok ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = main(process.argv.slice(2));
