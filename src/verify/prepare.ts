import type { Lane } from "./check.ts";
import { leaves, tellings } from "./leaves.ts";
import { books, movements, pools } from "./movements.ts";
import { absent, faults, lots, opened, slices } from "./slices.ts";
import { beside } from "./told.ts";

/**
 * Temporary tables that several checks read, made anew from the tables of facts and conclusions every time.
 *
 * verify_books      a small number for each book, and how far the version has come in it
 * verify_pools      the pools of scope account
 * verify_movements  the facts that take part: effective quantity, total fee, ledger order, pool
 * verify_slices     of the visible allocations the last of each sale and of each opening fact, with running
 *                   sums, and all that have a fault
 * verify_lots       the visible open lots beside the facts they name (null where there is no such fact)
 * verify_faults     the faults of slices
 * verify_opened     opening facts that are not used up exactly by their slices
 * verify_absent     facts that take part and have no row
 * verify_leaves     stored and recomputed leaves of the facts
 * verify_tellings   stored and recomputed tellings
 * verify_beside     the few observations that say more than the fact they name, or name none
 */
export interface Preparation {
  readonly name: string;
  readonly sql: string;
}

const table = (name: string, sql: string): Preparation => ({
  name,
  sql: `CREATE TEMPORARY TABLE ${name} ON COMMIT DROP AS ${sql}`,
});

/** In the order they are made: later ones read earlier ones. */
export const preparations: Record<Lane, readonly Preparation[]> = {
  matching: [
    table("verify_books", books),
    table("verify_pools", pools),
    table("verify_movements", movements),
    table("verify_slices", slices),
    table("verify_lots", lots),
    table("verify_faults", faults),
    table("verify_opened", opened),
    table("verify_absent", absent),
  ],
  digests: [],
  facts: [
    table("verify_leaves", leaves),
    table("verify_tellings", tellings),
    table("verify_beside", beside),
  ],
};
