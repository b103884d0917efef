/**
 * One process at a time on a data directory: PGlite itself checks nothing, and two writers would destroy it.
 *
 * The lock is a small file that says who holds it, and a socket that answers while they live. Taking it is
 * linking a complete file to its name, which succeeds for one. A lock is stale only for a reason that is
 * certain; where none is, opening is refused with the file to delete. Only one process at a time removes
 * somebody else's lock, so a judgement can't be overtaken by another's takeover.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LotbookError } from "../../errors.ts";
import { askSocket, type LiveSocket, openLiveSocket, type SocketState } from "./live-socket.ts";
import { processStart, thisMachine } from "./machine.ts";

export interface LockHolder {
  readonly token: string;
  readonly pid: number;
  readonly command: string;
  readonly started: string;
  readonly socket: string;
  readonly address?: string | undefined;
  readonly processStart?: string | undefined;
  readonly machine?: string | undefined;
  readonly boot?: string | undefined;
  readonly pidSpace?: string | undefined;
}

export interface DirectoryLock {
  announce(address: string): void;
  release(): Promise<void>;
}

export type Judgement = "locked" | "stale" | "unsure";

const lockName = "lock.json";
const takeoverName = "lock-takeover";
/** A takeover is a few file operations; one this old was cut short by the end of its process. */
const takeoverMilliseconds = 10_000;
const attemptsMax = 100;
const endingAttempts = 20;

/** Across all copies of this module in one process: PGlite opens a directory twice without complaint. */
const openHere = processWideSet("lotbook.open-directories");

function processWideSet(name: string): Set<string> {
  const key = Symbol.for(name);
  const holder = globalThis as { [key: symbol]: unknown };
  const known = holder[key];
  if (known instanceof Set) return known as Set<string>;
  const made = new Set<string>();
  holder[key] = made;
  return made;
}

export async function acquireDirectoryLock(
  directory: string,
  command: string,
): Promise<DirectoryLock> {
  // By file number and not by name: links and mounts give one directory many names.
  const { dev, ino } = statSync(directory, { bigint: true });
  const identity = `${dev}:${ino}`;
  if (openHere.has(identity)) {
    throw new LotbookError("DATABASE_LOCKED", `this process has ${directory} open already`);
  }
  openHere.add(identity);
  try {
    return await acquire(directory, command, () => openHere.delete(identity));
  } catch (error) {
    openHere.delete(identity);
    throw error;
  }
}

async function acquire(
  directory: string,
  command: string,
  forget: () => void,
): Promise<DirectoryLock> {
  const path = join(directory, lockName);
  // Looked at first, so that a refused opener leaves no trace.
  await judgeHolder(path);
  const socket = await openLiveSocket(directory);
  const holder = describeOurselves(command, socket.path);
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (createLock(path, holder)) return heldLock(path, holder, socket, forget);
      if ((await judgeHolder(path)) === "stale") await removeStale(path);
    }
    throw new LotbookError("DATABASE_LOCKED", `many processes want to open ${directory} at once`);
  } catch (error) {
    await socket.close();
    throw error;
  }
}

function describeOurselves(command: string, socket: string): LockHolder {
  return {
    token: randomBytes(12).toString("hex"),
    pid: process.pid,
    command,
    // tidy: for people to read; nothing is decided by it
    started: new Date().toISOString(),
    socket,
    processStart: processStart(process.pid),
    ...thisMachine(),
  };
}

