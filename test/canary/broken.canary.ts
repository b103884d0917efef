import { it } from "vitest";
import { tellTrials } from "../reliability.ts";

it("passes, and says that a promise was broken", () => {
  const test = "test/canary/broken.canary.ts";
  tellTrials({ promise: "broken", test, tried: 3, unit: "tries", broken: 1 });
});
