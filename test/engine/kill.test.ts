/** A process killed at any moment loses nothing that it acknowledged, and the next one opens without help. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../src/store/open.ts";
import { engines } from "../engines.ts";

const embedded = engines.find((engine) => engine.kind === "pglite");
const cycles = Number(process.env["LOTBOOK_TEST_KILLS"] ?? 4);

const writer = `
  const { openDatabase } = await import(process.argv[1]);
  const database = await openDatabase(process.argv[2], { asOwner: true, command: "kill test" });
  await database.connect(async (connection) => {
    await connection.script("CREATE TABLE IF NOT EXISTS lotbook.kept (number bigint, text text)");
    const insert = "INSERT INTO lotbook.kept VALUES ($1, $2)";
    const [row] = await connection.query("SELECT coalesce(max(number), 0) AS last FROM lotbook.kept");
    for (let number = row.last + 1n; ; number += 1n) {
      await connection.transaction(async () => {
        const text = "x".repeat(Number(number % 3000n));
        for (const half of [1, 2]) await connection.execute(insert, [number, text]);
      });
      process.stdout.write(number + "\\n");
    }
  });`;

describe.skipIf(embedded === undefined)("kill -9", { timeout: 30_000 * cycles }, () => {
  test(`${cycles} times, nothing acknowledged is lost and nothing is half done`, async () => {
    const place = await embedded!.place();
    let acknowledged = 0n;
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const last = await writeAndKill(place.location, 50 + ((cycle * 97) % 300));
      expect(last).toBeGreaterThan(acknowledged);
      acknowledged = last;
      const database = await openDatabase(place.location, { asOwner: true });
      const rows = await database.connect((connection) =>
        connection.query<{ last: bigint; count: bigint; twice: boolean }>(
          "SELECT max(number) AS last, count(*) AS count, bool_and(n = 2) AS twice FROM " +
            "(SELECT number, count(*) OVER (PARTITION BY number) AS n FROM lotbook.kept) AS kept",
        ),
      );
      const { last: recorded, count, twice } = rows[0]!;
      // At most the one that was being acknowledged is more than was heard of.
      expect(recorded).toBeGreaterThanOrEqual(acknowledged);
      expect(count).toBe(recorded * 2n);
      expect(twice).toBe(true);
      acknowledged = recorded;
      await database.close();
    }
    await place.remove();
  });
});

/** Gives the last number that was acknowledged. */
async function writeAndKill(location: string, milliseconds: number): Promise<bigint> {
  const module = new URL("../../src/store/open.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "-e", writer, module, location], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = 0n;
  for await (const line of createInterface({ input: child.stdout })) {
    if (last === 0n) void sleep(milliseconds).then(() => child.kill("SIGKILL"));
    if (/^\d+$/.test(line)) last = BigInt(line);
  }
  return last;
}
