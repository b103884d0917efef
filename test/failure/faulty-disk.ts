/** A disk that refuses: writes, syncs or anything that changes it, in this process and below a directory. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve, sep } from "node:path";

export interface Fault {
  readonly code: "ENOSPC" | "EIO" | "EROFS";
  /** What fails; a disk with no room still syncs. */
  readonly calls: "writes" | "syncs" | "changes";
  /** Of that many bytes written, or syncs done, the next one fails, and all after it. */
  readonly after: number;
}

export interface FaultyDisk {
  /** Undefined: the disk is sound again. */
  set(fault: Fault | undefined): void;
  /** Whether something was refused since. */
  readonly refused: boolean;
  /** Puts Node's own functions back. */
  remove(): void;
}

function pathOf(descriptor: number): string {
  return fs.readlinkSync(`/proc/self/fd/${descriptor}`);
}

const changing = ["mkdirSync", "renameSync", "unlinkSync", "linkSync", "writeFileSync"] as const;

/** The files of `directory` are on this disk from now on. Those open already are, too. */
export function putOnFaultyDisk(directory: string): FaultyDisk {
  const names = ["openSync", "writeSync", "fsyncSync", "ftruncateSync", ...changing] as const;
  const own = Object.fromEntries(names.map((name) => [name, fs[name]])) as Pick<
    typeof fs,
    (typeof names)[number]
  >;
  const root = resolve(directory);
  const isOnIt = (path: string): boolean => path === root || path.startsWith(root + sep);
  let fault: Fault | undefined;
  let left = 0;
  let refused = false;
  const take = (amount: number, path: string, call: string): void => {
    if (!isOnIt(path)) return;
    left -= amount;
    if (left >= 0) return;
    refused = true;
    const { code } = fault!;
    throw Object.assign(new Error(`${code}: refused, ${call}`), { code, syscall: call, path });
  };
  const isFault = (...calls: readonly Fault["calls"][]): boolean =>
    fault !== undefined && calls.includes(fault.calls);
  const replace = (name: (typeof names)[number], check: (...args: never[]) => void): void => {
    const call = own[name] as (...args: never[]) => unknown;
    const checked = (...args: never[]): unknown => {
      check(...args);
      return call(...args);
    };
    Object.assign(fs, { [name]: checked });
  };
  // The engine writes parts of its memory: what is written is as long as it says, and not as what it is in.
  replace("writeSync", (fd: number, data: Uint8Array, _from: number, length = data.length) => {
    if (isFault("writes", "changes")) take(length, pathOf(fd), "write");
  });
  replace("ftruncateSync", (fd: number, length: number) => {
    if (isFault("writes", "changes")) take(length, pathOf(fd), "ftruncate");
  });
  replace("fsyncSync", (fd: number) => {
    if (isFault("syncs")) take(1, pathOf(fd), "fsync");
  });
  replace("openSync", (path: fs.PathLike, flags: unknown) => {
    const reads = flags === undefined || flags === "r" || (Number(flags) & 3) === 0;
    if (isFault("changes") && !reads) take(1, resolve(String(path)), "open");
  });
  for (const name of changing) {
    replace(name, (...paths: unknown[]) => {
      const path = resolve(String(name === "linkSync" ? paths[1] : paths[0]));
      if (isFault("changes")) take(1, path, name.replace("Sync", ""));
    });
  }
  syncBuiltinESMExports();
  return {
    set: (next) => {
      fault = next;
      left = next?.after ?? 0;
      refused = false;
    },
    get refused() {
      return refused;
    },
    remove: () => {
      Object.assign(fs, own);
      syncBuiltinESMExports();
    },
  };
}
