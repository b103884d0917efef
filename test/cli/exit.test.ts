/** The command line from outside: exit statuses, what goes to stdout and what to stderr. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const header = "fill_id,executed_at,symbol,side,quantity,price\n";

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "lotbook-exit-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function run(line: string, environment: Record<string, string> = {}): Promise<Outcome> {
  const words = line.split(" ").filter((word) => word !== "");
  const env = { ...process.env, LOTBOOK_DB: join(directory, "ledger"), ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...words], { cwd: directory, env }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe("usage", () => {
  const refused: [line: string, message: string][] = [
    ["", "Usage: lotbook"],
    ["bogus", "unknown command 'bogus'"],
    ["reprot pnl", "Did you mean report?"],
    ["report", "missing required argument 'name'"],
    ["report profit", "Allowed choices are pnl, lots"],
    ["report pnl --bogus", "unknown option '--bogus'"],
    ["report pnl --format xml", "Allowed choices are table, csv, json, ndjson"],
    ["report pnl --version 0", "A version is a whole number from 1."],
    ["report pnl --group-by colour", '"colour" is nothing to group by'],
    ["report lots --group-by symbol", "--group-by is for pnl only"],
    ["report pnl", "there is no ledger at"],
    ["explain", "name a fact by its id, or a PnL cell with --pnl"],
    ["explain s1 --pnl month=2025-01", "name a fact by its id, or a PnL cell with --pnl"],
    ["explain s1 --from 2025-01-01", "--from is for PnL cells only"],
    ["explain --pnl colour=red", '"colour" is nothing to group by'],
    ["explain s1 --format csv", "a tree has no csv; use --format json"],
    ["import", "missing required argument 'file'"],
    ["import no-such-file", "no-such-file does not exist"],
    ["import .", ". is a directory\nName the files in it."],
    ["import - -", "standard input (-) can be read only once"],
    ["import - --from xls", 'there is no format "xls"'],
    ["report pnl --db=", "--db is empty"],
    ["report pnl --db postgres:/u:secret-word@h/x", "postgres: is no database that lotbook knows"],
    ["compute --db http://u:secret-word@h/x", "http:// is no database that lotbook knows"],
    ["db copy ledger", "ledger is the ledger itself"],
    ["generate --out no-such-place/x.csv", "the directory of no-such-place/x.csv does not exist"],
    ["checkpoint new-key no-such-place/k", "the directory of no-such-place/k does not exist"],
    ["checkpoint public-key .", "lotbook: . is a directory"],
    ["fee-value from-prices .", "lotbook: . is a directory"],
    ["correct b1 --void", "required option '--reason <text>' not specified"],
    ["correct b1 --void --price 1 --reason r", "leave out what would replace it"],
    ["review list --kind late", "Allowed choices are conflict, waiting"],
    ["review list", "there is no ledger at"],
    ["review resolve forget x:1 --reason r", '"forget" is no action'],
    ["review resolve keep --reason r", "name the items"],
    ["fee-value from-prices p.csv --max-age 1", "Write a number and s, m, h or d"],
    ["export", "name either a directory or --proof FILE"],
    ["export there --key k.pem", "--key signs a proof"],
    ["export --proof -", "there is no ledger at"],
    ["versions publish x", "A version is a whole number from 1."],
    ["generate --fills 0", "At least 1 is needed."],
  ];
  for (const [line, message] of refused)
    it(`\`lotbook ${line}\` ends with 2`, async () => {
      const { status, stdout, stderr } = await run(line);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toContain(message);
      expect(stderr).not.toMatch(/secret-word|E[A-Z]{4,}\b|\bat .*:\d+:\d+/);
      expect(await readdir(directory)).toEqual([]);
    });

  it("help and the program's version end with 0, and make no ledger", async () => {
    for (const line of ["--help", "help report", "report --help", "db --help", "--version"]) {
      const { status, stdout, stderr } = await run(line);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).not.toBe("");
    }
    expect((await run("help report")).stdout).toContain("--known-at");
  });

  it("an unreachable database ends with 3", async () => {
    const { status, stdout, stderr } = await run(
      "report pnl --db postgres://nobody@127.0.0.1:1/none",
    );
    expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
    expect(stderr).toMatch(/^lotbook: /);
  });
});

const row = (id: string, side: string, rest: string): string =>
  `${id},2026-03-02T14:05:11Z,BTC-USD,${side},${rest}\n`;

describe("a ledger's life", () => {
  it("import, compute, verify, report", async () => {
    await writeFile(
      join(directory, "fills.csv"),
      header + row("b1", "buy", "2,100") + row("\u001b[2Js1", "sell", "3,110"),
    );
    const first = await run("import fills.csv --format json");
    expect(first.status, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ recorded: 2, duplicates: 0, conflicts: 0 });
    const again = await run("import fills.csv");
    expect(again).toMatchObject({ status: 0, stderr: "nothing new: the ledger is as it was\n" });

    const early = await run("report pnl");
    expect(early.status).toBe(2);
    expect(early.stderr).toContain("run `lotbook compute` first");

    const computed = await run("compute --format json");
    expect(JSON.parse(computed.stdout)).toMatchObject({ version: 1, total_pnl: { USD: "20" } });
    const verified = await run("verify --format json");
    expect(verified.status).toBe(0);
    const proof = JSON.parse(verified.stdout) as { checks: { id: string }[] };
    expect(proof).toMatchObject({ ok: true, version: 1 });
    expect(proof.checks.map(({ id }) => id).join(" ")).toBe("I1 I2 I3 I4 I5 I6 I7 I8 I9");

    const report = await run("report pnl --format json");
    expect(report).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(report.stdout)).toMatchObject({
      rows: [{ symbol: "BTC-USD", realized_pnl: "20", unmatched_quantity: "1", complete: false }],
    });
    const table = await run("report unmatched");
    expect(table.stdout).toContain(String.raw`\u{1b}[2Js1`);
    expect(table.stdout).not.toContain("\u001b");
  });

  it("bad rows: nothing recorded and 2; left out on request and 1", async () => {
    await writeFile(
      join(directory, "bad.csv"),
      header + row("b2", "buy", "1,100") + row("b3", "bought", "1,x"),
    );
    const whole = await run("import bad.csv");
    expect({ status: whole.status, stdout: whole.stdout }).toEqual({ status: 2, stdout: "" });
    expect(whole.stderr).toContain("bad.csv row 3");
    expect(whole.stderr).toContain("nothing was recorded");
    const some = await run("import bad.csv --skip-bad-rows --format json");
    expect(some.status, some.stderr).toBe(1);
    expect(JSON.parse(some.stdout)).toMatchObject({ recorded: 1, rejected: 1 });
    expect(some.stderr).toContain("bad.csv row 3");
  });

  it("a conflict with what the ledger has ends with 1", async () => {
    await writeFile(join(directory, "conflict.csv"), header + row("b1", "buy", "2,101"));
    const { status, stdout, stderr } = await run("import conflict.csv --format json");
    expect(status, stderr).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ recorded: 0, conflicts: 1 });
    expect(stderr).toContain("b1");
  });

  it("review and corrections: 0, or 2 for what is refused", async () => {
    const found = JSON.parse((await run("review list --kind conflict --format json")).stdout) as {
      items: { item: string }[];
    };
    const { item } = found.items[0]!;
    expect(item).toMatch(/^conflict:BTC-USD:\d+$/);
    expect((await run(`review show ${item}`)).stdout).toContain("price *");
    const kept = await run(`review resolve keep ${item} --reason checked --author ana`);
    expect(kept).toMatchObject({ status: 0, stdout: `keep ${item}\n`, stderr: "" });
    const again = await run(`review resolve keep ${item} --reason checked`);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain("is resolved: keep");
    const shown = await run("correct b1 --price 105 --reason r --dry-run --format json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ after: { price: "105" }, batch: null });
    expect(shown.stderr).toBe("dry run: nothing was recorded\n");
    expect((await run("fee-value set b1 BNB -1.5")).stderr).toContain('fill "b1" has no fee');
  });

  it("versions, status, export", async () => {
    expect((await run("compute --full --scope account --no-publish")).status).toBe(0);
    const list = JSON.parse((await run("versions list --format json")).stdout) as {
      versions: { version: number; published: boolean }[];
    };
    expect(list.versions.map(({ version, published }) => [version, published])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect((await run("versions drop 1")).status).toBe(2);
    expect((await run("versions publish 2")).stdout).toContain("published version 2");
    expect((await run("versions drop 1")).status).toBe(0);
    expect((await run("report pnl --version 1")).stderr).toContain("version 1 was dropped");
    expect((await run("db status")).stdout).toContain("power loss");
    expect((await run("export out")).status).toBe(0);
    expect(await readFile(join(directory, "out", "fills.csv"), "utf8")).toContain("b1");
  });

  it("generate writes the same fills from the same seed", async () => {
    const one = await run("generate --fills 50 --seed 4");
    const other = await run("generate --fills 50 --seed 4");
    expect(one.status).toBe(0);
    expect(one.stdout).toBe(other.stdout);
    expect(one.stdout.split("\n").length).toBeGreaterThan(50);
  });

  it("a reader that goes away is no fault", async () => {
    for (const line of ["generate --fills 200000", "report allocations --format csv"]) {
      const env = { ...process.env, LOTBOOK_DB: join(directory, "ledger") };
      const child = spawn(process.execPath, [main, ...line.split(" ")], { env });
      let stderr = "";
      child.stderr.on("data", (data: Buffer) => {
        stderr += data.toString();
      });
      child.stdout.once("data", () => child.stdout.destroy());
      const [status] = (await once(child, "close")) as [number];
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  });
});

it("a ledger that agrees with itself and not with a checkpoint ends with 1, and says so", async () => {
  for (const [name, price] of [
    ["one", "100"],
    ["two", "101"],
  ] as const) {
    await writeFile(join(directory, `${name}.csv`), header + row("c1", "buy", `1,${price}`));
    expect((await run(`import ${name}.csv --db ${name}`)).status).toBe(0);
  }
  expect((await run("checkpoint new-key outside.pem")).status).toBe(0);
  expect((await run("checkpoint note --key outside.pem --db one")).status).toBe(0);
  const against = "verify --against note --key outside.pem --format json";
  const same = await run(`${against} --db one`);
  expect({ status: same.status, ...JSON.parse(same.stdout) }).toMatchObject({
    status: 0,
    ok: true,
    against: { ok: true, books: 1, violations: 0 },
  });
  const other = await run(`${against} --db two`);
  expect({ status: other.status, ...JSON.parse(other.stdout) }).toMatchObject({
    status: 1,
    ok: false,
    checks: [{ id: "I9", ok: true }],
    against: { ok: false, differences: [{ what: "the seal is another", symbol: "BTC-USD" }] },
  });
});
