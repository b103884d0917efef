import { spawn } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { acquireDirectoryLock, judge, type LockHolder } from "./directory-lock.ts";
import { openLiveSocket } from "./live-socket.ts";
import { processStart, thisMachine } from "./machine.ts";

let directory = "";
const children: ReturnType<typeof spawn>[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lotbook-lock-"));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

/** A process that takes the lock, says so and keeps it until it is told otherwise. */
async function holderProcess(
  place = directory,
): Promise<{ child: ReturnType<typeof spawn>; said: string }> {
  const module = new URL("./directory-lock.ts", import.meta.url).href;
  const script = `
    const { acquireDirectoryLock } = await import(${JSON.stringify(module)});
    try {
      const lock = await acquireDirectoryLock(process.argv[1], "import");
      console.log("held");
      process.stdin.once("data", async (data) => {
        if (String(data).startsWith("exit")) process.exit(0);
        await lock.release();
        process.exit(0);
      });
    } catch (error) {
      console.log(error.code + ": " + error.message);
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, place], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  for await (const said of createInterface({ input: child.stdout })) return { child, said };
  throw new Error("the process said nothing");
}

async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once("exit", resolve));
}

function startOf(pid: number): string | undefined {
  return pid === 2 ? undefined : "100";
}

function holder(changes: Partial<LockHolder> = {}): LockHolder {
  return {
    token: "t",
    pid: process.pid,
    command: "import",
    started: "2026-01-01T00:00:00Z",
    socket: "/nowhere",
    processStart: processStart(process.pid),
    ...thisMachine(),
    ...changes,
  };
}

describe("judging a lock", () => {
  const here = { machine: "m", boot: "b", pidSpace: "p" };
  const at = { ...here, processStart: "100" };
  const cases = [
    {
      title: "its socket answers",
      change: { boot: "other", machine: "other" },
      socket: "answers",
      is: "locked",
    },
    { title: "the process lives", change: {}, socket: "gone", is: "locked" },
    { title: "the process is gone", change: { pid: 2 }, socket: "gone", is: "stale" },
    {
      title: "its pid is another process now",
      change: { processStart: "99" },
      socket: "gone",
      is: "stale",
    },
    {
      title: "this machine was started again",
      change: { boot: "before" },
      socket: "gone",
      is: "stale",
    },
    { title: "another machine", change: { boot: "x", machine: "y" }, socket: "gone", is: "unsure" },
    {
      title: "a machine without an id",
      change: { boot: "x", machine: undefined },
      socket: "gone",
      is: "unsure",
    },
    {
      title: "another container, which left its socket",
      change: { pidSpace: "q" },
      socket: "refused",
      is: "stale",
    },
    {
      title: "another container, its socket not here",
      change: { pidSpace: "q" },
      socket: "gone",
      is: "unsure",
    },
    {
      title: "no boot is known",
      change: { boot: undefined, machine: "y" },
      socket: "gone",
      is: "unsure",
    },
    {
      title: "no boot is known, our machine's pipe",
      change: { boot: undefined },
      socket: "gone",
      is: "stale",
    },
  ] as const;
  test.each(cases)("$title: $is", ({ change, socket, is }) => {
    expect(judge(holder({ ...at, ...change }), socket, here, startOf)).toBe(is);
  });
});

test("a second opener in this process is refused, by any name of the directory", async () => {
  const lock = await acquireDirectoryLock(directory, "import");
  const link = `${directory}-link`;
  symlinkSync(directory, link);
  try {
    await expect(acquireDirectoryLock(link, "report")).rejects.toMatchObject({
      code: "DATABASE_LOCKED",
    });
  } finally {
    rmSync(link);
    await lock.release();
  }
  const again = await acquireDirectoryLock(directory, "import");
  await again.release();
  expect(readdirSync(directory)).toEqual([]);
});

test("a second process is refused and told of the first, and gets its turn after it", async () => {
  const lock = await acquireDirectoryLock(directory, "serve");
  expect((await holderProcess()).said).toContain(`pid ${process.pid}, serve, since `);
  lock.announce("http://127.0.0.1:4321");
  expect((await holderProcess()).said).toContain("serving at http://127.0.0.1:4321");
  await lock.release();
  const { child, said } = await holderProcess();
  expect(said).toBe("held");
  await expect(acquireDirectoryLock(directory, "report")).rejects.toMatchObject({
    code: "DATABASE_LOCKED",
    message: expect.stringContaining(`pid ${child.pid}, import`) as string,
  });
  child.stdin?.write("exit\n");
  await ended(child);
  expect(readdirSync(directory)).toEqual([]);
});

test("the lock of a killed process is taken over, and its leavings go", async () => {
  const { child } = await holderProcess();
  child.kill("SIGKILL");
  await ended(child);
  expect(readdirSync(directory)).toHaveLength(2);
  const lock = await acquireDirectoryLock(directory, "import");
  expect(readdirSync(directory)).toHaveLength(2);
  await lock.release();
  expect(readdirSync(directory)).toEqual([]);
});

test("of many that find a stale lock at once, one takes it over", async () => {
  for (let round = 0; round < 3; round += 1) {
    const dead = await holderProcess();
    dead.child.kill("SIGKILL");
    await ended(dead.child);
    const openers = await Promise.all(Array.from({ length: 6 }, () => holderProcess()));
    expect(openers.filter(({ said }) => said === "held")).toHaveLength(1);
    for (const { child } of openers) {
      child.kill("SIGKILL");
      await ended(child);
    }
  }
});

test("a lock of another machine is left alone, with the file to delete named", async () => {
  const path = join(directory, "lock.json");
  writeFileSync(path, JSON.stringify(holder({ machine: "elsewhere", boot: "elsewhere" })));
  await expect(acquireDirectoryLock(directory, "import")).rejects.toMatchObject({
    code: "DATABASE_LOCKED",
    advice: expect.stringContaining(path) as string,
  });
  writeFileSync(path, "not ours");
  await expect(acquireDirectoryLock(directory, "import")).rejects.toMatchObject({
    message: expect.stringContaining("may be open on another machine") as string,
  });
  expect(readFileSync(path, "utf8")).toBe("not ours");
  rmSync(path);
  await (await acquireDirectoryLock(directory, "import")).release();
});

test("a directory with a long name has its socket elsewhere", async () => {
  const socket = await openLiveSocket(join(directory, "x".repeat(90)));
  expect(Buffer.byteLength(socket.path)).toBeLessThanOrEqual(100);
  expect(socket.path.startsWith(directory)).toBe(false);
  await socket.close();
});
