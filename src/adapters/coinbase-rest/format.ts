/** Saved responses of Coinbase Advanced Trade's List Fills. docs/formats.md. */
import type { Telling } from "../../core/fact.ts";
import { isProblem, shownValue } from "../../core/problem.ts";
import { inChunks } from "../chunks.ts";
import { badInput, isPrefixOfUtf8, notUtf8, textBytes, validLength } from "../encoding.ts";
import type { Format } from "../format.ts";
import { readJson } from "../json.ts";
import type { Cut } from "./fill-cutter.ts";
import { FillCutter } from "./fill-cutter.ts";
import { entryToFact } from "./mapping.ts";

export const coinbaseRest: Format = {
  name: "coinbase-rest",
  idSpace: "coinbase entry",
  summary: "saved responses of Coinbase's List Fills",
  detect: (head) =>
    /^\s*[[{]/.test(head) &&
    (/"fills"\s*:/.test(head) || (head.includes('"entry_id"') && head.includes('"product_id"'))),
  read: (file, bytes) => inChunks(readResponses(file, bytes)),
};

async function* readResponses(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Iterable<Telling>> {
  const reader = new ResponseReader(file);
  for await (const text of decodedChunks(file, bytes, () => reader.row + 1))
    yield reader.tellings(text);
  reader.end();
}

class ResponseReader {
  /** The row of the last fill. */
  row = 0;
  readonly #file: string;
  readonly #cutter: FillCutter;
  /** Of the page that is open. */
  #fills = 0;

  constructor(file: string) {
    this.#file = file;
    this.#cutter = new FillCutter(file);
  }

  *tellings(text: string): Generator<Telling> {
    for (const cut of this.#cutter.push(text)) {
      if (cut.what === "envelope") {
        checkEnvelope(this.#file, cut, this.#fills);
        this.#fills = 0;
        continue;
      }
      this.row = cut.row;
      this.#fills += 1;
      yield tell(this.#file, cut);
    }
  }

  end(): void {
    this.#cutter.end();
  }
}

/** The text, cut where a character ends; what stands before a refused byte is given before the error. */
async function* decodedChunks(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  next: () => number,
): AsyncGenerator<string> {
  let carried = Buffer.alloc(0);
  for await (const chunk of textBytes(file, bytes)) {
    const text = Buffer.concat([carried, chunk]);
    const length = validLength(text);
    if (length > 0) yield text.toString("utf8", 0, length);
    carried = text.subarray(length);
    if (!isPrefixOfUtf8(carried)) throw notUtf8(file, next(), undefined);
  }
  if (carried.length > 0) throw notUtf8(file, next(), undefined);
}

function tell(file: string, { what, row, raw }: Cut): Telling {
  if (what === "item" && !raw.includes('"entry_id"')) {
    checkEnvelope(file, { what, row, raw }, 0);
    throw badInput(
      file,
      row,
      `is neither a page of fills nor a fill: ${shownValue(raw)}`,
      "save the body of the List Fills response, which has the key fills",
    );
  }
  const outcome = entryToFact(raw, { file, row });
  return isProblem(outcome)
    ? { row, raw, fact: undefined, problem: outcome }
    : { row, raw, fact: outcome, problem: undefined };
}

/** A page without its fills must be good JSON, and not an answer that asks for something else. */
function checkEnvelope(file: string, { row, raw }: Cut, fills: number): void {
  const { value, fault } = readJson(raw);
  if (fault !== undefined)
    throw badInput(
      file,
      row,
      `the page that ends here ${fault}`,
      "save the response again, exactly as it came",
    );
  const envelope = value as Readonly<Record<string, unknown>>;
  if (envelope["proof_token_required"] === true && fills === 0)
    throw badInput(
      file,
      row,
      "Coinbase asks for a proof token before it shows these fills (proof_token_required)",
      "confirm it in your Coinbase account, ask again with the proof_token, and save that response",
    );
}
