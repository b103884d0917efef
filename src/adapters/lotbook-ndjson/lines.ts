/**
 * The lines of lotbook's own export: one JSON object a fact. Exporter and importer share this page, so that
 * what was exported comes back exactly. Keys are those of the fills CSV where it has them; amounts are
 * decimal strings, times RFC 3339 in UTC, revisions JSON numbers.
 */
import type { Fact, Fill, Place, Problem } from "../../core/fact.ts";
import { makeProblem } from "../../core/problem.ts";
import { contractNames } from "../../core/field.ts";
import type {
  AdjustmentDraft,
  FeeDraft,
  FeeValueDraft,
  FillDraft,
  OpeningLotDraft,
  VoidDraft,
} from "../../core/resolve.ts";
import {
  resolveAdjustment,
  resolveFeeValue,
  resolveFill,
  resolveOpeningLot,
  resolveVoid,
} from "../../core/resolve.ts";
import { formatInstant } from "../../core/time.ts";

/** What the lines call otherwise than the fills CSV does. */
const names = { ...contractNames, otherFees: "fees" };

/** A line as JSON.parse gives it. */
export type Line = Readonly<Record<string, unknown>>;

/**
 * What an export holds beside facts. The importer passes over these lines: they follow from the facts or
 * from recording.
 */
export const passedOverTypes: ReadonlySet<string> = new Set([
  "export",
  "book",
  "batch",
  "observation",
  "repeat",
  "review",
  "seal",
  "revision",
  "checkpoint",
  "version",
  "run",
  "step",
  "allocation",
  "open lot",
]);

/** A fact as the object of its line, in a fixed order of keys; what the fact does not say is left out. */
export function factToLine(fact: Fact): Line {
  const line = {
    type: fact.kind,
    portfolio: fact.portfolio,
    symbol: fact.symbol,
    venue: fact.venue,
    account: fact.account,
    ...ownFields(fact),
  };
  return Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined));
}

function ownFields(fact: Fact): Line {
  switch (fact.kind) {
    case "fill":
      return fillFields(fact);
    case "opening lot":
      return {
        key: fact.key,
        revision: fact.revision,
        opened_at: formatInstant(fact.openedAt),
        quantity: fact.quantity,
        cost: fact.cost,
        author: fact.author,
        note: fact.note,
      };
    case "fee value":
      return {
        fill_id: fact.fillId,
        fill_revision: fact.fillRevision,
        asset: fact.asset,
        revision: fact.revision,
        value: fact.value,
        source: fact.source,
      };
    case "void":
      return {
        target_kind: fact.targetKind,
        target_id: fact.targetId,
        target_revision: fact.targetRevision,
        asset: fact.asset,
        value_revision: fact.valueRevision,
        author: fact.author,
        reason: fact.reason,
      };
    case "adjustment":
      return {
        entry_id: fact.entryId,
        trade_type: fact.tradeType,
        trade_id: fact.tradeId,
        executed_at: formatInstant(fact.executedAt),
        side: fact.side,
        quantity: fact.quantity,
        price: fact.price,
        fees: fact.fees,
        order_id: fact.orderId,
      };
  }
}

function fillFields(fill: Fill): Line {
  return {
    fill_id: fill.fillId,
    revision: fill.revision,
    executed_at: formatInstant(fill.executedAt),
    side: fill.side,
    quantity: fill.quantity,
    price: fill.price,
    fees: fill.fees,
    sequence: fill.sequence?.toString(),
    order_id: fill.orderId,
    strategy: fill.strategy,
    trade_id: fill.tradeId,
    quote_size: fill.quoteSize,
    grain: fill.grain,
  };
}

export type Draft =
  | { readonly kind: "fill"; readonly draft: FillDraft }
  | { readonly kind: "opening lot"; readonly draft: OpeningLotDraft }
  | { readonly kind: "fee value"; readonly draft: FeeValueDraft }
  | { readonly kind: "void"; readonly draft: VoidDraft }
  | { readonly kind: "adjustment"; readonly draft: AdjustmentDraft };

/** The draft that a line says; undefined for a line that is passed over. */
export function lineToDraft(line: Line, place: Place): Draft | Problem | undefined {
  const reader = new LineReader(line, place);
  const draft = reader.draft();
  return reader.problem ?? draft;
}

/** The fact that a line says; undefined for a line that is passed over. */
export function lineToFact(line: Line, place: Place): Fact | Problem | undefined {
  const said = lineToDraft(line, place);
  if (said === undefined || !("draft" in said)) return said;
  switch (said.kind) {
    case "fill":
      return resolveFill(said.draft, place, names);
    case "opening lot":
      return resolveOpeningLot(said.draft, place);
    case "fee value":
      return resolveFeeValue(said.draft, place);
    case "void":
      return resolveVoid(said.draft, place);
    case "adjustment":
      return resolveAdjustment(said.draft, place);
  }
}

