/** A process that dies at a failpoint of a run: `node dying-run.ts <database> <failpoint> <full or late>`. */
import { livePorts } from "../../src/ledger/ports.ts";
import { openLedger } from "../../src/ledger/ledger.ts";

const [location, failpoint, mode] = process.argv.slice(2);
const ports = {
  ...livePorts,
  rowsPerTransaction: 1,
  failpoint(name: string): void {
    if (name === failpoint) process.kill(process.pid, "SIGKILL");
  },
};
const ledger = await openLedger(location!, { ports });
await ledger.compute({ full: mode === "full" });
await ledger.close();
