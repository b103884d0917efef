/**
 * The checker of proof files, verifier/verify-proof.mjs, which was made from docs/spec alone: it agrees with
 * what the command line exports, and finds every change.
 */
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tellTrials } from "../reliability.ts";

type Values = Record<string, unknown>;
interface Checker {
  verifyProof(
    chunks: Iterable<string | Uint8Array>,
    options?: { key?: string; checkpoint?: string; books?: string },
  ): Promise<{ ok: boolean; found: number; findings: string[]; counts: Record<string, number> }>;
  leaf(name: string, values: Values): string;
  factLeaf(book: Values, line: Values): string;
  hashOf(hex: string): string;
  readNote(text: string): Record<string, string> | undefined;
  Tree: new () => { add(hash: string): void; root(): string };
}

const root = new URL("../../", import.meta.url);
const file = (path: string): string => readFileSync(new URL(path, root), "utf8");
// By a name that TypeScript does not follow: the checker is plain JavaScript, outside of the project's types.
const checkerUrl = new URL("verifier/verify-proof.mjs", root).href;
const checker = (await import(checkerUrl)) as Checker;
const example = "docs/spec/proof-example";
const linesOf = (text: string): string[] => text.split("\n").slice(0, -1);
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** The same numbers from the same seed: xorshift32. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The checker as a command. */
function run(...args: string[]): { status: number; out: string } {
  try {
    const path = "verifier/verify-proof.mjs";
    const options = { cwd: root, encoding: "utf8", stdio: "pipe" } as const;
    return { status: 0, out: execFileSync(process.execPath, [path, ...args], options) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { status, out: stdout };
  }
}

describe("a ledger made by the command line", () => {
  const directory = mkdtempSync(join(tmpdir(), "lotbook-verifier-"));
  const at = (name: string): string => join(directory, name);
  const lotbook = (...args: string[]): string =>
    execFileSync(process.execPath, ["src/cli/main.ts", "--db", at("ledger"), ...args], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  const w = { portfolio: "default", symbol: "BTC-USD", venue: "kraken", account: "main" };
  const fill = { type: "fill", ...w, revision: 0, executed_at: "2026-03-01T10:00:00Z" };
  const bnb = [{ asset: "BNB", amount: "0.1" }];
  const facts = [
    {
      ...fill,
      fill_id: "b1",
      side: "buy",
      quantity: "3",
      price: "0.333333333333333333",
      fees: bnb,
    },
    {
      ...fill,
      fill_id: "\u{1f600}",
      side: "buy",
      quantity: "1.000000000000000001",
      price: "7",
      fees: [{ asset: "BTC", amount: "0.000000000000000007" }],
      sequence: "10",
      order_id: "o",
      strategy: "grid",
      trade_id: "t",
      grain: "order",
    },
    // In UTF-16 this one is after the one before; by bytes it is before it.
    {
      ...fill,
      fill_id: "\uff21",
      side: "buy",
      quantity: "1",
      price: "8",
      fees: [],
      sequence: "10",
    },
    {
      ...fill,
      fill_id: "s1",
      side: "sell",
      quantity: "2.5",
      price: "9",
      fees: bnb,
      sequence: "11",
    },
    { ...fill, fill_id: "s2", side: "sell", quantity: "9", price: "9", fees: [], sequence: "12" },
    { ...fill, fill_id: "b2", side: "buy", quantity: "7", price: "0", fees: [], sequence: "13" },
    { ...fill, account: "two", fill_id: "b1", side: "buy", quantity: "7", price: "6", fees: [] },
    { type: "fee value", ...w, fill_id: "b1", fill_revision: 0, asset: "BNB", revision: 0 },
    { type: "opening lot", ...w, key: "gift", revision: 0, opened_at: "2026-01-01T00:00:00Z" },
    { type: "adjustment", ...w, entry_id: "a", trade_type: "REVERSAL", fees: bnb },
  ].map((fact) => {
    if (fact.type === "fee value") return { ...fact, value: "1.7", source: "chart" };
    if (fact.type === "opening lot")
      return { ...fact, quantity: "1.5", author: "ana", note: "gift" };
    return fact.type === "adjustment" ? { ...fact, executed_at: fill.executed_at } : fact;
  });
  let proof: string[] = [];
  let signed: { key: string; checkpoint: string; books: string };

  beforeAll(() => {
    writeFileSync(at("facts.ndjson"), textOf(facts.map((fact) => JSON.stringify(fact))));
    writeFileSync(at("fills.csv"), lotbook("generate", "--fills", "12", "--symbols", "2"));
    lotbook("import", at("facts.ndjson"), at("fills.csv"));
    lotbook("compute", "--full", "--scope", "account");
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(at("key.pem"), pem, { mode: 0o600 });
    lotbook("checkpoint", at("note"), "--key", at("key.pem"));
    lotbook("correct", "b2", "--price", "5", "--reason", "statement", "--author", "ana");
    lotbook("fee-value", "set", "s1", "BNB", "2.2", "--source", "chart", "--author", "ana");
    lotbook("compute");
    lotbook(
      "correct",
      "gift",
      "--opening-lot",
      "--void",
      "--reason",
      "not ours",
      "--author",
      "ana",
    );
    lotbook("export", "--proof", at("proof"), "--key", at("key.pem"));
    proof = linesOf(readFileSync(at("proof"), "utf8"));
    signed = {
      key: String(publicKey.export({ type: "spki", format: "pem" })),
      checkpoint: readFileSync(at("note"), "utf8"),
      books: readFileSync(at("note.books"), "utf8"),
    };
  }, 600_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("is green, read in pieces of any size, and extends its checkpoint", async () => {
    const bytes = new TextEncoder().encode(textOf(proof));
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
      bytes.subarray(7 * i, 7 * i + 7),
    );
    const result = await checker.verifyProof(pieces, signed);
    expect(result.findings).toEqual([]);
    expect(result.counts).toMatchObject({ fill: 20, void: 2, "opening lot": 1, adjustment: 1 });
  });

  test("does not extend a checkpoint that it does not extend", async () => {
    const other = linesOf(file(`${example}/ledger.proof.ndjson`));
    const own = { ...signed, key: file(`${example}/public.pem`) };
    expect((await checker.verifyProof([textOf(proof)], own)).ok).toBe(false);
    const found = await checker.verifyProof([textOf(other)], signed);
    expect(found.findings.join("\n")).toContain("against the checkpoint: head is ");
    const changed = { ...signed, books: signed.books.replace('"last_entry":"', '"last_entry":"1') };
    expect((await checker.verifyProof([textOf(proof)], changed)).ok).toBe(false);
  });

  test("is found with any line deleted, doubled, swapped, or the last of it", async () => {
    const { key } = signed;
    for (let place = 0; place < proof.length; place += 3) {
      const [before, line, after] = [proof.slice(0, place), proof[place]!, proof.slice(place + 1)];
      const broken = [[...before, ...after], [...before, line, line, ...after], before];
      if (place > 0) broken.push([...before.slice(0, -1), line, before.at(-1)!, ...after]);
      for (const lines of broken)
        expect((await checker.verifyProof([textOf(lines)], { key })).ok, line).toBe(false);
    }
  });

  test("is found with any key of any kind of line changed, missing or more", async () => {
    await expectChangesFound(proof, signed.key, seeded(20_261_125));
  });

  test("exit status and the lines that a person reads", () => {
    writeFileSync(at("changed"), textOf(proof).replace('"price":"7"', '"price":"7.5"'));
    expect(run(at("proof")).status).toBe(0);
    expect(run(at("changed"))).toMatchObject({ status: 1 });
    expect(run(at("changed")).out).toMatch(/^line \d+: default BTC-USD: fill \u{1f600}: leaf is /u);
    expect(run().status).toBe(2);
  });
});

/** Some of the ways in which a value can be another, all with the least change. */
function otherValues(value: unknown): unknown[] {
  if (typeof value !== "string") return [[...(value as unknown[]), { asset: "ZZ", amount: "1" }]];
  const last = value.at(-1);
  if (/^[0-9a-f-]{36,64}$/.test(value)) return [value.slice(0, -1) + (last === "0" ? "1" : "0")];
  if (/^\d{4}-.*Z$/.test(value))
    return [value.replace(/(\.\d+)?Z$/, (part) => (part === "Z" ? ".001Z" : "Z"))];
  if (/^-?\d+(?:\.\d+)?$/.test(value))
    return [value.includes(".") ? `${value}1` : `${value}.1`, `${value}0`, `-${value}`];
  return [`${value}x`, value.slice(0, -1)];
}

/** Each key of each kind of line, in a line of the kind that the seed chooses. */
async function expectChangesFound(
  proof: readonly string[],
  key: string,
  below: (count: number) => number,
): Promise<void> {
  const byKey = new Map<string, number[]>();
  const parsed = proof.map((line) => JSON.parse(line) as Values);
  for (const [at, line] of parsed.entries())
    for (const name of Object.keys(line)) {
      const kind = `${String(line["type"])} ${name}`;
      byKey.set(kind, [...(byKey.get(kind) ?? []), at]);
    }
  let tried = 0;
  for (const [kind, places] of byKey) {
    const name = kind.split(" ").at(-1)!;
    const at = places[below(places.length)]!;
    const line = parsed[at]!;
    const { [name]: value, ...without } = line;
    const changed = otherValues(value).map((other) => ({ ...line, [name]: other }) as Values);
    const more = { ...line, [`${name}x`]: "0" };
    for (const other of [...changed, without, more]) {
      const lines = proof.with(at, JSON.stringify(other));
      if (lines[at] === proof[at]) continue;
      tried++;
      const { ok } = await checker.verifyProof([textOf(lines)], { key });
      expect(ok, `${kind}: ${lines[at]}`).toBe(false);
    }
  }
  const promise =
    "a value of a proof file that is another is found by the checker made from the spec";
  const from = { test: "test/verifier/verify-proof.test.ts", seed: 20_261_125 };
  tellTrials({ promise, ...from, tried, unit: "changed values", broken: 0 });
  expect(tried).toBeGreaterThan(200);
}

describe("the example of the spec", () => {
  const options = {
    key: file(`${example}/public.pem`),
    checkpoint: file(`${example}/checkpoint`),
    books: file(`${example}/checkpoint.books`),
  };
  test("is green and extends its checkpoint", async () => {
    const proof = file(`${example}/ledger.proof.ndjson`);
    expect((await checker.verifyProof([proof], options)).findings).toEqual([]);
  });

  test("has no two writings of one hash", async () => {
    const lines = linesOf(file(`${example}/ledger.proof.ndjson`));
    const find = (part: string): number => lines.findIndex((line) => line.includes(part));
    const drop = find('"kind":"drop"');
    const text = find('"strategy"');
    const changes: [number, string][] = [
      [drop, lines[drop]!.replace('"inputs"', `"digest":"${"0".repeat(64)}","inputs"`)],
      [text, lines[text]!.replace("\u{1f642}", "\\ud83d")],
      [text, ` ${lines[text]}`],
      [text, lines[text]!.replace("grid", "gr\\u0069d")],
      [0, `\ufeff${lines[0]}`],
    ];
    for (const [at, line] of changes) {
      const { ok } = await checker.verifyProof([textOf(lines.with(at, line))], {
        key: options.key,
      });
      expect(ok, line).toBe(false);
    }
  });
});

const hex = (number: unknown): string => BigInt(String(number)).toString(16).padStart(16, "0");
const timeOf = (count: string, digits: number): string => {
  const unit = 10n ** BigInt(digits);
  const seconds = new Date(Number(BigInt(count) / unit) * 1000).toISOString().slice(0, 19);
  const fraction = String(BigInt(count) % unit).padStart(digits, "0");
  return `${seconds}.${fraction}Z`.replace(/(?:\.?000)+Z$/, "Z").replace(/\.Z$/, "Z");
};
const hashed = (list: string[] | undefined): string | undefined =>
  list === undefined || list.length === 0 ? undefined : checker.hashOf(list.join(""));

describe("golden vectors", () => {
  const vectors = JSON.parse(file("docs/spec/vectors.json")) as {
    records: {
      kind: string;
      name: string;
      fields: Record<string, never>;
      hash: string;
      bookId?: string;
    }[];
    identities: {
      kind: string;
      venue: string;
      account: string;
      id: string;
      revision: number;
      bytes: string;
    }[];
    roots: { leaves: string[]; root: string }[];
    inputs: { books: { bookId: string; computedEntry: string | number }[]; hash: string }[];
    notes: { signed: ({ note: string } & Record<string, string>)[]; publicKey: string };
  };
  const names: Record<string, string> = { openShare: "open_fee", closeShare: "close_fee" };
  const identities = new Map(
    vectors.identities.map((one) => [one.bytes, { ...one, type: one.kind }]),
  );
  function valueOf(key: string, value: never): unknown {
    if (key === "executedAt") return timeOf(value, 9);
    if (key === "openedAt" || key === "closedAt") return value;
    if (key === "recordedAt" || key === "stamp") return timeOf(value, 6);
    if (key === "open" || key === "close") return identities.get(value);
    if (key === "allocations" || key === "openLots") return hashed(value);
    if (key === "days")
      return (value as { day: number; digest: string }[])
        .map((day) => hex(day.day) + day.digest)
        .join("");
    if (key === "books")
      return (value as { bookId: string; digest: string }[])
        .map((book) => book.bookId + book.digest)
        .join("");
    return value;
  }

  test("records", () => {
    for (const { kind, name, fields, hash, bookId } of vectors.records) {
      if (kind === "telling") continue; // the file has no raw bytes
      const line: Values = { type: kind };
      for (const [key, value] of Object.entries(fields)) {
        const snake =
          names[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        line[snake] = valueOf(key, value);
      }
      if (kind === "opening lot") line["opened_at"] = timeOf(fields["openedAt"]!, 9);
      const isFact = ["fill", "void", "opening lot", "fee value", "adjustment"].includes(kind);
      expect(
        isFact ? checker.factLeaf(line, line) : checker.leaf(kind, line),
        `${kind}, ${name}`,
      ).toBe(hash);
      if (bookId !== undefined) expect(hash.startsWith(bookId.replaceAll("-", ""))).toBe(true);
    }
  });

  test("roots, inputs and notes", () => {
    for (const { leaves, root: expected } of vectors.roots) {
      const tree = new checker.Tree();
      for (const one of leaves) tree.add(one);
      expect(tree.root()).toBe(expected);
    }
    for (const { books, hash } of vectors.inputs)
      expect(
        checker.hashOf(books.map((book) => book.bookId + hex(book.computedEntry)).join("")),
      ).toBe(hash);
    for (const { note, text, books, facts, time } of vectors.notes.signed)
      expect(checker.readNote(note)).toMatchObject({ text, books, facts, time });
  });
});

describe("the files", () => {
  test("the checker imports nothing but what Node brings, and only where it is there", () => {
    const source = file("verifier/verify-proof.mjs");
    expect(source).not.toMatch(/^import\b/m);
    for (const [, name] of source.matchAll(/\bimport\("([^"]*)"\)/g))
      expect(name).toMatch(/^node:/);
    expect(source).not.toContain("require(");
  });

  test("the page allows its own script and style, and no network", () => {
    const page = file("verifier/index.html");
    expect(page.split("\n").length).toBeLessThan(80);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("connect-src");
    for (const [, content] of page.matchAll(/<(?:script[^>]*|style)>(.*?)<\/(?:script|style)>/gs))
      expect(policy).toContain(createHash("sha256").update(content!).digest("base64"));
  });
});
