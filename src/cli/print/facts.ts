/** A result that is one row: names and values below each other, or that row in the other formats. */
import { forTerminal } from "./escape.ts";
import { factsText, heading, printRecords } from "./records.ts";
import type { Session } from "../session.ts";

export async function printFacts(
  { format, output }: Pick<Session, "format" | "output">,
  facts: Readonly<Record<string, string | null>>,
): Promise<void> {
  if (format === "table") {
    const safe = Object.entries(facts).map(([name, value]) => [
      name,
      value === null ? null : forTerminal(value),
    ]);
    return output.write(factsText(Object.fromEntries(safe) as Record<string, string | null>));
  }
  const columns = Object.keys(facts).map((name) => heading(name, "text"));
  await printRecords({ columns, rows: [facts], json: facts }, format, output);
}
