import { it } from "vitest";

it("is never reached", () => {});

throw new Error("a file that can't be loaded");
