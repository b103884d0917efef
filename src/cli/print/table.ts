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
/** What a total's name keeps at least, whatever an asset is called: `total USDC` and more. */
const longestTotal = 24;
/** Of `2026-03-02T14:05:11Z`. */
const secondsWidth = 20;
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
  /** What the name of a total needs. */
  readonly least: number;
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

/** The widest of the texts among cells; a total's cells of text are empty but for its name. */
function widestText(cells: readonly (Cell | undefined)[]): number {
  return Math.max(
    0,
    ...cells.map((cell) => (typeof cell === "string" ? widthOf(forTerminal(cell)) : 0)),
  );
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

function makeLane(
  heading: Heading,
  body: readonly ReportRow[],
  totals: readonly ReportRow[],
): Lane {
  const { name, kind } = heading;
  const rows = [...body, ...totals];
  const amounts = rows.map((row) => row[name]).filter((cell) => typeof cell === "string");
  const lane: Lane = {
    heading,
    title: headingText(name),
    decimals: isMoney(heading) ? moneyDecimals(amounts) : undefined,
    width: 0,
    least: Math.min(longestTotal, widestText(totals.map((row) => row[name]))),
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

/** The least width of a column: a text may lose its middle, a time its fraction of a second. */
function leastWidth({ heading, title, width, least }: Lane): number {
  if (heading.kind === "time") return Math.min(width, Math.max(secondsWidth, title.length));
  return heading.kind === "text" ? Math.min(width, Math.max(shortest, title.length, least)) : width;
}

/** The columns there is room for: those that may leave first do, and come back where the rest has room. */
function chooseLanes(lanes: readonly Lane[], room: number): readonly Lane[] {
  const fits = (chosen: readonly Lane[]): boolean =>
    totalWidth(chosen, chosen.map(leastWidth)) <= room;
  const chosen = new Set(lanes.filter(({ heading }) => heading.rank === 0));
  for (const lane of lanes.toSorted((one, other) => one.heading.rank - other.heading.rank)) {
    if (fits(lanes.filter((each) => chosen.has(each) || each === lane))) chosen.add(lane);
  }
  return lanes.filter((lane) => chosen.has(lane));
}

/** Leaves columns out, and then shortens texts, until the table fits. */
function fit(lanes: readonly Lane[], room: number): Pick<Layout, "lanes" | "leftOut"> {
  const kept = chooseLanes(lanes, room);
  for (;;) {
    const excess =
      totalWidth(
        kept,
        kept.map(({ width }) => width),
      ) - room;
    const widest = kept
      .filter((lane) => lane.width > leastWidth(lane))
      .toSorted((one, other) => other.width - one.width)[0];
    if (excess <= 0 || widest === undefined) break;
    widest.width = widest.heading.kind === "time" ? leastWidth(widest) : widest.width - 1;
  }
  return {
    lanes: kept,
    leftOut: lanes.filter((lane) => !kept.includes(lane)).map(({ title }) => title),
  };
}

export interface LayoutOptions {
  /** Whether the rows given are all there are. */
  readonly whole: boolean;
  /** Columns of the terminal; undefined: as many as are needed. */
  readonly room: number | undefined;
  /** Rows below the line, which name what they are in the column that comes first. */
  readonly totals?: (columns: readonly Heading[]) => readonly ReportRow[];
}

/** Lays a table out by its first rows and its totals. */
export function layOut(
  headings: readonly Heading[],
  rows: readonly ReportRow[],
  { whole, room, totals = () => [] }: LayoutOptions,
): Layout {
  const { shown, constants } = chooseColumns(headings, rows, whole);
  const arrange = (named: readonly Heading[]): Pick<Layout, "lanes" | "leftOut"> => {
    const below = totals(named);
    const lanes = shown.map((heading) => makeLane(heading, rows, below));
    return room === undefined ? { lanes, leftOut: [] } : fit(lanes, room);
  };
  // The totals' names need room in the column that comes first, and that may put another one first.
  let named: readonly Heading[] = shown;
  for (let turn = 0; ; turn += 1) {
    const arranged = arrange(named);
    const kept = arranged.lanes.map(({ heading }) => heading);
    if (kept[0] === named[0] || turn === shown.length) return { constants, ...arranged };
    named = kept;
  }
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

function fitText({ heading, width }: Lane, text: string): string {
  if (heading.kind === "text") return shorten(text, width);
  const cut = heading.kind === "time" && text.length > width;
  return cut ? `${text.slice(0, secondsWidth - 1)}Z` : text;
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
  return pad(terminal.width === undefined ? text : fitText(lane, text), lane.width, "left");
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
