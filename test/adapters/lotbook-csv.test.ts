import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvRecords } from "../../src/adapters/csv/records.ts";
import { csvLine, exportColumns, fillToCells } from "../../src/adapters/lotbook-csv/row.ts";
import { joinFees, splitFees } from "../../src/adapters/lotbook-csv/other-fees.ts";
import { bytesOf, factsOf, pieces, readAll, refusals } from "./reading.ts";

const header = "fill_id,executed_at,symbol,side,quantity,price";
const row = "f1,2026-03-02T14:05:11Z,BTC-USD,buy,1,100";

describe("what is read", () => {
  test("columns in any order, with their defaults", async () => {
    const content =
      `side,price,symbol,fill_id,quantity,executed_at\nbuy,100,BTC-USD,f1,1.50,` +
      `2026-03-02T14:05:11Z\n`;
    expect(await readAll("fills.csv", content)).toEqual([
      {
        row: 2,
        raw: "buy,100,BTC-USD,f1,1.50,2026-03-02T14:05:11Z",
        problem: undefined,
        fact: {
          kind: "fill",
          portfolio: "default",
          symbol: "BTC-USD",
          venue: "manual",
          account: "main",
          fillId: "f1",
          revision: 0,
          executedAt: 1772460311000000000n,
          side: "buy",
          quantity: "1.5",
          price: "100",
          fees: [],
        },
      },
    ]);
  });

  test("all columns", async () => {
    const content =
      `${exportColumns.join(",")}\nf1,2026-03-02T14:05:11Z,p,a,v,BTC-USD,sell,0.5,2,0.1,BNB,o,` +
      `7,s,1,1,t,order,USD:1;A\\;B:-2\n`;
    expect(await factsOf("fills.csv", content)).toMatchObject([
      {
        portfolio: "p",
        account: "a",
        venue: "v",
        fees: [
          { asset: "A;B", amount: "-2" },
          { asset: "BNB", amount: "0.1" },
          { asset: "USD", amount: "1" },
        ],
        orderId: "o",
        sequence: 7n,
        strategy: "s",
        revision: 1,
        quoteSize: "1",
        tradeId: "t",
        grain: "order",
      },
    ]);
  });

  test("a byte order mark, CRLF, empty lines, quotes and a last row without its end", async () => {
    const content = `\uFEFF${header}\r\n\r\n"f ""1""\r\n,x",2026-03-02T14:05:11Z,BTC-USD,buy,1,100\r\n${row}`;
    const tellings = await readAll("fills.csv", content);
    expect(tellings.map((telling) => [telling.row, telling.raw])).toEqual([
      [3, `"f ""1""\r\n,x",2026-03-02T14:05:11Z,BTC-USD,buy,1,100`],
      [4, row],
    ]);
    expect(tellings[0]?.fact).toMatchObject({ fillId: 'f "1"\r\n,x' });
  });

  test("the same in pieces of any size", async () => {
    const content =
      `\uFEFF${header},strategy\n${row},é\n"f2",2026-03-02T14:05:11Z,BTC-USD,sell,1,100,"a\n` +
      `b😀"\r\n${row},\n`;
    const whole = await readAll("fills.csv", content);
    expect(whole.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined]);
    for (const size of [1, 2, 3, 5, 7, 11, 64])
      expect(await readAll("fills.csv", content, { size })).toEqual(whole);
  });
});

const advice = (text: string): string =>
  `${text}; lotbook-csv knows fill_id, executed_at, symbol, side, quantity, price, ` +
  `portfolio, account, venue, fee, fee_asset, order_id, sequence, strategy, revision, ` +
  `quote_size, trade_id, grain, other_fees, fee_value`;
const utf16 = (text: string): Uint8Array => Buffer.from(text, "utf16le");

const valued = (line: string): string => `${header},fee,fee_asset,revision,fee_value\n${line}\n`;

async function readLine(line: string): Promise<readonly unknown[]> {
  const [told] = await readAll("fills.csv", valued(line));
  return [told!.unnamed, told!.feeValue?.asset, told!.feeValue?.value];
}

const refused = (line: string): Promise<readonly string[]> => refusals("fills.csv", valued(line));

