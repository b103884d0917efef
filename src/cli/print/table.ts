/** Tables for people: aligned, decimals at the point, as wide as the terminal at most. */
import stringWidth from "string-width";
import type { Cell, Column, ReportRow } from "../../reports/column.ts";
import type { Terminal } from "../output.ts";
import { losesDigits, moneyDecimals, roundDecimal } from "./amount.ts";
import { forTerminal } from "./escape.ts";

export type Heading = Pick<Column, "name" | "kind" | "rank" | "quiet">;

const gap = "  ";
/** What a shortened text keeps at least. */
const shortest = 9;
const red = "\u001b[31m";
const plain = "\u001b[0m";

function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

function pad(text: string, width: number, side: "left" | "right"): string {
  const blank = " ".repeat(Math.max(0, width - widthOf(text)));
  return side === "left" ? text + blank : blank + text;
}

/** Cuts the middle out of a text: ids differ at their ends. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = Array.from(new Intl.Segmenter().segment(text), (part) => part.segment);
  const take = (from: readonly string[], room: number): string[] => {
    let left = room;
    const taken: string[] = [];
    for (const character of from) {
      left -= widthOf(character);
      if (left < 0) break;
      taken.push(character);
    }
    return taken;
  };
  const head = take(characters, Math.ceil((width - 1) / 2)).join("");
  const tail = take(characters.toReversed(), Math.floor((width - 1) / 2))
    .toReversed()
    .join("");
  return `${head}…${tail}`;
}

const wordsOf: Readonly<Record<string, string>> = { pnl: "PnL", id: "id", ms: "ms" };

/** `realized_pnl` as a heading. */
export function headingText(name: string): string {
  return name
    .split("_")
    .map((word) => wordsOf[word] ?? word)
    .join(" ");
}

const decimalKinds: ReadonlySet<string> = new Set(["money", "gain", "price", "quantity"]);
const textKinds: ReadonlySet<string> = new Set([
  "text",
  "name",
  "flag",
  "names",
  "time",
  "amounts",
]);

/** How one column is shown. */
interface Lane {
  readonly heading: Heading;
  readonly title: string;
  /** Of money: to how many decimals it is rounded. */
  readonly decimals: number | undefined;
  width: number;
  /** Of decimals: the widest part from the point on. */
  fraction: number;
}

function isMoney(heading: Heading): boolean {
  return heading.kind === "money" || heading.kind === "gain";
}

function saysNothing(cell: Cell | undefined): boolean {
  return (
    cell === null ||
    cell === undefined ||
    cell === "0" ||
    cell === 0 ||
    cell === false ||
    (Array.isArray(cell) && cell.length === 0)
  );
}

export interface Layout {
  readonly lanes: readonly Lane[];
  /** Columns that hold one value in every row: shown once. */
  readonly constants: ReadonlyArray<readonly [string, string]>;
  /** Columns that the terminal has no room for. */
  readonly leftOut: readonly string[];
}

function amountsText(amounts: Readonly<Record<string, string>>): string {
  return Object.entries(amounts)
    .map(
      ([asset, amount]) => `${roundDecimal(amount, moneyDecimals([amount]))} ${forTerminal(asset)}`,
    )
    .join(", ");
}

function cellText(lane: Pick<Lane, "decimals" | "heading">, cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "-";
  if (cell === "") return "";
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  if (Array.isArray(cell)) return cell.map((part) => forTerminal(String(part))).join(", ");
  if (typeof cell === "object") return amountsText(cell as Readonly<Record<string, string>>);
  if (typeof cell === "number") return String(cell);
  if (lane.decimals !== undefined) return roundDecimal(cell as string, lane.decimals);
  return forTerminal(cell as string);
}

function fractionOf(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point;
}

/** Takes out what says nothing or the same thing in every row. */
function chooseColumns(
  headings: readonly Heading[],
  rows: readonly ReportRow[],
  whole: boolean,
): { shown: Heading[]; constants: [string, string][] } {
  const constants: [string, string][] = [];
  const shown = headings.filter((heading) => {
    const { name, kind, rank } = heading;
    if (rank >= 9) return false;
    if (!whole || rows.length === 0) return true;
    if (heading.quiet === true && rows.every((row) => saysNothing(row[name]))) return false;
    if (rank < 3 || !textKinds.has(kind)) return true;
    const texts = rows.map((row) => cellText({ heading, decimals: undefined }, row[name]));
    if (texts.some((text) => text !== texts[0])) return true;
    if (texts[0] !== "-" && texts[0] !== "") constants.push([headingText(name), texts[0]!]);
    return false;
  });
  return { shown, constants };
}

