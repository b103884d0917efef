/** Explanations as they are printed, read back. */
import { printExplanation } from "../../src/cli/print/explanation.ts";
import { explain } from "../../src/explain/explain.ts";
import type { Disagreement, FactNode, Figure, LeftNode } from "../../src/explain/node.ts";
import type { ExplainRequest } from "../../src/explain/request.ts";
import type { Database } from "../../src/store/database.ts";
import { decimal, evaluate, same } from "./evaluate.ts";

/** What tests read of the JSON; docs/explain.md has all of it. */
export interface Explained {
  readonly explain: string;
  readonly version: number;
  readonly quote: string;
  readonly state: string;
  readonly note: string | null;
  readonly fact: FactNode;
  readonly figures: Readonly<Record<string, string | number | boolean>> | null;
  readonly slices: readonly Readonly<Record<string, unknown>>[];
  readonly sales: readonly Readonly<Record<string, unknown>>[];
  readonly pnl: Figure;
  readonly quantity: Figure;
  readonly left: LeftNode | null;
  readonly agrees: boolean;
  readonly disagreements: readonly Disagreement[];
}

async function printed(
  database: Database,
  request: ExplainRequest,
  format: "table" | "json",
  width: number | undefined,
): Promise<string> {
  let text = "";
  const output = {
    terminal: { width, colour: false },
    write: async (piece: string) => {
      text += piece;
    },
  };
  await explain(database, request, (explanation) => printExplanation(explanation, format, output));
  return text;
}

export async function explained(database: Database, request: ExplainRequest): Promise<Explained> {
  return JSON.parse(await printed(database, request, "json", undefined)) as Explained;
}

export function textOf(
  database: Database,
  request: ExplainRequest,
  width?: number,
): Promise<string> {
  return printed(database, request, "table", width);
}

/** All figures anywhere in a value, with where they are. */
export function figuresIn(value: unknown, where = ""): [where: string, figure: Figure][] {
  if (typeof value !== "object" || value === null) return [];
  const own: [string, Figure][] =
    "arithmetic" in value && "formula" in value ? [[where, value as Figure]] : [];
  const below = Object.entries(value).flatMap(([key, part]) => figuresIn(part, `${where}.${key}`));
  return [...own, ...below];
}

/** Figures whose numbers don't give them. */
export function wrongFigures(value: unknown): string[] {
  return figuresIn(value).flatMap(([where, { arithmetic, value: figure }]) =>
    arithmetic === null || (figure !== null && same(evaluate(arithmetic), decimal(figure)))
      ? []
      : [`${where}: ${arithmetic} is not ${figure}`],
  );
}

/** `name = arithmetic = value` wherever it stands in the text: those that fail, and how many there are. */
export function wrongLines(text: string): { wrong: string[]; count: number } {
  const lines = text
    .split("\n")
    .flatMap((line) => /[a-zA-Z] = ([^=]*) = (-?[\d.]+)(?: \(|$)/.exec(line) ?? [])
    .flatMap((_, index, all) => (index % 3 === 0 ? [[all[index + 1]!, all[index + 2]!]] : []));
  const wrong = lines.filter(([left, right]) => !same(evaluate(left!), decimal(right!)));
  return { wrong: wrong.map((pair) => pair.join(" = ")), count: lines.length };
}
