import { expect, it } from "vitest";

it("fails", () => {
  expect("a failure").toBe("reported");
});

it("passes beside it", () => {
  expect(true).toBe(true);
});
