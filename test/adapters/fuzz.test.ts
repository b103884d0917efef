/**
 * Inputs broken at random, from a seed: a reader may refuse them with their place or read them, and nothing
 * else. What it reads must keep the rules: it comes back the same through lotbook's own lines.
 */
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { formatNamed } from "../../src/adapters/formats.ts";
import { factToLine, lineToFact } from "../../src/adapters/lotbook-ndjson/lines.ts";
import { describeProblem } from "../../src/core/problem.ts";
import { LotbookError } from "../../src/errors.ts";
import { Random } from "../../src/generate/random.ts";
import { pieces } from "./reading.ts";

const inputs = 20_000;
const seed = 20_261_123;

const row = "2026-03-02T14:05:11.123Z,BTC-USD,buy,0.015,60100,-5.409,BNB,7,USD:1;A\\;B:-2,";
const entry =
  `{"entry_id":"e1","trade_id":"t1","order_id":"o1","trade_time":"2026-03-02T14:05:11.4Z",` +
  `"trade_type":"FILL","price":"60100","size":"0.5","commission":"5.4","product_id":"BTC-USD",` +
  `"size_in_quote":true,"side":"BUY","detail":{"a":[1.5e3,null,"\\"\\u00e9"]}}`;

const samples: Readonly<Record<string, string>> = {
  "lotbook-csv":
    "fill_id,executed_at,symbol,side,quantity,price,fee,fee_asset,sequence,other_fees,quote_size\n" +
    `f1,${row}\r\n"f ""2"",\n",${row}\nf3,${row.replace("0.015", "")}0.5\n`,
  "coinbase-fills-csv":
    "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n" +
    'default,7,BTC-USD,BUY,2026-03-02T14:05:11Z,2.5e-7,BTC,60100,5.409,-906.909,USD\n"d",8,BTC-USD,' +
    "SELL,2026-03-02T14:05:11Z,0.5,BTC,60100,0,1,USD\n",
  "coinbase-rest":
    `{"fills":[${entry},${entry.replace("FILL", "REVERSAL")}],"cursor":"","proof_token_required":false}` +
    `\n[{"cursor":"x","fills":[]},${entry}]`,
  "lotbook-ndjson":
    '{"type":"fill","symbol":"BTC-USD","fill_id":"f","revision":1,"executed_at":"2026-03-02T14:05:11Z",' +
    '"side":"buy","quantity":"1","price":"2","fees":[{"asset":"BNB","amount":"0.1"}],"sequence":"9"}\n' +
    '{"type":"opening lot","symbol":"A-B","key":"k","opened_at":"2026-03-02T14:05:11Z","quantity":"1",' +
    '"cost":"-1","author":"a","note":"n"}\n{"type":"seal"}\n{"type":"void","target_kind":"fee value",' +
    '"symbol":"A-B","target_id":"f","asset":"C","author":"a","reason":"r"}\n{"type":"fee value",' +
    '"symbol":"A-B","fill_id":"f","asset":"C","value":"1","source":"s"}\n{"type":"adjustment",' +
    '"symbol":"A-B","entry_id":"e","trade_type":"X","executed_at":"2026-03-02T14:05:11Z","fees":[]}\n',
};

const fragments = [
  ..."\n\r\",;:-.0e9\\{}[]'\t ",
  "\r\n",
  '""',
  "\0",
  "\uFEFF",
  "\\ud800",
  "😀",
  "null",
  "1e999",
  "-0",
  "99999999999999999999999",
  '"fills":[',
  "true",
].map((text) => Buffer.from(text));

/** One to four changes: bytes overwritten, cut out, doubled or put in, or the end cut off. */
function broken(sample: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(sample);
  for (let changes = 1 + random.below(4); changes > 0; changes -= 1) {
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + random.below(random.below(4) === 0 ? 200 : 4));
    const [before, middle, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, end),
      bytes.subarray(end),
    ];
    const parts = [
      [before, Buffer.from([random.below(256)]), after],
      [before, after],
      [before, middle, middle, after],
      [before, fragments[random.below(fragments.length)]!, middle, after],
      [before, fragments[random.below(fragments.length)]!, after],
      [before],
    ];
    bytes = Buffer.concat(parts[random.below(random.below(8) === 0 ? 6 : 5)]!);
  }
  return bytes;
}

interface Tally {
  read: number;
  refusedRows: number;
  refusedFiles: number;
}

/** No `expect`: it would take most of the time. A message is one line, and nothing in it moves a cursor. */
function requireLine(message: string, shape: RegExp): void {
  if (!shape.test(message) || /\p{Cc}/u.test(message)) throw new Error(`unfit message: ${message}`);
}

async function judge(name: string, bytes: Buffer, size: number, tally: Tally): Promise<void> {
  try {
    for await (const chunk of formatNamed(name).read("input", pieces(bytes, size)))
      for (const { row: at, raw, fact, problem } of chunk) {
        if ((fact === undefined) === (problem === undefined) || at < 1 || raw === "")
          throw new Error("a telling is neither fact nor problem, or has no place");
        if (problem !== undefined) {
          tally.refusedRows += 1;
          requireLine(describeProblem(problem), /^input row \d+.*: .+$/);
        } else {
          tally.read += 1;
          const line = JSON.parse(JSON.stringify(factToLine(fact!))) as Record<string, unknown>;
          if (!isDeepStrictEqual(lineToFact(line, { file: "line", row: 1 }), fact))
            throw new Error("a fact does not come back", { cause: line });
        }
      }
  } catch (error) {
    if (!(error instanceof LotbookError)) throw error;
    tally.refusedFiles += 1;
    requireLine(
      `${error.code} ${error.message} | ${error.advice}`,
      /^BAD_INPUT input.*: .+ \| .{9}/,
    );
  }
}

test.each(Object.keys(samples))("%s", async (name) => {
  const random = new Random(seed);
  const sample = Buffer.from(samples[name]!);
  const tally: Tally = { read: 0, refusedRows: 0, refusedFiles: 0 };
  await judge(name, sample, 65_536, tally);
  expect(tally).toMatchObject({ refusedRows: 0, refusedFiles: 0 });
  for (let input = 0; input < inputs; input += 1) {
    const bytes = broken(sample, random);
    const size = random.below(3) === 0 ? 1 + random.below(40) : 65_536;
    try {
      await judge(name, bytes, size, tally);
    } catch (error) {
      throw new Error(
        `input ${input} of seed ${seed}: ${JSON.stringify(bytes.toString("latin1"))}`,
        {
          cause: error,
        },
      );
    }
  }
  // Each way out is taken often, so that the test says something.
  for (const count of Object.values(tally)) expect(count).toBeGreaterThan(inputs / 20);
});
