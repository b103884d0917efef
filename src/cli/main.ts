#!/usr/bin/env node
/** The command line as a process. */
import { run } from "./run.ts";

// Nobody may listen there any more: that changes nothing of what is done, nor how it ends.
process.stderr.on("error", () => {});
// Warnings of Node and of packages are for those who work on lotbook.
if (!process.env["LOTBOOK_DEBUG"]) process.removeAllListeners("warning");
process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
});
