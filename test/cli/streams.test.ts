/** The command line among other processes: what it reads from, what it writes to, and being told to stop. */
import { execFile, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { engines, type TestPlace } from "../engines.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const header = "fill_id,executed_at,symbol,side,quantity,price\n";
const row = (id: string): string => `${id},2026-03-02T14:05:11Z,BTC-USD,buy,1,100\n`;

const embedded = engines.find(({ kind }) => kind === "pglite");

let directory: string;
let ledger: TestPlace;

interface Outcome {
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

function start(words: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const env = { ...process.env, LOTBOOK_DB: ledger.location, TMPDIR: directory };
  return spawn(process.execPath, [main, ...words], { cwd: directory, env, ...options });
}

/** Waits for the end; keeps what is printed. */
async function end(child: ChildProcess): Promise<Outcome> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.on("data", (data: Buffer) => {
      texts[name] += data.toString();
    });
  const [status, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { status: status ?? signal!, ...texts };
}

/** The throwaway directories of `start`. */
const demonstrations = (): string[] =>
  readdirSync(directory).filter((name) => name.startsWith("lotbook-start-"));

describe.skipIf(embedded === undefined)("among other processes", () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "lotbook-streams-"));
    ledger = await embedded!.place();
  });
  afterAll(async () => {
    await ledger.remove();
    await rm(directory, { recursive: true, force: true });
  });

  describe("standard input", () => {
    test("is a file called -", async () => {
      const child = start(["import", "-", "--format", "json"]);
      child.stdin!.end(header + row("b1"));
      const { status, stdout, stderr } = await end(child);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({
        recorded: 1,
        files: [{ file: "standard input" }],
      });
    });

    test("is no directory", async () => {
      const folder = openSync(directory, "r");
      const refused = await end(start(["import", "-"], { stdio: [folder, "pipe", "pipe"] }));
      closeSync(folder);
      expect(refused).toMatchObject({ status: 2, stdout: "" });
      expect(refused.stderr).toContain("standard input is a directory");
    });
  });

  /** Everything that is written there fails: there is no room. */
  const full = "/dev/full";

  describe("where results and messages go", () => {
    test.skipIf(!existsSync(full))("no room for results ends with 3 and one line", async () => {
      for (const words of [["--help"], ["--version"], ["generate", "--fills", "9"]]) {
        const to = openSync(full, "w");
        const { status, stderr } = await end(start(words, { stdio: ["ignore", to, "pipe"] }));
        closeSync(to);
        expect({ status, stderr }).toEqual({
          status: 3,
          stderr:
            "lotbook: standard output has no space left on its disk\nMake room and run it again.\n",
        });
      }
    });

    test("nobody who reads help, or the program's version, is no failure", async () => {
      for (const words of [["--help"], ["--version"], ["report", "--help"]]) {
        const child = start(words);
        child.stdout!.destroy();
        expect(await end(child)).toMatchObject({ status: 0, stderr: "" });
      }
    });

    test("nobody who reads messages changes nothing", async () => {
      const child = start(["import", "no-such-file"]);
      child.stderr!.destroy();
      expect(await end(child)).toMatchObject({ status: 2, stdout: "" });
    });

    test("what needs a person is known by the exit status, even if nobody reads on", async () => {
      const child = start(["import", "-", "--skip-bad-rows"]);
      child.stdout!.destroy();
      child.stdin!.end(`${header}f,now,BTC-USD,buy,1,100\n${row("b2")}`);
      const { status, stderr } = await end(child);
      expect(status).toBe(1);
      expect(stderr).toContain('standard input row 2, executed_at "now": ');
    });

    test("nothing in a message moves a cursor", async () => {
      const evil = "a\u001b[2Jb\nc";
      for (const words of [
        [evil],
        ["import", evil],
        ["report", "pnl", `--${evil}`],
        ["db", evil],
      ]) {
        const { status, stderr } = await end(start(words));
        expect(status).toBe(2);
        expect(stderr).toContain("a\\u{1b}[2Jb");
        expect(stderr).not.toContain("\u001b");
      }
    });
  });

  describe("told to stop", () => {
    test("in the middle of an import: nothing is recorded, and the next one goes on", async () => {
      const child = start(["import", "-"]);
      const ended = end(child);
      // The rest never comes: the import waits in its transaction.
      child.stdin!.write(header + row("b3").repeat(3));
      while (!existsSync(join(ledger.location, "lock.json"))) await sleep(50);
      await sleep(1000);
      child.kill("SIGINT");
      expect(await ended).toEqual({ status: "SIGINT", stdout: "", stderr: "" });
      writeFileSync(join(directory, "good.csv"), header + row("b3"));
      const again = await end(start(["import", "good.csv", "--format", "json"]));
      expect(again).toMatchObject({ status: 0, stderr: "" });
      expect(JSON.parse(again.stdout)).toMatchObject({ recorded: 1, duplicates: 0 });
    });

    test("the demonstration leaves nothing behind", async () => {
      const child = start(["start"]);
      const ended = end(child);
      while (demonstrations().length === 0) await sleep(20);
      child.kill("SIGTERM");
      expect((await ended).status).toBe("SIGTERM");
      expect(demonstrations()).toEqual([]);
    });
  });

  test("many files are not all open at once", async () => {
    const folder = join(directory, "many");
    mkdirSync(folder);
    const names = Array.from({ length: 300 }, (_, index) => join("many", `${index}.csv`));
    for (const [index, name] of names.entries())
      writeFileSync(join(directory, name), header + row(`m${index}`));
    const command = 'ulimit -n 256 && exec "$@"';
    const words = ["-c", command, "sh", process.execPath, main, "import", ...names];
    const env = { ...process.env, LOTBOOK_DB: ledger.location };
    const stdout = await new Promise<string>((resolve, reject) => {
      execFile("/bin/sh", words, { cwd: directory, env }, (error, out) =>
        error === null ? resolve(out) : reject(error),
      );
    });
    expect(stdout).toMatch(/total +300 +300 /);
  });
});
