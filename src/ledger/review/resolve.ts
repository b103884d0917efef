/**
 * Resolving and reopening items: decisions, and the facts they make, in one batch, whole or not at all. Items
 * are looked at again under the locks of their books, so what is decided about is what stands.
 */
import type { Fact } from "../../core/fact.ts";
import { shownText, shownValue } from "../../core/problem.ts";
import { LotbookError } from "../../errors.ts";
import type { Connection, Database } from "../../store/database.ts";
import { append, type Amendment, type Appended, lockBookRows } from "../amend/append.ts";
import { type Person, type Signature, signatureOf } from "../amend/person.ts";
import type { Ports } from "../ports.ts";
import { decide, type OriginalTelling, planItem, type Resolution } from "./plan.ts";
import { itemParameters, itemsQuery } from "./items.ts";
import {
  filterOf,
  findItems,
  type FoundItem,
  publishedSteps,
  type ReviewRequest,
} from "./review.ts";

/** Which items: by their names, or all that are open of some kinds, of a portfolio, of a symbol. */
export type ItemSelection = Omit<ReviewRequest, "all">;

export interface DecisionOptions extends Person {
  /** Look and say, and record nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface Resolved {
  /** Names of the items decided about, in the order of the queue. */
  readonly items: readonly string[];
  /** Facts that were appended with the decisions. */
  readonly facts: number;
  /** Null when nothing was recorded. */
  readonly batch: string | null;
}

/** Locks the books of the items that are asked for. */
async function lockItems(connection: Connection, selection: ItemSelection): Promise<void> {
  const filter = filterOf({ ...selection, all: true });
  const parameters = itemParameters(filter, await publishedSteps(connection));
  const rows = await connection.query<{ id: string }>(
    `SELECT DISTINCT book_id AS id FROM (${itemsQuery(filter.kinds)}) found`,
    parameters,
  );
  await lockBookRows(
    connection,
    rows.map((row) => row.id),
  );
}

/** Refuses names that no item has, or several have. */
function requireNamed(names: readonly string[], found: readonly FoundItem[]): void {
  for (const name of names) {
    const count = found.filter(({ shown }) => shown.item === name).length;
    if (count === 1) continue;
    if (count > 1)
      throw new LotbookError("BAD_USAGE", `there are several items "${shownValue(name, 200)}"`, {
        advice: "say which one is meant with --portfolio and --symbol",
      });
    throw new LotbookError("NOT_FOUND", `there is no item "${shownValue(name, 200)}"`, {
      advice:
        "`lotbook review list --all` shows the items there are; one heals when its cause goes away",
    });
  }
}

/** The raw text and source of the tellings that a page of items is about. */
async function originals(
  connection: Connection,
  items: readonly FoundItem[],
): Promise<ReadonlyMap<string, OriginalTelling>> {
  const told = items.filter(({ observation }) => observation !== null);
  const rows = await connection.query<{ key: string; raw: Uint8Array; source: string }>(
    `SELECT book_id || ' ' || number AS key, raw, source FROM unnest($1::uuid[], $2::bigint[])
       AS asked (book_id, number) JOIN observations USING (book_id, number)`,
    [told.map(({ bookId }) => bookId), told.map(({ observation }) => observation!)],
  );
  return new Map(
    rows.map(({ key, raw, source }) => [key, { raw: Buffer.from(raw).toString("utf8"), source }]),
  );
}

async function readSelected(
  connection: Connection,
  selection: ItemSelection,
): Promise<FoundItem[]> {
  // Named items are looked at whatever their state, so that a message can say it.
  const all = selection.items !== undefined;
  const found: FoundItem[] = [];
  for await (const page of findItems(connection, { ...selection, all })) found.push(...page);
  if (selection.items !== undefined) requireNamed(selection.items, found);
  return found;
}

