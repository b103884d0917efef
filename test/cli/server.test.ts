/** The command line on a server: what it warns of, and that a run waits for another. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alone } from "../../src/ledger/compute/run.ts";
import { openDatabase } from "../../src/store/open.ts";
import { engines, type TestPlace } from "../engines.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const sample = fileURLToPath(new URL("../../examples/fills.csv", import.meta.url));
const server = engines.find(({ kind, name }) => kind === "postgres" && name !== "postgres-url");

describe.skipIf(server === undefined)("on a server", () => {
  let place: TestPlace;
  beforeAll(async () => {
    place = await server!.place();
  });
  afterAll(() => place.remove());

  interface Outcome {
    readonly status: number;
    readonly stderr: string;
  }

  function run(words: readonly string[], onSaid?: (text: string) => void): Promise<Outcome> {
    const env = { ...process.env, LOTBOOK_DB: place.location };
    return new Promise((resolve) => {
      const finished = (error: Error | null, _stdout: string, stderr: string): void =>
        resolve({ status: error === null ? 0 : 1, stderr });
      const child = execFile(process.execPath, [main, ...words], { env }, finished);
      child.stderr?.on("data", (text: unknown) => onSaid?.(String(text)));
    });
  }

  it("import and compute warn once of settings that a power cut would expose; reports do not", async () => {
    for (const words of [["import", sample], ["compute"]]) {
      const { status, stderr } = await run(words);
      expect(status, stderr).toBe(0);
      expect(stderr).toMatch(/^warning: a power cut may lose .*\(fsync=off.*\n$/);
    }
    expect(await run(["report", "pnl"])).toEqual({ status: 0, stderr: "" });
  });

  it("compute says that it waits while another run is at work", async () => {
    const other = await openDatabase(place.location);
    const waits = Promise.withResolvers<void>();
    const onSaid = (text: string): void => {
      if (text.includes("waiting for another run to end …")) waits.resolve();
    };
    try {
      const [outcome] = await alone(
        other,
        () => {},
        async () => {
          const waiting = run(["compute", "--full"], onSaid);
          await Promise.race([waits.promise, waiting]);
          return [waiting];
        },
      );
      expect(await outcome).toMatchObject({ status: 0 });
      await waits.promise;
    } finally {
      await other.close();
    }
  });
});
