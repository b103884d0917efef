/**
 * A source that goes on telling while a computation runs: records single fills at the end of a book, some
 * twenty a second, until its input ends; then prints what each acknowledgement took, as one line of JSON.
 */
import { setTimeout } from "node:timers/promises";
import { openLedger } from "../../src/ledger/ledger.ts";
import { bookFill } from "./book.ts";

const [location = "", name = ""] = process.argv.slice(2);
const begin = Date.UTC(2041, 0, 1);
const pause = 50;
const ended = new AbortController();
process.stdin.on("end", () => ended.abort());
process.stdin.resume();
const ledger = await openLedger(location, { command: "bench" });
const acknowledged: number[] = [];
try {
  process.stdout.write("open\n");
  for (let count = 0; !ended.signal.aborted; count += 1) {
    const at = new Date(begin + count * 1000).toISOString();
    const sent = performance.now();
    await ledger.record([bookFill(`${name}-${count}`, at, "buy", "1")]);
    acknowledged.push(performance.now() - sent);
    await setTimeout(pause);
  }
} finally {
  await ledger.close();
}
process.stdout.write(`${JSON.stringify(acknowledged)}\n`);