/** Refuses a telling to be recorded under an id that a fact has. */
async function requireUnrecorded(connection: Connection, facts: readonly Fact[]): Promise<void> {
  const fills = facts.filter((fact) => fact.kind === "fill" && fact.revision === 0);
  const [known] = await connection.query<{ id: string }>(
    `SELECT fill.fill_id AS id FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
       AS asked (portfolio, symbol, venue, account, fill_id)
     JOIN books USING (portfolio, symbol)
     JOIN fills fill USING (book_id, fill_id, venue, account) LIMIT 1`,
    [
      fills.map((fact) => fact.portfolio),
      fills.map((fact) => fact.symbol),
      fills.map((fact) => fact.venue),
      fills.map((fact) => fact.account),
      fills.map((fact) => (fact.kind === "fill" ? fact.fillId : "")),
    ],
  );
  if (known === undefined) return;
  throw new LotbookError("REFUSED", `fill "${shownValue(known.id)}" is recorded already`, {
    advice: "dismiss what waits, or attach it to that fill",
  });
}

/** Two items of one batch may not make the same fact. */
class Made {
  readonly #by = new Map<string, string>();

  add(item: string, made: readonly string[]): void {
    for (const name of made) {
      const other = this.#by.get(name);
      if (other !== undefined)
        throw new LotbookError(
          "REFUSED",
          `${shownText(other)} and ${shownText(item)} are about the same fact`,
          { advice: "resolve them one by one" },
        );
      this.#by.set(name, item);
    }
  }
}

async function planAll(
  connection: Connection,
  items: readonly FoundItem[],
  resolution: Resolution,
  signature: Signature,
): Promise<Appended[]> {
  const appended: Appended[] = [];
  const made = new Made();
  const told = await originals(connection, items);
  for (const item of items) {
    const original = told.get(`${item.bookId} ${item.observation}`);
    const planning = { connection, signature, before: appended.length, original };
    const planned = await planItem(item, resolution, planning);
    made.add(item.shown.item, planned.makes);
    for (const each of planned.appended) appended.push(each);
  }
  return appended;
}

function summary(
  items: readonly FoundItem[],
  appended: readonly Appended[],
): Amendment<Omit<Resolved, "batch">> {
  const facts = appended.filter((each) => "fact" in each).length;
  return { appended, result: { items: items.map(({ shown }) => shown.item), facts } };
}

function requireOne(resolution: Resolution, items: readonly FoundItem[]): void {
  if (items.length <= 1 || (resolution.action !== "attach" && resolution.action !== "value"))
    return;
  throw new LotbookError("BAD_USAGE", `${resolution.action} is for one item at a time`);
}

/** Resolves items, all of them or none. Items named must be open and have the action. */
export async function resolveItems(
  database: Database,
  ports: Ports,
  selection: ItemSelection,
  resolution: Resolution,
  options: DecisionOptions,
): Promise<Resolved> {
  const signature = signatureOf(options);
  const { author } = signature;
  const inputs = { command: "review resolve", action: resolution.action };
  const dryRun = options.dryRun === true;
  const { result, batch } = await append(
    database,
    ports,
    { author, inputs, dryRun },
    async (connection) => {
      await lockItems(connection, selection);
      const items = await readSelected(connection, selection);
      requireOne(resolution, items);
      const appended = await planAll(connection, items, resolution, signature);
      const facts = appended.flatMap((each) => ("fact" in each ? [each.fact] : []));
      if (resolution.action === "record") await requireUnrecorded(connection, facts);
      return summary(items, appended);
    },
  );
  return { ...result, batch };
}

/** Opens resolved items again. What was appended as a fact stays: a correction undoes that. */
export async function reopenItems(
  database: Database,
  ports: Ports,
  names: readonly string[],
  options: DecisionOptions & Pick<ItemSelection, "portfolio" | "symbol">,
): Promise<Resolved> {
  const signature = signatureOf(options);
  const { portfolio, symbol } = options;
  const selection = { items: names, portfolio, symbol };
  const inputs = { command: "review reopen" };
  const dryRun = options.dryRun === true;
  const { result, batch } = await append(
    database,
    ports,
    { author: signature.author, inputs, dryRun },
    async (connection) => {
      await lockItems(connection, selection);
      const items = await readSelected(connection, selection);
      const appended = items.map((item) => {
        if (item.shown.state === "resolved") return decide(item, "reopen", signature, about(item));
        throw new LotbookError("REFUSED", `${shownText(item.shown.item)} is open`);
      });
      return summary(items, appended);
    },
  );
  return { ...result, batch };
}

const about = ({ recorded }: FoundItem) =>
  recorded === undefined ? {} : { about: { entry: recorded.entry } };
