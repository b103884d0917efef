/** A fact with some of its fields replaced: what a correction puts in the place of what it voids. */
import { factToLine, type Line, lineToFact } from "../../adapters/lotbook-ndjson/lines.ts";
import type { Fact, Fee, FeeValue, Fill, OpeningLot, Void } from "../../core/fact.ts";
import { contractNames } from "../../core/field.ts";
import { parseSymbol } from "../../core/instrument.ts";
import { describeField, isProblem } from "../../core/problem.ts";
import { LotbookError } from "../../errors.ts";
import type { Amendable } from "./named.ts";
import { type Signature, statedBy } from "./person.ts";

/** Fields to replace; what is left out is kept. Empty text takes an optional field away. */
export interface Changes {
  readonly side?: string | undefined;
  readonly quantity?: string | undefined;
  readonly price?: string | undefined;
  /** RFC 3339 with a zone. */
  readonly executedAt?: string | undefined;
  /** The amount of the fee; see `feeAsset`. */
  readonly fee?: string | undefined;
  /**
   * The asset of the fee. Where the fill has one fee at most, this and `fee` take its place; where it has
   * several, the one in this asset is set and the others are kept.
   */
  readonly feeAsset?: string | undefined;
  readonly sequence?: string | undefined;
  readonly orderId?: string | undefined;
  readonly strategy?: string | undefined;
  readonly tradeId?: string | undefined;
  /** Of an opening lot: the total, in the quote asset; empty: unknown. */
  readonly cost?: string | undefined;
  readonly openedAt?: string | undefined;
  readonly note?: string | undefined;
  /** Of a fee's value: the total, in the quote asset. */
  readonly value?: string | undefined;
  readonly source?: string | undefined;
}

const fieldsOf: Readonly<Record<Amendable["kind"], readonly (keyof Changes)[]>> = {
  fill: [
    ...(["side", "quantity", "price", "executedAt", "fee", "feeAsset", "sequence"] as const),
    ...(["orderId", "strategy", "tradeId"] as const),
  ],
  "opening lot": ["quantity", "cost", "openedAt", "note"],
  "fee value": ["value", "source"],
};

/** The changes that are given, under the names of a fact's line. Refuses what the kind doesn't have. */
function givenChanges(kind: Amendable["kind"], changes: Changes): Map<keyof Changes, string> {
  const given = new Map<keyof Changes, string>();
  for (const [key, value] of Object.entries(changes) as [keyof Changes, string | undefined][]) {
    if (value === undefined) continue;
    if (!fieldsOf[kind].includes(key)) {
      const fields = fieldsOf[kind].map((each) => contractNames[each] ?? each).join(", ");
      throw new LotbookError("BAD_USAGE", `${kind} has no ${contractNames[key] ?? key}`, {
        advice: `what can be replaced is ${fields}`,
      });
    }
    given.set(key, value);
  }
  return given;
}

/** The fees of a fill after `fee` and `feeAsset`, as they were said. */
function changedFees(fill: Fill, fee: string | undefined, asset: string | undefined): unknown {
  const { fees } = fill;
  if (fees.length <= 1) {
    const before: Fee | undefined = fees[0];
    const quote = parseSymbol(fill.symbol)!.quote;
    const amount = fee === "" ? "0" : (fee ?? before?.amount ?? "0");
    return [{ asset: asset || (before?.asset ?? quote), amount }];
  }
  if (asset === undefined || asset === "" || fee === undefined)
    throw new LotbookError("BAD_USAGE", "the fill has several fees; say the fee and its asset", {
      advice: `it has fees in ${fees.map((each) => each.asset).join(", ")}`,
    });
  const amount = fee === "" ? "0" : fee;
  return [...fees.filter((each) => each.asset !== asset), { asset, amount }];
}

function changedLine(fact: Amendable, changes: Map<keyof Changes, string>): Line {
  const line: Record<string, unknown> = { ...factToLine(fact) };
  for (const [key, value] of changes) {
    if (key === "fee" || key === "feeAsset") continue;
    line[contractNames[key] ?? key] = value;
  }
  if (fact.kind !== "fill") return line;
  if (changes.has("fee") || changes.has("feeAsset"))
    line["fees"] = changedFees(fact, changes.get("fee"), changes.get("feeAsset"));
  if (fact.quoteSize !== undefined) {
    // A stated quantity ends the derivation; another price derives another quantity.
    if (changes.has("quantity")) delete line["quote_size"];
    else if (changes.has("price")) delete line["quantity"];
  }
  return line;
}

/** The fact that a line says; refuses what breaks a rule. */
export function factOfLine(line: Line): Fact {
  const outcome = lineToFact(line, { file: "", row: 0 })!;
  if (!isProblem(outcome)) return outcome;
  const { column = "the fact", value, message } = outcome;
  throw new LotbookError("BAD_INPUT", describeField(column, value, message));
}

/** What an opening lot or a fee's value says of who stated it. */
function signed(fact: Amendable, changes: Map<keyof Changes, string>, author: string): Line {
  if (fact.kind === "opening lot") return { author };
  if (fact.kind === "fee value" && changes.has("value") && !changes.has("source"))
    return { source: statedBy(author) };
  return {};
}

function contentText(fact: Fact): string {
  return JSON.stringify({ ...factToLine(fact), revision: 0, author: "" });
}

/** Whether two facts say the same, whoever said it and whichever revision it is. */
export function sameContent(one: Fact, other: Fact): boolean {
  return contentText(one) === contentText(other);
}

/**
 * The next revision of a fact with changes; undefined where they leave it as it is, unless it is voided and
 * comes back.
 */
export function replacementOf(
  fact: Amendable,
  changes: Changes,
  { author }: Signature,
  voided: boolean,
): Amendable | undefined {
  const given = givenChanges(fact.kind, changes);
  const changed = factOfLine(changedLine(fact, given)) as Amendable;
  if (!voided && sameContent(fact, changed)) return undefined;
  const line = { ...factToLine(changed), ...signed(fact, given, author) };
  return factOfLine({ ...line, revision: fact.revision + 1 }) as Amendable;
}

/** The same fact again, as its next revision. */
export function nextRevision<Kind extends Fill | OpeningLot | FeeValue>(fact: Kind): Kind {
  return { ...fact, revision: fact.revision + 1 };
}

/** The void that takes a fact out. */
export function voidOf(fact: Amendable, { author, reason }: Signature): Void {
  const { portfolio, symbol, venue, account } = fact;
  const book = { kind: "void", portfolio, symbol, venue, account, author, reason } as const;
  const targetKind = fact.kind;
  switch (fact.kind) {
    case "fill":
      return { ...book, targetKind, targetId: fact.fillId, targetRevision: fact.revision };
    case "opening lot":
      return { ...book, targetKind, targetId: fact.key, targetRevision: fact.revision };
    case "fee value": {
      const { fillId, fillRevision, asset, revision } = fact;
      const target = { targetId: fillId, targetRevision: fillRevision };
      return { ...book, targetKind, ...target, asset, valueRevision: revision };
    }
  }
}
