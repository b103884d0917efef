/**
 * A process that takes steps of the scenario and dies at a failpoint of the last:
 * `node dying-step.ts <ledger> <directory> <copy> <from> <to> <failpoint> <nth> [signal]`.
 * Says the state that it finds, the state after each step that came to its end, and where it dies.
 */
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { LotbookError } from "../../src/errors.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { livePorts } from "../../src/ledger/ports.ts";
import { openDatabase } from "../../src/store/open.ts";
import { Lazily, stateOf, steps } from "./scenario.ts";

const [location, directory, copy, from, to, failpoint, nth, signal = "SIGKILL"] =
  process.argv.slice(2);
let armed = false;
let reached = 0;
const ports = {
  ...livePorts,
  rowsPerTransaction: 1,
  failpoint(name: string): void {
    if (!armed || name !== failpoint) return;
    reached += 1;
    if (reached !== Number(nth)) return;
    writeSync(1, `at ${name}\n`);
    process.kill(process.pid, signal);
  },
};
flushCompileCache();
const target = new Lazily(copy!);
const database = await openDatabase(location!);
const ledger = new Ledger(database, ports);
process.stdout.write(`${await stateOf(database)}\n`);
for (let index = Number(from); index <= Number(to); index += 1) {
  armed = index === Number(to) && failpoint !== undefined;
  const life = { ledger, ports, directory: directory!, copy: target.open };
  await steps[index]!.run(life).catch((error: unknown) => {
    // The process before died after the commit: it is done.
    const isDone = index === Number(from) && error instanceof LotbookError;
    if (!isDone || error.code !== "REFUSED") throw error;
  });
  process.stdout.write(`${await stateOf(database)}\n`);
}
await database.close();
