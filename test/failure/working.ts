/**
 * A process that works until it is killed: `node working.ts <ledger> <phase> <seed>`. Says what it does, what
 * it finds, and, line by line, what it acknowledges.
 */
import { flushCompileCache } from "node:module";
import { openLedger } from "../../src/ledger/ledger.ts";
import { Dice } from "../../src/testing/histories.ts";
import { find, type Phase, work } from "./work.ts";

const [location, phase, seed] = process.argv.slice(2);
const tell = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
flushCompileCache();
tell({ opening: true });
const ledger = await openLedger(location!);
const found = await find(ledger);
tell({ found });
await work(ledger, phase as Phase, found, new Dice(Number(seed)), tell);
