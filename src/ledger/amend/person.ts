/** Who appends, and why: every amendment has both. */
import { Fault, labelText, noteText } from "../../core/field.ts";
import { describeField } from "../../core/problem.ts";
import { LotbookError } from "../../errors.ts";

export interface Person {
  /** Who does it: text of 1 to 200 bytes. `library` when left out. */
  readonly author?: string | undefined;
  /** Why: text of 1 to 2000 bytes. */
  readonly reason: string;
}

export interface Signature {
  readonly author: string;
  readonly reason: string;
}

const defaultAuthor = "library";

/** Runs a rule of a field that a person gave, and says what it refuses. */
export function given<Value>(rule: () => Value): Value {
  try {
    return rule();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new LotbookError("BAD_INPUT", describeField(error.field, error.value, error.message));
  }
}

export function authorOf(author: string | undefined): string {
  return given(() => labelText("author", author, defaultAuthor));
}

export function signatureOf({ author, reason }: Person): Signature {
  return { author: authorOf(author), reason: given(() => noteText("reason", reason)) };
}

/** The source of a value that a person states; of a long name the beginning, so that it fits. */
export function statedBy(author: string): string {
  return `stated by ${Array.from(author).slice(0, 40).join("")}`;
}
