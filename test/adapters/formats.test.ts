import { expect, test } from "vitest";
import { formats, formatNamed, openFile } from "../../src/adapters/formats.ts";
import type { Telling } from "../../src/core/fact.ts";
import type { LotbookError } from "../../src/errors.ts";
import { bytesOf, pieces, readAll, refusals } from "./reading.ts";

const csvHeader = "fill_id,executed_at,symbol,side,quantity,price\n";

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
    "UNKNOWN_FORMAT empty.csv is empty | get the file again, or name another",
  ]);
  expect(() => formatNamed("xls")).toThrow('there is no format "xls"');
  expect(formats.map(({ name }) => formatNamed(name).name)).toEqual(
    formats.map(({ name }) => name),
  );
});

test.each([
  ["gzip", "1f8b0808", "is compressed (gzip)", "unpack it and import what is in it"],
  ["bzip2", "425a6839314159265359", "is compressed (bzip2)", "unpack it and import"],
  ["xz", "fd377a585a000004", "is compressed (xz)", "unpack it and import"],
  ["zstd", "28b52ffd64", "is compressed (zstd)", "unpack it and import"],
  ["7z", "377abcaf271c", "is a 7-Zip archive", "unpack it and import"],
  ["zip, xlsx", "504b0304140000", "is a zip archive or a spreadsheet", "save the sheet as CSV"],
  ["an empty zip", "504b0506", "is an empty zip archive", "get the file again"],
  ["xls", "d0cf11e0a1b11ae1", "is a spreadsheet", "save the sheet as CSV"],
  ["PDF", "255044462d312e37", "is a PDF", "get the same as CSV or JSON"],
])("%s is refused by its first bytes", async (_, hex, says, advice) => {
  const bytes = Buffer.concat([Buffer.from(hex, "hex"), Buffer.alloc(100, "x\n")]);
  for (const from of [undefined, ...formats.map(({ name }) => name)])
    for (const size of [1, 65_536]) {
      const reading = readAll("x", bytes, { size, ...(from === undefined ? {} : { from }) });
      const error = await reading.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "BAD_INPUT", message: `x: ${says}` });
      expect((error as LotbookError).advice).toContain(advice);
    }
});

test.each([
  ["lotbook-csv", `${csvHeader}f1,now,A-B,buy,1,1\n`, "f2,\xff\n", 3],
  ["lotbook-csv", `${csvHeader}f1,now,A-B,buy,1,1\n`, '"f2', 3],
  ["lotbook-ndjson", '{"type":"x"}\n', '{"type":"\xff"}', 2],
  ["lotbook-ndjson", '{"type":"x"}\n', '{"type":', 2],
  ["coinbase-rest", '{"fills":[{"entry_id":"e"},', '{"a":"\xff"}', 2],
  ["coinbase-rest", '{"fills":[{"entry_id":"e"},', "x", 2],
])("%s: bad rows before the place where a file can't be read on are told", async (...given) => {
  const [from, good, bad, row] = given;
  for (const size of [1, 7, 65_536]) {
    const told: Telling[] = [];
    const bytes = pieces(Buffer.from(good + bad, "latin1"), size);
    const reading = (async () => {
      for await (const chunk of formatNamed(from).read("x", bytes)) told.push(...chunk);
    })();
    await expect(reading).rejects.toThrow(`x row ${row}: `);
    expect(told.map(({ problem }) => problem?.row)).toEqual([row - 1]);
  }
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
