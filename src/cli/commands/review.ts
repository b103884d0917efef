/** `lotbook review list|show|resolve|reopen|tolerance`. */
import { type Command, Option } from "commander";
import type { Resolution, Resolved, ReviewItem, ReviewRequest } from "../../index.ts";
import { LotbookError } from "../../errors.ts";
import { groupReview, type ReviewGroup, reviewGroups } from "../../ledger/review/groups.ts";
import { type ItemKind, itemKinds } from "../../ledger/review/items.ts";
import { readReview } from "../../ledger/review/review.ts";
import { listTolerances } from "../../ledger/review/tolerance.ts";
import { addAuthor, type AmendCommandOptions, authorName, sayNext } from "../amending.ts";
import { forTerminal } from "../print/escape.ts";
import { heading, printRecords } from "../print/records.ts";
import { printItem, printItems } from "../print/review.ts";
import type { Session } from "../session.ts";

interface FilterOptions {
  readonly kind?: ItemKind;
  readonly symbol?: string;
  readonly portfolio?: string;
}

interface ListOptions extends FilterOptions {
  readonly all?: boolean;
  readonly groupBy?: ReviewGroup;
}

interface DecisionCommandOptions extends AmendCommandOptions, FilterOptions {
  readonly reason: string;
}

interface ResolveOptions extends DecisionCommandOptions {
  readonly allOpen?: boolean;
  readonly venue?: string;
  readonly account?: string;
  readonly source?: string;
}

const resolutions = [
  ...(["keep", "take", "record", "attach", "dismiss", "value", "void", "accept"] as const),
];

function requestOf({ kind, symbol, portfolio }: FilterOptions): ReviewRequest {
  return { ...(kind === undefined ? {} : { kinds: [kind] }), symbol, portfolio };
}

const kindOption = (): Option =>
  new Option("--kind <kind>", "only of this kind").choices(itemKinds);

function addFilter(command: Command): Command {
  return command
    .addOption(kindOption())
    .option("--symbol <symbol>", "only of this instrument")
    .option("--portfolio <name>", "only of this portfolio");
}

async function list(session: Session, { all, groupBy, ...filter }: ListOptions): Promise<void> {
  const request = { ...requestOf(filter), all };
  await session.withDatabase("review list", async (database) => {
    if (groupBy === undefined)
      return readReview(database, request, (items) =>
        printItems(items, session.format, session.output),
      );
    const groups = await groupReview(database, request, groupBy);
    const rows = groups.map(({ group, ...rest }) => ({ [groupBy]: group, ...rest }));
    const columns = [
      heading(groupBy, groupBy === "symbol" ? "text" : "name"),
      heading("items"),
      heading("open"),
      heading("amounts", "amounts"),
    ];
    const json = { group_by: groupBy, groups: rows };
    await printRecords({ columns, rows, json }, session.format, session.output);
  });
}

async function show(session: Session, name: string, filter: FilterOptions): Promise<void> {
  await session.withDatabase("review show", async (database) => {
    const request = { ...requestOf(filter), items: [name], all: true };
    const found = await readReview(database, request, async (items) => {
      const all: ReviewItem[] = [];
      for await (const item of items) all.push(item);
      return all;
    });
    const [item, ...others] = found;
    if (item === undefined)
      throw new LotbookError("NOT_FOUND", `there is no item "${forTerminal(name)}"`, {
        advice: "`lotbook review list --all` shows the items there are",
      });
    if (others.length > 0)
      throw new LotbookError("BAD_USAGE", `there are several items "${forTerminal(name)}"`, {
        advice: "say which one is meant with --portfolio and --symbol",
      });
    if (session.format === "table") return printItem(item, session.output);
    await printItems(only(item), session.format, session.output);
  });
}

async function* only<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}

/** The action, and the words behind it that are items: `attach` and `value` take one word first. */
function resolutionOf(
  action: Resolution["action"],
  words: readonly string[],
  { venue, account, source }: ResolveOptions,
): { resolution: Resolution; items: readonly string[] } {
  if (action !== "attach" && action !== "value") return { resolution: { action }, items: words };
  const [first, ...items] = words;
  if (first === undefined)
    throw new LotbookError(
      "BAD_USAGE",
      `${action} needs a ${action === "value" ? "value" : "fill"}`,
      {
        advice: `lotbook review resolve ${action === "value" ? "value <amount>" : "attach <fill id>"} <item>`,
      },
    );
  return action === "value"
    ? { resolution: { action, value: first, source }, items }
    : { resolution: { action, fillId: first, venue, account }, items };
}

async function printResolved(session: Session, action: string, resolved: Resolved): Promise<void> {
  const { items, facts, batch } = resolved;
  if (session.format === "table") {
    if (items.length === 0) session.say("nothing is open there: nothing was decided");
    const lines = items.map((item) => `${action} ${forTerminal(item)}\n`);
    return session.output.write(lines.join(""));
  }
  const rows = items.map((item) => ({ item, action }));
  const columns = [heading("item", "text"), heading("action", "name")];
  await printRecords(
    { columns, rows, json: { action, items, facts, batch } },
    session.format,
    session.output,
  );
}