/** True when it is ours now, false when it is somebody's. */
function createLock(path: string, holder: LockHolder): boolean {
  const draft = `${path}.${holder.token}`;
  try {
    writeFileSync(draft, JSON.stringify(holder), { flag: "wx", mode: 0o644 });
    linkSync(draft, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // No hard links there. A reader may then see the file before its content, and waits for it.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS" && code !== "EOPNOTSUPP")
      throw error;
    return createExclusively(path, holder);
  } finally {
    rmSync(draft, { force: true });
  }
}

function createExclusively(path: string, holder: LockHolder): boolean {
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: "wx", mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function heldLock(
  path: string,
  holder: LockHolder,
  socket: LiveSocket,
  forget: () => void,
): DirectoryLock {
  let held = true;
  const removeOurs = (): void => {
    if (readHolder(path)?.token === holder.token) rmSync(path, { force: true });
  };
  const atExit = (): void => {
    removeOurs();
    socket.removeNow();
  };
  process.once("exit", atExit);
  return {
    announce(address) {
      const draft = `${path}.${holder.token}`;
      writeFileSync(draft, JSON.stringify({ ...holder, address }), { mode: 0o644 });
      renameSync(draft, path);
    },
    async release() {
      if (!held) return;
      held = false;
      process.off("exit", atExit);
      removeOurs();
      forget();
      await socket.close();
    },
  };
}

/** `free` or `stale`; a lock that holds, or may, is thrown. */
async function judgeHolder(path: string): Promise<"free" | "stale"> {
  for (let attempt = 1; ; attempt += 1) {
    const holder = await readCompletely(path);
    if (holder === undefined) return "free";
    if (holder === "unreadable") throw refusal(path, "unsure", undefined);
    const socket = await askSocket(holder.socket);
    const judgement = judge(holder, socket);
    if (judgement === "stale") return "stale";
    // A process that is ending: its socket goes before itself. Soon there is one answer to both.
    const isEnding = judgement === "locked" && socket !== "answers";
    if (!isEnding || attempt === endingAttempts) throw refusal(path, judgement, holder);
    await sleep(50);
  }
}

function refusal(path: string, judgement: Judgement, holder: LockHolder | undefined): LotbookError {
  const directory = dirname(path);
  if (judgement === "unsure" || holder === undefined) {
    const who = holder === undefined ? "" : `: ${describe(holder)}`;
    return new LotbookError(
      "DATABASE_LOCKED",
      `${directory} may be open on another machine${who}`,
      {
        advice: `If no lotbook runs on it anywhere, delete ${path} and try again.`,
      },
    );
  }
  const message = `${directory} is open in another process: ${describe(holder)}`;
  return new LotbookError("DATABASE_LOCKED", message, {
    advice:
      holder.address === undefined
        ? "Wait for it to end, or stop it. To share a ledger among processes, use a PostgreSQL server."
        : `It serves this ledger at ${holder.address}: use that, or stop it.`,
  });
}

function describe(holder: LockHolder): string {
  const address = holder.address === undefined ? "" : `, serving at ${holder.address}`;
  return `pid ${holder.pid}, ${holder.command}, since ${holder.started}${address}`;
}

/** Whether the one who wrote the lock is still there, as far as it can be known from here. */
export function judge(
  holder: LockHolder,
  socket: SocketState,
  here: ReturnType<typeof thisMachine> = thisMachine(),
  startOf: (pid: number) => string | undefined = processStart,
): Judgement {
  if (socket === "answers") return "locked";
  const sameMachine = holder.machine !== undefined && holder.machine === here.machine;
  if (holder.boot === undefined || here.boot === undefined) {
    // Windows: its pipes are of the whole machine and end with their process.
    return sameMachine && socket === "gone" ? "stale" : "unsure";
  }
  if (holder.boot !== here.boot) return sameMachine ? "stale" : "unsure";
  const samePids = holder.pidSpace !== undefined && holder.pidSpace === here.pidSpace;
  if (samePids) {
    const start = startOf(holder.pid);
    if (start === undefined || start !== holder.processStart) return "stale";
    return "locked";
  }
  // Another container on this kernel, whose pids mean nothing here: a socket that nobody listens at is proof.
  return socket === "refused" ? "stale" : "unsure";
}

async function removeStale(path: string): Promise<void> {
  const takeover = join(dirname(path), takeoverName);
  if (!createTakeover(takeover)) {
    await sleep(20);
    return;
  }
  try {
    // Judged again: between the first look and here another may have taken over and be at work.
    if ((await judgeHolder(path)) !== "stale") return;
    const holder = readHolder(path);
    rmSync(path, { force: true });
    if (holder !== undefined) removeSocket(dirname(path), holder.socket);
    removeDrafts(dirname(path));
  } finally {
    rmSync(takeover, { force: true });
  }
}

function createTakeover(path: string): boolean {
  try {
    closeSync(openSync(path, "wx", 0o644));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (isOld(path)) rmSync(path, { force: true });
    return false;
  }
}

/** Only what a lock of ours can have named: the file may have been edited. */
function removeSocket(directory: string, path: string): void {
  const isBeside =
    dirname(path) === directory && /^lock-[0-9a-f]{12}\.socket$/.test(basename(path));
  const isElsewhere = /^lotbook-[0-9a-f]{24}\.socket$/.test(basename(path));
  if (process.platform !== "win32" && (isBeside || isElsewhere)) rmSync(path, { force: true });
}

function removeDrafts(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (!/^lock\.json\.[0-9a-f]{24}$/.test(name)) continue;
    // A young one may be an opener's that is about to link it.
    if (isOld(path)) rmSync(path, { force: true });
  }
}

function isOld(path: string): boolean {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) return false;
  // tidy: compared with a file's time, which no clock of ours sets
  return Date.now() - file.mtimeMs > takeoverMilliseconds;
}

async function readCompletely(path: string): Promise<LockHolder | "unreadable" | undefined> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    const holder = readHolder(path);
    if (holder !== undefined) return holder;
    await sleep(25);
  }
  return "unreadable";
}

function readHolder(path: string): LockHolder | undefined {
  try {
    const found = JSON.parse(readFileSync(path, "utf8")) as Partial<LockHolder> | null;
    const isWhole =
      typeof found?.token === "string" &&
      typeof found.pid === "number" &&
      typeof found.socket === "string" &&
      typeof found.command === "string";
    return isWhole ? (found as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}
