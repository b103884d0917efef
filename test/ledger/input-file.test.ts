/** What the files of an import can be, and what can happen to them. */
import { appendFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkFiles, findFiles, openInput, readInput } from "../../src/ledger/input-file.ts";
import { makeDirectory } from "../../src/store/directory.ts";
import { csvRow, header, withDirectory } from "./ledger.ts";

test("files are checked before anything is made for them", () =>
  withDirectory(async (directory) => {
    const good = join(directory, "good.csv");
    await writeFile(good, `${header}\n${csvRow("b1", 1, "1", "1")}\n`);
    await writeFile(join(directory, "other.txt"), "Date,Pair\n");
    await writeFile(join(directory, "packed.csv"), Buffer.from("1f8b0800", "hex"));
    await symlink("loop", join(directory, "loop"));
    await expect(checkFiles([good, good])).resolves.toBeUndefined();
    await expect(checkFiles([good, join(directory, "none")])).rejects.toThrow("does not exist");
    await expect(checkFiles([directory])).rejects.toThrow("is a directory");
    await expect(checkFiles([join(good, "x")])).rejects.toThrow("a part of its path is a file");
    await expect(checkFiles([join(directory, "loop")])).rejects.toThrow("leads back to itself");
    await expect(checkFiles([join(directory, "other.txt")])).rejects.toThrow("no known format");
    await expect(checkFiles([join(directory, "packed.csv")])).rejects.toThrow("compressed (gzip)");
    await expect(checkFiles([good], "xls")).rejects.toThrow('there is no format "xls"');
    await expect(checkFiles(["-", "-"])).rejects.toThrow("only once");
  }));

test("a file that grows is read up to its end, if that is the end of a row", () =>
  withDirectory(async (directory) => {
    const file = join(directory, "growing.csv");
    /** Imports a file that gets more while it is. */
    const rowsWith = async (more: string): Promise<number> => {
      await writeFile(file, `${header}\n${csvRow("b1", 1, "1", "1")}`);
      const [input] = await findFiles([file]);
      const { tellings } = await openInput(input!, readInput(input!));
      await appendFile(file, more);
      let rows = 0;
      for await (const chunk of tellings) rows += chunk.length;
      return rows;
    };
    expect(await rowsWith("")).toBe(1);
    expect(await rowsWith(`\n${csvRow("b2", 2, "1", "1")}\n`)).toBe(2);
    await expect(rowsWith(`\n${csvRow("b2", 2, "1", "1")}`)).rejects.toThrow(
      "was written to while it was read",
    );
  }));

test("directories are made, those above them too, and what can't be made ends", () =>
  withDirectory(async (directory) => {
    const deep = join(directory, "a/b/c");
    makeDirectory(deep);
    makeDirectory(deep);
    await mkdir(join(deep, "d"));
    await writeFile(join(deep, "file"), "");
    expect(() => makeDirectory(join(deep, "file"))).toThrow("EEXIST");
    expect(() => makeDirectory(join(deep, "file/x"))).toThrow("ENOTDIR");
    if (process.platform === "linux")
      expect(() => makeDirectory("/proc/none/none")).toThrow("ENOENT");
  }));
