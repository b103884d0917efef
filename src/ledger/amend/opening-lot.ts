/** `opening-lot add`: quantity that was there before the recorded history, with the evidence for it. */
import { factToLine, type Line } from "../../adapters/lotbook-ndjson/lines.ts";
import type { OpeningLot } from "../../core/fact.ts";
import { contractNames } from "../../core/field.ts";
import { describeField, isProblem, shownValue } from "../../core/problem.ts";
import { resolveOpeningLot } from "../../core/resolve.ts";
import { LotbookError } from "../../errors.ts";
import { bookId } from "../../seal/leaf.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { append, lockBookRows } from "./append.ts";
import type { Narrowing } from "./named.ts";
import { authorOf } from "./person.ts";

export interface NewOpeningLot extends Narrowing {
  /** Its own name, in its book, venue and account. */
  readonly key: string;
  readonly symbol: string;
  readonly quantity: string;
  /** The total, in the quote asset; unknown when left out. */
  readonly cost?: string | undefined;
  /** RFC 3339 with a zone. It sorts before all fills of its instant. */
  readonly openedAt: string;
  /** What evidence there is. */
  readonly note: string;
  /** `library` when left out. */
  readonly author?: string | undefined;
}

export interface AmendOptions {
  /** Look and say, and record nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface AddedOpeningLot {
  /** As a line of an export. */
  readonly openingLot: Line;
  /** Null when nothing was recorded. */
  readonly batch: string | null;
}

/** The source that opening lots of a person are from. */
const source = "opening lot";

function openingLotOf(stated: NewOpeningLot): OpeningLot {
  const draft = { ...stated, author: authorOf(stated.author) };
  const outcome = resolveOpeningLot(draft, { file: "", row: 0 }, contractNames);
  if (!isProblem(outcome)) return outcome;
  const { column = "the opening lot", value, message } = outcome;
  throw new LotbookError("BAD_INPUT", describeField(column, value, message));
}

async function requireNew(connection: Connection, lot: OpeningLot): Promise<void> {
  const id = bookId(lot.portfolio, lot.symbol);
  await lockBookRows(connection, [id]);
  const [known] = await connection.query(
    `SELECT FROM opening_lots WHERE book_id = $1 AND lot_key = $2 AND venue = $3 AND account = $4 LIMIT 1`,
    [id, lot.key, lot.venue, lot.account],
  );
  if (known === undefined) return;
  throw new LotbookError("REFUSED", `there is an opening lot "${shownValue(lot.key)}" already`, {
    advice: "give the new one a key of its own, or correct it: lotbook correct <key> --opening-lot",
  });
}

export async function addOpeningLot(
  database: Database,
  ports: Ports,
  stated: NewOpeningLot,
  { dryRun = false }: AmendOptions = {},
): Promise<AddedOpeningLot> {
  const lot = openingLotOf(stated);
  const openingLot = factToLine(lot);
  const inputs = { command: "opening-lot add", key: lot.key };
  const { batch } = await append(
    database,
    ports,
    { author: lot.author, inputs, dryRun },
    async (connection) => {
      await requireNew(connection, lot);
      return { appended: [{ source, raw: JSON.stringify(openingLot), fact: lot }], result: null };
    },
  );
  return { openingLot, batch };
}
