import { defineConfig } from "vitest/config";

/** Tests that fail, for the test of what is then reported. */
const isCanary = process.env["LOTBOOK_CANARY"] === "1";
const isLong = process.env["LOTBOOK_TEST_LONG"] === "1";

export default defineConfig({
  test: {
    include: isCanary
      ? ["test/canary/*.canary.ts"]
      : [
          "src/**/*.test.ts",
          "test/**/*.test.ts",
          // Runs that take minutes: `npm run test:long`.
          ...(isLong ? ["src/**/*.fuzz.ts", "test/**/*.fuzz.ts"] : []),
        ],
    // Servers and templates, once a run: test/servers.ts says which variables choose among them.
    globalSetup: ["test/servers.ts"],
    pool: "forks",
    testTimeout: isLong ? 3_600_000 : 120_000,
    hookTimeout: 120_000,
  },
});
