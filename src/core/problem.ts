/**
 * Problems: what is wrong with a row of a source, told so that a person finds the place and knows what to
 * do.
 */
import type { Fact, Place, Problem } from "./fact.ts";

/** Characters of a refused value that a message shows. */
const shownLength = 60;

export function makeProblem(
  place: Place,
  column: string | undefined,
  value: string | undefined,
  message: string,
): Problem {
  return {
    file: place.file,
    row: place.row,
    column,
    value: value === undefined ? undefined : shownValue(value),
    message,
  };
}

export function isProblem(outcome: Fact | Problem): outcome is Problem {
  return !("kind" in outcome);
}

/**
 * A value from outside as a message may show it: shortened, and nothing in it that moves a cursor or hides
 * text.
 */
export function shownValue(value: string): string {
  const cut = value.length > shownLength;
  const text = (cut ? value.slice(0, shownLength) : value).replaceAll(
    // Controls, format characters (direction marks, zero widths), lone surrogates, line and paragraph
    // separators.
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
  return cut ? `${text}… (${value.length} characters)` : text;
}

/** One line: `fills.csv row 7, quantity "-1": must be greater than 0; …`. */
export function describeProblem(problem: Problem): string {
  const column = problem.column === undefined ? "" : `, ${problem.column}`;
  const value = problem.value === undefined ? "" : ` "${problem.value}"`;
  return `${shownFile(problem.file)} row ${problem.row}${column}${value}: ${problem.message}`;
}

function shownFile(file: string): string {
  return file.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?");
}
