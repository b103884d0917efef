/** Valid files of every format, small enough to be changed and read some thousand times a second. */
import { readFileSync } from "node:fs";

/** No format of `import`: what `fee-value from-prices` reads. */
export const pricesFormat = "prices-csv";

export interface Sample {
  readonly format: string;
  readonly text: string;
}

const example = (name: string): string =>
  readFileSync(new URL(`../../../examples/${name}`, import.meta.url), "utf8");

const firstRows = (name: string, count: number): string =>
  example(name).split("\n").slice(0, count).join("\n").concat("\n");

const row = "2026-03-02T14:05:11.123Z,BTC-USD,buy,0.015,60100,-5.409,BNB,7,USD:1;A\\;B:-2,";
const entry =
  `{"entry_id":"e1","trade_id":"t1","order_id":"o1","trade_time":"2026-03-02T14:05:11.4Z",` +
  `"trade_type":"FILL","price":"60100","size":"0.5","commission":"5.4","product_id":"BTC-USD",` +
  `"size_in_quote":true,"side":"BUY","detail":{"a":[1.5e3,null,"\\"\\u00e9"]}}`;

/** The second page of the example, without white space. */
const examplePage = JSON.stringify(
  (JSON.parse(example("coinbase-fills.json")) as readonly unknown[])[1],
);

export const samples: readonly Sample[] = [
  {
    format: "lotbook-csv",
    text:
      "fill_id,executed_at,symbol,side,quantity,price,fee,fee_asset,sequence,other_fees,quote_size\n" +
      `f1,${row}\r\n"f ""2"",\n",${row}\nf3,${row.replace("0.015", "")}0.5\n`,
  },
  { format: "lotbook-csv", text: firstRows("fills.csv", 3) },
  {
    format: "coinbase-fills-csv",
    text:
      "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n" +
      'default,7,BTC-USD,BUY,2026-03-02T14:05:11Z,2.5e-7,BTC,60100,5.409,-906.909,USD\n"d",8,BTC-USD,' +
      "SELL,2026-03-02T14:05:11Z,0.5,BTC,60100,0,1,USD\n",
  },
  { format: "coinbase-fills-csv", text: firstRows("coinbase-fills.csv", 2) },
  {
    format: pricesFormat,
    text:
      "at,asset,note,quote,price\n2026-03-02T14:05:11.123Z,BNB,a,USD,612.5\r\n" +
      '2026-03-02T14:05:12Z,"B ""N"", B",,USD,0.000000000000000001\n\n2261-12-31T00:00:00+01:00,BNB,,EUR,7\n',
  },
  {
    format: pricesFormat,
    text:
      "asset,quote,at,price\nBNB,USD,2026-03-02T14:05:11Z,612.5\nBNB,USD,2026-03-02T14:05:12Z,612.75\n" +
      "FLR,USDC,1970-01-01T00:00:00.123456789Z,0.012\n",
  },
  {
    format: "coinbase-rest",
    text:
      `{"fills":[${entry},${entry.replace("FILL", "REVERSAL")}],"cursor":"","proof_token_required":false}` +
      `\n[{"cursor":"x","fills":[]},${entry.replace("e1", "e3")}]`,
  },
  { format: "coinbase-rest", text: examplePage },
  {
    format: "lotbook-ndjson",
    text:
      '{"type":"fill","symbol":"BTC-USD","fill_id":"f","revision":1,"executed_at":"2026-03-02T14:05:11Z",' +
      '"side":"buy","quantity":"1","price":"2","fees":[{"asset":"BNB","amount":"0.1"}],"sequence":"9"}\n' +
      '{"type":"opening lot","symbol":"A-B","key":"k","opened_at":"2026-03-02T14:05:11Z","quantity":"1",' +
      '"cost":"-1","author":"a","note":"n"}\n{"type":"seal"}\n{"type":"void","target_kind":"fee value",' +
      '"symbol":"A-B","target_id":"f","asset":"C","author":"a","reason":"r"}\n{"type":"fee value",' +
      '"symbol":"A-B","fill_id":"f","asset":"C","value":"1","source":"s"}\n{"type":"adjustment",' +
      '"symbol":"A-B","entry_id":"e","trade_type":"X","executed_at":"2026-03-02T14:05:11Z","fees":[]}\n',
  },
];
