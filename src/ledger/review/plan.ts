/** What a resolution of one item appends: facts, and the decision that made them. */
import { factToLine, type Line } from "../../adapters/lotbook-ndjson/lines.ts";
import { type Decision, decisionText, type FillName } from "../../core/decision.ts";
import type { Fill } from "../../core/fact.ts";
import { shownText } from "../../core/problem.ts";
import { LotbookError } from "../../errors.ts";
import type { Connection } from "../../store/database.ts";
import type { Appended } from "../amend/append.ts";
import { appendedFact, correctionOf } from "../amend/correct.ts";
import { feeValueFor } from "../amend/fee-value.ts";
import { lockFill, type NamedFact } from "../amend/named.ts";
import { type Signature, statedBy } from "../amend/person.ts";
import { factOfLine, nextRevision } from "../amend/replacement.ts";
import type { Action, FoundItem } from "./review.ts";

export type Resolution =
  | { readonly action: "keep" | "take" | "record" | "dismiss" | "void" | "accept" }
  /** The same fill as this one, which is recorded under another id. */
  | {
      readonly action: "attach";
      readonly fillId: string;
      readonly venue?: string | undefined;
      readonly account?: string | undefined;
    }
  /** What the fee was worth: the total, in the quote asset. */
  | { readonly action: "value"; readonly value: string; readonly source?: string | undefined };

export interface Planned {
  readonly appended: readonly Appended[];
  /** Identities of the facts it makes, so that two items don't make the same one. */
  readonly makes: readonly string[];
}

/** The raw text and the source of a telling, as they came. */
export interface OriginalTelling {
  readonly raw: string;
  readonly source: string;
}

/** What planning needs beside the item. */
export interface Planning {
  readonly connection: Connection;
  readonly signature: Signature;
  /** Appended before it in this batch. */
  readonly before: number;
  readonly original: OriginalTelling | undefined;
}

/** A decision about an item. */
export function decide(
  { shown, decisions }: FoundItem,
  action: Action,
  signature: Signature,
  more: Pick<Decision, "about" | "alias"> & { readonly quantity?: string },
): Appended {
  const { item, portfolio, symbol } = shown;
  const { quantity, ...where } = more;
  const words = {
    item,
    action,
    number: decisions + 1,
    ...signature,
    ...(quantity === undefined ? {} : { quantity }),
    ...(where.alias === undefined ? {} : { alias: where.alias }),
  };
  return { decision: { portfolio, symbol, raw: decisionText(words), ...where } };
}

const aboutFact = ({ recorded }: FoundItem): Pick<Decision, "about"> =>
  recorded === undefined ? {} : { about: { entry: recorded.entry } };

const kept = ["sequence", "order_id", "strategy", "trade_id"] as const;

/** A telling's content as the next revision of what is recorded; what it doesn't give is kept. */
function taken(named: NamedFact, told: Line): NamedFact["fact"] {
  const recorded = factToLine(named.fact);
  const line: Record<string, unknown> = { ...told, revision: named.fact.revision };
  for (const key of kept) line[key] ??= recorded[key];
  return nextRevision(factOfLine(line) as NamedFact["fact"]);
}

async function planTake(item: FoundItem, planning: Planning): Promise<Planned> {
  const { connection, signature, original } = planning;
  const named = item.recorded as NamedFact;
  const replacement = taken(named, item.shown.told!);
  const { facts } = await correctionOf(connection, named, replacement, signature);
  // The replacement is what the source told: it keeps the source's name and words.
  const appended = facts.map((each) =>
    "fact" in each && each.fact === replacement ? { ...each, ...original! } : each,
  );
  const decision = decide(item, "take", signature, aboutFact(item));
  return { appended: [...appended, decision], makes: [`${item.bookId} ${named.entry}`] };
}

function planRecord(item: FoundItem, { signature, before, original }: Planning): Planned {
  const fact = factOfLine(item.shown.told!);
  const decision = decide(item, "record", signature, { about: { row: before } });
  const { type, venue, account, fill_id: id, asset = "" } = item.shown.told!;
  const makes = JSON.stringify([type, venue, account, id, asset]);
  return { appended: [{ ...original!, fact }, decision], makes: [`${item.bookId} ${makes}`] };
}

async function planAttach(
  item: FoundItem,
  resolution: Extract<Resolution, { action: "attach" }>,
  { connection, signature }: Planning,
): Promise<Planned> {
  const { portfolio, symbol, told } = item.shown;
  const { fillId: id, venue, account } = resolution;
  const named = await lockFill(connection, { id, portfolio, symbol, venue, account });
  const waits = factOfLine(told!) as Fill;
  const alias: FillName = { venue: waits.venue, account: waits.account, fillId: waits.fillId };
  const about = { about: { entry: named.entry } };
  return { appended: [decide(item, "attach", signature, { ...about, alias })], makes: [] };
}

async function planValue(
  item: FoundItem,
  resolution: Extract<Resolution, { action: "value" }>,
  { connection, signature }: Planning,
): Promise<Planned> {
  const { value, source = statedBy(signature.author) } = resolution;
  const asset = item.shown.asset!;
  const named = item.recorded as NamedFact<Fill>;
  const fact = await feeValueFor(connection, named, { asset, value, source });
  const decision = decide(item, "value", signature, aboutFact(item));
  const appended = [appendedFact(fact, signature, "fee value"), decision];
  return { appended, makes: [`${item.bookId} ${named.entry} ${asset}`] };
}

async function planVoid(item: FoundItem, { connection, signature }: Planning): Promise<Planned> {
  const named = item.candidates[0] as NamedFact<Fill>;
  const { facts } = await correctionOf(connection, named, undefined, signature);
  const decision = decide(item, "void", signature, aboutFact(item));
  return { appended: [...facts, decision], makes: [`${item.bookId} ${named.entry}`] };
}

/** Plans the resolution of an open item; refuses an action that it does not have. */
export async function planItem(
  item: FoundItem,
  resolution: Resolution,
  planning: Planning,
): Promise<Planned> {
  const { action } = resolution;
  requireAction(item, action);
  const { signature } = planning;
  switch (action) {
    case "take":
      return planTake(item, planning);
    case "record":
      return planRecord(item, planning);
    case "attach":
      return planAttach(item, resolution, planning);
    case "value":
      return planValue(item, resolution, planning);
    case "void":
      return planVoid(item, planning);
    case "accept": {
      const quantity = item.shown.quantity!;
      return {
        appended: [decide(item, action, signature, { ...aboutFact(item), quantity })],
        makes: [],
      };
    }
    default:
      return { appended: [decide(item, action, signature, aboutFact(item))], makes: [] };
  }
}

function requireAction({ shown }: FoundItem, action: Action): void {
  const name = shownText(shown.item);
  if (shown.state === "resolved")
    throw new LotbookError("REFUSED", `${name} is resolved: ${shown.decision!.action}`, {
      advice: `\`lotbook review reopen ${name} --reason …\` opens it again`,
    });
  if (!shown.actions.includes(action))
    throw new LotbookError("REFUSED", `${name} can't be resolved by ${action}`, {
      advice: `what can be done: ${shown.actions.join(", ")}; \`lotbook review show ${name}\` tells more`,
    });
}
