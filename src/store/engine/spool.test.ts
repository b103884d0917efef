import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Spool } from "./spool.ts";

const megabyte = 1024 * 1024;

test.each([
  { title: "in memory", sizes: [10, 0, 70_000, megabyte] },
  {
    title: "in a file",
    sizes: [5 * megabyte, 2 * megabyte, 3 * megabyte, 17, 20 * megabyte, 5, 9 * megabyte],
  },
])("a spool gives back what it got, $title", ({ sizes }) => {
  const directory = mkdtempSync(join(tmpdir(), "lotbook-spool-"));
  const spool = new Spool(directory);
  try {
    const parts = sizes.map((size, index) => Buffer.alloc(size, index + 1));
    for (const part of parts) spool.append(part);
    const whole = Buffer.concat(parts);
    expect(spool.length).toBe(whole.length);
    expect(Buffer.concat([...spool.chunks()]).equals(whole)).toBe(true);
    // As the server reads: 8 kB at a time.
    let at = 0;
    while (at < whole.length) {
      const bytes = spool.read(at, Math.min(at + 8192, whole.length));
      if (bytes.length !== Math.min(8192, whole.length - at))
        throw new Error(`too few bytes at ${at}`);
      if (!whole.subarray(at, at + bytes.length).equals(bytes))
        throw new Error(`other bytes at ${at}`);
      at += bytes.length;
    }
  } finally {
    spool.close();
    expect(readdirSync(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
  }
});
