import type { Telling } from "../core/fact.ts";
import type { Rounding } from "../core/rounding.ts";

/**
 * A file format that fills come in: bytes in, tellings out, in chunks, in file order, with memory that does
 * not grow.
 */
export interface Format {
  /** As `--from` names it: `lotbook-csv`. */
  readonly name: string;
  /** One line for the help and for the message about an unknown format. */
  readonly summary: string;
  /**
   * Whose ids its fills have, where they are not those that others tell of too: a fill has one id in a
   * space, and fills of two spaces share none. docs/spec/telling.md 5.
   */
  readonly idSpace?: string;
  /** How the source rounds what it says, where that is known of it. */
  readonly rounding?: Rounding;
  /** Whether a file that begins like this is of this format. `head` is its first 64 KiB, a BOM stripped. */
  detect(head: string): boolean;
  /**
   * Reads a file. Problems of a row are in its telling; a problem of the file as a whole (no header, wrong
   * encoding, cut last line) ends it by a LotbookError BAD_INPUT that says where.
   */
  read(file: string, bytes: AsyncIterable<Uint8Array>): AsyncIterable<readonly Telling[]>;
}
