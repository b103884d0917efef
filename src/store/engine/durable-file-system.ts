/**
 * PGlite's Node file system, made durable. As shipped it has no fsync: the server's calls succeed and do
 * nothing. Here they reach the disk, and a failing one comes back as an errno: a JavaScript exception would
 * fly past the server, which then acknowledges a commit that is not on disk.
 *
 * This reaches into PGlite's Emscripten module, hence the pinned version and the tests that count fsyncs.
 */
import { fsyncSync } from "node:fs";
import type { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";

interface Node {
  readonly name: string;
  readonly parent: Node;
  readonly mode: number;
  readonly mount: { readonly opts: { root: string } };
}

interface Stream {
  readonly node: Node;
  readonly nfd: number;
}

interface StreamOperations {
  fsync?: (stream: Stream) => number;
  write: (
    stream: Stream,
    buffer: Uint8Array,
    offset: number,
    length: number,
    at?: number,
  ) => number;
}

interface Module {
  readonly NODEFS: { readonly stream_ops: StreamOperations };
  readonly FS: {
    isDir(mode: number): boolean;
    lookupPath(path: string): { readonly node: Node };
    quit(): void;
  };
}

/** WASI's numbers, which are not Linux's; what is not listed is reported as an input/output error. */
const errorNumbers: Readonly<Record<string, number>> = {
  EACCES: 2,
  EBADF: 8,
  EDQUOT: 19,
  EINTR: 27,
  EINVAL: 28,
  EIO: 29,
  EISDIR: 31,
  ENOSPC: 51,
  EPERM: 63,
  EROFS: 69,
};
/** The server itself forgives these on a directory: some file systems can't sync one. */
const forgivenOnDirectories = new Set(["EBADF", "EINVAL", "EACCES", "EISDIR", "EPERM"]);

/** Emscripten throws an object that has a number and no words. */
function namedError(error: unknown): Error {
  if (error instanceof Error) return error;
  const { errno } = error as { errno?: number };
  const code = Object.keys(errorNumbers).find((name) => errorNumbers[name] === errno) ?? "EIO";
  const words = code === "ENOSPC" || code === "EDQUOT" ? "no space left" : "the disk refused";
  return new Error(`${code}: ${words}, write`);
}

const dataPath = "/pglite/data";

export class DurableFileSystem extends NodeFS {
  /** Set by the first fsync that fails: nothing after it may be acknowledged. */
  failure: NodeJS.ErrnoException | undefined;
  /** The last write that failed, for a message that says why. */
  writeFailure: Error | undefined;
  fsyncCount = 0;
  /** Bytes written to the write-ahead log since this was last set to 0. */
  logBytes = 0;
  #module: Module | undefined;
  #sync: (descriptor: number) => void;

  /** `sync` is for tests that let it fail. */
  constructor(directory: string, sync: (descriptor: number) => void = fsyncSync) {
    super(directory);
    this.#sync = sync;
  }

  override async init(
    engine: Parameters<NodeFS["init"]>[0],
    options: Parameters<NodeFS["init"]>[1],
  ): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(engine, options);
    const preRun = [
      ...(emscriptenOpts.preRun ?? []),
      (module: PGlite["Module"]) => this.#attach(module as unknown as Module),
    ];
    return { emscriptenOpts: { ...emscriptenOpts, preRun } };
  }

  /** Goes on at another path, after the caller has renamed the directory. */
  movedTo(directory: string): void {
    this.rootDir = directory;
    this.#module!.FS.lookupPath(dataPath).node.mount.opts.root = directory;
  }

  /** Closes every file without a word to the server: for one that may not write any more. */
  abandon(): void {
    try {
      this.#module?.FS.quit();
    } catch {
      // The module has aborted; the process' end closes what is left.
    }
  }

  #attach(module: Module): void {
    this.#module = module;
    const operations = module.NODEFS.stream_ops;
    const write = operations.write;
    operations.fsync = (stream) => this.#fsync(module, stream);
    operations.write = (stream, buffer, offset, length, at) => {
      try {
        const count = write(stream, buffer, offset, length, at);
        if (stream.node.parent.name === "pg_wal") this.logBytes += count;
        return count;
      } catch (error) {
        this.writeFailure = namedError(error);
        throw error;
      }
    };
  }

  #fsync(module: Module, stream: Stream): number {
    this.fsyncCount += 1;
    try {
      this.#sync(stream.nfd);
      return 0;
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      const forgiven =
        module.FS.isDir(stream.node.mode) && forgivenOnDirectories.has(failure.code ?? "");
      if (!forgiven) this.failure ??= failure;
      return errorNumbers[failure.code ?? "EIO"] ?? errorNumbers["EIO"]!;
    }
  }
}
