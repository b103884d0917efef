/** Pages show what their commands print. Where this fails: node scripts/readme.ts, and read what changed. */
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalize, pages, readPage, refreshed, shownIn, Stage } from "../../scripts/readme.ts";

describe.each(pages)("%s", (page) => {
  const text = readPage(page);
  let stage: Stage;
  beforeAll(() => {
    stage = new Stage();
  });
  afterAll(() => stage.remove());

  it.each(shownIn(text))("shows what `$command` prints", ({ command, output }) => {
    const printed = stage.run(command);
    const fresh = refreshed(output, printed);
    expect(output.map(normalize)).toEqual(fresh.map(normalize));
  });

  it("links to files that are there", () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
      ([, target = ""]) => target,
    );
    const missing = links.filter((target) => {
      const path = posix.join(posix.dirname(page), target);
      return !existsSync(new URL(`../../${path}`, import.meta.url));
    });
    expect(missing).toEqual([]);
  });
});

it("README.md's example of the library prints what it says", () => {
  const [, code = "", output = ""] =
    /```ts\n(.*?)```\n\n```text\n(.*?)```/s.exec(readPage("README.md")) ?? [];
  const stage = new Stage();
  try {
    expect(stage.runCode(code)).toBe(output);
  } finally {
    stage.remove();
  }
});

describe("comparing", () => {
  it("leaves out what differs from run to run, and nothing else", () => {
    expect(normalize("known at revision 2, 2026-11-23T02:06:52.155Z")).toBe(
      "known at revision 2, <now>",
    );
    expect(normalize("opened at 2025-01-28T04:03:29Z")).toBe("opened at 2025-01-28T04:03:29Z");
    expect(refreshed(["a", "b"], ["a", "c"])).toEqual(["a", "c"]);
    expect(refreshed(["a", "…", "z"], ["a", "b", "c", "z"])).toEqual(["a", "…", "z"]);
    expect(refreshed(["a", "…", "y"], ["a", "b", "c", "z"])).toEqual(["a", "…", "z"]);
  });
});
