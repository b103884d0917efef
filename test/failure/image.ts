/**
 * Makes of a directory what a disk may hold after a power cut: all that was synced, and of the rest each
 * write whole, torn between sectors, or not at all. Names and lengths change in the order in which they were
 * changed, as on a file system with a journal, up to some place after the last sync.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Dice } from "../../src/testing/histories.ts";
import type { Operation } from "./recorder.ts";

const sector = 512;

/** What became of the writes that were not synced. */
export interface Unsynced {
  whole: number;
  torn: number;
  absent: number;
}

class Image {
  readonly unsynced: Unsynced = { whole: 0, torn: 0, absent: 0 };
  readonly #root: string;
  readonly #dice: Dice;
  /** Open files by their numbers; those that are in the image. */
  readonly #files = new Map<number, number>();
  readonly #numbers = new Map<string, number>();

  constructor(root: string, dice: Dice) {
    this.#root = root;
    this.#dice = dice;
  }

  /** `isKept`: whether names and lengths are as they were after this operation. */
  name(operation: Operation, isKept: boolean): void {
    if (operation.kind === "open") this.#open(operation, isKept);
    else if (!isKept) return;
    else if (operation.kind === "rename") this.#rename(operation.from, operation.to);
    else if (operation.kind === "unlink") this.#unlink(operation.path);
    else if (operation.kind === "mkdir") mkdirSync(join(this.#root, operation.path));
    else if (operation.kind === "rmdir")
      rmSync(join(this.#root, operation.path), { recursive: true });
    else if (operation.kind === "resize") {
      const descriptor = this.#files.get(operation.file);
      if (descriptor !== undefined) ftruncateSync(descriptor, operation.length);
    }
  }

  #open({ file, path, empty }: Extract<Operation, { kind: "open" }>, isKept: boolean): void {
    const full = join(this.#root, path);
    if (!isKept && !existsSync(full)) return;
    if (!this.#files.has(file)) {
      this.#files.set(file, openSync(full, existsSync(full) ? "r+" : "w+", 0o600));
      this.#numbers.set(path, file);
    }
    if (empty && isKept) ftruncateSync(this.#files.get(file)!, 0);
  }

  #rename(from: string, to: string): void {
    if (!existsSync(join(this.#root, from))) return;
    this.#forget(to);
    renameSync(join(this.#root, from), join(this.#root, to));
    const file = this.#numbers.get(from);
    if (file === undefined) return;
    this.#numbers.delete(from);
    this.#numbers.set(to, file);
  }

  #unlink(path: string): void {
    this.#forget(path);
    rmSync(join(this.#root, path), { force: true });
  }

  #forget(path: string): void {
    const file = this.#numbers.get(path);
    if (file === undefined) return;
    closeSync(this.#files.get(file)!);
    this.#files.delete(file);
    this.#numbers.delete(path);
  }

  write(file: number, at: number, bytes: Buffer, isSynced: boolean): void {
    const descriptor = this.#files.get(file);
    if (descriptor === undefined) return;
    const fate = isSynced ? 0 : this.#dice.below(3);
    if (!isSynced) this.unsynced[(["whole", "torn", "absent"] as const)[fate]!] += 1;
    if (fate === 0) writeSync(descriptor, bytes, 0, bytes.length, at);
    if (fate !== 1) return;
    // Half of the time what comes first got there, else any sectors did.
    const first = this.#dice.once(2) ? this.#dice.below(bytes.length) : undefined;
    for (let from = 0; from < bytes.length; from += sector) {
      if (first === undefined ? this.#dice.once(2) : from > first) continue;
      writeSync(descriptor, bytes, from, Math.min(sector, bytes.length - from), at + from);
    }
  }

  close(): void {
    for (const descriptor of this.#files.values()) closeSync(descriptor);
  }
}

const isOfNames = ({ kind }: Operation): boolean =>
  kind !== "write" && kind !== "sync" && kind !== "said";

/** Does to `root`, which is as it was before them, what a power cut leaves of the first `end` operations. */
export function cutPower(
  root: string,
  operations: readonly Operation[],
  end: number,
  dice: Dice,
): Unsynced {
  const done = operations.slice(0, end);
  const lastSync = done.findLastIndex(({ kind }) => kind === "sync");
  const syncs = new Map<number, number>();
  for (const [index, operation] of done.entries())
    if (operation.kind === "sync") syncs.set(operation.file, index);
  const later = done.flatMap((operation, index) =>
    index > lastSync && isOfNames(operation) ? [index] : [],
  );
  const lastName = later[dice.below(later.length + 1) - 1] ?? lastSync;
  const image = new Image(root, dice);
  for (const [index, operation] of done.entries()) {
    if (operation.kind === "write") {
      const { file, at, bytes } = operation;
      image.write(file, at, bytes, index < (syncs.get(file) ?? -1));
    } else image.name(operation, index <= lastName);
  }
  image.close();
  return image.unsynced;
}
