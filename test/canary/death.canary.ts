import { it } from "vitest";

it("takes its process along", () => {
  process.kill(process.pid, "SIGKILL");
});
