/** The package as it would be published: built, packed and judged. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lotbook-package-"));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function runTool(path: string, ...args: readonly string[]): string {
  return run(process.execPath, join(root, "node_modules", path), ...args);
}

let packed: Packed;

beforeAll(() => {
  if (!existsSync(join(root, "dist", ".stamp"))) run(process.execPath, "scripts/build.mjs");
  // Without scripts: `prepare` would build, and print, once more.
  const answer = run("npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder);
  const parsed = JSON.parse(answer) as Packed[] | Record<string, Packed>;
  packed = Object.values(parsed)[0]!;
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("the package", () => {
  it("holds the code, its types, the SQL, the spec and the checker of proofs, and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      "package.json",
      "LICENSE",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/cli/main.js",
    ])
      expect(paths).toContain(path);
    expect(paths).toContain("dist/store/migrations/000001_ledger.sql");
    const expected = [
      /^dist\/.*\.(?:js|d\.ts|sql)$/,
      /^docs\/spec\//,
      /^verifier\/(?:[a-z-]+\.(?:mjs|html)|README\.md)$/,
      /^(?:examples\/fills\.csv|[A-Z]+(?:\.md)?|package\.json)$/,
    ];
    const isExpected = (path: string): boolean => expected.some((form) => form.test(path));
    expect(paths.filter((path) => !isExpected(path))).toEqual([]);
    expect(paths.filter((path) => /\.(?:test|fuzz|bench)\./.test(path))).toEqual([]);
  });

  it("has a command that can be executed", () => {
    const command = packed.files.find(({ path }) => path === "dist/cli/main.js");
    expect((command?.mode ?? 0) & 0o111).toBe(0o111);
    const text = readFileSync(join(root, "dist/cli/main.js"), "utf8");
    expect(text.startsWith("#!/usr/bin/env node\n")).toBe(true);
  });

  it("passes publint", () => {
    runTool("publint/src/cli.js", join(folder, packed.filename), "--strict");
  });

  it("gives every resolver its types (attw)", () => {
    const tarball = join(folder, packed.filename);
    runTool("@arethetypeswrong/cli/dist/index.js", tarball, "--profile", "esm-only");
  });
});

describe("package-lock.json", () => {
  interface Locked {
    readonly optionalDependencies?: Record<string, string>;
  }

  it("names the optional packages of every platform, without which npm ci refuses it", () => {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      packages: Record<string, Locked>;
    };
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}).filter(
        (name) =>
          !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });
});
