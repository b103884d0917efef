/** A checkpoint kept outside finds what a ledger that agrees with itself hides. */
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeKey } from "../../src/ledger/checkpoint/key.ts";
import { describeEngines } from "../engines.ts";
import { expectVerified, fill, withDirectory, withLedger } from "./ledger.ts";

const cut = `
SET session_replication_role = replica;
ALTER TABLE books DISABLE TRIGGER book_grows;
ALTER TABLE seals DISABLE TRIGGER append_only_rows;
ALTER TABLE fills DISABLE TRIGGER append_only_rows;
ALTER TABLE batches DISABLE TRIGGER append_only_rows;
ALTER TABLE observations DISABLE TRIGGER append_only_rows;
DELETE FROM fills WHERE entry = 2;
DELETE FROM observations WHERE number >= (SELECT first_observation FROM seals WHERE number = 2);
DELETE FROM batches WHERE batch_id IN (SELECT batch_id FROM seals WHERE number = 2);
DELETE FROM seals WHERE number = 2;
UPDATE books SET last_entry = 1, last_seal = 1,
  last_observation = (SELECT first_observation + observation_count - 1 FROM seals WHERE number = 1),
  head = (SELECT hash FROM seals WHERE number = 1);`;

const now = (): Date => new Date(0);

describeEngines("checkpoint", (engine) => {
  test("is extended by what comes later, and finds a tail that was cut", () =>
    withDirectory((directory) =>
      withLedger(engine, async (opened) => {
        const { ledger } = opened;
        const [key, file] = [join(directory, "key.pem"), join(directory, "note")];
        await makeKey(key);
        await ledger.record([fill("b1", 1, "1", "100")]);
        await ledger.record([fill("s1", 2, "1", "110")]);
        await ledger.checkpoint({ key, file, now });
        const again = join(directory, "again");
        await ledger.checkpoint({ key, file: again, now });
        expect(await readFile(again, "utf8")).toBe(await readFile(file, "utf8"));
        await expect(ledger.checkpoint({ key, file })).rejects.toThrow("note is there already");
        expect((await ledger.compareWithCheckpoint({ key, file })).ok).toBe(true);

        await engine.superuser(opened, (connection) => connection.script(cut));
        await expectVerified(opened);
        const found = await ledger.compareWithCheckpoint({ key, file });
        expect(found).toMatchObject({
          ok: false,
          differences: [{ what: "the book's end was cut off", symbol: "BTC-USD", number: "2" }],
        });

        const note = await readFile(file, "utf8");
        await writeFile(file, note.replace("facts 2", "facts 1"));
        await expect(ledger.compareWithCheckpoint({ key, file })).rejects.toThrow("not signed");
        await chmod(key, 0o644);
        await expect(ledger.checkpoint({ key, file: `${file}2` })).rejects.toThrow("by others");
      }),
    ));
});
