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
    // It may quote names of assets.
    message: shownText(message),
  };
}

export function isProblem(outcome: Fact | Problem): outcome is Problem {
  return !("kind" in outcome);
}

/**
 * A value from outside as a message may show it: shortened, and nothing in it that moves a cursor or hides.
 */
export function shownValue(value: string, length: number = shownLength): string {
  return value.length > length
    ? `${shownText(value.slice(0, length))}… (${value.length} characters)`
    : shownText(value);
}

/** Text with everything escaped that a terminal would obey and not show. */
export function shownText(text: string): string {
  // Controls, format characters (direction marks, zero widths), lone surrogates, line and paragraph
  // separators.
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** One line: `fills.csv row 7, quantity "-1": must be greater than 0; …`. */
export function describeProblem(problem: Problem): string {
  const column = problem.column === undefined ? "" : `, ${problem.column}`;
  const value = problem.value === undefined ? "" : ` "${problem.value}"`;
  return `${shownText(problem.file)} row ${problem.row}${column}${value}: ${problem.message}`;
}

/** One line about a field that stands in no file: `quantity "-1": must be greater than 0; …`. */
export function describeField(field: string, value: string | undefined, message: string): string {
  const shown = value === undefined ? "" : ` "${shownValue(value)}"`;
  return `${field}${shown}: ${shownText(message)}`;
}
