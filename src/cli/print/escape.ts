/** Text from outside, made harmless for where it goes. */

// Controls (C0, DEL, C1), format characters (direction marks and overrides, zero widths), line and
// paragraph separators.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const everyUnsafe = new RegExp(unsafe, "gu");

/** For a terminal: nothing in it moves a cursor, turns the direction of writing or hides. */
export function forTerminal(text: string): string {
  if (!unsafe.test(text)) return text;
  return text.replaceAll(
    everyUnsafe,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** A message of several lines for a terminal. */
export function messageForTerminal(text: string): string {
  return text.split("\n").map(forTerminal).join("\n");
}

/** JSON text for a terminal: the same value, with what `JSON.stringify` leaves raw as escapes. */
export function jsonForTerminal(json: string): string {
  if (!unsafe.test(json)) return json;
  return json.replaceAll(everyUnsafe, (character) =>
    Array.from({ length: character.length }, (_, index) => unitEscape(character, index)).join(""),
  );
}

function unitEscape(character: string, index: number): string {
  return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
}

// What spreadsheets take for the beginning of a formula, the full-width forms included.
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

/** For a spreadsheet: text that looks like a formula is set off by an apostrophe. */
export function forSpreadsheet(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}
