/**
 * JSON as the formats take it. JSON.parse alone would take the last of two equal keys without a word, and
 * what goes through its value can run out of stack where it is nested deeply.
 */
import { shownValue } from "../core/problem.ts";

export const deepest = 64;

/** The value of JSON text, or what is wrong with it, as a message goes on: `is no JSON: …`. */
export interface ReadJson {
  readonly value: unknown;
  readonly fault: string | undefined;
  /** Whether it is JSON at all: what is not may have been cut off. */
  readonly isJson: boolean;
}

/** JSON.parse with the source text of numbers, which TypeScript's library does not know of yet. */
const parseWithSource = JSON.parse as (
  text: string,
  revive: (key: string, value: unknown, context: { readonly source: string }) => unknown,
) => unknown;

export function readJson(text: string): ReadJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // It quotes the text, with all that may be in it.
    const message = error instanceof Error ? error.message : "";
    const fault = `is no JSON: ${shownValue(message, 200)}`;
    return { value: undefined, fault, isJson: false };
  }
  // Text that comes back the same has no key twice: that is most text, and is quicker than looking.
  const isSound = !mayBeDeep(text) && JSON.stringify(value) === text;
  return { value, fault: isSound ? undefined : structureFault(text), isJson: true };
}

/** The value of text that `readJson` took, with each number as the text that it is written in. */
export function numbersAsText(text: string): unknown {
  return parseWithSource(text, (_, value, { source }) =>
    typeof value === "number" ? source : value,
  );
}

/** Whether it opens more objects and lists than may stand in each other. */
function mayBeDeep(text: string): boolean {
  let count = 0;
  for (const bracket of ["{", "["])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      count += 1;
      if (count > deepest) return true;
    }
  return false;
}

/** Of text that is valid JSON: a key that an object has twice, or more depth than is read. */
function structureFault(text: string): string | undefined {
  /** The keys of each object that is open; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let keyNext = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      const end = endOfString(text, at);
      const keys = keyNext ? open.at(-1) : undefined;
      keyNext = false;
      if (keys !== undefined) {
        const key = keyOf(text.slice(at, end + 1));
        if (keys.has(key))
          return `has the key "${shownValue(key)}" twice, so what it says is not clear; get it again`;
        keys.add(key);
      }
      at = end;
    } else if (code === 44) keyNext = true;
    else if (code === 123 || code === 91) {
      if (open.length === deepest) return `is nested more than ${deepest} deep; no trade is`;
      open.push(code === 123 ? new Set() : undefined);
      keyNext = true;
    } else if (code === 125 || code === 93) {
      open.pop();
      keyNext = false;
    }
  }
  return undefined;
}

/** The quote that closes the string which opens at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 34) return at;
    at += code === 92 ? 2 : 1;
  }
}

function keyOf(quoted: string): string {
  return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}
