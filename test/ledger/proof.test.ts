/** Proof files: all that is in one follows from the rest, whatever its ledger went through. */
import { createPublicKey } from "node:crypto";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/core/fact.ts";
import { makeKey } from "../../src/ledger/checkpoint/key.ts";
import { isSignedBy } from "../../src/ledger/checkpoint/note.ts";
import { type ProofOptions, writeProof } from "../../src/ledger/proof/write.ts";
import { arrange } from "../../src/testing/arrival.ts";
import { Dice, drawHistory } from "../../src/testing/histories.ts";
import { describeEngines } from "../engines.ts";
import { fill, type TestLedger, withDirectory, withLedger } from "./ledger.ts";
import { type ReadProof, readProof } from "./read-proof.ts";

const example = new URL("../../docs/spec/proof-example/", import.meta.url);

/** Reads it and holds its note against the key. */
function readSigned(text: string, key: string): ReadProof {
  const proof = readProof(text);
  const signed = proof.note.slice(0, proof.note.indexOf("\n\n") + 1);
  if (isSignedBy(proof.note, signed, createPublicKey(key))) return proof;
  throw new Error("the note is not signed with that key");
}

type Line = Record<string, unknown>;

/** Another value of the same form. */
function another(value: unknown): unknown {
  if (typeof value !== "string") return [{ asset: "ZZZ", amount: "1" }];
  if (/^[0-9]+$/.test(value)) return (BigInt(value) + 1n).toString();
  const time = value.replace(/^20../, (year) => (year === "2027" ? "2028" : "2027"));
  if (time !== value) return time;
  return value.slice(0, -1) + (value.endsWith("0") ? "1" : "0");
}

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Each line with one value changed, each line gone, each line twice. */
function* changed(lines: readonly string[]): Generator<{ what: string; text: string }> {
  for (const [index, text] of lines.entries()) {
    const line = JSON.parse(text) as Line;
    const at = `line ${index + 1}`;
    for (const [key, value] of Object.entries(line)) {
      if (key === "type") continue;
      const other = JSON.stringify({ ...line, [key]: another(value) });
      yield { what: `${at}: another ${key}`, text: joined(lines.with(index, other)) };
      const { [key]: _gone, ...rest } = line;
      const without = lines.with(index, JSON.stringify(rest));
      yield { what: `${at}: no ${key}`, text: joined(without) };
    }
    yield { what: `${at} gone`, text: joined(lines.toSpliced(index, 1)) };
    yield { what: `${at} twice`, text: joined(lines.toSpliced(index, 0, text)) };
  }
}

describe("the example of docs/spec/proof.md", () => {
  test("follows and is signed; and no value of it can be another", async () => {
    const text = await readFile(new URL("ledger.proof.ndjson", example), "utf8");
    const key = await readFile(new URL("public.pem", example), "utf8");
    expect(readSigned(text, key).types.size).toBe(15);
    const changes = [...changed(text.trimEnd().split("\n"))];
    expect(changes.length).toBeGreaterThan(1000);
    const unnoticed = changes.filter((change) => {
      try {
        readSigned(change.text, key);
        return true;
      } catch {
        return false;
      }
    });
    expect(unnoticed.map(({ what }) => what)).toEqual([]);
  });
});

const seed = parseInt(process.env["LOTBOOK_SEED"] ?? "1", 10);
const histories = parseInt(process.env["LOTBOOK_PROOFS"] ?? "12", 10);

/** All kinds of facts, in many books. */
function drawFacts(): Fact[] {
  return Array.from(
    { length: histories },
    (_, index) => drawHistory(seed + index, 15).facts,
  ).flatMap((facts, index) =>
    facts.map((fact) => ({ ...fact, portfolio: `${index} ${fact.portfolio}` })),
  );
}

async function proofOf({ database }: TestLedger, options: ProofOptions = {}): Promise<string> {
  let text = "";
  await writeProof(database, async (piece) => void (text += piece), options);
  return text;
}

const allButTheNote = (text: string): string => text.slice(0, text.lastIndexOf('{"type"'));

