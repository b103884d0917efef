/** Saved responses of Coinbase Advanced Trade's List Fills. docs/formats.md. */
import type { Telling } from "../../core/fact.ts";
import { isProblem, shownValue } from "../../core/problem.ts";
import { inChunks } from "../chunks.ts";
import { badInput, jsonFault, notUtf8, textHead } from "../encoding.ts";
import type { Format } from "../format.ts";
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
): AsyncGenerator<readonly Telling[]> {
  const cutter = new FillCutter(file);
  const pages = { fills: 0 };
  let fills = 0;
  for await (const text of decodedChunks(file, bytes, () => fills + 1)) {
    const tellings: Telling[] = [];
    for (const cut of cutter.push(text)) {
      if (cut.what === "envelope") checkEnvelope(file, cut, pages);
      else tellings.push(tell(file, cut));
      if (cut.what !== "envelope") {
        fills = cut.row;
        pages.fills += 1;
      }
    }
    yield tellings;
  }
  cutter.end();
}

async function* decodedChunks(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  row: () => number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let head: Uint8Array | undefined = new Uint8Array();
  const decode = (chunk: Uint8Array, stream: boolean): string => {
    try {
      return decoder.decode(chunk, { stream });
    } catch {
      throw notUtf8(file, row(), undefined);
    }
  };
  for await (const chunk of bytes) {
    if (head === undefined) {
      yield decode(chunk, true);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < 4) continue;
    yield decode(textHead(file, head), true);
    head = undefined;
  }
  yield decode(head === undefined ? new Uint8Array() : textHead(file, head), false);
}

function tell(file: string, { what, row, raw }: Cut): Telling {
  if (what === "item" && !raw.includes('"entry_id"')) {
    checkEnvelope(file, { what, row, raw }, { fills: 0 });
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
function checkEnvelope(file: string, { row, raw }: Cut, page: { fills: number }): void {
  let envelope: Readonly<Record<string, unknown>>;
  try {
    envelope = JSON.parse(raw) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw badInput(
      file,
      row,
      `the page that ends here ${jsonFault(error)}`,
      "save the response again, exactly as it came",
    );
  }
  if (envelope["proof_token_required"] === true && page.fills === 0)
    throw badInput(
      file,
      row,
      "Coinbase asks for a proof token before it shows these fills (proof_token_required)",
      "confirm it in your Coinbase account, ask again with the proof_token, and save that response",
    );
  page.fills = 0;
}
