/** Files in each format that is imported, written apart from the product; with each row its own text. */
import type { Fact, Fill } from "../../src/core/fact.ts";
import { contentId } from "../../src/ledger/record/content-id.ts";
import { timeText } from "./amounts.ts";
import type { CoinbaseTrade } from "./market.ts";
import type { Rounding, Space, Told } from "./model/telling.ts";

export interface Written {
  readonly text: string;
  readonly tellings: readonly Told[];
}

const cell = (text: string): string =>
  /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const csvColumns =
  "fill_id,executed_at,portfolio,account,venue,symbol,side,quantity,price,fee,fee_asset,order_id,sequence," +
  "strategy,trade_id";

export function csvLine(fill: Fill, id = fill.fillId): string {
  const { fees } = fill;
  const cells = [
    id,
    timeText(fill.executedAt),
    fill.portfolio,
    fill.account,
    fill.venue,
    fill.symbol,
    fill.side,
    fill.quantity,
    fill.price,
    fees[0]?.amount ?? "",
    fees[0]?.asset ?? "",
    fill.orderId ?? "",
    fill.sequence?.toString() ?? "",
    fill.strategy ?? "",
    fill.tradeId ?? "",
  ];
  return cells.map(cell).join(",");
}

/** What the format of a file says of its rows. */
interface Kind {
  readonly source: string;
  readonly space: Space;
  readonly rounding?: Rounding;
}

const tell = (kind: Kind, fact: Fact, raw: string): Told => ({ fact, raw, ...kind });

/** lotbook-csv; fills of one fee at most. `rounding`: as it is declared, and named in the source. */
export function csvFile(
  fills: readonly Fill[],
  declared?: { readonly name: string; readonly rounding: Rounding },
): Written {
  const name = declared === undefined ? "" : `;${declared.name}`;
  const rounding = declared === undefined ? {} : { rounding: declared.rounding };
  const kind: Kind = { source: `file:lotbook-csv${name}`, space: "given", ...rounding };
  const lines = fills.map((fill) => csvLine(fill));
  return {
    text: [csvColumns, ...lines, ""].join("\n"),
    tellings: fills.map((fill, index) => tell(kind, fill, lines[index]!)),
  };
}

/** lotbook-csv without ids: equal rows of a file are told apart by their number. */
export function unnamedFile(fills: readonly Fill[]): Written {
  const kind: Kind = { source: "file:lotbook-csv", space: "content" };
  const counts = new Map<string, number>();
  const tellings = fills.map((fill) => {
    const raw = csvLine(fill, "");
    const count = (counts.get(raw) ?? 0) + 1;
    counts.set(raw, count);
    return tell(kind, { ...fill, fillId: contentId(fill).replace(/1$/, `${count}`) }, raw);
  });
  return { text: [csvColumns, ...tellings.map(({ raw }) => raw), ""].join("\n"), tellings };
}

function ndjsonLine(fact: Fact): string {
  const { kind, ...rest } = fact;
  const entries = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const name = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      if (typeof value !== "bigint") return [name, value as unknown];
      return [name, key.endsWith("At") ? timeText(value) : value.toString()];
    });
  return JSON.stringify({ type: kind, ...(Object.fromEntries(entries) as object) });
}

export function ndjsonFile(facts: readonly Fact[]): Written {
  const kind: Kind = { source: "file:lotbook-ndjson", space: "given" };
  const lines = facts.map(ndjsonLine);
  return {
    text: lines.map((line) => `${line}\n`).join(""),
    tellings: facts.map((fact, index) => tell(kind, fact, lines[index]!)),
  };
}

const fillOf = (trade: CoinbaseTrade, own: Pick<Fill, "fillId" | "tradeId" | "orderId">): Fill => ({
  ...trade.fill,
  ...own,
});

/** What the API says of a trade. */
const entry = ({ fill, entryId, tradeId }: CoinbaseTrade) => ({
  entry_id: entryId,
  trade_id: tradeId,
  order_id: `order-${tradeId.slice(-3)}`,
  trade_time: timeText(fill.executedAt),
  trade_type: "FILL",
  price: fill.price,
  size: fill.quantity,
  commission: fill.fees[0]!.amount,
  product_id: fill.symbol,
  size_in_quote: false,
  side: fill.side.toUpperCase(),
  retail_portfolio_id: fill.account,
});

export function restFile(trades: readonly CoinbaseTrade[], reversed: readonly string[]): Written {
  const kind: Kind = { source: "file:coinbase-rest", space: "coinbase entry" };
  const tellings = trades.flatMap((trade): Told[] => {
    const { fill, tradeId, entryId: fillId } = trade;
    const raw = JSON.stringify(entry(trade));
    const own = { fillId, tradeId, orderId: `order-${tradeId.slice(-3)}` };
    const told = tell(kind, fillOf(trade, own), raw);
    if (!reversed.includes(tradeId)) return [told];
    const entryId = `${fillId}r`;
    const undone = { ...entry(trade), entry_id: entryId, trade_type: "REVERSAL" };
    const { revision: _, ...same } = fill;
    const fact = { ...same, kind: "adjustment", entryId, tradeType: "REVERSAL", tradeId } as const;
    return [told, tell(kind, { ...fact, orderId: own.orderId }, JSON.stringify(undone))];
  });
  const fills = tellings.map(({ raw }) => raw).join(",\n");
  return { text: `{"fills":[${fills}],"cursor":""}\n`, tellings };
}

const statementColumns =
  "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit";

export function statementFile(trades: readonly CoinbaseTrade[]): Written {
  const rounding: Rounding = { quantity: 8, clock: 1_000_000n };
  const source = "file:coinbase-fills-csv";
  const kind: Kind = { source, space: "coinbase trade", rounding };
  const tellings = trades.map((trade) => {
    const { account, symbol, side, executedAt, quantity, price, fees } = trade.fill;
    const [base, quote] = symbol.split("-");
    const cells = [account, trade.number, symbol, side.toUpperCase(), timeText(executedAt)];
    const raw = [...cells, quantity, base, price, fees[0]!.amount, "0", quote].join(",");
    return tell(kind, fillOf(trade, { fillId: trade.number }), raw);
  });
  return { text: [statementColumns, ...tellings.map(({ raw }) => raw), ""].join("\n"), tellings };
}
