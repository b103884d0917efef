import { expect, test } from "vitest";
import { formats, formatNamed, openFile } from "../../src/adapters/formats.ts";
import { bytesOf, pieces, refusals } from "./reading.ts";

const known =
  "known are lotbook-csv (lotbook's own CSV of fills), lotbook-ndjson (lotbook's own " +
  "export, a JSON object a line), coinbase-rest (saved responses of Coinbase's List Fills)," +
  " coinbase-fills-csv (Coinbase's fills statement as CSV); --from names one";

test.each([
  ["\uFEFFfill_id,executed_at,symbol\n", "lotbook-csv"],
  ['\r\n"symbol","side","quantity","executed_at"\r\n', "lotbook-csv"],
  ["trade id,product,side,created at\n", "coinbase-fills-csv"],
  ['{"fills":[]}', "coinbase-rest"],
  ['\n[ {"cursor":"", "fills" : []}]', "coinbase-rest"],
  ['[{"entry_id":"e","product_id":"BTC-USD"}]', "coinbase-rest"],
  ['{"type":"fill","fills":[]}\n', "lotbook-ndjson"],
  ['{"type":"export"}\n', "lotbook-ndjson"],
])("%j is %s", async (content, name) => {
  const { format } = await openFile("x", pieces(bytesOf(content), 3));
  expect(format.name).toBe(name);
});

test("an unknown format is told with its header and with what is known", async () => {
  expect(await refusals("trades.csv", "Date(UTC),Pair,Side\r\n2026,BTCUSDT,BUY\r\n")).toEqual([
    `UNKNOWN_FORMAT trades.csv is in no known format; it begins "Date(UTC),Pair,Side" | ${known}`,
  ]);
  expect(await refusals("x.bin", "\u001b[2J\n")).toEqual([
    `UNKNOWN_FORMAT x.bin is in no known format; it begins "\\u{1b}[2J" | ${known}`,
  ]);
  expect(await refusals("empty.csv", "\n")).toEqual([
    `UNKNOWN_FORMAT empty.csv is empty | ${known}`,
  ]);
  expect(() => formatNamed("xls")).toThrow('there is no format "xls"');
  expect(formats.map(({ name }) => formatNamed(name).name)).toEqual(
    formats.map(({ name }) => name),
  );
});

test("a source is closed when its reading ends early", async () => {
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield Buffer.from('{"fills":[');
      yield Buffer.from("x");
      yield Buffer.from("y");
    } finally {
      closed = true;
    }
  }
  const { tellings } = await openFile("x.json", source(), "coinbase-rest");
  await expect(async () => {
    for await (const chunk of tellings) expect(chunk).toEqual([]);
  }).rejects.toThrow("x.json row 1");
  expect(closed).toBe(true);
});