describe("rows without ids and values of fees", () => {
  const fill = "2026-03-02T14:05:11Z,BTC-USD,buy,1,2";

  test("are told as such", async () => {
    expect(await readLine(`f1,${fill},,,,`)).toEqual([undefined, undefined, undefined]);
    expect(await readLine(`,${fill},,,,`)).toEqual([true, undefined, undefined]);
    expect(await readLine(`f1,${fill},1,BNB,,0.60`)).toEqual([false, "BNB", "0.6"]);
    expect(await readLine(`,${fill},1,BNB,,-3`)).toEqual([true, "BNB", "-3"]);
  });

  test("are refused where they can't be", async () => {
    expect(await refused(`,${fill},,,1,`)).toEqual([
      'fills.csv row 2, revision "1": replaces a fill that this row does not name; write its fill_id',
    ]);
    for (const fees of [",,", "1,USD,", "1,BTC,"]) {
      const quantity = fill.replace(",1,2", ",5,2");
      expect(await refused(`f1,${quantity},${fees},3`)).toEqual([
        'fills.csv row 2, fee_value "3": is the value of one fee in a third asset, and this row has none; ' +
          "leave it empty, or record fee values apart",
      ]);
    }
    expect((await refused(`f1,${fill},1,BNB,,much`))[0]).toContain('fee_value "much"');
  });
});

describe("what is refused", () => {
  const cut = "the last row is cut off; get the whole file again";
  const cases: readonly [string, string | Uint8Array, readonly string[]][] = [
    [
      "quantities that are not greater than 0, each with its row",
      `${header}\n${row}\nf2,2026-03-02T14:05:11Z,BTC-USD,buy,0,100\nf3,2026-03-02T14:05:11Z,` +
        `BTC-USD,buy,-2,100\n`,
      [
        'fills.csv row 3, quantity "0": must be greater than 0; the side says which way it went',
        'fills.csv row 4, quantity "-2": must be greater than 0; the side says which way it went',
      ],
    ],
    [
      "a missing column",
      "fill_id,executed_at,symbol,side,price\n",
      [
        "BAD_INPUT fills.csv row 1: the column quantity is missing | add it; lotbook-csv " +
          "requires fill_id, executed_at, symbol, side, quantity, price",
      ],
    ],
    [
      "an unknown column",
      `${header},colour\n`,
      [
        `BAD_INPUT fills.csv row 1: column "colour" is not known | ${advice("remove or rename the column")}`,
      ],
    ],
    [
      "a column in other letters",
      `${header}, Fee\n`,
      [`BAD_INPUT fills.csv row 1: column " Fee" is not known | ${advice("write fee")}`],
    ],
    [
      "a column that is there twice",
      `${header},price\n`,
      ['BAD_INPUT fills.csv row 1: column "price" is there twice | keep one of the two'],
    ],
    [
      "a time without a zone",
      `${header}\nf1,2026-03-02 14:05:11,BTC-USD,buy,1,100\n`,
      [
        'fills.csv row 2, executed_at "2026-03-02 14:05:11": has no zone; write ' +
          "2026-03-02T14:05:11Z, or with an offset 2026-03-02T15:05:11+01:00",
      ],
    ],
    [
      "a second header",
      `${header}\n${row}\n${header}\n${row}\n`,
      [
        `fills.csv row 3 "${header}": is the header again: files were joined; remove this row, ` +
          `or import the files one by one`,
      ],
    ],
    [
      "a byte order mark before a row",
      `\uFEFF${header}\n${row}\n\uFEFF${row}\n`,
      [
        `fills.csv row 3 "\\u{feff}${row}": begins with a byte order mark, as where files were ` +
          `joined; remove it, or quote the cell it is part of`,
      ],
    ],
    [
      "rows that are too short or too long",
      `${header}\nf1,2026\n${row},x\n`,
      [
        'fills.csv row 2 "f1,2026": has 2 columns where the header has 6; complete the row',
        `fills.csv row 3 "${row},x": has 7 columns where the header has 6; quote fields that contain commas`,
      ],
    ],
    [
      "a cut last row",
      `${header}\n${row}\nf2,2026-03-02T14:0`,
      [
        `BAD_INPUT fills.csv row 3: "f2,2026-03-02T14:0" has 2 columns where the header has 6, ` +
          `and no line end | ${cut}`,
      ],
    ],
    [
      "a cut quote",
      `${header}\n${row}\n"f2,2026-03-02T14:05:11Z,BTC-USD,buy,1,100\n${row}\n`,
      [
        "BAD_INPUT fills.csv row 3: opens a quote that is never closed | the file is cut off, or " +
          "a quote in a field is not doubled; get the file again",
      ],
    ],
    [
      "quotes inside a field",
      `${header}\nf"1",2026-03-02T14:05:11Z,BTC-USD,buy,1,100\n"f1"x,2026-03-02T14:05:11Z,` +
        `BTC-USD,buy,1,100\n`,
      [
        `fills.csv row 2 "f"1",2026-03-02T14:05:11Z,BTC-USD,buy,1,100": has a quote inside an ` +
          `unquoted field; quote the field and double the quotes inside it`,
        `fills.csv row 3 ""f1"x,2026-03-02T14:05:11Z,BTC-USD,buy,1,100": has text behind a ` +
          `closing quote; double the quotes inside a field`,
      ],
    ],
    [
      "UTF-16",
      utf16(`\uFEFF${header}\n${row}\n`),
      ["BAD_INPUT fills.csv row 1: is in UTF-16, not in UTF-8 | save it as UTF-8 and import that"],
    ],
    [
      "UTF-16 without its mark",
      utf16(`${header}\n${row}\n`),
      ["BAD_INPUT fills.csv row 1: is in UTF-16, not in UTF-8 | save it as UTF-8 and import that"],
    ],
    [
      "Latin-1",
      Buffer.from(`${header},strategy\n${row},x\n${row},caf\u00e9\n`, "latin1"),
      [
        "BAD_INPUT fills.csv row 3: is not UTF-8: byte 0xE9 at position 46 of the row | save it " +
          "as UTF-8 and import that; it may be in Windows-1252 or Latin-1 now",
      ],
    ],
    [
      "line ends of a lone CR",
      `${header}\r${row}\r`,
      [
        `BAD_INPUT fills.csv row 1: has line ends of a lone CR | save it with LF or CRLF as line ` +
          `ends and import that`,
      ],
    ],
    [
      "fees that are no list",
      `${header},other_fees\n${row},BNB 0.1\n`,
      [
        'fills.csv row 2, other_fees "BNB 0.1": is no list of fees; write ASSET:amount;ASSET:amount',
      ],
    ],
    [
      "a compressed file",
      new Uint8Array([0x1f, 0x8b, 8, 0, 0]),
      ["BAD_INPUT fills.csv: is compressed (gzip) | unpack it and import what is in it"],
    ],
    [
      "control characters of a terminal, which the message escapes",
      `${header}\nf1,\u001b[2J\u202e,BTC-USD,buy,1,100\n`,
      [
        'fills.csv row 2, executed_at "\\u{1b}[2J\\u{202e}": is no RFC 3339 time; write it as ' +
          "2026-03-02T14:05:11Z",
      ],
    ],
  ];
  test.each(cases)("%s", async (_, content, messages) => {
    expect(await refusals("fills.csv", content)).toEqual(messages);
  });

  test("a row that never ends, without holding the whole file", async () => {
    const content = `${header}\n${"x".repeat(1_200_000)}`;
    expect(await refusals("fills.csv", content)).toEqual([
      "BAD_INPUT fills.csv row 2: is longer than a row can be | no trade is; check the quotes and the " +
        "line ends (LF or CRLF) of the file",
    ]);
    expect(await refusals("fills.csv", `${header}\n"${"x\n".repeat(600_000)}`)).toEqual([
      "BAD_INPUT fills.csv row 2: is longer than a row can be | no trade is; check the quotes and the " +
        "line ends (LF or CRLF) of the file",
    ]);
  });

  test("a file without anything", async () => {
    expect(await refusals("fills.csv", "\n\n", "lotbook-csv")).toEqual([
      "BAD_INPUT fills.csv row 1: has no header row | the first row names the columns: fill_id," +
        "executed_at,symbol,side,quantity,price",
    ]);
  });
});

