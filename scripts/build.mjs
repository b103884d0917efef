/**
 * Builds dist/: compiles src, copies the SQL, removes what has no source any more. It runs on the system's Node too
 * (18 or later), because `npm ci` runs it as `prepare`; it says nothing on stdout.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");
const stamp = join(dist, ".stamp");
const entry = join(dist, "cli", "main.js");
const settings = ["package.json", "tsconfig.json", "tsconfig.build.json", "scripts/build.mjs"];

/** Everything below a folder, itself included: a folder's time changes when a file in it goes. */
function* walk(folder) {
  yield folder;
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, item.name);
    if (item.isDirectory()) yield* walk(path);
    else yield path;
  }
}

export function isBuilt() {
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const sources = [...walk(join(root, "src")), ...settings.map((name) => join(root, name))];
  return sources.every((path) => statSync(path).mtimeMs <= built);
}

function compile() {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const result = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: root,
    encoding: "utf8",
  });
  process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  if (result.error !== undefined) throw result.error;
  return result.status === 0;
}

function copySql() {
  for (const path of walk(join(root, "src"))) {
    if (!path.endsWith(".sql")) continue;
    const target = join(dist, path.slice(join(root, "src").length));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
  }
}

function removeStale() {
  const paths = Array.from(walk(dist));
  for (const path of paths) {
    if (path === dist || path === stamp || !existsSync(path)) continue;
    const source = join(root, "src", path.slice(dist.length)).replace(/(?:\.d\.ts|\.js)$/, ".ts");
    if (!existsSync(source)) rmSync(path, { recursive: true });
  }
}

export function build() {
  // What is saved while the compiler runs must count as newer.
  const started = new Date();
  rmSync(stamp, { force: true });
  if (!compile()) return false;
  copySql();
  removeStale();
  if (existsSync(entry)) chmodSync(entry, 0o755);
  writeFileSync(stamp, "");
  utimesSync(stamp, started, started);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !build()) process.exitCode = 1;
