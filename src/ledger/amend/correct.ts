/**
 * `correct`: a void, or a void with a replacement of the same identity and the next revision. A void is not
 * voided, only replaced: a voided fact without a replacement may get one later.
 */
import { factToLine, type Line } from "../../adapters/lotbook-ndjson/lines.ts";
import type { Fact, FeeValue, Fill } from "../../core/fact.ts";
import { shownValue } from "../../core/problem.ts";
import { LotbookError } from "../../errors.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { readFactsAt } from "../read-facts.ts";
import { append, type Amendment, type Appended } from "./append.ts";
import { type FactName, lockNamed, type NamedFact } from "./named.ts";
import { type Person, type Signature, signatureOf } from "./person.ts";
import { type Changes, replacementOf, voidOf } from "./replacement.ts";

/** The source that corrections are from. */
const correctionSource = "correction";

export interface CorrectionOptions extends Person {
  /** Look and say, and record nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface Correction {
  readonly kind: FactName["kind"];
  /** What was in force, as a line of an export; of a voided fact what the void took out. */
  readonly before: Line;
  /** Null: it is void, and nothing takes its place. */
  readonly after: Line | null;
  /** Whether a void is recorded: not where the fact was voided before. */
  readonly voids: boolean;
  /** Assets of fees whose values are carried over to the replacement. */
  readonly carried: readonly string[];
  /** Null when nothing was recorded. */
  readonly batch: string | null;
}

/** A line of a fact with who put it there, and why. */
const rawOf = (fact: Fact, signature: Signature): string =>
  JSON.stringify({ ...factToLine(fact), ...signature });

export const appendedFact = (
  fact: Fact,
  signature: Signature,
  source = correctionSource,
): Appended => ({ source, raw: rawOf(fact, signature), fact });

function feeIn({ fees }: Fill, asset: string): string | undefined {
  return fees.find((fee) => fee.asset === asset)?.amount;
}

/**
 * The values of a fill's fees, for its replacement: those in force, of fees that stay as they were. At
 * another time a fee was worth something else.
 */
export async function carriedValues(
  connection: Connection,
  { book, entry, fact: before }: NamedFact<Fill>,
  after: Fill,
): Promise<FeeValue[]> {
  if (before.executedAt !== after.executedAt) return [];
  const rows = await connection.query<{ entry: bigint }>(
    `SELECT entry FROM fee_values value WHERE book_id = $1 AND target_entry = $2
       AND NOT EXISTS (SELECT FROM voids WHERE voids.book_id = value.book_id
         AND voids.target_entry = value.entry)
     ORDER BY asset`,
    [book.bookId, entry],
  );
  const places = rows.map((row) => ({ bookId: book.bookId, entry: row.entry }));
  const values = (await readFactsAt(connection, places)).map(({ fact }) => fact as FeeValue);
  return values
    .filter(({ asset }) => feeIn(after, asset) === feeIn(before, asset))
    .map((value) => ({ ...value, fillRevision: after.revision, revision: 0 }));
}

/** The facts that put a replacement, or nothing, in the place of the fact that is in force. */
export async function correctionOf(
  connection: Connection,
  named: NamedFact,
  replacement: NamedFact["fact"] | undefined,
  signature: Signature,
): Promise<{ readonly facts: readonly Appended[]; readonly carried: readonly string[] }> {
  const facts = named.voided ? [] : [appendedFact(voidOf(named.fact, signature), signature)];
  if (replacement === undefined) return { facts, carried: [] };
  facts.push(appendedFact(replacement, signature));
  if (named.fact.kind !== "fill") return { facts, carried: [] };
  const values = await carriedValues(connection, named as NamedFact<Fill>, replacement as Fill);
  facts.push(...values.map((value) => appendedFact(value, signature)));
  return { facts, carried: values.map(({ asset }) => asset) };
}

function nameText({ kind = "fill", id, asset }: FactName): string {
  return kind === "fee value"
    ? `the value of the ${shownValue(asset ?? "")} fee of fill "${shownValue(id)}"`
    : `${kind} "${shownValue(id)}"`;
}

const doubleVoid = {
  advice: "one void a fact; give the fields of a replacement to put something in its place",
};

async function planCorrection(
  connection: Connection,
  name: FactName,
  changes: Changes | undefined,
  signature: Signature,
): Promise<Amendment<Omit<Correction, "batch">>> {
  const named = await lockNamed(connection, name);
  const { fact, voided } = named;
  if (changes === undefined && voided)
    throw new LotbookError("REFUSED", `${nameText(name)} is voided already`, doubleVoid);
  if (fact.kind === "fee value") await requireFillInForce(connection, named as NamedFact<FeeValue>);
  const replacement = changes && replacementOf(fact, changes, signature, voided);
  if (changes !== undefined && replacement === undefined)
    throw new LotbookError("REFUSED", `${nameText(name)} says that already`, {
      advice: "there is nothing to correct; --void takes it out",
    });
  const { facts, carried } = await correctionOf(connection, named, replacement, signature);
  const result = {
    kind: fact.kind,
    before: factToLine(fact),
    after: replacement === undefined ? null : factToLine(replacement),
    voids: !voided,
    carried,
  };
  return { appended: facts, result };
}

/** A value of a fee belongs to one revision of its fill; of a voided one nobody asks. */
async function requireFillInForce(
  connection: Connection,
  { book, fact }: NamedFact<FeeValue>,
): Promise<void> {
  const [row] = await connection.query(
    `SELECT FROM fills f JOIN voids v ON v.book_id = f.book_id AND v.target_entry = f.entry
     WHERE f.book_id = $1 AND f.fill_id = $2 AND f.venue = $3 AND f.account = $4 AND f.revision = $5`,
    [book.bookId, fact.fillId, fact.venue, fact.account, fact.fillRevision],
  );
  if (row !== undefined)
    throw new LotbookError("REFUSED", `fill "${shownValue(fact.fillId)}" is voided`);
}

/** Corrects a fact: takes it out (no changes), or puts a replacement in its place. */
export async function correct(
  database: Database,
  ports: Ports,
  name: FactName,
  changes: Changes | undefined,
  options: CorrectionOptions,
): Promise<Correction> {
  const signature = signatureOf(options);
  if (changes !== undefined && Object.values(changes).every((value) => value === undefined))
    throw new LotbookError("BAD_USAGE", "say what to change, or --void to take the fact out");
  const inputs = { command: "correct", id: name.id };
  const { result, batch } = await append(
    database,
    ports,
    { author: signature.author, inputs, dryRun: options.dryRun === true },
    (connection) => planCorrection(connection, name, changes, signature),
  );
  return { ...result, batch };
}
