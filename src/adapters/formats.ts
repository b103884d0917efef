/** The formats that lotbook reads, and how a file is found to be of one. */
import type { Telling } from "../core/fact.ts";
import { shownText, shownValue } from "../core/problem.ts";
import { LotbookError } from "../errors.ts";
import { coinbaseFillsCsv } from "./coinbase-fills-csv/format.ts";
import { coinbaseRest } from "./coinbase-rest/format.ts";
import { textHead } from "./encoding.ts";
import type { Format } from "./format.ts";
import { lotbookCsv } from "./lotbook-csv/format.ts";
import { lotbookNdjson } from "./lotbook-ndjson/format.ts";

export const formats: readonly Format[] = [
  lotbookCsv,
  lotbookNdjson,
  coinbaseRest,
  coinbaseFillsCsv,
];

/** How much of a file is looked at to find its format. */
export const headBytes = 65_536;

export function formatNamed(name: string): Format {
  const format = formats.find((known) => known.name === name);
  if (format !== undefined) return format;
  throw new LotbookError("UNKNOWN_FORMAT", `there is no format "${shownValue(name)}"`, {
    advice: knownFormats(),
  });
}

/** The format of a file by its first 64 KiB. */
export function detectFormat(file: string, bytes: Uint8Array): Format {
  const head = Buffer.from(textHead(file, bytes.subarray(0, headBytes))).toString("utf8");
  const format = formats.find((known) => known.detect(head));
  if (format !== undefined) return format;
  const first = /[^\s].*/.exec(head)?.[0].trimEnd();
  if (first === undefined)
    throw new LotbookError("UNKNOWN_FORMAT", `${shownText(file)} is empty`, {
      advice: "get the file again, or name another",
    });
  throw new LotbookError(
    "UNKNOWN_FORMAT",
    `${shownText(file)} is in no known format; it begins "${shownValue(first)}"`,
    { advice: knownFormats() },
  );
}

function knownFormats(): string {
  const list = formats.map(({ name, summary }) => `${name} (${summary})`).join(", ");
  return `known are ${list}; --from names one`;
}

/** A file being read: the format it is in, and what it tells. */
export interface OpenedFile {
  readonly format: Format;
  readonly tellings: AsyncIterable<readonly Telling[]>;
}

/** Finds the format of a file by its first bytes, unless it is named, and reads the file from the start. */
export async function openFile(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  from?: string,
): Promise<OpenedFile> {
  if (from !== undefined) {
    const format = formatNamed(from);
    return { format, tellings: format.read(file, bytes) };
  }
  const source = bytes[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let length = 0;
  while (length < headBytes) {
    const next = await source.next();
    if (next.done === true) break;
    seen.push(next.value);
    length += next.value.length;
  }
  let format: Format;
  try {
    format = detectFormat(file, Buffer.concat(seen));
  } catch (error) {
    await source.return?.();
    throw error;
  }
  return { format, tellings: format.read(file, resumed(seen, source)) };
}

async function* resumed(
  seen: readonly Uint8Array[],
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* seen;
    for (;;) {
      const next = await source.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}