describeEngines("a proof", (engine) => {
  test("follows, in every hash and figure, at any stage of a ledger", () =>
    withLedger(engine, async (opened) => {
      const { ledger, ports } = opened;
      expect(readProof(await proofOf(opened))).toMatchObject({ lines: 2, digest: undefined });
      const batches = arrange(new Dice(seed), drawFacts(), 150);
      const third = Math.ceil(batches.length / 3);
      for (const batch of batches.slice(0, third)) await ledger.record(batch);
      const recorded = readProof(await proofOf(opened));
      expect([recorded.digest, recorded.types.has("state")]).toEqual([undefined, false]);
      await ledger.compute();
      for (const batch of batches.slice(third, 2 * third)) await ledger.record(batch);
      // Not computed yet: the conclusions are of fewer facts than there are.
      readProof(await proofOf(opened));
      await ledger.compute();
      for (const batch of batches.slice(2 * third - 1)) await ledger.record(batch);
      await ledger.record([{ ...fill("b1", 1, "1", "1"), portfolio: "late" }]);
      await ledger.record([{ ...fill("b1", 1, "2", "1"), portfolio: "late" }]);
      const { digest } = await ledger.compute();
      const { version } = await ledger.compute({ full: true, scope: "account", publish: false });
      const dropped = await ledger.compute({ full: true, publish: false });
      await ledger.drop(dropped.version);
      ports.failAt("compute.sealed");
      await expect(ledger.compute({ full: true })).rejects.toThrow("on purpose");
      ports.reached = () => {};
      const text = await proofOf(opened);
      const proof = readProof(text);
      expect([proof.digest, proof.types.size]).toEqual([digest, 15]);
      const again = await proofOf(opened, { now: () => new Date(0) });
      expect(allButTheNote(again)).toBe(allButTheNote(text));
      expect(again).not.toBe(text);
      await ledger.publish(version);
      expect(readProof(await proofOf(opened)).digest).not.toBe(digest);
    }));

  test("has what stands, whatever a run that died has begun", () =>
    withLedger(engine, async (opened) => {
      // A version that was built when there was no book.
      const { digest } = await opened.ledger.compute();
      expect(readProof(await proofOf(opened)).digest).toBe(digest);
      await opened.ledger.record([fill("b1", 2, "2", "1"), fill("s1", 3, "1", "2")]);
      await opened.ledger.compute();
      const before = allButTheNote(await proofOf(opened));
      // Dying leaves what failing would have cleared away.
      for (const table of ["allocations", "open_lots", "book_states"])
        await opened.query(
          `WITH begun AS (INSERT INTO steps (run, version, book_id)
             SELECT 1, 1, book_id FROM books RETURNING step)
           UPDATE ${table} SET superseded = begun.step FROM begun`,
        );
      expect(allButTheNote(await proofOf(opened))).toBe(before);
      // What no seal covers is not left out: it is there to be found.
      await opened.query(
        `INSERT INTO fills (book_id, entry, venue, account, fill_id, executed_at, side, quantity, price, leaf)
         SELECT book_id, 3, venue, account, 'b2', executed_at, side, quantity, price, leaf FROM fills
         WHERE entry = 1`,
      );
      const planted = await proofOf(opened);
      expect(() => readProof(planted)).toThrow("a leaf");
    }));

  test("is signed, in a new file that is whole or not there", () =>
    withDirectory((directory) =>
      withLedger(engine, async ({ ledger, database }) => {
        const [key, file] = [join(directory, "key.pem"), join(directory, "proof")];
        const { pem, key_id } = await makeKey(key);
        await ledger.record([fill("b1", 1, "1", "100")]);
        const made = await ledger.exportProof(file, { key });
        const read = readSigned(await readFile(file, "utf8"), pem);
        expect(made).toMatchObject({ file, key_id, lines: read.lines, version: null, facts: 1n });
        await expect(ledger.exportProof(file)).rejects.toMatchObject({ code: "BAD_USAGE" });
        expect(readProof(await readFile(file, "utf8")).note).toBe(read.note);

        const other = join(directory, "other");
        const { connect } = database;
        database.connect = (work) =>
          connect((connection) => {
            const query = connection.query.bind(connection);
            connection.query = (text, values) =>
              text.includes("proof_revisions")
                ? Promise.reject(new Error("lost"))
                : query(text, values);
            return work(connection).finally(() => (connection.query = query));
          });
        await expect(ledger.exportProof(other)).rejects.toThrow("lost");
        database.connect = connect;
        expect((await readdir(directory)).toSorted()).toEqual(["key.pem", "proof"]);
        if (engine.kind === "pglite")
          await expect(ledger.exportProof(join(database.location, "proof"))).rejects.toThrow(
            "in the data directory",
          );
        await expect(ledger.exportProof(other, { key: other })).rejects.toThrow("does not exist");
        await expect(access(other)).rejects.toThrow("ENOENT");
      }),
    ));

  test.runIf(engine.kind === "postgres")("is of one moment, whatever is recorded meanwhile", () =>
    withLedger(engine, async ({ ledger, database }) => {
      const many = Array.from({ length: 300 }, (_, index) => fill(`b${index}`, index, "1", "100"));
      await ledger.record(many);
      await ledger.compute();
      let text = "";
      let pieces = 0;
      const made = await writeProof(database, async (piece) => {
        text += piece;
        pieces += 1;
        if (pieces !== 1) return;
        await ledger.record([
          fill("late", 0, "1", "99"),
          fill("other", 1, "1", "1", { symbol: "A-B" }),
        ]);
        await ledger.compute({ full: true });
      });
      expect(pieces).toBeGreaterThan(1);
      expect(readProof(text).digest).toBe(made.digest);
      expect([made.facts, made.books, made.version]).toEqual([300n, 1n, 1]);
    }),
  );
});
