/**
 * Plants faults in a copy of the system, one at a time, and runs the tests that ought to notice: a suite that
 * stays green over a fault proves nothing. Exits with 1 where a fault is not caught.
 *
 *   node scripts/faults.ts [PART OF A NAME]
 *
 * Before any fault, the same tests run with a change that alters nothing. They must pass: so "caught" means
 * caught, and a run in which nothing can fail does not look like success.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tellTrials } from "../test/reliability.ts";
import { adapterFaults } from "./faults/adapters.ts";
import { coreFaults } from "./faults/core.ts";
import { failureFaults } from "./faults/failures.ts";
import type { Fault } from "./faults/fault.ts";
import { ledgerFaults } from "./faults/ledger.ts";
import { legacyFaults } from "./faults/legacy.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const copied = [
  "src",
  "test",
  "docs",
  "examples",
  "scripts",
  "bench",
  "package.json",
  "tsconfig.json",
];
const others = ["tsconfig.build.json", "vitest.config.ts", "README.md", "CHANGELOG.md"];
/** Small enough for one fault; the tests draw more by themselves. */
const counts = { LOTBOOK_HISTORIES: "2000", LOTBOOK_REPLAYS: "2000", LOTBOOK_SEQUENCES: "200" };

const alone: Fault = {
  name: "nothing: a change that alters nothing",
  file: "src/core/shares.ts",
  find: "if (amount === 0n || consumed === 0n) return 0n;",
  replace: "if (consumed === 0n || amount === 0n) return 0n;",
  tests: [],
};

interface Assertion {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

interface Outcome {
  /** The first test that failed as a test should; undefined where none did. */
  readonly caughtBy: string | undefined;
  /** Why the run says nothing: it did not even start. */
  readonly broken: string | undefined;
}

/** A fault must be noticed, not stumbled over: what does not parse or is only slow breaks no rule. */
const stumble =
  /^(?:SyntaxError|ReferenceError|TransformError)|syntax error at|does not exist|timed out in/m;

/** A copy of the system to plant faults in. */
async function copySystem(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "lotbook-faults-"));
  for (const name of [...copied, ...others])
    await cp(join(root, name), join(directory, name), { recursive: true });
  await symlink(join(root, "node_modules"), join(directory, "node_modules"));
  return directory;
}

function testsRun(
  directory: string,
  files: readonly string[],
  named: string | undefined,
  results: string,
): Promise<string> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const filter = named === undefined ? [] : ["-t", named];
  const how = ["--reporter=json", `--outputFile=${results}`, "--no-cache"];
  const engines = process.env["LOTBOOK_TEST_ENGINES"] ?? "pglite";
  const child = spawn(process.execPath, [vitest, "run", ...how, ...filter, ...files], {
    cwd: directory,
    // What tests tell over a planted fault is not what they came to.
    env: {
      ...process.env,
      ...counts,
      LOTBOOK_TEST_ENGINES: engines,
      LOTBOOK_RELIABILITY: undefined,
      CI: "1",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => resolve(said));
  });
}

async function judge(
  directory: string,
  { tests, named }: Pick<Fault, "tests" | "named">,
): Promise<Outcome> {
  const results = join(directory, "results.json");
  const said = await testsRun(directory, tests, named, results);
  if (!existsSync(results)) return { caughtBy: undefined, broken: said.trim().slice(-500) };
  const report = JSON.parse(await readFile(results, "utf8")) as Report;
  await rm(results);
  const all = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = all.filter(({ status }) => status === "failed");
  const proper = failed.find(
    ({ failureMessages }) => !failureMessages.some((text) => stumble.test(text)),
  );
  if (proper !== undefined) return { caughtBy: proper.fullName, broken: undefined };
  if (failed.length === 0 && report.numPassedTests > 0)
    return { caughtBy: undefined, broken: undefined };
  const reason =
    failed[0]?.failureMessages[0] ??
    report.testResults.find((each) => each.message !== "")?.message;
  return { caughtBy: undefined, broken: (reason ?? "no test ran").slice(0, 500) };
}

