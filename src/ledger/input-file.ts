/** The files of an import: what is named, how it is opened, and what can be wrong with it. */
import { constants, createReadStream, fstatSync } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import {
  detectFormat,
  formatNamed,
  headBytes,
  openFile,
  type OpenedFile,
} from "../adapters/formats.ts";
import { explainPath, LotbookError } from "../errors.ts";

/** Stands for standard input among the files. */
export const standardInput = "-";

export interface InputFile {
  readonly path: string;
  /** As messages and results call it. */
  readonly name: string;
  /** 0 where it is not known: of a pipe. */
  readonly size: number;
  /** Whether it can be opened twice. */
  readonly isRegular: boolean;
}

const chunkBytes = 1 << 18;
const newline = 10;

/** Finds the files; throws where one is not there, or not for this user to read. */
export async function findFiles(paths: readonly string[]): Promise<InputFile[]> {
  if (paths.indexOf(standardInput) !== paths.lastIndexOf(standardInput))
    throw new LotbookError("BAD_USAGE", "standard input (-) can be read only once");
  const found: InputFile[] = [];
  for (const path of paths) found.push(await findFile(path));
  return found;
}

/** Finds one file. */
export async function findFile(path: string): Promise<InputFile> {
  const isInput = path === standardInput;
  const name = isInput ? "standard input" : path;
  try {
    const entry = isInput ? fstatSync(0) : await stat(path);
    if (entry.isDirectory())
      throw new LotbookError("BAD_USAGE", `${name} is a directory`, {
        advice: "Name the files in it.",
      });
    if (!isInput) await access(path, constants.R_OK);
    return { path, name, size: entry.size, isRegular: !isInput && entry.isFile() };
  } catch (error) {
    throw explainPath(name, error);
  }
}

/** Finds the files and their formats, before anything is made for them; pipes are left alone. */
export async function checkFiles(paths: readonly string[], from?: string): Promise<void> {
  if (from !== undefined) formatNamed(from);
  for (const input of await findFiles(paths))
    if (from === undefined && input.isRegular) detectFormat(input.name, await headOf(input));
}

/**
 * Finds a file's format by its first bytes, unless it is named. `bytes` are those of the file, from
 * `readInput`. A regular file is opened again when its turn comes: thousands may be named, and not as many
 * can be open at once.
 */
export async function openInput(
  input: InputFile,
  bytes: AsyncIterable<Uint8Array>,
  from?: string,
): Promise<OpenedFile> {
  if (from !== undefined || !input.isRegular) return openFile(input.name, bytes, from);
  const format = detectFormat(input.name, await headOf(input));
  return { format, tellings: format.read(input.name, bytes) };
}

async function headOf({ path }: InputFile): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explainPath(path, error);
  }
}

/** The bytes of a file, from its beginning; opened when the first are asked for. */
export async function* readInput(input: InputFile): AsyncGenerator<Uint8Array> {
  const { path, name } = input;
  let length = 0;
  let last: number | undefined;
  try {
    const stream =
      path === standardInput
        ? process.stdin
        : createReadStream(path, { highWaterMark: chunkBytes });
    for await (const chunk of stream) {
      const bytes = chunk as Uint8Array;
      length += bytes.length;
      last = bytes.at(-1);
      yield bytes;
    }
    // A writer may have been caught in the middle of a row, which can look whole.
    const isCut = input.isRegular && last !== newline;
    if (isCut && (length !== input.size || (await stat(path)).size !== length))
      throw new LotbookError("BAD_INPUT", `${name} was written to while it was read`, {
        advice: "Its last row was not complete; import it again when it is. Nothing was recorded.",
      });
  } catch (error) {
    throw explainPath(name, error);
  }
}