function makeLane(heading: Heading, rows: readonly ReportRow[]): Lane {
  const { name, kind } = heading;
  const amounts = rows.map((row) => row[name]).filter((cell) => typeof cell === "string");
  const lane: Lane = {
    heading,
    title: headingText(name),
    decimals: isMoney(heading) ? moneyDecimals(amounts) : undefined,
    width: 0,
    fraction: 0,
  };
  const texts = rows.map((row) => cellText(lane, row[name]));
  if (decimalKinds.has(kind)) {
    lane.fraction = Math.max(0, ...texts.map(fractionOf));
    const wholes = texts.map((text) => text.length - fractionOf(text));
    lane.width = Math.max(lane.title.length, Math.max(0, ...wholes) + lane.fraction);
  } else {
    lane.width = Math.max(lane.title.length, ...texts.map(widthOf));
  }
  return lane;
}

function totalWidth(lanes: readonly Lane[], widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap.length * Math.max(0, lanes.length - 1);
}

/** Leaves columns out, and then shortens texts, until the table fits. */
function fit(lanes: Lane[], room: number): { lanes: Lane[]; leftOut: string[] } {
  const leftOut: string[] = [];
  let kept = lanes;
  const least = (lane: Lane): number =>
    lane.heading.kind === "text"
      ? Math.min(lane.width, Math.max(shortest, lane.title.length))
      : lane.width;
  while (totalWidth(kept, kept.map(least)) > room) {
    const rank = Math.max(...kept.map((lane) => lane.heading.rank));
    if (rank === 0) break;
    const last = kept.findLast((lane) => lane.heading.rank === rank)!;
    leftOut.unshift(last.title);
    kept = kept.filter((lane) => lane !== last);
  }
  for (;;) {
    const excess =
      totalWidth(
        kept,
        kept.map((lane) => lane.width),
      ) - room;
    const widest = kept
      .filter((lane) => lane.width > least(lane))
      .toSorted((a, b) => b.width - a.width)[0];
    if (excess <= 0 || widest === undefined) break;
    widest.width -= 1;
  }
  return { lanes: kept, leftOut };
}

/** Lays a table out by its first rows. `whole`: they are all of them. */
export function layOut(
  headings: readonly Heading[],
  rows: readonly ReportRow[],
  options: { whole: boolean; room: number | undefined },
): Layout {
  const { shown, constants } = chooseColumns(headings, rows, options.whole);
  const lanes = shown.map((heading) => makeLane(heading, rows));
  const { lanes: kept, leftOut } =
    options.room === undefined ? { lanes, leftOut: [] } : fit(lanes, options.room);
  return { lanes: kept, constants, leftOut };
}

function isRight({ heading }: Lane): boolean {
  return decimalKinds.has(heading.kind) || heading.kind === "count";
}

export function headerLine(layout: Layout): string {
  const cells = layout.lanes.map((lane) =>
    pad(lane.title, lane.width, isRight(lane) ? "right" : "left"),
  );
  return cells.join(gap).trimEnd();
}

export function ruleLine(layout: Layout): string {
  return layout.lanes.map((lane) => "─".repeat(lane.width)).join(gap);
}

function laneCell(lane: Lane, cell: Cell | undefined, terminal: Terminal): string {
  const text = cellText(lane, cell);
  if (decimalKinds.has(lane.heading.kind)) {
    const blank = " ".repeat(Math.max(0, lane.fraction - fractionOf(text)));
    const padded = pad(text + blank, lane.width, "right");
    const negative = lane.heading.kind === "gain" && text.startsWith("-") && text !== "-";
    return terminal.colour && negative ? red + padded + plain : padded;
  }
  if (isRight(lane)) return pad(text, lane.width, "right");
  const fitted = lane.heading.kind === "text" ? shorten(text, lane.width) : text;
  return pad(terminal.width === undefined ? text : fitted, lane.width, "left");
}

export function rowLine(layout: Layout, row: ReportRow, terminal: Terminal): string {
  return layout.lanes
    .map((lane) => laneCell(lane, row[lane.heading.name], terminal))
    .join(gap)
    .trimEnd();
}

/** Whether showing a row rounds any amount in it. */
export function isRounded(layout: Layout, row: ReportRow): boolean {
  return layout.lanes.some(({ heading, decimals }) => {
    const cell = row[heading.name];
    return decimals !== undefined && typeof cell === "string" && losesDigits(cell, decimals);
  });
}
