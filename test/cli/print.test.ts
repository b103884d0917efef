import { describe, expect, it } from "vitest";
import { losesDigits, moneyDecimals, roundDecimal } from "../../src/cli/print/amount.ts";
import { csvLines } from "../../src/cli/print/csv.ts";
import {
  forSpreadsheet,
  forTerminal,
  jsonForTerminal,
  messageForTerminal,
} from "../../src/cli/print/escape.ts";
import { printReport } from "../../src/cli/print/report.ts";
import { hang } from "../../src/cli/print/wrap.ts";
import { shorten } from "../../src/cli/print/table.ts";
import { progressText, ProgressLine } from "../../src/cli/progress.ts";
import type { Terminal } from "../../src/cli/output.ts";
import { column, quiet, type ReportRow } from "../../src/reports/column.ts";
import type { Report } from "../../src/reports/body.ts";

/** What a report prints. */
async function printed(
  report: Partial<Report>,
  format: "table" | "csv" | "json" | "ndjson",
  terminal: Terminal = { width: undefined, colour: false },
): Promise<string> {
  let text = "";
  const output = {
    terminal,
    write: async (piece: string) => {
      text += piece;
    },
  };
  await printReport({ ...sample(), ...report }, format, output);
  return text;
}

async function* stream(rows: readonly ReportRow[]): AsyncGenerator<ReportRow> {
  yield* rows;
}

const rows: readonly ReportRow[] = [
  {
    symbol: "BTC-USD",
    account: "main",
    fill: "fill-id-000000001",
    quantity: "0.5",
    price: "60000.125",
    pnl: "-12.345678",
    fee: "0.00123",
    closed_at: "2026-03-02T14:05:11Z",
    missing: [],
    odd: "0",
  },
  {
    symbol: "DOGE-USD",
    account: "main",
    fill: "=cmd()",
    quantity: "1250",
    price: "0.1",
    pnl: "7.005",
    fee: "0",
    closed_at: "2026-03-02T14:05:11.123Z",
    missing: ["unmatched"],
    odd: "0",
  },
  {
    symbol: "日本-USD",
    account: "main",
    fill: "\u001b[31m\u202ex",
    quantity: "3",
    price: "2",
    pnl: null,
    fee: "10",
    closed_at: "2026-03-03T00:00:00Z",
    missing: [],
    odd: "0",
  },
];

function sample(): Report {
  return {
    name: "allocations",
    key: "allocations",
    title: "Allocations",
    header: {
      version: 2,
      method: "fifo",
      scope: "portfolio",
      as_of: "2026-03-04T00:00:00Z",
      known_at: { revision: 7, stamp: "2026-03-05T00:00:00Z" },
      not_yet_computed: 1,
      filters: { tz: "UTC" },
    },
    columns: [
      column("account", "text", 5),
      column("symbol", "text", 0),
      column("fill", "text", 1),
      column("quantity", "quantity", 0),
      column("price", "price", 2),
      column("fee", "money", 3),
      column("pnl", "gain", 0),
      column("missing", "names", 4),
      column("closed_at", "time", 2),
      quiet("odd", "quantity", 1),
    ],
    rows: stream(rows),
    totalColumns: [column("quote", "text", 0), column("realized_pnl", "gain", 0)],
    totals: async () => [
      {
        quote: "USD",
        realized_pnl: "-5.340678",
        incomplete_proceeds: "1.5",
        incomplete_allocations: 1,
      },
    ],
    totalNames: { pnl: "realized_pnl" },
    feesNotTaken: [{ asset: "BNB", amount: "0.01", fills: 2, without_value: 1 }],
  };
}

const wide = `Allocations
version 2, fifo, scope portfolio · as of 2026-03-04T00:00:00Z · known at revision 7, 2026-03-05T00:00:00Z
zone UTC · not yet computed: 1 fact
in every row: account main

symbol     fill                 quantity      price     fee     PnL  missing    closed at
─────────  ───────────────────  ────────  ─────────  ──────  ──────  ─────────  ────────────────────────
BTC-USD    fill-id-000000001         0.5  60000.125   0.001  -12.35             2026-03-02T14:05:11Z
DOGE-USD   =cmd()                 1250        0.1     0.000    7.01  unmatched  2026-03-02T14:05:11.123Z
日本-USD   \\u{1b}[31m\\u{202e}x       3        2      10.000    -                2026-03-03T00:00:00Z
─────────  ───────────────────  ────────  ─────────  ──────  ──────  ─────────  ────────────────────────
total USD                                                     -5.34

incomplete (a buy or a fee's value is missing), no PnL: 1 USD allocation, net proceeds 1.50
fees in BNB: 0.01 on 2 fills, 1 of unknown worth; no BNB lot pays them
amounts are rounded; --format json has them exactly
`;