async function resolve(
  session: Session,
  action: Resolution["action"],
  words: readonly string[],
  options: ResolveOptions,
): Promise<void> {
  const { resolution, items } = resolutionOf(action, words, options);
  const { allOpen = false, reason, dryRun } = options;
  if (items.length > 0 === allOpen)
    throw new LotbookError("BAD_USAGE", "name the items, or all that are open with --all-open", {
      advice: "`lotbook review list` shows them",
    });
  if (allOpen && options.kind === undefined)
    throw new LotbookError("BAD_USAGE", "--all-open needs a --kind: actions are by kind");
  const selection = { ...requestOf(options), ...(allOpen ? {} : { items }) };
  await session.withExistingLedger("review resolve", async (ledger) => {
    const author = authorName(options.author);
    const resolved = await ledger.resolve(selection, resolution, { author, reason, dryRun });
    await printResolved(session, action, resolved);
    if (resolved.facts > 0 || dryRun === true) sayNext(session, resolved.batch, dryRun);
  });
}

async function reopen(
  session: Session,
  items: readonly string[],
  options: DecisionCommandOptions,
): Promise<void> {
  const { reason, dryRun, portfolio, symbol } = options;
  await session.withExistingLedger("review reopen", async (ledger) => {
    const author = authorName(options.author);
    const decision = { author, reason, dryRun, portfolio, symbol };
    await printResolved(session, "reopen", await ledger.reopen(items, decision));
    session.say(
      dryRun === true
        ? "dry run: nothing was recorded"
        : "facts that were recorded with a decision stay; `lotbook correct` takes one out",
    );
  });
}

const toleranceColumns = [
  heading("symbol", "text"),
  heading("tolerance", "quantity"),
  heading("author", "text"),
  heading("reason", "text"),
  heading("recorded_at", "name", 2),
];

async function tolerance(
  session: Session,
  symbol: string | undefined,
  amount: string | undefined,
  options: { readonly author?: string; readonly reason?: string },
): Promise<void> {
  const print = async (rows: Awaited<ReturnType<typeof listTolerances>>): Promise<void> => {
    const json = { tolerances: rows };
    const shown = rows.map((row) => ({ ...row }));
    await printRecords(
      { columns: toleranceColumns, rows: shown, json },
      session.format,
      session.output,
    );
  };
  if (symbol === undefined || amount === undefined) {
    return session.withDatabase("review tolerance", async (database) => {
      const all = await listTolerances(database);
      await print(all.filter((each) => symbol === undefined || each.symbol === symbol));
    });
  }
  const { reason } = options;
  if (reason === undefined) throw new LotbookError("BAD_USAGE", "say why, with --reason");
  await session.withExistingLedger("review tolerance", async (ledger) => {
    const author = authorName(options.author);
    await print([await ledger.setTolerance(symbol, amount, { author, reason })]);
  });
}

const resolveHelp = `
Actions:
  conflict   keep | take
  waiting    record | attach <fill id> | dismiss
  adjusted   keep | void
  fee-value  value <amount>
  unmatched  accept
Examples:
  lotbook review resolve take conflict:BTC-USD:42 --reason "the statement agrees with it"
  lotbook review resolve value 6.12 fee-value:BTC-USD:17:BNB --reason "price of that minute"
  lotbook review resolve accept --kind unmatched --symbol PEPE-USD --all-open --reason "airdrops"
All of them are recorded, or none.`;

export function define(command: Command, session: Session): void {
  command
    .description(
      "What needs a person: sales without a buy, conflicts, adjustments, fees, tellings.",
    )
    .usage("<list|show|resolve|reopen|tolerance> [options]");
  addFilter(command.command("list").description("list what is open"))
    .option("--all", "resolved ones, too")
    .addOption(
      new Option("--group-by <key>", "counts and amounts instead of items").choices(reviewGroups),
    )
    .action((options: ListOptions) => list(session, options));
  addFilter(command.command("show").description("show one item, both contents side by side"))
    .argument("<item>", "its name: conflict:BTC-USD:42")
    .action((item: string, options: FilterOptions) => show(session, item, options));
  addAuthor(
    addFilter(command.command("resolve").description("decide about items, whole or not at all")),
  )
    .argument("<action>", "what to do; see below", actionNamed)
    .argument("[items...]", "names of items; behind attach and value their one word first")
    .requiredOption("--reason <text>", "why")
    .option("--all-open", "all that are open of a --kind")
    .option("--venue <venue>", "of attach: of the fill, where its id is not unique")
    .option("--account <account>", "of attach: of the fill, likewise")
    .option("--source <text>", "of value: where it is from")
    .addHelpText("after", resolveHelp)
    .action((action: Resolution["action"], words: string[], options: ResolveOptions) =>
      resolve(session, action, words, options),
    );
  addAuthor(command.command("reopen").description("open resolved items again"))
    .argument("<items...>", "names of items")
    .requiredOption("--reason <text>", "why")
    .option("--symbol <symbol>", "of this instrument, where a name is not unique")
    .option("--portfolio <name>", "of this portfolio, likewise")
    .action((items: string[], options: DecisionCommandOptions) => reopen(session, items, options));
  command
    .command("tolerance")
    .description("how much of a sale may stay unmatched in an instrument before a person is asked")
    .argument("[symbol]", "the instrument; without one all are listed")
    .argument("[amount]", "in the base asset; 0 asks about any part")
    .option("--reason <text>", "why")
    .option("--author <name>", "who does it (default: your login name)")
    .action((symbol: string | undefined, amount: string | undefined, options) =>
      tolerance(session, symbol, amount, options as { author?: string; reason?: string }),
    );
}

function actionNamed(text: string): Resolution["action"] {
  const found = resolutions.find((action) => action === text);
  if (found !== undefined) return found;
  throw new LotbookError("BAD_USAGE", `"${forTerminal(text)}" is no action`, {
    advice: `the actions are ${resolutions.join(", ")}`,
  });
}
