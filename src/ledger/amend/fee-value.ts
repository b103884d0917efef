/** `fee-value set`: what a fee in a third asset was worth, as a person states it. One a fee. */
import { factToLine, type Line } from "../../adapters/lotbook-ndjson/lines.ts";
import type { FeeValue, Fill } from "../../core/fact.ts";
import { contractNames } from "../../core/field.ts";
import { describeField, isProblem, shownText, shownValue } from "../../core/problem.ts";
import { resolveFeeValue } from "../../core/resolve.ts";
import { LotbookError } from "../../errors.ts";
import type { Connection, Database } from "../../store/database.ts";
import type { Ports } from "../ports.ts";
import { append } from "./append.ts";
import { findFeeValue, lockFill, type NamedFact, type Narrowing } from "./named.ts";
import type { AmendOptions } from "./opening-lot.ts";
import { authorOf, statedBy } from "./person.ts";

export interface NewFeeValue extends Narrowing {
  readonly fillId: string;
  /** The asset that the fee was paid in. */
  readonly asset: string;
  /** The total, in the quote asset, at that time; negative for a rebate. */
  readonly value: string;
  /** Where the value is from: text of 1 to 200 bytes. `stated by` the author when left out. */
  readonly source?: string | undefined;
  /** `library` when left out. */
  readonly author?: string | undefined;
}

export interface SetFeeValue {
  /** As a line of an export. */
  readonly feeValue: Line;
  /** Null when nothing was recorded. */
  readonly batch: string | null;
}

/** The source that stated values are from, as tellings. */
const source = "fee value";

/**
 * The fact of a fee's value, as the next revision where the last one is voided. Refuses a fee that is not
 * there, and a second value.
 */
export async function feeValueFor(
  connection: Connection,
  named: NamedFact<Fill>,
  stated: { readonly asset: string; readonly value: string; readonly source: string },
): Promise<FeeValue> {
  const { portfolio, symbol, venue, account, fillId, revision, fees } = named.fact;
  const { asset } = stated;
  const fill = `fill "${shownValue(fillId)}"`;
  const draft = {
    portfolio,
    symbol,
    venue,
    account,
    fillId,
    ...stated,
    fillRevision: `${revision}`,
  };
  const outcome = resolveFeeValue(draft, { file: "", row: 0 }, contractNames);
  if (isProblem(outcome)) {
    const { column = "the value", value, message } = outcome;
    throw new LotbookError("BAD_INPUT", describeField(column, value, message));
  }
  if (!fees.some((fee) => fee.asset === asset)) {
    const others = fees.map((fee) => shownText(fee.asset)).join(", ");
    throw new LotbookError("NOT_FOUND", `${fill} has no fee in ${shownValue(asset)}`, {
      advice: fees.length === 0 ? "it has no fee at all" : `its fees are in ${others}`,
    });
  }
  const known = await findFeeValue(connection, named, asset);
  if (known === undefined) return outcome;
  if (known.voided) return { ...outcome, revision: known.fact.revision + 1 };
  const recorded = `${known.fact.value} (${shownText(known.fact.source)})`;
  throw new LotbookError("REFUSED", `the fee of ${fill} has a value already: ${recorded}`, {
    advice: `one a fee; \`lotbook correct <fill id> --fee-value ${shownText(asset)} --value …\` replaces it`,
  });
}

export async function setFeeValue(
  database: Database,
  ports: Ports,
  stated: NewFeeValue,
  { dryRun = false }: AmendOptions = {},
): Promise<SetFeeValue> {
  const author = authorOf(stated.author);
  const { fillId, asset, value, source: from = statedBy(author), ...narrowing } = stated;
  const inputs = { command: "fee-value set", fill_id: fillId, asset };
  const { result, batch } = await append(
    database,
    ports,
    { author, inputs, dryRun },
    async (connection) => {
      const named = await lockFill(connection, { ...narrowing, id: fillId });
      const fact = await feeValueFor(connection, named, { asset, value, source: from });
      const line = factToLine(fact);
      return {
        appended: [{ source, raw: JSON.stringify({ ...line, author }), fact }],
        result: line,
      };
    },
  );
  return { feeValue: result, batch };
}
