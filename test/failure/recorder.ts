/**
 * What a program asks the file system to do with the files of a directory, in order: so that a disk can be
 * made that holds only what was synced, and some of the rest. Node's file functions are replaced, which
 * Emscripten's file system calls; what is opened before `record` is not seen.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve, sep } from "node:path";

/** A file keeps its number whatever it is called. */
export type Operation =
  | { readonly kind: "write"; readonly file: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "sync"; readonly file: number }
  /** Of names and lengths: a file system with a journal keeps their order. */
  | { readonly kind: "open"; readonly file: number; readonly path: string; readonly empty: boolean }
  | { readonly kind: "resize"; readonly file: number; readonly length: number }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink" | "mkdir" | "rmdir"; readonly path: string }
  /** Something that the test says, such as an acknowledgement. */
  | { readonly kind: "said"; readonly what: string };

export interface Recorder {
  readonly operations: Operation[];
  /** Puts Node's own functions back. */
  stop(): void;
}

const replaced = [
  "openSync",
  "closeSync",
  "writeSync",
  "fsyncSync",
  "ftruncateSync",
  "truncateSync",
  "renameSync",
  "unlinkSync",
  "mkdirSync",
  "rmdirSync",
  "writeFileSync",
] as const;

/** Writes and syncs of one open file. */
interface Open {
  readonly file: number;
  readonly path: string;
}

class Recording {
  readonly operations: Operation[] = [];
  readonly #root: string;
  readonly #open = new Map<number, Open>();
  /** By path from the root. */
  readonly #files = new Map<string, number>();
  #count = 0;

  constructor(directory: string) {
    this.#root = resolve(directory) + sep;
  }

  /** The path from the root; undefined for what lies elsewhere. */
  #inside(path: fs.PathLike): string | undefined {
    const full = resolve(String(path));
    return full.startsWith(this.#root) ? full.slice(this.#root.length) : undefined;
  }

  opened(descriptor: number, path: fs.PathLike, flags: unknown): void {
    const name = this.#inside(path);
    this.#open.delete(descriptor);
    if (name === undefined || fs.fstatSync(descriptor).isDirectory()) return;
    const file = this.#files.get(name) ?? (this.#count += 1);
    this.#files.set(name, file);
    this.#open.set(descriptor, { file, path: name });
    const empty =
      typeof flags === "number"
        ? (flags & fs.constants.O_TRUNC) !== 0
        : String(flags).startsWith("w");
    this.operations.push({ kind: "open", file, path: name, empty });
  }

  closed(descriptor: number): void {
    this.#open.delete(descriptor);
  }

  wrote(descriptor: number, bytes: Buffer, at: unknown): void {
    const open = this.#open.get(descriptor);
    if (open === undefined) return;
    if (typeof at !== "number") throw new Error(`a write to ${open.path} without a place`);
    this.operations.push({ kind: "write", file: open.file, at, bytes });
  }

  synced(descriptor: number): void {
    // A directory, or a file elsewhere: on a journal it brings all names to disk, too.
    const file = this.#open.get(descriptor)?.file ?? 0;
    this.operations.push({ kind: "sync", file });
  }

  resized(descriptor: number, length: number): void {
    const open = this.#open.get(descriptor);
    if (open !== undefined) this.operations.push({ kind: "resize", file: open.file, length });
  }

  renamed(from: fs.PathLike, to: fs.PathLike): void {
    const [before, target] = [this.#inside(from), this.#inside(to)];
    if (before === undefined || target === undefined) return;
    this.operations.push({ kind: "rename", from: before, to: target });
    for (const [path, file] of this.#files) {
      if (path !== before && !path.startsWith(before + sep)) continue;
      this.#files.delete(path);
      this.#files.set(target + path.slice(before.length), file);
    }
  }

  named(kind: "unlink" | "mkdir" | "rmdir", path: fs.PathLike): void {
    const name = this.#inside(path);
    if (name === undefined) return;
    if (kind === "unlink") this.#files.delete(name);
    this.operations.push({ kind, path: name });
  }
}

type Call = (...args: never[]) => unknown;

function after<F extends Call>(call: F, note: (result: never, ...args: never[]) => void): F {
  return ((...args: never[]) => {
    const result = call(...args);
    note(result as never, ...args);
    return result;
  }) as F;
}

/** Records until it is stopped. */
export function record(directory: string): Recorder {
  const recording = new Recording(directory);
  const own = Object.fromEntries(replaced.map((name) => [name, fs[name]])) as Pick<
    typeof fs,
    (typeof replaced)[number]
  >;
  const writeSync = (fd: number, data: Uint8Array, offset = 0, length = 0, at?: number): number => {
    // A copy: the engine's memory goes on changing.
    const bytes = Buffer.from(Buffer.from(data.buffer, data.byteOffset + offset, length));
    const count = own.writeSync(fd, data, offset, length, at);
    recording.wrote(fd, bytes.subarray(0, count), at);
    return count;
  };
  const writeFileSync = (path: fs.PathLike, data: string, options: fs.WriteFileOptions): void => {
    const descriptor = openSync(path, "w", (options as { mode?: number }).mode);
    if (data !== "") throw new Error("only empty files are made this way");
    closeSync(descriptor);
  };
  const openSync = after(own.openSync, (fd: number, path: fs.PathLike, flags: unknown) =>
    recording.opened(fd, path, flags),
  );
  const closeSync = after(own.closeSync, (_none: unknown, fd: number) => recording.closed(fd));
  Object.assign(fs, {
    openSync,
    closeSync,
    // The engine writes parts of its memory, others whole texts.
    writeSync: (fd: number, data: unknown, ...rest: never[]) =>
      ArrayBuffer.isView(data)
        ? writeSync(fd, data as Uint8Array, ...rest)
        : own.writeSync(fd, data as string, ...rest),
    writeFileSync: (path: fs.PathLike, data: string, options: fs.WriteFileOptions = {}) =>
      resolve(String(path)).startsWith(resolve(directory) + sep)
        ? writeFileSync(path, data, options)
        : own.writeFileSync(path, data, options),
    fsyncSync: after(own.fsyncSync, (_none: unknown, fd: number) => recording.synced(fd)),
    ftruncateSync: after(own.ftruncateSync, (_none: unknown, fd: number, length: number) =>
      recording.resized(fd, length),
    ),
    truncateSync: (path: fs.PathLike, length: number) => {
      const descriptor = openSync(path, "r+");
      own.ftruncateSync(descriptor, length);
      recording.resized(descriptor, length);
      closeSync(descriptor);
    },
    renameSync: after(own.renameSync, (_none: unknown, from: string, to: string) =>
      recording.renamed(from, to),
    ),
    unlinkSync: after(own.unlinkSync, (_none: unknown, path: string) =>
      recording.named("unlink", path),
    ),
    mkdirSync: after(own.mkdirSync, (_none: unknown, path: string) =>
      recording.named("mkdir", path),
    ),
    rmdirSync: after(own.rmdirSync, (_none: unknown, path: string) =>
      recording.named("rmdir", path),
    ),
  });
  syncBuiltinESMExports();
  return {
    operations: recording.operations,
    stop: () => {
      Object.assign(fs, own);
      syncBuiltinESMExports();
    },
  };
}
