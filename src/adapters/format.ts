import type { Telling } from "../core/fact.ts";

/**
 * A file format that fills come in: bytes in, tellings out, in chunks, in file order, with memory that does
 * not grow.
 */
export interface Format {
  /** As `--from` names it: `lotbook-csv`. */
  readonly name: string;
  /** One line for the help and for the message about an unknown format. */
  readonly summary: string;
  /** Whether a file that begins like this is of this format. `head` is its first 64 KiB, a BOM stripped. */
  detect(head: string): boolean;
  /**
   * Reads a file. Problems of a row are in its telling; a problem of the file as a whole (no header, wrong
   * encoding, cut last line) ends it by a LotbookError BAD_INPUT that says where.
   */
  read(file: string, bytes: AsyncIterable<Uint8Array>): AsyncIterable<readonly Telling[]>;
}
