/**
 * Rows of several tables side by side, all in order of book: each table by a cursor of its own, so that a
 * page is one query however many books it holds.
 */
import type { Connection, Value } from "../../store/database.ts";
import { fetchRows } from "../../store/cursor.ts";

export interface BookIdRow {
  readonly book_id: string;
}

export class OrderedRows<R extends BookIdRow> {
  readonly #pages: AsyncGenerator<R[], void, void>;
  #page: readonly R[] = [];
  #at = 0;
  #ended = false;

  private constructor(pages: AsyncGenerator<R[], void, void>) {
    this.#pages = pages;
  }

  /**
   * Begins at once: from then on the table is held, and nobody drops the version that it reads. `text` orders
   * by `book_id` first.
   */
  static async open<R extends BookIdRow>(
    connection: Connection,
    name: string,
    text: string,
    values: readonly Value[] = [],
  ): Promise<OrderedRows<R>> {
    const rows = new OrderedRows(fetchRows<R>(connection, text, values, `proof_${name}`));
    await rows.#turn();
    return rows;
  }

  /** The next row, if it is of that book; it stays the next until it is taken. */
  async peek(bookId: string): Promise<R | undefined> {
    for (;;) {
      if (this.#at === this.#page.length) {
        if (this.#ended) return undefined;
        await this.#turn();
        continue;
      }
      const row = this.#page[this.#at]!;
      if (row.book_id >= bookId) return row.book_id === bookId ? row : undefined;
      // Of a book that is not there: nothing concludes from it, and `verify` tells of it.
      this.#at += 1;
    }
  }

  /** Goes on to the row behind the next one. */
  take(): void {
    this.#at += 1;
  }

  async #turn(): Promise<void> {
    const { done, value } = await this.#pages.next();
    this.#ended = done === true;
    this.#page = value ?? [];
    this.#at = 0;
  }
}
