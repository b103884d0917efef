/**
 * Ids of fills that a source tells of without one: from what the row says and the how-manieth equal row of
 * its file it is. docs/spec/telling.md 4; such ids are recorded, so this never changes.
 */
import type { Fill } from "../../core/fact.ts";
import { factLeaf } from "../../seal/leaf.ts";

/** The id of the first row of a file that says so. */
export function contentId(fill: Fill): string {
  const { strategy: _strategy, quoteSize: _quoteSize, grain: _grain, ...content } = fill;
  return `row:${factLeaf({ ...content, fillId: "row" }).slice(0, 32)}:1`;
}

const shape = /^row:[0-9a-f]{32}:[1-9]\d*$/;

export const isContentId = (id: string): boolean => id.startsWith("row:") && shape.test(id);