/** Takes text out of a line and keeps the first thing that is wrong with it. */
class LineReader {
  readonly #line: Line;
  readonly #place: Place;
  problem: Problem | undefined;

  constructor(line: Line, place: Place) {
    this.#line = line;
    this.#place = place;
  }

  draft(): Draft | undefined {
    const kind = this.#line["type"];
    switch (kind) {
      case "fill":
        return { kind, draft: this.#fill() };
      case "opening lot":
        return { kind, draft: this.#openingLot() };
      case "fee value":
        return { kind, draft: this.#feeValue() };
      case "void":
        return { kind, draft: this.#void() };
      case "adjustment":
        return { kind, draft: this.#adjustment() };
      default:
        if (typeof kind === "string" && passedOverTypes.has(kind)) return undefined;
        this.#refuse(
          "type",
          kind,
          "is no type of line; facts are fill, opening lot, fee value, void and adjustment",
        );
        return undefined;
    }
  }

  #fill(): FillDraft {
    return {
      ...this.#book(),
      fillId: this.#text("fill_id"),
      revision: this.#count("revision"),
      executedAt: this.#text("executed_at"),
      side: this.#text("side"),
      quantity: this.#text("quantity"),
      price: this.#text("price"),
      otherFees: this.#fees(),
      sequence: this.#count("sequence"),
      orderId: this.#text("order_id"),
      strategy: this.#text("strategy"),
      tradeId: this.#text("trade_id"),
      quoteSize: this.#text("quote_size"),
      grain: this.#text("grain"),
    };
  }

  #openingLot(): OpeningLotDraft {
    return {
      ...this.#book(),
      key: this.#text("key"),
      revision: this.#count("revision"),
      openedAt: this.#text("opened_at"),
      quantity: this.#text("quantity"),
      cost: this.#text("cost"),
      author: this.#text("author"),
      note: this.#text("note"),
    };
  }

  #feeValue(): FeeValueDraft {
    return {
      ...this.#book(),
      fillId: this.#text("fill_id"),
      fillRevision: this.#count("fill_revision"),
      asset: this.#text("asset"),
      revision: this.#count("revision"),
      value: this.#text("value"),
      source: this.#text("source"),
    };
  }

  #void(): VoidDraft {
    return {
      ...this.#book(),
      targetKind: this.#text("target_kind"),
      targetId: this.#text("target_id"),
      targetRevision: this.#count("target_revision"),
      asset: this.#text("asset"),
      valueRevision: this.#count("value_revision"),
      author: this.#text("author"),
      reason: this.#text("reason"),
    };
  }

  #adjustment(): AdjustmentDraft {
    return {
      ...this.#book(),
      entryId: this.#text("entry_id"),
      tradeType: this.#text("trade_type"),
      tradeId: this.#text("trade_id"),
      executedAt: this.#text("executed_at"),
      side: this.#text("side"),
      quantity: this.#text("quantity"),
      price: this.#text("price"),
      fees: this.#fees(),
      orderId: this.#text("order_id"),
    };
  }

  #book(): Pick<FillDraft, "portfolio" | "symbol" | "venue" | "account"> {
    return {
      portfolio: this.#text("portfolio"),
      symbol: this.#text("symbol"),
      venue: this.#text("venue"),
      account: this.#text("account"),
    };
  }

  #text(key: string): string | undefined {
    return this.#asText(key, this.#line[key]);
  }

  #asText(key: string, value: unknown): string | undefined {
    if (typeof value === "string") return value;
    if (value === undefined || value === null) return undefined;
    this.#refuse(
      key,
      value,
      typeof value === "number"
        ? "is a JSON number, which may lose digits; write it in quotes"
        : "must be text",
    );
    return undefined;
  }

  /** A whole number, which may stand as a JSON number while it is surely exact. */
  #count(key: string): string | undefined {
    const value = this.#line[key];
    return Number.isSafeInteger(value) ? String(value) : this.#text(key);
  }

  #fees(): readonly FeeDraft[] {
    const fees = this.#line["fees"] ?? [];
    if (!Array.isArray(fees)) {
      this.#refuse("fees", fees, 'must be a list like [{"asset":"USD","amount":"0.5"}]');
      return [];
    }
    return fees.map((fee: unknown) => {
      if (typeof fee !== "object" || fee === null) {
        this.#refuse("fees", fee, 'must be a list like [{"asset":"USD","amount":"0.5"}]');
        return { asset: undefined, amount: undefined };
      }
      const { asset, amount } = fee as { asset?: unknown; amount?: unknown };
      return { asset: this.#asText("fees", asset), amount: this.#asText("fees", amount) };
    });
  }

  #refuse(key: string, value: unknown, message: string): void {
    // Of a number too large for it, JSON would say null.
    const text = typeof value === "number" ? String(value) : JSON.stringify(value);
    this.problem ??= makeProblem(this.#place, key, text, message);
  }
}