/** Plants a fault, judges, and puts the file back as it was. */
async function plant(directory: string, fault: Fault): Promise<Outcome> {
  const path = join(directory, fault.file);
  const text = await readFile(path, "utf8");
  await writeFile(
    path,
    text.replace(fault.find, () => fault.replace),
  );
  try {
    return await judge(directory, fault);
  } finally {
    await writeFile(path, text);
  }
}

/** What is wrong with the list itself: the code has moved on, or a test file is gone. */
async function misplaced(faults: readonly Fault[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name, file, find, tests } of faults) {
    const path = join(root, file);
    const parts = existsSync(path) ? (await readFile(path, "utf8")).split(find).length - 1 : 0;
    if (parts !== 1) found.push(`${name}: its text stands ${parts} times in ${file}, not once`);
    for (const test of tests)
      if (!existsSync(join(root, test))) found.push(`${name}: there is no ${test}`);
  }
  return found;
}

const write = (line: string): boolean => process.stdout.write(`${line}\n`);

function tell({ name }: Fault, { caughtBy, broken }: Outcome): void {
  if (caughtBy !== undefined) write(`${name}\n  caught by ${caughtBy}`);
  else if (broken === undefined) write(`${name}\n  NOT CAUGHT`);
  else write(`${name}\n  NOT CAUGHT: ${broken}`);
}

/** Works through the faults, as many at a time as there are copies. Gives the number that was not caught. */
async function plantAll(faults: readonly Fault[], copies: readonly string[]): Promise<number> {
  const waiting = [...faults];
  let missed = 0;
  await Promise.all(
    copies.map(async (directory) => {
      for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
        const outcome = await plant(directory, fault);
        tell(fault, outcome);
        if (outcome.caughtBy === undefined) missed += 1;
      }
    }),
  );
  return missed;
}

/** Whether the tests of all faults pass over a change that alters nothing: then a failure means something. */
async function passesUnharmed(faults: readonly Fault[], directory: string): Promise<boolean> {
  const whole = faults.filter(({ named }) => named === undefined);
  const parts = faults.filter(({ named }) => named !== undefined);
  for (const group of [whole, parts].filter(({ length }) => length > 0)) {
    const tests = [...new Set(group.flatMap((fault) => fault.tests))];
    const named = group === parts ? parts.map((fault) => fault.named).join("|") : undefined;
    const outcome = await plant(directory, {
      ...alone,
      tests,
      ...(named === undefined ? {} : { named }),
    });
    if (outcome.caughtBy === undefined && outcome.broken === undefined) continue;
    tell(alone, outcome);
    write("  but it alters nothing: the tests fail without a fault");
    return false;
  }
  tell(alone, { caughtBy: undefined, broken: undefined });
  write("  as it should be");
  return true;
}

async function main(part: string | undefined): Promise<number> {
  const all: readonly Fault[] = [
    ...coreFaults,
    ...adapterFaults,
    ...ledgerFaults,
    ...legacyFaults,
    ...failureFaults,
  ];
  const wrong = await misplaced([alone, ...all]);
  if (wrong.length > 0) {
    for (const line of wrong) write(line);
    return 1;
  }
  const faults = all.filter(({ name }) => part === undefined || name.includes(part));
  const copies = await Promise.all(
    Array.from({ length: Math.min(availableParallelism(), 4) }, copySystem),
  );
  try {
    if (!(await passesUnharmed(faults, copies[0]!))) return 1;
    const missed = await plantAll(faults, copies);
    tellTrials({
      promise: "a fault planted in a rule is noticed by a test",
      test: "scripts/faults.ts",
      tried: faults.length,
      unit: "faults",
      broken: missed,
    });
    write(`${faults.length} faults, ${faults.length - missed} caught, ${missed} not`);
    return missed === 0 && faults.length > 0 ? 0 : 1;
  } finally {
    for (const copy of copies) await rm(copy, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv[2]);
