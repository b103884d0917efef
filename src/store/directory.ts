import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory, and those above it that are missing. Node's own way of doing so never ends where the
 * system makes none in a directory that is there, as in /proc.
 */
export function makeDirectory(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const parent = dirname(path);
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT" && !existsSync(parent);
    if (!isMissing) throw error;
    makeDirectory(parent, mode);
    makeDirectory(path, mode);
  }
}
