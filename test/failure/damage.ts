/** What a disk does to a file by itself. */
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import type { Dice } from "../../src/testing/histories.ts";

/** Turns one bit of a file, anywhere in what a page holds. */
export function turnBit(path: string, dice: Dice): void {
  const { size } = statSync(path);
  const descriptor = openSync(path, "r+");
  const at = dice.below(size);
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, at);
  byte[0]! ^= 1 << dice.below(8);
  writeSync(descriptor, byte, 0, 1, at);
  closeSync(descriptor);
}
