/** Where two tellings of one fact differ: docs/spec/telling.md. */
import type { Line } from "../../adapters/lotbook-ndjson/lines.ts";

/** Fields that disagree only where both tellings give them. */
const optional: ReadonlySet<string> = new Set([
  "sequence",
  "order_id",
  "strategy",
  "trade_id",
  "quote_size",
  "grain",
]);

/** What names a fact, or counts its revisions: no content. */
const names: ReadonlySet<string> = new Set(["type", "revision"]);

/** The fields in which they differ, in the order of a line. */
export function differences(recorded: Line, told: Line): string[] {
  const keys = [...new Set([...Object.keys(recorded), ...Object.keys(told)])];
  return keys.filter((key) => {
    if (names.has(key)) return false;
    const [one, other] = [recorded[key], told[key]];
    if (optional.has(key) && (one === undefined || other === undefined)) return false;
    return JSON.stringify(one) !== JSON.stringify(other);
  });
}
