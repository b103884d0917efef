/** `lotbook explain <id>` and `lotbook explain --pnl <key=value>`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { LotbookError } from "../../errors.ts";
import { explain } from "../../explain/explain.ts";
import { type ExplainRequest, type FactKind, factKinds } from "../../explain/request.ts";
import { type GroupKey, parseGroupBy, type ViewRequest } from "../../reports/request.ts";
import { printExplanation } from "../print/explanation.ts";
import type { Session } from "../session.ts";
import { versionNumber } from "./report.ts";

interface ExplainOptions extends ViewRequest {
  readonly pnl?: readonly (readonly [GroupKey, string | null])[];
  readonly kind?: FactKind;
  readonly revision?: number;
  readonly portfolio?: string;
  readonly symbol?: string;
  readonly venue?: string;
  readonly account?: string;
  readonly strategy?: string;
  readonly from?: string;
  readonly to?: string;
}

type CellKeys = readonly (readonly [GroupKey, string | null])[];

/** `month=2025-01`; nothing behind the sign is what a report shows as empty. */
function addCellKey(text: string, before: CellKeys = []): CellKeys {
  const sign = text.indexOf("=");
  if (sign < 1) throw new InvalidArgumentError("Write it as month=2025-01.");
  const [key] = parseGroupBy(text.slice(0, sign)) as [GroupKey];
  return [...before, [key, text.slice(sign + 1) || null]];
}

function factRevision(text: string): number {
  if (/^\d{1,9}$/.test(text)) return parseInt(text, 10);
  throw new InvalidArgumentError("A revision of a fact is a whole number from 0.");
}

const ofCell = ["from", "to", "strategy"] as const;
const ofFact = ["kind", "revision"] as const;

/** What is asked, or why it can't be. */
function requestOf(id: string | undefined, options: ExplainOptions): ExplainRequest {
  const { pnl, ...rest } = options;
  if ((id === undefined) === (pnl === undefined))
    throw new LotbookError("BAD_USAGE", "name a fact by its id, or a PnL cell with --pnl", {
      advice: "lotbook explain s1, or lotbook explain --pnl month=2025-01",
    });
  const wrong = (id === undefined ? ofFact : ofCell).find((name) => rest[name] !== undefined);
  if (wrong !== undefined)
    throw new LotbookError(
      "BAD_USAGE",
      `--${wrong} is for ${id === undefined ? "facts" : "PnL cells"} only`,
    );
  if (id !== undefined) return { ...rest, id };
  const { venue, ...filters } = rest;
  const cell = Object.fromEntries(pnl!) as Record<string, string | null>;
  return { ...filters, cell: venue === undefined ? cell : { ...cell, venue } };
}

export function define(command: Command, session: Session): void {
  command
    .description(
      "Show where a figure comes from: arithmetic, facts, and what sources said. See docs/explain.md.",
    )
    .usage("[id] [options]")
    .argument("[id]", "a fill's id, an opening lot's key or an adjustment's id")
    .option("--pnl <key=value>", "a cell of `report pnl` by its groups; several times", addCellKey)
    .addOption(new Option("--kind <kind>", "which kind of fact the id means").choices(factKinds))
    .option("--revision <number>", "of a fact that was replaced: which", factRevision)
    .option("--portfolio <name>", "of this portfolio")
    .option("--symbol <symbol>", "of this instrument")
    .option("--venue <name>", "of this venue")
    .option("--account <name>", "of this account")
    .option("--strategy <name>", "of a cell: of this strategy")
    .option("--from <time>", "of a cell: from this time or date on (inclusive)")
    .option("--to <time>", "of a cell: up to this time or date (exclusive)")
    .option("--tz <zone>", "zone of dates, days, weeks and months (default: UTC)")
    .option("--version <number>", "of this version instead of the published one", versionNumber)
    .option("--as-of <time>", "cut on execution time (inclusive)")
    .option("--known-at <revision>", "as it was known at this revision or time")
    .addHelpText(
      "after",
      "\nExamples:\n  lotbook explain s1\n  lotbook explain --pnl month=2025-01 --symbol BTC-USD\n",
    )
    .action(async (id: string | undefined, options: ExplainOptions) => {
      const { format } = session;
      if (format !== "table" && format !== "json")
        throw new LotbookError("BAD_USAGE", `a tree has no ${format}; use --format json`);
      const request = requestOf(id, options);
      await session.withDatabase("explain", async (database) => {
        const agrees = await explain(database, request, (explanation) =>
          printExplanation(explanation, format, session.output),
        );
        if (!agrees) session.status = 1;
      });
    });
}