const narrow = `Allocations
version 2, fifo, scope portfolio · as of 2026-03-04T00:00:00Z
known at revision 7, 2026-03-05T00:00:00Z · zone UTC · not yet computed: 1 fact
in every row: account main

symbol     fill        quantity      price     fee     PnL  closed at
─────────  ──────────  ────────  ─────────  ──────  ──────  ────────────────────
BTC-USD    fill-…0001       0.5  60000.125   0.001  -12.35  2026-03-02T14:05:11Z
DOGE-USD   =cmd()        1250        0.1     0.000    7.01  2026-03-02T14:05:11Z
日本-USD   \\u{1b…2e}x       3        2      10.000    -     2026-03-03T00:00:00Z
─────────  ──────────  ────────  ─────────  ──────  ──────  ────────────────────
total USD                                            -5.34

incomplete (a buy or a fee's value is missing), no PnL: 1 USD allocation, net
proceeds 1.50
fees in BNB: 0.01 on 2 fills, 1 of unknown worth; no BNB lot pays them
amounts are rounded; --format json has them exactly
no room for: missing
`;

describe("tables", () => {
  it("are aligned at the point, and say that they are rounded", async () => {
    expect(await printed({}, "table", { width: 108, colour: false })).toBe(wide);
  });

  it("leave out columns, shorten ids, and say so, to fit a terminal", async () => {
    expect(await printed({}, "table", { width: 80, colour: false })).toBe(narrow);
  });

  it("colour losses on a terminal that has colours, and nothing else", async () => {
    const text = await printed({}, "table", { width: 108, colour: true });
    expect(text).toContain("\u001b[31m-12.35\u001b[0m");
    expect(text.replaceAll("\u001b[31m", "").replaceAll("\u001b[0m", "")).toBe(wide);
  });

  it("say when there is nothing", async () => {
    const nothing = { rows: stream([]), totals: async () => [], feesNotTaken: [] };
    const text = await printed(nothing, "table");
    expect(text.split("\n").slice(2)).toEqual(["", "no rows", ""]);
  });

  it("shorten a narrow column rather than the name of a total in it", async () => {
    const columns = [
      column("symbol", "text", 0),
      column("account", "text", 0),
      column("pnl", "gain", 0),
      column("quote", "text", 0),
    ];
    const row = { symbol: "A-USDT", account: "a-very-long-account-name", pnl: "1", quote: "USDT" };
    const report = {
      columns,
      rows: stream([row, row]),
      totals: async () => [{ quote: "USDT", realized_pnl: "2" }],
      feesNotTaken: [],
    };
    const text = await printed(report, "table", { width: 40, colour: false });
    expect(text).toContain("\nA-USDT      a-very-…nt-name  1.00  USDT\n");
    expect(text).toContain("\ntotal USDT                   2.00\n");
  });

  it("show no PnL where all slices are incomplete, in rows and totals", async () => {
    const sums = { realized_pnl: "0", proceeds: "0", allocations: 2, incomplete_allocations: 2 };
    const columns = [column("day", "name", 0), column("realized_pnl", "gain", 0)];
    const report = {
      name: "pnl" as const,
      columns,
      rows: stream([{ day: "2026-01-01", ...sums }]),
      totals: async () => [{ quote: "USD", ...sums, incomplete_proceeds: "3" }],
      totalNames: {},
      feesNotTaken: [],
    };
    const lines = (await printed(report, "table")).split("\n");
    expect(lines.filter((line) => /^(2026|total)/.test(line))).toEqual([
      "2026-01-01             -",
      "total USD              -",
    ]);
  });

  it("of more rows than are laid out together keep all columns and all rows", async () => {
    const many = Array.from({ length: 1500 }, () => rows[0]!);
    const lines = (await printed({ rows: stream(many) }, "table")).split("\n");
    expect(lines.filter((line) => line.includes("fill-id-0"))).toHaveLength(1500);
    expect(lines[3]).toContain("odd");
  });

  it("hang a text behind its label", () => {
    expect(hang("I1  ok  ", "one two three four five six", 30)).toBe(
      "I1  ok  one two three four\n        five six\n",
    );
    expect(hang("I1  ok  ", "one two three four five six", undefined)).toBe(
      "I1  ok  one two three four five six\n",
    );
  });

  it("shorten in the middle, wide characters counted", () => {
    expect(shorten("abcdefghijkl", 12)).toBe("abcdefghijkl");
    expect(shorten("abcdefghijklm", 9)).toBe("abcd…jklm");
    expect(shorten("日本語日本語日本語", 9)).toBe("日本…本語");
  });
});

describe("csv", () => {
  const lines = [
    "account,symbol,fill,quantity,price,fee,pnl,missing,closed_at,odd",
    "main,BTC-USD,fill-id-000000001,0.5,60000.125,0.00123,-12.345678,,2026-03-02T14:05:11Z,0",
    "main,DOGE-USD,'=cmd(),1250,0.1,0,7.005,unmatched,2026-03-02T14:05:11.123Z,0",
    "main,日本-USD,\u001b[31m\u202ex,3,2,10,,,2026-03-03T00:00:00Z,0",
  ];

  it("is exact; text like a formula is set off, negative amounts are not", async () => {
    expect((await printed({}, "csv")).split("\n").slice(0, 4)).toEqual(lines);
  });

  it("on a terminal holds no control characters", async () => {
    const text = await printed({}, "csv", { width: 80, colour: false });
    expect(text.split("\n")[3]).toContain(String.raw`\u{1b}[31m\u{202e}x`);
  });

  it("quotes what needs it", () => {
    const columns = [column("note", "text", 0)];
    const plain = { width: undefined, colour: false };
    expect(csvLines(columns, [{ note: 'a,"b"\nc' }], plain)).toBe('"a,""b""\nc"\n');
  });
});

