/**
 * The way into a fresh clone: `npm start` and `npm test` come here. Installs what package-lock.json names and
 * builds, each only when needed, and then runs the command on the Node that the package pins.
 *
 * Plain JavaScript for Node 18 or later, because nothing is installed yet when it starts. What the set-up says goes
 * to stderr.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const inModules = (...names) => join(root, "node_modules", ...names);
const marker = inModules(".lotbook-lockfile");

function lockfileDigest() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

/** npm's own account of what is in node_modules, held against the lockfile: so no `npm ci` after `npm install`. */
function matchesLockfile() {
  const hidden = inModules(".package-lock.json");
  if (!existsSync(hidden) || !existsSync(inModules("node", "bin", "node"))) return false;
  const { packages: installed } = JSON.parse(readFileSync(hidden, "utf8"));
  const { packages: wanted } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const found = installed[path];
    if (path === "" || (found === undefined && optional === true)) return true;
    return found !== undefined && found.version === version && found.integrity === integrity;
  });
}

function install() {
  const digest = lockfileDigest();
  if (existsSync(marker) && readFileSync(marker, "utf8") === digest) return;
  if (!matchesLockfile()) {
    process.stderr.write("lotbook: installing what package-lock.json names\n");
    const npm = process.env.npm_execpath;
    const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
    const { status, error } = spawnSync(command, [...first, "ci", "--no-audit", "--no-fund"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
    });
    if (error !== undefined) throw error;
    if (status !== 0) stop("npm ci failed", status ?? 1);
  }
  writeFileSync(marker, digest);
}

function stop(message, status) {
  process.stderr.write(`lotbook: ${message}\n`);
  process.exit(status);
}

async function bringUpToDate() {
  const { build, isBuilt } = await import("./build.mjs");
  if (isBuilt()) return;
  process.stderr.write("lotbook: building\n");
  if (!build()) stop("the build failed", 1);
}

/** The pinned Node, by its own path: a shell may remember where another one was. */
function pinnedNode() {
  const node = inModules("node", "bin", "node");
  return existsSync(node) ? node : process.execPath;
}

/** The environment in which `node` is the pinned one for child processes too. */
function environment(extra = {}) {
  return { ...process.env, PATH: `${inModules(".bin")}:${process.env.PATH ?? ""}`, ...extra };
}

/** Runs a script on the pinned Node to its end; gives its exit status. Signals are passed on. */
function run(script, args, { cwd = root, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(pinnedNode(), [script, ...args], {
      cwd,
      stdio: "inherit",
      env: environment(env),
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
      process.on(signal, () => {
        // A terminal sends Ctrl-C to the whole group: the child has it already.
        if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
      });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

const tool = (name, file) => inModules(name, file);
/** The quick checks, the quickest first; each must pass before the next is run. */
const checks = [
  ["the format (npm run format mends it)", tool("oxfmt", "bin/oxfmt"), ["--check"]],
  ["the linter", tool("oxlint", "bin/oxlint"), ["--quiet"]],
  ["the house rules", join(root, "scripts", "tidy.ts"), []],
  ["the types", tool("typescript", "bin/tsc"), ["--noEmit"]],
];

async function check() {
  for (const [name, script, args] of checks) {
    const status = await run(script, args);
    if (status !== 0) stop(`failed: ${name}; the tests were not run`, status);
  }
}

/** Files that ended without saying which of their tests failed: not loaded, or their process died. */
const unfinished = ({ testResults }) =>
  testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((each) => each.status === "failed"),
  ).length;

/** Runs `work` with a folder that is gone afterwards. */
async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "lotbook-test-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs vitest and says the counts once more in one last line. Leaves its results in `folder`. */
async function runTests(args, env, folder) {
  const results = join(folder, "results.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const status = await run(tool("vitest", "vitest.mjs"), ["run", ...reporters, ...args], { env });
  const text = existsSync(results) ? readFileSync(results, "utf8") : "";
  if (text === "") {
    rmSync(folder, { recursive: true });
    stop("vitest ended without results", status || 1);
  }
  const told = JSON.parse(text);
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = told;
  const skipped = numPendingTests + numTodoTests;
  const files = unfinished(told);
  const more = files === 0 ? "" : `; ${files} files did not come to their end`;
  process.stdout.write(
    `${numPassedTests} passed, ${numFailedTests} failed, ${skipped} skipped${more}\n`,
  );
  return status;
}

/** How much more the long run draws; what the environment says goes before it. */
const longCounts = {
  LOTBOOK_CHANGES: "1500",
  LOTBOOK_CLEAN_RUNS: "1000",
  LOTBOOK_CONCURRENCY_SECONDS: "30",
  LOTBOOK_EXPLAINED: "40",
  LOTBOOK_HISTORIES: "3000000",
  LOTBOOK_REPLAYS: "1000000",
  LOTBOOK_REWRITES: "20",
  LOTBOOK_SEQUENCES: "2000",
  LOTBOOK_TEST_KILLS: "100",
};

/** Plants faults and looks whether the suite notices. */
const faults = join(root, "scripts", "faults.ts");

async function runLong(args, env, folder) {
  const long = { LOTBOOK_TEST_LONG: "1", ...longCounts, ...process.env, ...env };
  const status = await runTests(args, long, folder);
  // Of chosen tests only: whoever chooses is after something else.
  return status !== 0 || args.length > 0 ? status : run(faults, [], { env });
}

/** Writes what it came to into docs/reliability.md, or the page that `--report=PAGE` names. */
async function runReported(asked, args, folder) {
  const page = asked.slice("--report=".length) || join(root, "docs", "reliability.md");
  const status = await runLong(
    args,
    { LOTBOOK_RELIABILITY: join(folder, "trials.ndjson") },
    folder,
  );
  const reported = await run(join(root, "scripts", "reliability.ts"), [folder, page, ...args]);
  return status || reported;
}

async function runBenches(names) {
  const files = readdirSync(join(root, "bench")).filter((file) => file.endsWith(".ts"));
  const chosen = files.filter((file) => names.length === 0 || names.includes(file.slice(0, -3)));
  if (chosen.length === 0) stop(`no such bench; there are ${files.join(", ")}`, 2);
  for (const file of chosen) {
    process.stdout.write(`# ${file.slice(0, -3)}\n`);
    const status = await run(join(root, "bench", file), []);
    if (status !== 0) return status;
  }
  return 0;
}

const commands = {
  /** The demo; paths are meant from where npm was called. */
  start: (args) =>
    run(join(root, "dist", "cli", "main.js"), ["start", ...args], {
      cwd: process.env.INIT_CWD ?? root,
    }),
  test: async (args) => {
    await check();
    return withFolder((folder) => runTests(args, {}, folder));
  },
  "test:long": (args) => {
    const asked = args.find((arg) => /^--report(?:=|$)/.test(arg));
    const chosen = args.filter((arg) => arg !== asked);
    return withFolder((folder) =>
      asked === undefined ? runLong(chosen, {}, folder) : runReported(asked, chosen, folder),
    );
  },
  faults: (args) => run(faults, args),
  bench: (args) => runBenches(args),
};

const [name, ...rest] = process.argv.slice(2);
const command = commands[name];
if (command === undefined)
  stop(`no command ${name}; there are ${Object.keys(commands).join(", ")}`, 2);
install();
await bringUpToDate();
process.exitCode = await command(rest[0] === "--" ? rest.slice(1) : rest);
