/** Faults that show only where something dies, breaks or is full. */
import { faultsOf } from "./fault.ts";

const failpoints = "test/failure/failpoints.test.ts";

export const failureFaults = [
  ...faultsOf(
    "src/ledger/compute/run.ts",
    "test/failure/servers.test.ts",
    {
      "a run that lost its lock writes on beside the next": [
        "if (held.length === 0) throw givenUp();",
        "",
      ],
    },
    "lost its lock",
  ),
  ...faultsOf("src/ledger/compute/compute.ts", failpoints, {
    "what a dead run left is not removed": [
      "await removeLeftovers(database, ports);\n    const",
      "const",
    ],
  }),
  ...faultsOf("src/store/engine/pglite.ts", "test/failure/power.test.ts", {
    "the log has no whole pages to mend a torn one with": [
      '"full_page_writes=on"',
      '"full_page_writes=off"',
    ],
  }),
  ...faultsOf("src/store/engine/durable-file-system.ts", "test/failure/power.test.ts", {
    "what is acknowledged is not on the disk": ["this.#sync(stream.nfd);", "void stream;"],
  }),
  ...faultsOf(
    "src/store/engine/refusals.ts",
    "test/failure/disk.test.ts",
    {
      "a damaged page is a fault of lotbook": ["  XX001: damaged,\n", ""],
    },
    "bit that turned",
  ),
];
