/** `lotbook fee-value set|from-prices`. */
import { InvalidArgumentError, type Command } from "commander";
import type { PricedFee } from "../../index.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import {
  addAuthor,
  addNarrowing,
  type AmendCommandOptions,
  authorName,
  type NarrowingOptions,
  sayNext,
  valueText,
} from "../amending.ts";
import { factsText, heading, printRecords } from "../print/records.ts";
import { jsonLine } from "../print/report.ts";
import type { Session } from "../session.ts";

interface SetOptions extends AmendCommandOptions, NarrowingOptions {
  readonly source?: string;
}

interface PricesCommandOptions extends AmendCommandOptions, NarrowingOptions {
  readonly maxAge: bigint;
}

async function set(
  session: Session,
  [fillId, asset, value]: readonly [string, string, string],
  options: SetOptions,
): Promise<void> {
  await session.withExistingLedger("fee-value set", async (ledger) => {
    const { dryRun, author, ...rest } = options;
    const stated = { ...rest, fillId, asset, value, author: authorName(author) };
    const { feeValue, batch } = await ledger.setFeeValue(stated, { dryRun });
    const { type: _, ...fields } = feeValue;
    const cells = Object.entries(fields).map(([name, cell]) => [name, valueText(cell)]);
    const row = Object.fromEntries(cells) as Record<string, string>;
    if (session.format === "table") await session.output.write(factsText(row));
    else {
      const columns = Object.keys(row).map((name) => heading(name, "text"));
      const json = { fee_value: feeValue, batch };
      await printRecords({ columns, rows: [row], json }, session.format, session.output);
    }
    sayNext(session, batch, dryRun);
  });
}

const units: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3_600n, d: 86_400n };

/** `90m` as nanoseconds. */
function duration(text: string): bigint {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new InvalidArgumentError("Write a number and s, m, h or d: 90m.");
  return BigInt(count) * units[unit]! * 1_000_000_000n;
}

const columns = [
  heading("fill_id", "text"),
  { ...heading("symbol", "text"), rank: 3 },
  { ...heading("executed_at", "name"), rank: 2 },
  heading("asset", "text"),
  heading("amount", "quantity"),
  heading("value", "quantity"),
  heading("source", "text"),
];

/** In a table: fees without a value, and in full why. */
const withoutValue = columns
  .filter(({ name }) => name !== "value")
  .map((column) => (column.name === "source" ? heading("source", "name") : column));

/** Lists fees as they are valued: those that stay without a value, in a table; all of them otherwise. */
class FeePrinter {
  readonly #session: Session;
  #count = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  async print(fees: readonly PricedFee[]): Promise<void> {
    const { format, output } = this.#session;
    const listed = format === "table" ? fees.filter((fee) => fee.value === null) : fees;
    if (listed.length === 0) return;
    const rows = listed.map((fee) => ({ ...fee }));
    if (format === "json") {
      const lines = rows.map((row) => jsonLine(row)).join(",\n");
      await output.write(`${this.#count === 0 ? '{"fees":[\n' : ",\n"}${lines}`);
    } else if (format === "csv" && this.#count > 0) {
      const { csvLines } = await import("../print/csv.ts");
      await output.write(csvLines(columns, rows, output.terminal));
    } else {
      const shown = format === "table" ? withoutValue : columns;
      await printRecords({ columns: shown, rows, json: {} }, format, output);
    }
    this.#count += listed.length;
  }

  async end(result: Awaited<ReturnType<Ledger["valueFeesFromPrices"]>>): Promise<void> {
    const { format, output } = this.#session;
    const { prices, valued, without } = result;
    if (format === "json")
      return output.write(
        `${this.#count === 0 ? '{"fees":[' : "\n"}],${jsonLine(result).slice(1)}\n`,
      );
    if (format !== "table") return;
    if (this.#count > 0) await output.write("\n");
    await output.write(factsText({ "prices read": prices, valued, "without a value": without }));
  }
}

async function fromPrices(
  session: Session,
  file: string,
  options: PricesCommandOptions,
): Promise<void> {
  const { findFile } = await import("../../ledger/input-file.ts");
  await findFile(file);
  await session.withExistingLedger("fee-value from-prices", async (ledger) => {
    const { author, ...rest } = options;
    const printer = new FeePrinter(session);
    const result = await ledger.valueFeesFromPrices(file, {
      ...rest,
      author: authorName(author),
      progress: (done) => session.progress.update({ phase: "reading prices", done }),
      onFees: (fees) => {
        session.progress.clear();
        return printer.print(fees);
      },
    });
    session.progress.clear();
    await printer.end(result);
    sayNext(session, result.batches[0] ?? null, options.dryRun);
  });
}

const setExample = `
Example:
  lotbook fee-value set f1 BNB 6.12 --source "BNB-USD 612 at 14:05, exchange's chart"`;

const pricesExample = `
Example:
  lotbook fee-value from-prices prices.csv --max-age 10m
The file has the columns asset,quote,at,price. A fee gets the latest price at or before its fill.`;

export function define(command: Command, session: Session): void {
  command
    .description("What fees in other assets than the instrument's were worth, in its quote asset.")
    .usage("<set|from-prices> [options]");
  const setting = command
    .command("set")
    .description("state the value of one fee")
    .argument("<fill id>", "the fill that the fee was paid for")
    .argument("<asset>", "the asset it was paid in")
    .argument("<value>", "the total, in the quote asset; negative for a rebate")
    .option("--source <text>", "where the value is from");
  addAuthor(addNarrowing(setting))
    .addHelpText("after", setExample)
    .action((fill: string, asset: string, value: string, options: SetOptions) =>
      set(session, [fill, asset, value], options),
    );
  const pricing = command
    .command("from-prices")
    .description("value all fees that have no value by a file of prices")
    .argument("<prices.csv>", "columns asset,quote,at,price; - is standard input")
    .option("--max-age <time>", "how old a price may be: 90m, 1h, 1d", duration, duration("1h"));
  addAuthor(addNarrowing(pricing))
    .addHelpText("after", pricesExample)
    .action((file: string, options: PricesCommandOptions) => fromPrices(session, file, options));
}
