/** The digest of a book from conclusions in memory. docs/spec/hashing.md 5. */
import type { BookConclusions } from "../core/diff/book.ts";
import { BookDays } from "../ledger/compute/days.ts";
import { allocationRow, openLotRow } from "../ledger/compute/rows.ts";
import { bookDigest } from "../seal/digest.ts";

/** In hexadecimal; null of a book without rows. */
export function digestOf(
  { portfolio, symbol }: { portfolio: string; symbol: string },
  book: BookConclusions,
): string | null {
  const days = new BookDays();
  for (const { close, slices } of book.sales())
    for (const [index, { open, quantity, openShare, closeShare }] of slices.entries())
      days.allocations.add(
        close.at,
        allocationRow(close, open, index + 1, quantity, openShare, closeShare).hash,
      );
  for (const lot of book.openLots()) days.openLots.add(lot.movement.at, openLotRow(lot).hash);
  return bookDigest(portfolio, symbol, days.digests()) ?? null;
}
