import type { Value } from "../store/database.ts";

/** The parameters of a statement, numbered as they are written into its text. */
export class Parameters {
  readonly values: Value[] = [];

  /** Gives the value's place in the text: `$3`. */
  add(value: Value): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}
