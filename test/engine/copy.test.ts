import { expect, test } from "vitest";
import type { Connection } from "../../src/store/database.ts";
import { describeEngines, type TestEngine } from "../engines.ts";

const rowCount = 100_000;

/** What breaks a naive reader or writer of the text format. */
const awkward = [
  "plain",
  "tab\there",
  "line\nbreak\rand return",
  "back\\slash \\N \\.",
  "ünïcödé 😀 ｟",
  "",
  " ",
];

function textOf(index: number): string | null {
  // Long enough in all that the embedded engine's copy goes through a file.
  return index % 11 === 0 ? null : `${awkward[index % awkward.length]} ${index}`.padEnd(150, "-");
}

function escaped(text: string | null): string {
  if (text === null) return "\\N";
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("\t", "\\t")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
}

/** Chunks cut without regard to lines or characters. */
async function* lines(): AsyncIterable<Uint8Array> {
  for (let start = 0; start < rowCount; start += 1000) {
    const indexes = Array.from({ length: 1000 }, (_, offset) => start + offset);
    const bytes = Buffer.from(
      indexes.map((index) => `${index}\t${escaped(textOf(index))}\n`).join(""),
    );
    for (let at = 0; at < bytes.length; at += 33_333) yield bytes.subarray(at, at + 33_333);
  }
}

async function* refused(): AsyncIterable<Uint8Array> {
  yield* lines();
  yield Buffer.from("not a number\tx\n");
  yield* lines();
}

async function* failing(): AsyncIterable<Uint8Array> {
  yield Buffer.from("1\tone\n");
  throw new Error("the file ended early");
}

async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const table = "CREATE TEMP TABLE copied (number int8, text text)";
const copyIn = "COPY copied FROM STDIN";

async function usingTable(
  engine: TestEngine,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const { database, dispose } = await engine.open();
  try {
    await database.connect(async (connection) => {
      await connection.script(table);
      await work(connection);
    });
  } finally {
    await dispose();
  }
}

describeEngines("COPY", (engine) => {
  test("100,000 rows go in and come out, byte for byte", () =>
    usingTable(engine, async (connection) => {
      expect(await connection.copyIn(copyIn, lines())).toBe(rowCount);
      const out = await gathered(
        connection.copyOut("COPY (SELECT * FROM copied ORDER BY number) TO STDOUT"),
      );
      expect(out.equals(await gathered(lines()))).toBe(true);
      const [row] = await connection.query("SELECT text FROM copied WHERE number = 2");
      expect(row).toEqual({ text: textOf(2) });
      const binary = await gathered(connection.copyOut("COPY copied TO STDOUT (FORMAT binary)"));
      await connection.script("CREATE TEMP TABLE again (LIKE copied)");
      expect(await connection.copyIn("COPY again FROM STDIN (FORMAT binary)", [binary])).toBe(
        rowCount,
      );
      const [same] = await connection.query(
        "SELECT count(*) AS count FROM copied JOIN again USING (number) " +
          "WHERE copied.text IS NOT DISTINCT FROM again.text",
      );
      expect(same).toEqual({ count: BigInt(rowCount) });
    }));

  test("nothing copied is nothing recorded", () =>
    usingTable(engine, async (connection) => {
      expect(await connection.copyIn(copyIn, [])).toBe(0);
      expect(await gathered(connection.copyOut("COPY copied TO STDOUT"))).toHaveLength(0);
    }));
});

describeEngines("a COPY cut short", (engine) => {
  test("a row the server refuses is its error, and the connection goes on", () =>
    usingTable(engine, async (connection) => {
      await expect(connection.copyIn(copyIn, refused())).rejects.toMatchObject({ code: "22P02" });
      await expect(connection.copyIn("COPY nowhere FROM STDIN", lines())).rejects.toMatchObject({
        code: "42P01",
      });
      await expect(gathered(connection.copyOut("COPY nowhere TO STDOUT"))).rejects.toMatchObject({
        code: "42P01",
      });
      const divided = "COPY (SELECT 1 / (3 - i) FROM generate_series(1, 5) i) TO STDOUT";
      await expect(gathered(connection.copyOut(divided))).rejects.toMatchObject({ code: "22012" });
      expect(await connection.query("SELECT count(*) AS count FROM copied")).toEqual([
        { count: 0n },
      ]);
    }));

  test("a source that fails copies nothing", () =>
    usingTable(engine, async (connection) => {
      await expect(connection.copyIn(copyIn, failing())).rejects.toThrow("the file ended early");
      expect(await connection.query("SELECT count(*) AS count FROM copied")).toEqual([
        { count: 0n },
      ]);
    }));

  test("a reader may stop early", () =>
    usingTable(engine, async (connection) => {
      await connection.transaction(async () => {
        await connection.copyIn(copyIn, lines());
        for await (const chunk of connection.copyOut("COPY copied TO STDOUT")) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
        expect(await connection.query("SELECT count(*) AS count FROM copied")).toEqual([
          { count: BigInt(rowCount) },
        ]);
      });
    }));
});
