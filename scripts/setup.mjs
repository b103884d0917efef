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

/** Runs vitest and says the counts once more in one last line. */
async function runTests(args, env) {
  const folder = mkdtempSync(join(tmpdir(), "lotbook-test-"));
  const results = join(folder, "results.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const status = await run(tool("vitest", "vitest.mjs"), ["run", ...reporters, ...args], { env });
  const text = existsSync(results) ? readFileSync(results, "utf8") : "";
  rmSync(folder, { recursive: true });
  if (text === "") stop("vitest ended without results", status || 1);
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(text);
  const skipped = numPendingTests + numTodoTests;
  process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed, ${skipped} skipped\n`);
  return status;
}

/** How much more the long run draws; what the environment says goes before it. */
const longCounts = {
  LOTBOOK_CONCURRENCY_SECONDS: "30",
  LOTBOOK_EXPLAINED: "40",
  LOTBOOK_HISTORIES: "3000000",
  LOTBOOK_REPLAYS: "1000000",
  LOTBOOK_SEQUENCES: "2000",
  LOTBOOK_TEST_KILLS: "100",
};

/** Plants faults and looks whether the suite notices. */
const plantFaults = (args) => run(join(root, "scripts", "faults.ts"), args);

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
    return runTests(args, {});
  },
  "test:long": async (args) => {
    const long = { LOTBOOK_TEST_LONG: "1", ...longCounts, ...process.env };
    const status = await runTests(args, long);
    // Of chosen tests only: whoever chooses is after something else.
    return status !== 0 || args.length > 0 ? status : plantFaults([]);
  },
  faults: (args) => plantFaults(args),
  bench: (args) => runBenches(args),
};

const [name, ...rest] = process.argv.slice(2);
const command = commands[name];
if (command === undefined)
  stop(`no command ${name}; there are ${Object.keys(commands).join(", ")}`, 2);
install();
await bringUpToDate();
process.exitCode = await command(rest[0] === "--" ? rest.slice(1) : rest);
