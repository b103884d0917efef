/**
 * Rounded copies: what a source says after its own rounding is no other fact. docs/spec/telling.md 3. A
 * rounding is declared, never guessed: with an undeclared difference two tellings disagree.
 */
import { type Decimal, amountScale, toUnits } from "./decimal.ts";
import type { Fee, Fill } from "./fact.ts";

/** How a source rounds: digits after the point of each kind of amount, and the unit of its clock. */
export interface Rounding {
  readonly quantity?: number;
  readonly price?: number;
  readonly fee?: number;
  /** In nanoseconds. */
  readonly clock?: bigint;
}

export const noRounding: Rounding = {};

/** `same` as it stands; `rounded` where one side is the other after its declared rounding. */
export type Agreement = "same" | "rounded" | "different";

/** The units that clocks count in, the coarsest first, in nanoseconds. */
export const clockUnits = { s: 1_000_000_000n, ms: 1_000_000n, us: 1_000n, ns: 1n } as const;

const scaleOf = (decimal: Decimal): number => {
  const point = decimal.indexOf(".");
  return point < 0 ? 0 : decimal.length - point - 1;
};

const distance = (one: bigint, other: bigint): bigint => (one < other ? other - one : one - other);

function isRounded(rounded: Decimal, apart: bigint, digits: number | undefined): boolean {
  if (digits === undefined || scaleOf(rounded) > digits) return false;
  return apart < 10n ** BigInt(amountScale - digits);
}

function compareAmounts(
  told: Decimal,
  recorded: Decimal,
  toldDigits: number | undefined,
  recordedDigits: number | undefined,
): Agreement {
  if (told === recorded) return "same";
  const apart = distance(toUnits(told), toUnits(recorded));
  return isRounded(told, apart, toldDigits) || isRounded(recorded, apart, recordedDigits)
    ? "rounded"
    : "different";
}

export function compareInstants(
  told: bigint,
  recorded: bigint,
  toldClock: bigint | undefined,
  recordedClock: bigint | undefined,
): Agreement {
  if (told === recorded) return "same";
  const apart = distance(told, recorded);
  const isOn = (instant: bigint, clock: bigint | undefined): boolean =>
    clock !== undefined && instant % clock === 0n && apart < clock;
  return isOn(told, toldClock) || isOn(recorded, recordedClock) ? "rounded" : "different";
}

const amountOf = (fees: readonly Fee[], asset: string): Decimal =>
  fees.find((fee) => fee.asset === asset)?.amount ?? "0";

/** A fee that rounds to nothing is left out: so each asset of either side counts. */
function compareFees(
  told: readonly Fee[],
  recorded: readonly Fee[],
  toldDigits: number | undefined,
  recordedDigits: number | undefined,
): Agreement {
  const assets = new Set([...told, ...recorded].map((fee) => fee.asset));
  return worst(
    [...assets].map((asset) =>
      compareAmounts(amountOf(told, asset), amountOf(recorded, asset), toldDigits, recordedDigits),
    ),
  );
}

export function worst(agreements: readonly Agreement[]): Agreement {
  if (agreements.includes("different")) return "different";
  return agreements.includes("rounded") ? "rounded" : "same";
}

/** Side, quantity, price and fees: what a fill says beside its time and its names. */
export function compareAmountsOf(
  told: Fill,
  recorded: Fill,
  toldRounding: Rounding,
  recordedRounding: Rounding,
): Agreement {
  if (told.side !== recorded.side) return "different";
  const { quantity, price, fee } = toldRounding;
  const other = recordedRounding;
  return worst([
    compareAmounts(told.quantity, recorded.quantity, quantity, other.quantity),
    compareAmounts(told.price, recorded.price, price, other.price),
    compareFees(told.fees, recorded.fees, fee, other.fee),
  ]);
}

/** Fields that disagree only where both give them. */
const optional = ["sequence", "orderId", "strategy", "tradeId", "quoteSize", "grain"] as const;

/** Two tellings of one identity. */
export function compareFills(
  told: Fill,
  recorded: Fill,
  toldRounding: Rounding,
  recordedRounding: Rounding,
): Agreement {
  const disagree = optional.some(
    (key) => told[key] !== undefined && recorded[key] !== undefined && told[key] !== recorded[key],
  );
  if (disagree) return "different";
  const { clock } = toldRounding;
  return worst([
    compareInstants(told.executedAt, recorded.executedAt, clock, recordedRounding.clock),
    compareAmountsOf(told, recorded, toldRounding, recordedRounding),
  ]);
}