const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", "é", " ") });

test("records are split as csv-parse splits them, in pieces of any size", async () => {
  const tables = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(tables, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
      const content = rows.map((cells) => `${csvLine(cells)}\n`).join("");
      const read: (readonly string[] | undefined)[] = [];
      for await (const records of csvRecords("x.csv", pieces(bytesOf(content), size)))
        for (const { cells } of records) read.push(cells);
      expect(read).toEqual(parse(content, { relax_column_count: true, record_delimiter: "\n" }));
    }),
    { numRuns: 300 },
  );
});

test("an export in CSV comes back exactly", async () => {
  const content =
    `${exportColumns.join(",")}\nf1,2026-03-02T14:05:11.000000001Z,p,a,"v,",BTC-USD,sell,,2,` +
    `0.1,BNB,o,7,s,1,1,t,order,USD:1;A\\;B:-2\n`;
  const facts = await factsOf("fills.csv", content);
  const lines = facts.map((fact) => (fact.kind === "fill" ? csvLine(fillToCells(fact)) : ""));
  expect(await factsOf("fills.csv", `${exportColumns.join(",")}\n${lines.join("\n")}`)).toEqual(
    facts,
  );
});

test("lists of fees come back", () => {
  const fees = fc.array(
    fc.record({
      asset: fc.string({ unit: fc.constantFrom(";", ":", "\\", "a", "\n"), minLength: 1 }),
      amount: fc.constantFrom("1", "-0.5"),
    }),
  );
  fc.assert(
    fc.property(fees, (list) => {
      expect(splitFees(joinFees(list))).toEqual(list);
    }),
  );
});
