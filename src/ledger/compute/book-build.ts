/** One book's way through a full build: movements in, rows of all four tables out, in COPY text. */
import { startWalk } from "../../core/matching/walk.ts";
import type { Movement } from "../../core/movement.ts";
import { bookDigest } from "../../seal/digest.ts";
import { CopyText } from "../../store/copy-text.ts";
import { BookDays } from "./days.ts";
import type { BookRange, StoredMovement } from "./facts.ts";
import type { Version } from "./policy.ts";
import {
  allocationColumns,
  allocationRow,
  openLotColumns,
  openLotRow,
  type RowHead,
  writeAllocation,
  writeOpenLot,
} from "./rows.ts";
import type { RunCounts } from "./run.ts";

/** Rows of a version under construction that have not been sent yet. */
export class VersionRows {
  readonly allocations = new CopyText();
  readonly openLots = new CopyText();
  readonly days = new CopyText();
  readonly states = new CopyText();

  get length(): number {
    return this.allocations.length + this.openLots.length + this.days.length + this.states.length;
  }

  /** What is to be copied where; the rows start again. */
  take(): { readonly table: string; readonly columns: string; readonly bytes: Uint8Array }[] {
    return [
      { table: "allocations", columns: allocationColumns, bytes: this.allocations.take() },
      { table: "open_lots", columns: openLotColumns, bytes: this.openLots.take() },
      {
        table: "day_digests",
        columns: "version, book_id, step, day, digest",
        bytes: this.days.take(),
      },
      {
        table: "book_states",
        columns: "version, book_id, step, computed_entry, last_place, digest",
        bytes: this.states.take(),
      },
    ].filter(({ bytes }) => bytes.length > 0);
  }
}

export interface BuiltBook {
  readonly bookId: string;
  readonly computedEntry: bigint;
  readonly digest: string | undefined;
}

export class BookBuild {
  readonly #book: BookRange;
  readonly #counts: RunCounts;
  readonly #rows: VersionRows;
  readonly #head: RowHead;
  readonly #days = new BookDays();
  readonly #walk;
  #last: Movement | undefined;
  /** In units of 10^-36. */
  #pnl = 0n;

  constructor(
    version: Version,
    step: bigint,
    book: BookRange,
    rows: VersionRows,
    counts: RunCounts,
  ) {
    this.#book = book;
    this.#rows = rows;
    this.#counts = counts;
    this.#head = [`${version.version}`, book.bookId, `${step}`];
    this.#walk = startWalk(version, {
      allocation: (close, open, slice, quantity, openShare, closeShare) => {
        const row = allocationRow(close, open, slice, quantity, openShare, closeShare);
        this.#days.allocations.add(close.at, row.hash);
        this.#pnl += row.pnlUnits;
        this.#counts.allocations += 1;
        writeAllocation(this.#rows.allocations, this.#head, row);
      },
    });
  }

  take(movements: readonly StoredMovement[]): void {
    this.#walk.take(movements);
    let opens = 0;
    for (const movement of movements) if (movement.opens) opens += 1;
    this.#counts.opens += opens;
    this.#counts.closes += movements.length - opens;
    this.#last = movements.at(-1) ?? this.#last;
  }

  /** The book's last rows: lots left, days, state. */
  finish(): BuiltBook {
    const { bookId, portfolio, symbol, quote, watermark } = this.#book;
    const lots = this.#walk.openLots().map(openLotRow);
    for (const lot of lots) writeOpenLot(this.#rows.openLots, this.#head, lot);
    lots.sort((a, b) => (a.open.at < b.open.at ? -1 : a.open.at > b.open.at ? 1 : 0));
    for (const lot of lots) this.#days.openLots.add(lot.open.at, lot.hash);
    const digest = this.#writeDays(portfolio, symbol);
    const { states } = this.#rows;
    for (const text of this.#head) states.plain(text);
    states.plain(watermark.toString());
    states.optional(this.#last?.entry.toString());
    if (digest === undefined) states.nothing();
    else states.hex(digest);
    states.endRow();
    this.#counts.books += 1;
    this.#counts.addPnl(quote, this.#pnl);
    return { bookId, computedEntry: watermark, digest };
  }

  #writeDays(portfolio: string, symbol: string): string | undefined {
    const days = this.#days.digests();
    for (const { day, digest } of days) {
      for (const text of this.#head) this.#rows.days.plain(text);
      this.#rows.days.whole(day);
      this.#rows.days.hex(digest);
      this.#rows.days.endRow();
    }
    return bookDigest(portfolio, symbol, days);
  }
}