describe("json", () => {
  it("is one object, a row a line, and the same values back", async () => {
    const text = await printed({}, "json");
    expect(text.split("\n")).toHaveLength(6);
    for (const raw of ["\u001b", "\u202e"]) expect(text).not.toContain(raw);
    const value = JSON.parse(text) as Record<string, unknown>;
    expect(value["allocations"]).toEqual(rows);
    expect(value).toMatchObject({
      version: 2,
      as_of: "2026-03-04T00:00:00Z",
      known_at: { revision: 7, stamp: "2026-03-05T00:00:00Z" },
      not_yet_computed: 1,
    });
  });

  it("of no rows is JSON too", async () => {
    expect(JSON.parse(await printed({ rows: stream([]) }, "json"))).toMatchObject({
      allocations: [],
    });
  });

  it("as ndjson is a row a line and nothing else", async () => {
    const lines = (await printed({}, "ndjson")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows);
  });
});

describe("amounts", () => {
  const rounded: [text: string, decimals: number, expected: string][] = [
    ["0.005", 2, "0.01"],
    ["-0.005", 2, "-0.01"],
    ["0.00499999", 2, "0.00"],
    ["-0.004", 2, "0.00"],
    ["99999999999999999999.995", 2, "100000000000000000000.00"],
    ["9.995", 2, "10.00"],
    ["12", 2, "12.00"],
    ["12.5", 0, "13"],
  ];
  for (const [text, decimals, expected] of rounded)
    it(`${text} to ${decimals} decimals is ${expected}`, () =>
      expect(roundDecimal(text, decimals)).toBe(expected));

  it("say whether rounding loses digits", () => {
    expect(losesDigits("1.23", 2)).toBe(false);
    expect(losesDigits("1.234", 2)).toBe(true);
    expect(losesDigits("1", 2)).toBe(false);
  });

  it("of money show two decimals, or what the smallest needs, five digits of the largest at most", () => {
    expect(moneyDecimals([])).toBe(2);
    expect(moneyDecimals(["12.3456", "-0.5", "0"])).toBe(2);
    expect(moneyDecimals(["0.00012345"])).toBe(6);
    expect(moneyDecimals(["0.0000000001"])).toBe(8);
    expect(moneyDecimals(["1234.5", "0.00012345"])).toBe(2);
    expect(moneyDecimals(["12.5", "0.00012345"])).toBe(3);
    expect(moneyDecimals(["0.5", "0.00012345"])).toBe(5);
    expect(moneyDecimals(["0.05", "0.00012345"])).toBe(6);
    expect(moneyDecimals(["12345678", "0.00012345"])).toBe(2);
  });
});

describe("escaping", () => {
  it("shows control characters, C1, direction marks and separators", () => {
    expect(forTerminal("a\u001b[2Jb\u009b\u202e\u200b\u2028\u007f\r\n")).toBe(
      String.raw`a\u{1b}[2Jb\u{9b}\u{202e}\u{200b}\u{2028}\u{7f}\u{d}\u{a}`,
    );
    expect(forTerminal("Zoë 日本 €")).toBe("Zoë 日本 €");
  });

  it("keeps the lines of a message", () => {
    expect(messageForTerminal("a\nb\u0007")).toBe("a\nb\\u{7}");
  });

  it("of JSON keeps the value", () => {
    const value = "\u009b\u202e\u{e0001}";
    const json = jsonForTerminal(JSON.stringify(value));
    expect(json).toBe(String.raw`"\u009b\u202e\udb40\udc01"`);
    expect(JSON.parse(json)).toBe(value);
  });

  for (const text of ["=1", "+1", "-a", "@a", "\ta", "\ra", "\na", "＝1"])
    it(`sets ${JSON.stringify(text)} off for a spreadsheet`, () =>
      expect(forSpreadsheet(text)).toBe(`'${text}`));
});

describe("progress", () => {
  it("is a bar where the end is known", () => {
    expect(progressText({ phase: "reading", done: 25, total: 100 })).toBe(
      "reading ━━━━━━────────────────── 25% 25/100",
    );
    expect(progressText({ phase: "copying", done: 3 })).toBe("copying 3");
  });

  it("is written to a terminal only, and cleared", () => {
    const written: string[] = [];
    const write = (text: string): void => {
      written.push(text);
    };
    new ProgressLine({ isTTY: false, write }).update({ phase: "a", done: 1 });
    expect(written).toEqual([]);
    const line = new ProgressLine({ isTTY: true, columns: 80, write });
    line.update({ phase: "a", done: 1 });
    line.update({ phase: "a", done: 2 });
    line.clear();
    line.clear();
    expect(written).toEqual(["\r\u001b[Ka 1", "\r\u001b[K"]);
  });
});
