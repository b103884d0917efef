/** lotbook's own export: one JSON object a line. docs/formats.md. */
import type { Fact, Telling } from "../../core/fact.ts";
import { isProblem, makeProblem } from "../../core/problem.ts";
import { inChunks } from "../chunks.ts";
import { badInput, lineBlocks, longestElement } from "../encoding.ts";
import type { Format } from "../format.ts";
import { readJson } from "../json.ts";
import type { Line } from "./lines.ts";
import { lineToFact, passedOverTypes } from "./lines.ts";

const factTypes: ReadonlySet<string> = new Set<Fact["kind"]>([
  "fill",
  "opening lot",
  "fee value",
  "void",
  "adjustment",
]);

export const lotbookNdjson: Format = {
  name: "lotbook-ndjson",
  summary: "lotbook's own export, a JSON object a line",
  detect: (head) => {
    const type = /^\s*\{[^\r\n]*?"type"\s*:\s*"([^"]*)"/.exec(head)?.[1];
    return type !== undefined && (factTypes.has(type) || passedOverTypes.has(type));
  },
  read: (file, bytes) => inChunks(readLines(file, bytes)),
};

/** An observation's line holds the raw text of an element in base64. */
const longestLine = 2 * longestElement;

async function* readLines(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Iterable<Telling>> {
  const reader = new LineReader(file);
  for await (const block of lineBlocks(file, bytes, () => reader.row + 1, longestLine))
    yield reader.tellings(block);
}

class LineReader {
  /** The row of the last line. */
  row = 0;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  *tellings(block: string): Generator<Telling> {
    for (let from = 0; from < block.length;) {
      const end = block.indexOf("\n", from);
      const ended = end >= 0;
      const stop = ended ? end : block.length;
      this.row += 1;
      const raw = block.slice(
        from,
        ended && block.charCodeAt(stop - 1) === 13 && stop > from ? stop - 1 : stop,
      );
      from = stop + 1;
      if (raw === "") continue;
      const telling = this.#tell(raw, ended);
      if (telling !== undefined) yield telling;
    }
  }

  #tell(raw: string, ended: boolean): Telling | undefined {
    const { row } = this;
    const place = { file: this.#file, row };
    const refused = (message: string): Telling => ({
      row,
      raw,
      fact: undefined,
      problem: makeProblem(place, undefined, raw, message),
    });
    const { value: line, fault, isJson } = readJson(raw);
    if (!isJson && !ended)
      throw badInput(
        this.#file,
        row,
        "ends in the middle of a line",
        "the file is cut off; export it again",
      );
    if (fault !== undefined) return refused(fault);
    if (typeof line !== "object" || line === null || Array.isArray(line))
      return refused("is no JSON object; each line is one, like {…}");
    const outcome = lineToFact(line as Line, place);
    if (outcome === undefined) return undefined;
    return isProblem(outcome)
      ? { row, raw, fact: undefined, problem: outcome }
      : { row, raw, fact: outcome, problem: undefined };
  }
}
